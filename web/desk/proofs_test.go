package desk

import (
	"bytes"
	"image/png"
	"strings"
	"testing"

	"clarion/templates/sms"
)

func TestProofs(t *testing.T) {
	t.Parallel()
	d := open(t)
	draft := ReadFiles(sample(t))
	for lang, words := range map[string]struct{ mail, text string }{"ko": {"서명", "후원자님"}, "en": {"President", "Reply STOP"}} {
		p, err := d.Proofs(t.Context(), draft, lang)
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Problems) > 0 || p.Language != lang {
			t.Errorf("%s: %v", lang, p.Problems)
		}
		if !strings.Contains(p.Email.Subject, words.mail) || !strings.Contains(p.Email.HTML, "Save 9 Campaign") || !strings.Contains(p.Email.Text, "https://act.example.org/u/") {
			t.Errorf("%s: the mail %q", lang, p.Email.Subject)
		}
		if strings.Contains(p.Email.HTML, "cid:") || !strings.Contains(p.Email.HTML, `"data:image/png;base64,`) {
			t.Errorf("%s: the mail's pictures do not stand in it", lang)
		}
		if strings.Join(p.SMS.Parts, "") != p.SMS.Text || p.SMS.Segments != len(p.SMS.Parts) || !strings.Contains(p.SMS.Text, words.text) {
			t.Errorf("%s: the text %+v", lang, p.SMS)
		}
		if lang == "ko" && p.SMS.Encoding != sms.UCS2 {
			t.Errorf("a Korean text as %s", p.SMS.Encoding)
		}
		if !bytes.HasPrefix(p.Fax.PDF, []byte("%PDF-")) || len(p.Fax.Pages) == 0 {
			t.Fatalf("%s: the fax has %d pages", lang, len(p.Fax.Pages))
		}
		for _, page := range p.Fax.Pages {
			img, err := png.Decode(bytes.NewReader(page))
			if err != nil || img.Bounds().Dx() != p.Fax.Width || p.Fax.Width != 1728 { // pels of a line, ITU-T T.4
				t.Errorf("%s: a page %d pels wide: %v", lang, p.Fax.Width, err)
			}
		}
	}
}

// Who looks at a proof fetches nothing, also where the mail's readers would.
func TestProofsOfLinkedPictures(t *testing.T) {
	t.Parallel()
	d := open(t)
	p, err := d.EmailProof(ReadFiles(sample(t, `# pictures = "linked"`, `pictures = "linked"`)), "en")
	if err != nil || strings.Contains(p.HTML, "/p/") || !strings.Contains(p.HTML, `"data:image/png;base64,`) {
		t.Errorf("the mail's pictures do not stand in it: %v", err)
	}
}

func TestProofsRefuse(t *testing.T) {
	t.Parallel()
	d := open(t)
	if _, err := d.Proofs(t.Context(), ReadFiles(sample(t)), "fr"); !Mistaken(err) {
		t.Errorf("a language that the call does not have: %v", err)
	}
	if _, err := d.Proofs(t.Context(), ReadFiles(sample(t, "campaign =", "campain =")), "ko"); !Mistaken(err) {
		t.Errorf("a broken draft: %v", err)
	}
	// What cannot be made on one channel keeps nobody from seeing the others.
	files := sample(t)
	files["text.ko.md"] = append([]byte("<b>HTML</b>\n\n"), files["text.ko.md"]...)
	p, err := d.Proofs(t.Context(), ReadFiles(files), "ko")
	if err != nil || p.Email != nil || p.SMS == nil || len(p.Problems) == 0 || p.Problems[0].File != "text.ko.md" || p.Problems[0].Line != 1 {
		t.Errorf("%+v, %v", p, err)
	}
}
