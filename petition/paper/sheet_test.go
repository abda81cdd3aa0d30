package paper

import (
	"bytes"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"clarion/petition"
)

func issued(number uint32, lines int, print petition.Print) Issued {
	return Issued{Sheet: petition.Sheet{Number: number, Lines: lines, Print: print, Label: "한빛고등학교 인권 동아리", Due: time.Date(2013, 6, 20, 3, 0, 0, 0, time.UTC)},
		Token: "aaaac2ltmf3gkljzabcdefghijklmnopqrstuvwxy", Code: "204118"}
}

// A sheet's QR is read from a bad copy of it, and says which sheet it is.
func TestSheets(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"ko", "en"} {
		for _, print := range []petition.Print{petition.PrintNormal, petition.PrintLarge} {
			for _, lines := range []int{10, 20} {
				t.Run(fmt.Sprint(lang, print, lines), func(t *testing.T) {
					t.Parallel()
					p := press(t, lang)
					paper, err := p.Sheets([]Issued{issued(12, lines, print), issued(13, lines, print)})
					if err != nil {
						t.Fatal(err)
					}
					keep(t, fmt.Sprintf("sheet-%s-%s-%d.pdf", lang, print, lines), paper)
					pages := read(t, paper)
					each := 1
					if print == petition.PrintLarge {
						each = 1 + lines/10 - lines/20
					}
					if len(pages) != 2*each {
						t.Fatalf("two sheets of %d lines stand on %d pages", lines, len(pages))
					}
					first := strings.Join(pages[:each], "")
					for _, want := range []string{p.say("Sheet 12", "서명지 12"), "204118", "6200", p.say("resident registration", "주민등록번호"), p.say("20 June 2013", "2013년 6월 20일"), fmt.Sprint(lines)} {
						if !strings.Contains(first, want) {
							t.Errorf("%q is not on the sheet:\n%s", want, first)
						}
					}
					link, err := url.Parse(scan(t, paper, "1", "110"))
					if err != nil || link.Query().Get("sheet") != issued(12, lines, print).Token || link.Host != "save9.example.org" || link.Path != "/v/204118" {
						t.Errorf("the QR code says %v: %v", link, err)
					}
					again, err := p.Sheets([]Issued{issued(12, lines, print), issued(13, lines, print)})
					if err != nil || !bytes.Equal(paper, again) {
						t.Errorf("the same sheets are other bytes: %v", err)
					}
				})
			}
		}
	}
}

func TestForm(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"ko", "en"} {
		for _, print := range []petition.Print{petition.PrintNormal, petition.PrintLarge} {
			p := press(t, lang)
			paper, err := p.Form(print, "")
			if err != nil {
				t.Fatal(err)
			}
			keep(t, fmt.Sprintf("form-%s-%s.pdf", lang, print), paper)
			pages := read(t, paper)
			bare := func(s string) string { return strings.Join(strings.Fields(s), "") }
			c := p.Campaign
			for _, words := range []string{c.Opinion[lang], c.Names[lang], c.News[lang], c.Age[lang], p.say("or post", "우편")} {
				if !strings.Contains(bare(pages[0]), bare(words)) {
					t.Errorf("%s, %s: %q is not on the form:\n%s", lang, print, words, pages[0])
				}
			}
			if got := scan(t, paper, "1", "110"); got != "https://save9.example.org/sign" || len(pages) != 1 {
				t.Errorf("%d pages; the QR code says %q", len(pages), got)
			}
		}
	}
}

func TestKit(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"ko", "en"} {
		var sheets []Issued
		for i := range uint32(30) {
			sheets = append(sheets, issued(12+i, 20, petition.PrintNormal))
		}
		p := press(t, lang)
		paper, err := p.Kit(sheets)
		if err != nil {
			t.Fatal(err)
		}
		keep(t, "kit-"+lang+".pdf", paper)
		pages := read(t, paper)
		if want := 1 + 30 + 2 + 1; len(pages) != want {
			t.Fatalf("the kit has %d pages, not %d", len(pages), want)
		}
		for page, want := range map[int]string{0: "12–41", 1: p.say("Sheet 12", "서명지 12"), 30: p.say("Sheet 41", "서명지 41"), 32: p.say("Total", "합계"), 33: "한빛고등학교"} {
			if !strings.Contains(pages[page], want) {
				t.Errorf("%q is not on page %d:\n%s", want, page+1, pages[page])
			}
		}
	}
}
