package paper

import (
	"fmt"

	"clarion/internal/pdf"
	"clarion/petition"
)

// A Line is a signature as the book has it. What its signer did not agree to hand over is
// empty, and covered.
type Line struct {
	Number   uint32
	Name     string
	Region   string // id of one of the campaign's, "" where it is covered
	District string
	Way      petition.Way
	Day      string // as "2013-06-10"
}

// covered stands for a name, as long for everybody.
const covered = "○○○"

// A Volume is a part of the book of signatures.
type Volume struct {
	Number, Of int
	Lines      []Line // at least one
	Masked     bool   // nobody's name stands in the book
}

// Volume prints a volume of the book, ready to be bound: a cover, and the signatures in
// order of their numbers.
func (p *Press) Volume(v *Volume) ([]byte, error) {
	name := fmt.Sprintf(p.say("Book of signatures, volume %d of %d", "서명부 제%d권(모두 %d권)"), v.Number, v.Of)
	doc, err := pdf.New(p.info(name + " · " + p.of(p.Campaign.Title)))
	if err != nil {
		return nil, err
	}
	p.bookCover(doc, name, v)
	doc.Break()
	t := pdf.Table{Heads: []string{p.say("No.", "번호"), p.say("Name", "이름"), p.say("Region", "시·도"), p.say("District", "시·군·구"), p.say("How", "방법"), p.say("Day", "날짜")},
		Numbers: []bool{true}, Even: true}
	for i := range v.Lines {
		t.Rows = append(t.Rows, p.bookLine(&v.Lines[i]))
	}
	doc.Table(t)
	return doc.Bytes()
}

func (p *Press) bookLine(l *Line) []string {
	row := []string{count(int(l.Number)), l.Name, p.Campaign.Region(l.Region).Name(p.Language), l.District, l.Way.Word(p.Language), l.Day}
	if l.Name == "" {
		row[1] = covered
	}
	return row
}

func (p *Press) bookCover(doc *pdf.Document, name string, v *Volume) {
	named := 0
	for i := range v.Lines {
		if v.Lines[i].Name != "" {
			named++
		}
	}
	doc.Space(120)
	doc.Title(p.say("Book of signatures", "서명부"))
	doc.Heading(p.of(p.Campaign.Title))
	doc.Text(p.say("To: ", "받는 분: ") + p.of(p.Campaign.Addressee))
	doc.Text(name + " · " + p.day(p.At))
	doc.Figures([]pdf.Figure{
		{Value: count(len(v.Lines)), Words: p.say("signatures in this volume", "이 권의 서명")},
		{Value: count(int(v.Lines[0].Number)) + "–" + count(int(v.Lines[len(v.Lines)-1].Number)), Words: p.say("their numbers", "서명 번호")},
		{Value: count(named), Words: p.say("with their name", "이름을 밝힌 서명")},
	})
	doc.Heading(p.say("How it is read", "읽는 법"))
	if v.Masked {
		doc.Text(p.say("All names are covered (○○○), and so is where people live.", "모든 이름과 사는 곳을 가렸습니다(○○○)."))
	} else {
		doc.Text(p.say("Where ○○○ stands, the signer did not agree that the name be handed over: name, region and district are covered, and the signature counts.",
			"○○○로 적힌 분은 이름을 전달하는 데 동의하지 않으셨습니다. 이름과 사는 곳을 가렸고 수에는 들어 있습니다."))
	}
	doc.Text(p.say("Each signature has a number, which its signer knows. Numbers that are missing are of signatures that were withdrawn, not confirmed or invalid: they count nowhere here.",
		"서명마다 번호가 있으며 서명한 분이 자기 번호를 압니다. 빠진 번호는 철회되었거나 확인되지 않았거나 무효인 서명이며 여기에 세지 않았습니다."))
	doc.Heading(p.say("From", "보내는 곳"))
	for _, l := range p.contact() {
		doc.Text(l)
	}
}
