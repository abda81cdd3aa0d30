package email

import (
	"fmt"

	"clarion/internal/conf"
)

// A Level says what follows from a broken rule.
type Level string

// The levels.
const (
	Refused Level = "problem" // the call is not launched
	Noted   Level = "note"    // worth mending; nothing is kept from being launched
	InBulk  Level = "bulk"    // a problem for BulkFrom recipients and more, else a note
)

// BulkFrom is how many recipients make a sender of bulk mail: Gmail counts what
// comes from a domain in a day (support.google.com/a/answer/81126).
const BulkFrom = 5000

// A Code names a rule, in JSON too.
type Code string

// The rules of mail, what breaks them in the table below.
const (
	FromRefused       Code = "from_refused"
	FromName          Code = "from_name"
	FromNameAddress   Code = "from_name_address"
	SignatureMissing  Code = "signature_missing"
	OneClickMissing   Code = "one_click_missing"
	UnsubscribeAbsent Code = "unsubscribe_missing"
	Malformed         Code = "malformed"
	HTMLLarge         Code = "html_large"
	SubjectEmpty      Code = "subject_empty"
	SubjectLong       Code = "subject_long"
	SubjectCapitals   Code = "subject_capitals"
	SubjectMarks      Code = "subject_marks"
	SubjectReply      Code = "subject_reply"
	SubjectLabel      Code = "subject_label"
	ContactMissing    Code = "contact_missing"
	LinkInvalid       Code = "link_invalid"
	LinkInsecure      Code = "link_insecure"
	LinkDeceptive     Code = "link_deceptive"
	LinkTextEmpty     Code = "link_text_empty"
	LinkTextVague     Code = "link_text_vague"
	LinkTextAddress   Code = "link_text_address"
	AltMissing        Code = "alt_missing"
	AltPoor           Code = "alt_poor"
	PictureAlone      Code = "picture_alone"
	PictureHidden     Code = "picture_hidden"
	HeadingSkipped    Code = "heading_skipped"
	AccentContrast    Code = "accent_contrast"
)

// A Rule is one thing that mail is held against.
type Rule struct {
	Code    Code
	Level   Level
	Source  string // who asks for it, and where
	English string // as formats of the same operands
	Korean  string
}

const (
	gmail    = "Gmail: [Email sender guidelines](https://support.google.com/a/answer/81126)"
	yahoo    = "Yahoo: [Sender Best Practices](https://senders.yahooinc.com/best-practices/)"
	wcagAlt  = "WCAG 2.2 §1.1.1"
	wcagLink = "WCAG 2.2 §2.4.4"
	koreanAd = "Korea: Network Act art. 50(4)"
)

