// Package paper owns what a petition prints: the sheets and forms on which people sign,
// the kit of a school, the papers of the hand-over, the certificate of the end. All of it is A4, black on white, in
// Korean or English.
package paper

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/skip2/go-qrcode"

	"clarion/internal/pdf"
	"clarion/petition"
)

// A Press prints the papers of a petition. The same content at the same time is the
// same bytes.
type Press struct {
	Campaign *petition.Campaign
	Language string    // "ko", else the words around those of the campaign are English
	Public   string    // where people reach the public pages: "https://save9.example.org"
	Sender   string    // who speaks where the campaign names no contact
	At       time.Time // stands in the papers as the time when they were made
}

// say chooses between English and Korean.
func (p *Press) say(en, ko string) string {
	if p.Language == "ko" {
		return ko
	}
	return en
}

// of is the campaign's own word in the press's language.
func (p *Press) of(words map[string]string) string { return strings.TrimSpace(words[p.Language]) }

// contact is who runs the petition, in lines.
func (p *Press) contact() []string {
	text := p.of(p.Campaign.Contact)
	if text == "" {
		text = p.Sender
	}
	var out []string
	for l := range strings.Lines(text) {
		if l = strings.TrimSpace(l); l != "" {
			out = append(out, l)
		}
	}
	return out
}

// day is a date where the petition is.
func (p *Press) day(t time.Time) string {
	return t.In(p.Campaign.Zone).Format(p.say("2 January 2006", "2006년 1월 2일"))
}

// count is a number of people, sheets, boxes.
func count(n int) string { return petition.Thousands(n) }

// signing is where one signs online, by the volunteer of a code, "" for by nobody.
func (p *Press) signing(code string) string {
	base := strings.TrimSuffix(p.Public, "/")
	if code == "" {
		return base + "/sign"
	}
	return base + "/v/" + code
}

// short is a link as people type it.
func short(link string) string {
	link = strings.TrimPrefix(link, "https://")
	return strings.TrimPrefix(link, "http://")
}

// qr is a QR code with its quiet zone. Its level bears a fifth of it being soiled.
func qr(text string) ([][]bool, error) {
	code, err := qrcode.New(text, qrcode.Medium)
	if err != nil {
		return nil, fmt.Errorf("draw a QR code: %w", err)
	}
	return code.Bitmap(), nil
}

// sheetLink is what a sheet's QR says: the page where its reader signs, and the sheet's
// token, by which the team knows it.
func (p *Press) sheetLink(s *Issued) string {
	return p.signing(s.Code) + "?" + url.Values{"sheet": {s.Token}}.Encode()
}

func (p *Press) info(title string) pdf.Info {
	return pdf.Info{Title: title, Author: strings.Join(p.contact(), ", "), Language: p.Language, At: p.At}
}
