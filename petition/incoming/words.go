package incoming

import (
	"fmt"
	"strings"

	"clarion/lists/address"
	"clarion/petition"
)

// letter is one about the petition, in a language of it.
func (d *Desk) letter(to address.Address, lang, text string) Letter {
	return Letter{To: to, Subject: in(lang, "Your signature: ", "서명: ") + d.Roll.Title[lang], Text: text + "\n"}
}

// paragraphs stand apart in a mail, and beside each other in a text.
func paragraphs(to address.Address, parts ...string) string {
	between := "\n\n"
	if to.Channel() == address.SMS {
		between = " "
	}
	return strings.Join(parts, between)
}

// question asks for what a signer must agree to, in the words of the form. Only who is
// known is addressed by the name: else anybody had us write what they like to anybody.
func (d *Desk) question(a *petition.Ask, known bool) Letter {
	c, lang := d.Roll.Campaign, a.Language
	link := strings.TrimSuffix(d.Public, "/") + "/r/" + d.Roll.AskToken(a)
	name := ""
	if known {
		name = in(lang, a.Name+": ", a.Name+" 님, ")
	}
	say := agreeing(lang, a, c)
	parts := []string{name + fmt.Sprintf(in(lang, "your signature for “%s” is not finished yet. If you agree to the following, answer this message with “%s”.",
		"“%s” 서명이 아직 끝나지 않았습니다. 다음에 동의하시면 이 메시지에 ‘%s’라고 답장해 주세요."), c.Title[lang], say),
		c.Opinion[lang], c.Age[lang], in(lang, "You can do it by this link, too: ", "링크로도 하실 수 있습니다: ") + link}
	if a.Contact.Channel() != address.SMS { // each part of a text costs
		parts = append(parts, in(lang, "If you did not mean to sign, leave it be: nothing is counted, and it is deleted after two weeks.", "서명하려던 것이 아니라면 그냥 두시면 됩니다. 세지 않고 2주 뒤에 지웁니다."))
	}
	return d.letter(a.Contact, lang, paragraphs(a.Contact, parts...))
}

// agreeing is what to answer: with a place where none is known yet.
func agreeing(lang string, a *petition.Ask, c *petition.Campaign) string {
	word := in(lang, "AGREE", "동의")
	if a.Region != "" {
		return word
	}
	return word + " " + c.Regions[0].Name(lang)
}

// where asks for the place alone.
func (d *Desk) where(a *petition.Ask) Letter {
	say := agreeing(a.Language, a, d.Roll.Campaign)
	return d.letter(a.Contact, a.Language, in(a.Language, "One thing is missing: where you live. Answer AGREE and your province or city, such as “"+say+"”.",
		"사는 시·도가 빠졌습니다. ‘동의’와 사는 시·도를 함께 답장해 주세요. 예: ‘"+say+"’"))
}

// missing says how to sign by reply.
func (d *Desk) missing(to address.Address, lang string) Letter {
	link := strings.TrimSuffix(d.Public, "/") + "/sign"
	return d.letter(to, lang, in(lang, "We could not read a name. To sign, answer SIGN, your name, a comma and where you live, such as “SIGN Kim Minsu, Seoul”. Or sign here: "+link,
		"이름을 읽지 못했습니다. 서명하시려면 ‘서명’과 이름, 쉼표, 사는 곳을 답장해 주세요. 예: ‘서명 홍길동, 서울’ 또는 여기에서 서명하세요: "+link))
}

// signed brings the slip.
func (d *Desk) signed(a *petition.Ask, added petition.Added) Letter {
	base, lang, title := strings.TrimSuffix(d.Public, "/"), a.Language, d.Roll.Title[a.Language]
	withdraw := base + "/w/" + d.Roll.WithdrawToken(added.Number)
	if added.Slip == nil { // the same name and address have signed before
		return d.letter(a.Contact, lang, paragraphs(a.Contact, in(lang, fmt.Sprintf("You have signed “%s” before; your signature counts once.", title), fmt.Sprintf("“%s”에 이미 서명하셨으며 한 번만 셉니다.", title)),
			in(lang, "To withdraw it: ", "철회하시려면: ")+withdraw))
	}
	return d.letter(a.Contact, lang, paragraphs(a.Contact, in(lang, fmt.Sprintf("Thank you. You have signed “%s”.", title), fmt.Sprintf("고맙습니다. “%s”에 서명하셨습니다.", title)),
		in(lang, "Your slip, by which you find your signature again: ", "서명을 다시 찾아볼 확인증: ")+base+"/s/"+strings.ReplaceAll(added.Slip.Code(), "-", ""),
		in(lang, "To withdraw at any time: ", "언제든 철회: ")+withdraw))
}

// in is the one of two texts that is in a language.
func in(lang, english, korean string) string {
	if lang == "ko" {
		return korean
	}
	return english
}