// rules has a line for each code, in the order of the codes.
var rules = [...]Rule{
	{FromRefused, Refused, gmail + "; " + yahoo + " (DMARC)",
		"%[1]s is a mailbox provider's: mail that says it is from there and comes from elsewhere is refused. Write a From of your own domain, or name %[1]s in domains of the gateway that is the provider's own",
		"메일 서비스 회사의 도메인(%[1]s)입니다. 다른 서버에서 이 도메인으로 보낸 메일은 거부됩니다. From에 단체의 도메인을 쓰거나, 그 회사의 서버라면 게이트웨이의 domains에 적으십시오: %[1]s"},
	{FromName, Noted, gmail,
		"From has no name before the address: people see %s, and do not know you by it",
		"From의 주소 앞에 이름이 없습니다. 받는 사람에게 %s만 보여 누가 보냈는지 알기 어렵습니다"},
	{FromNameAddress, Refused, gmail + "; Outlook marks it as impersonation",
		"the name in From has the address %s in it, which is not the one that the mail is from: mailbox providers take it for a forgery",
		"From의 이름에 실제 발신 주소와 다른 주소(%s)가 들어 있습니다. 메일 서비스가 위조로 판단합니다"},
	{SignatureMissing, Noted, gmail + "; " + yahoo + "; Microsoft: 550 5.7.515",
		"Clarion has no DKIM key for %[1]s: see that the relay signs, both List-Unsubscribe headers included, or make one: clarion dkim new %[1]s",
		"%[1]s의 DKIM 키가 없습니다. 릴레이가 두 List-Unsubscribe 헤더까지 서명하는지 확인하거나 키를 만드십시오: clarion dkim new %[1]s"},
	{OneClickMissing, InBulk, "RFC 8058; " + gmail + "; " + yahoo,
		"web.public_url is not https: the mails have no one-click unsubscribing, which Gmail and Yahoo ask of bulk mail",
		"web.public_url이 https가 아니어서 원클릭 수신거부 헤더가 없습니다. Gmail과 Yahoo가 대량 메일에 요구합니다"},
	{UnsubscribeAbsent, Refused, "RFC 2369; " + gmail,
		"the mail has no List-Unsubscribe header",
		"메일에 List-Unsubscribe 헤더가 없습니다"},
	{Malformed, Refused, "RFC 5322; Gmail refuses it with 550 5.7.1",
		"the mail is not as RFC 5322 asks: %s",
		"메일이 RFC 5322 형식에 맞지 않습니다: %s"},
	{HTMLLarge, Refused, "Gmail shows the first 102 KB alone, and so hides how to unsubscribe",
		"the HTML has %d KB: Gmail cuts it off after 102, and with it the link to unsubscribe. 100 are the most: shorten the text",
		"HTML이 %d KB입니다. Gmail은 102 KB 뒤를 잘라 수신거부 링크까지 숨깁니다. 100 KB 이하로 줄이십시오"},
	{SubjectEmpty, Refused, "RFC 5322; filters take it for spam",
		"to contacts of whom nothing is known the subject is empty: give its fields a fall-back",
		"정보가 없는 사람에게는 제목이 비게 됩니다. 병합 필드에 대신할 말을 적으십시오"},
	{SubjectLong, Noted, "Telephones show about 40 columns, desks about 80; Hangul takes two",
		"the subject takes %d columns, of which at most %d are shown: say what matters first",
		"제목이 %d칸을 차지하는데 많아야 %d칸이 보입니다. 중요한 말을 앞에 두십시오"},
	{SubjectCapitals, Noted, "filters weigh it as spam",
		"the subject is written in capitals: filters take it for spam",
		"제목이 모두 대문자입니다. 스팸으로 걸러질 수 있습니다"},
	{SubjectMarks, Noted, "filters weigh it as spam",
		"the subject has %q: filters take it for spam",
		"제목에 다음 글자가 있어 스팸으로 걸러질 수 있습니다: %q"},
	{SubjectReply, Refused, gmail,
		"the subject begins with %q as if it were an answer, which Gmail takes for deceit",
		"제목이 답장이나 전달인 것처럼 시작해(%q) Gmail이 속임수로 판단합니다"},
	{SubjectLabel, Refused, koreanAd,
		"a call for money is advertising: its Korean subject begins with (광고), and nothing before or within it",
		"모금 메일은 광고입니다. 제목은 (광고)로 시작해야 하며 그 앞이나 안에 다른 글자를 넣을 수 없습니다"},
	{ContactMissing, Noted, koreanAd,
		"a call for money names how its sender can be reached: write a telephone number or a mail address into the text",
		"모금 메일에는 보낸 사람의 연락처가 있어야 합니다. 본문에 전화번호나 메일 주소를 적으십시오"},
	{LinkInvalid, Refused, "RFC 3986",
		"%q leads nowhere: a link begins with https://, mailto: or tel:",
		"열리지 않는 링크입니다: %q. 링크는 https://, mailto: 또는 tel:로 시작합니다"},
	{LinkInsecure, Noted, "browsers warn of pages that are not encrypted",
		"the link to %s is not encrypted: write https:// if the site has it",
		"%s 사이트로 가는 링크가 암호화되지 않습니다. 사이트가 지원하면 https://로 쓰십시오"},
	{LinkDeceptive, Refused, gmail + "; Outlook and Naver warn of it as phishing",
		"the link says %s and leads to %s: mailbox providers take it for a fraud",
		"링크의 글(%s)과 실제로 가는 곳(%s)이 다릅니다. 메일 서비스가 사기로 판단합니다"},
	{LinkTextEmpty, Refused, wcagLink,
		"the link to %s has no words: nobody sees it",
		"링크(%s)에 글이 없어 아무도 볼 수 없습니다"},
	{LinkTextVague, Noted, wcagLink,
		"%q does not say where the link leads, and is what a screen reader reads alone: name the page or the deed",
		"%q만으로는 어디로 가는 링크인지 알 수 없습니다. 화면 낭독기는 링크만 따로 읽습니다. 페이지나 할 일의 이름을 쓰십시오"},
	{LinkTextAddress, Noted, wcagLink,
		"the link shows its bare address: write [what it is](%s)",
		"링크가 주소 그대로 보입니다. [무엇인지](%s)처럼 쓰십시오"},
	{AltMissing, Noted, wcagAlt,
		"picture %s has no words for those who cannot see it: ![what it shows](%[1]s)",
		"그림 %s에 볼 수 없는 사람을 위한 설명이 없습니다: ![무엇이 보이는지](%[1]s)"},
	{AltPoor, Noted, wcagAlt,
		"%q does not say what picture %s shows",
		"설명 %q만으로는 그림 %s에 무엇이 보이는지 알 수 없습니다"},
	{PictureAlone, Noted, "filters take pictures without text for spam",
		"the mail is a picture with hardly any text: filters take it for spam, and who sees no pictures reads nothing",
		"글이 거의 없이 그림만 있습니다. 스팸으로 걸러지기 쉽고, 그림을 볼 수 없는 사람은 아무것도 읽지 못합니다"},
	{PictureHidden, Noted, "Mail programs on the web show nothing from http:// (W3C: [Mixed Content](https://www.w3.org/TR/mixed-content/)), and large providers fetch pictures themselves",
		"the pictures are linked and web.public_url is %s: readers' mail programs show what they can fetch from outside by https, and nothing else. Set it so, or leave the pictures in the mail",
		"그림을 링크로 보내는데 web.public_url이 %s입니다. 받는 사람의 메일 프로그램이 외부에서 https로 가져올 수 없는 그림은 보이지 않습니다. 주소를 바꾸거나 그림을 메일에 넣으십시오"},
	{HeadingSkipped, Noted, "WCAG 2.2 §1.3.1",
		"a heading of level %d follows one of level %d: a screen reader's reader thinks that one is missing",
		"%d단계 제목이 %d단계 제목 바로 아래에 있습니다. 화면 낭독기로는 빠진 제목이 있는 것처럼 들립니다"},
	{AccentContrast, Refused, "WCAG 2.2 §1.4.3",
		"white on email.accent has a contrast of %.1f to 1, and text needs 4.5: take a darker colour",
		"email.accent 위의 흰 글자는 대비가 %.1f:1입니다. 글자에는 4.5:1이 필요하니 더 어두운 색을 쓰십시오"},
}

// Rules lists every rule.
func Rules() []Rule { return append([]Rule(nil), rules[:]...) }

func (c Code) rule() Rule {
	for _, r := range rules {
		if r.Code == c {
			return r
		}
	}
	return Rule{Code: c, Level: Refused, English: string(c), Korean: string(c)}
}

// Broken is the rule as broken at a line of a file.
func (c Code) Broken(file string, line int, operands ...any) conf.Problem {
	r := c.rule()
	return conf.Problem{File: file, Line: line, Message: fmt.Sprintf(r.English, operands...), Korean: fmt.Sprintf(r.Korean, operands...), Rule: string(c)}
}

// Split divides what is broken in a mail to so many people into what keeps it
// from being launched, and what is worth mending.
func Split(broken []conf.Problem, recipients int) (problems, notes []conf.Problem) {
	for _, p := range conf.Sort(broken) {
		if level := Code(p.Rule).rule().Level; level == Refused || level == InBulk && recipients >= BulkFrom {
			problems = append(problems, p)
		} else {
			notes = append(notes, p)
		}
	}
	return problems, notes
}
