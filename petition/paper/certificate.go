package paper

import (
	"fmt"
	"time"

	"clarion/internal/pdf"
	"clarion/petition"
)

// Certificate prints that of a purge: what was deleted, and by what anybody can tell
// that it was not changed. The error is petition.ErrCertificate where it was.
func (p *Press) Certificate(c *petition.Certificate) ([]byte, error) {
	if err := c.Verify(); err != nil {
		return nil, err
	}
	doc, err := pdf.New(p.info(p.say("Certificate of deletion: ", "파기 확인서: ") + p.of(p.Campaign.Title)))
	if err != nil {
		return nil, err
	}
	doc.Title(p.say("Certificate of deletion", "개인정보 파기 확인서"))
	doc.Text(p.of(p.Campaign.Title) + " (" + c.Petition + ")")
	doc.Text(fmt.Sprintf(p.say("On %s all personal data of those who signed was deleted. The numbers, and the hashes that were published each night, stay: nobody can be found by them.",
		"서명하신 분의 개인정보를 %s에 모두 파기하였습니다. 서명 수와 밤마다 공개한 해시는 남지만, 이것으로 누구인지 알 수 없습니다."), p.instant(c.Done)))
	doc.Figures([]pdf.Figure{
		{Value: count(c.Records), Words: p.say("records of signers", "서명자 기록")},
		{Value: count(c.Hashes), Words: p.say("keyed hashes of persons and forms", "사람과 양식을 가리키던 해시")},
		{Value: count(c.Labels), Words: p.say("schools and teams on sheets", "서명지에 적힌 학교·모임")},
	})
	doc.Heading(p.say("The last root", "마지막으로 공개한 해시"))
	doc.Table(pdf.Table{Heads: []string{p.say("Day", "날짜"), p.say("Signatures", "서명"), p.say("Sheets", "서명지"), "SHA-256"},
		Numbers: []bool{false, true, true, false},
		Rows:    [][]string{{c.Root.Day, count(c.Root.Signatures), count(c.Root.Sheets), c.Root.Root}}})
	doc.Heading(p.say("How it is checked", "확인하는 방법"))
	doc.Text(p.say("The certificate as JSON (clarion petition certificate --json) is signed with Ed25519 (RFC 8032). Compare the key with the one that was published.",
		"JSON 확인서(clarion petition certificate --json)에는 Ed25519(RFC 8032) 전자서명이 있습니다. 아래 공개 키가 공개해 둔 것과 같은지 비교해 주십시오."))
	doc.Table(pdf.Table{Heads: []string{"", ""}, Rows: [][]string{
		{p.say("Begun", "시작"), p.instant(c.Begun)},
		{p.say("Done", "완료"), p.instant(c.Done)},
		{p.say("Key", "공개 키"), c.Key},
		{p.say("Signature", "전자서명"), c.Signed},
	}})
	doc.Space(24)
	for _, l := range p.contact() {
		doc.Text(l)
	}
	return doc.Bytes()
}

// instant is a time where the petition is.
func (p *Press) instant(t time.Time) string {
	return t.In(p.Campaign.Zone).Format(p.say("2 January 2006, 15:04 MST", "2006년 1월 2일 15:04 MST"))
}
