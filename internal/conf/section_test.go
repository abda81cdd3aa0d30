package conf

import (
	"strings"
	"testing"
)

func TestSectionIsDecodedByItsOwner(t *testing.T) {
	t.Parallel()
	var c struct {
		Gateway map[string]Section `toml:"gateway"`
	}
	src := "[gateway.relay]\nkind = \"smtp\"\nhost = \"mail.example\"\nprot = 25\n"
	if _, ps := Decode("clarion.toml", []byte(src), &c); len(ps) > 0 {
		t.Fatal(ps)
	}
	var common struct {
		Kind string `toml:"kind"`
	}
	var own struct {
		Host string `toml:"host"`
		Port int    `toml:"port"`
	}
	s := c.Gateway["relay"]
	ps := s.Decode(&common, &own)
	if common.Kind != "smtp" || own.Host != "mail.example" || s.Text("kind") != "smtp" {
		t.Errorf("decoded %+v, %+v", common, own)
	}
	if len(ps) != 1 || ps[0].Line != 4 || !strings.Contains(ps[0].Message, `"port"`) {
		t.Errorf("problems: %v", ps)
	}
	if p := s.Problem("host", "no"); p.Line != 3 {
		t.Errorf("line %d", p.Line)
	}
	if p := s.Problem("absent", "no"); p.Line != 1 {
		t.Errorf("line %d", p.Line)
	}
}
