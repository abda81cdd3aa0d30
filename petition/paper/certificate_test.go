package paper

import (
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"clarion/petition"
)

func TestCertificate(t *testing.T) {
	t.Parallel()
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	c := &petition.Certificate{Petition: "save-9", Begun: time.Date(2013, 7, 1, 0, 0, 0, 0, time.UTC), Done: time.Date(2013, 7, 1, 0, 1, 0, 0, time.UTC), Counted: true,
		Records: 15000, Hashes: 30001, Labels: 12, Root: petition.Root{Day: "2013-06-30", Root: strings.Repeat("ab", 32), Signatures: 14990, Sheets: 40}, Key: hex.EncodeToString(key.Public().(ed25519.PublicKey))}
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	c.Signed = hex.EncodeToString(ed25519.Sign(key, text))
	for _, lang := range []string{"ko", "en"} {
		p := press(t, lang)
		paper, err := p.Certificate(c)
		if err != nil {
			t.Fatal(err)
		}
		keep(t, "certificate-"+lang+".pdf", paper)
		pages := read(t, paper)
		bare := strings.Join(strings.Fields(pages[0]), "")
		for _, want := range []string{"15,000", "30,001", "14,990", "2013-06-30", c.Root.Root, c.Key, c.Signed, p.say("1July2013,09:01KST", "2013년7월1일09:01KST")} {
			if !strings.Contains(bare, want) || len(pages) != 1 {
				t.Errorf("%q is not on the one page:\n%s", want, pages[0])
			}
		}
	}
	c.Records++
	if _, err := press(t, "ko").Certificate(c); !errors.Is(err, petition.ErrCertificate) {
		t.Errorf("a certificate that was changed is printed: %v", err)
	}
}
