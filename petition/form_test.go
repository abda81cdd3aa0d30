package petition

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"clarion/internal/seal"
)

func TestForm(t *testing.T) {
	t.Parallel()
	r, clk := openRoll(t)
	f, g := r.NewForm(), r.NewForm()
	if bytes.Equal(f.Once, g.Once) || len(f.Once) < minOnce {
		t.Fatal("two forms are the same")
	}
	for _, token := range []string{f.Token, strings.ToUpper(f.Token)} {
		if got, err := r.OpenForm(token); err != nil || got.Token != f.Token || !bytes.Equal(got.Once, f.Once) || !got.Made.Equal(testStart) {
			t.Errorf("a form comes back as %+v, %v", got, err)
		}
	}
	for what, token := range map[string]string{"empty": "", "cut": f.Token[:len(f.Token)-1], "made up": strings.Repeat("a", len(f.Token)),
		"of another petition": r.another("other").NewForm().Token, "another purpose's": r.ConfirmToken(1)} {
		if _, err := r.OpenForm(token); !errors.Is(err, seal.ErrToken) {
			t.Errorf("%s: %v", what, err)
		}
	}
	clk.Advance(FormKept)
	if _, err := r.OpenForm(f.Token); err != nil {
		t.Errorf("after %s: %v", FormKept, err)
	}
	clk.Advance(time.Second)
	if _, err := r.OpenForm(f.Token); !errors.Is(err, seal.ErrToken) {
		t.Errorf("an old form: %v", err)
	}
}

// Work is bound to its form, and has one spelling.
func TestWork(t *testing.T) {
	t.Parallel()
	r, _ := openRoll(t)
	f := r.NewForm()
	work := f.Work()
	if !f.Worked(work) {
		t.Fatalf("%s is no work", work)
	}
	if g := r.NewForm(); g.Worked(work) {
		t.Error("the work of one form passes for another's")
	}
	for _, bad := range []string{"", "-1", "x", "0" + work, " " + work, "+" + work, work + "0000000000000000000000"} {
		if f.Worked(bad) {
			t.Errorf("%q passes for work", bad)
		}
	}
}
