package paper

import (
	"fmt"
	"regexp"
	"strings"

	"clarion/internal/pdf"
)

// Letter prints the letter with which the signatures are handed over, in the words of the
// campaign's folder.
func (p *Press) Letter(d *Delivery) ([]byte, error) {
	doc, err := pdf.New(p.info(p.Subject()))
	if err != nil {
		return nil, err
	}
	doc.Note(strings.Join(p.contact(), " · "))
	doc.Space(12)
	doc.Table(pdf.Table{Heads: []string{p.say("To", "받는 분"), p.of(p.Campaign.Addressee)}, Rows: [][]string{
		{p.say("Date", "날짜"), p.day(d.At)},
		{p.say("Subject", "제목"), p.Subject()},
	}})
	doc.Space(10)
	for _, paragraph := range paragraphs(p.of(p.Campaign.Letter)) {
		doc.Text(paragraph)
	}
	doc.Heading(p.say("How many have signed", "서명하신 분의 수"))
	for _, s := range d.Tally.Sentences(p.Language) {
		doc.Text(s)
	}
	doc.Heading(p.say("Enclosed", "함께 드리는 것"))
	doc.Steps(p.enclosed(d))
	doc.Space(34)
	doc.Text(p.From() + "   ______________________________   " + p.say("(signature)", "(서명 또는 인)"))
	return doc.Bytes()
}

// Subject is what the letter is about, in a line.
func (p *Press) Subject() string {
	return p.say("Delivery of signatures: ", "서명 전달: ") + p.of(p.Campaign.Title)
}

// From is who hands the signatures over: the first line of the contact.
func (p *Press) From() string {
	if lines := p.contact(); len(lines) > 0 {
		return lines[0]
	}
	return p.of(p.Campaign.Title)
}

// LetterText is the letter in Markdown, as mail and fax carry it: the totals are in it,
// since nothing is enclosed there. Hashes is the SHA-256 of the pack's list of hashes, by
// which the office knows what it gets by hand or post.
func (p *Press) LetterText(d *Delivery, hashes string) string {
	var b strings.Builder
	block := func(format, text string) { fmt.Fprintf(&b, format+"\n\n", plain(text)) }
	rows := func(head string, all []total) {
		if len(all) == 0 {
			return
		}
		block("## %s", head)
		for _, t := range all {
			n := bounds(t.atLeast, t.atMost)
			if t.open || t.atMost == 0 {
				n = count(t.atLeast)
			}
			fmt.Fprintf(&b, "- %s: %s\n", plain(t.words), plain(n))
		}
		b.WriteString("\n")
	}
	block("# %s", p.Subject())
	block("%s", p.say("To: ", "받는 분: ")+p.of(p.Campaign.Addressee))
	for _, paragraph := range paragraphs(p.of(p.Campaign.Letter)) {
		block("%s", paragraph)
	}
	block("## %s", p.say("How many have signed", "서명하신 분의 수"))
	for _, s := range d.Tally.Sentences(p.Language) {
		block("%s", s)
	}
	rows(p.say("By way", "방법별"), p.byWay(&d.Tally))
	rows(p.say("By region", "지역별"), p.byRegion(&d.Tally))
	block("## %s", p.say("What you get by hand or by post", "직접 또는 우편으로 드리는 것"))
	for _, e := range p.enclosed(d) {
		fmt.Fprintf(&b, "- %s\n", plain(e))
	}
	block("\n%s", p.say("The names are not in this message. The SHA-256 hash of the list of files is:", "이 글에는 서명하신 분의 이름이 없습니다. 파일 목록의 SHA-256 해시는 다음과 같습니다."))
	block("%s", hashes)
	block("%s", p.day(d.At))
	var from []string
	for _, l := range p.contact() {
		from = append(from, plain(l))
	}
	b.WriteString(strings.Join(from, "\\\n") + "\n")
	return b.String()
}

// What Markdown would read as more than text: anywhere, and at the beginning of a line.
var (
	markdownSign  = regexp.MustCompile("[\\\\`*_{\\[\\]<>#~|&]")
	markdownStart = regexp.MustCompile(`^([0-9]*)([-+.)])`)
)

// plain is a line of text in Markdown that means nothing but itself.
func plain(text string) string {
	return markdownStart.ReplaceAllString(markdownSign.ReplaceAllString(text, `\$0`), `$1\$2`)
}

// paragraphs are those of a text, apart by empty lines.
func paragraphs(text string) []string {
	var out []string
	var lines []string
	for l := range strings.Lines(text + "\n\n") {
		if l = strings.TrimSpace(l); l != "" {
			lines = append(lines, l)
		} else if len(lines) > 0 {
			out, lines = append(out, strings.Join(lines, " ")), nil
		}
	}
	return out
}
