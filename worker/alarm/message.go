package alarm

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"strings"
	"time"

	"clarion/internal/seal"
	"clarion/lists/address"
	"clarion/worker/gateway"
)

// message is a notice as it goes to one address.
func (w *Watcher) message(n *Notice, to address.Address) (gateway.Message, error) {
	if to.Channel() == address.SMS {
		return gateway.Message{To: to, From: w.cfg.SMSFrom, Body: []byte(n.text(w.page()))}, nil
	}
	token := w.delivery(n.To).Token(w.parts.Keys, seal.Bounce)
	body, err := w.mail(n, to)
	return gateway.Message{Delivery: token, To: to, From: "b+" + token + "@" + w.parts.Domain, Body: body}, err
}

// page is where people see all alarms.
func (w *Watcher) page() string { return strings.TrimSuffix(w.parts.Public, "/") + "/alarms" }

// mail is a notice as a mail, RFC 5322.
func (w *Watcher) mail(n *Notice, to address.Address) ([]byte, error) {
	now := w.parts.Clock.Now()
	signer := w.parts.Signers.For(w.parts.Domain)
	var out []byte
	if signer != nil {
		out = signer.Reserve(out)
	}
	name := strings.Map(func(r rune) rune {
		if r < ' ' {
			return -1
		}
		return r
	}, w.parts.Organisation)
	out = fmt.Appendf(out, "From: %s <alarm@%s>\r\nTo: <%s>\r\nSubject: %s\r\nDate: %s\r\nMessage-ID: <%s@%s>\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n",
		quotedName("Clarion · "+name), w.parts.Domain, to.Reveal(), mime.QEncoding.Encode("utf-8", n.subject()), now.In(w.parts.Zone).Format(time.RFC1123Z), rand.Text(), w.parts.Domain)
	var body bytes.Buffer
	q := quotedprintable.NewWriter(&body)
	if _, err := q.Write([]byte(strings.ReplaceAll(n.letter(w.parts.Zone, w.page()), "\n", "\r\n"))); err != nil {
		return nil, fmt.Errorf("write a notice: %w", err)
	}
	if err := q.Close(); err != nil {
		return nil, fmt.Errorf("write a notice: %w", err)
	}
	out = append(out, body.Bytes()...)
	if signer != nil {
		if err := signer.Sign(out, now); err != nil {
			return nil, &gateway.Error{Kind: gateway.Refused, Reason: gateway.Content, Err: fmt.Errorf("the notice cannot be signed: %w", err)}
		}
	}
	return out, nil
}

// quotedName is a display name that needs no quotes of its own: as an encoded word.
func quotedName(s string) string { return mime.BEncoding.Encode("utf-8", s) }

// subject says what a notice is about, on one line.
func (n *Notice) subject() string {
	lang := n.To.Language
	open := len(n.New) + len(n.Still)
	switch {
	case open == 1 && len(n.Over) == 0:
		a := n.all()[0]
		return a.Level.Word(lang) + ": " + a.Kind.Word(lang)
	case open > 0:
		return fmt.Sprintf(Words{"%d alarms, %d over", "경보 %d건, 종료 %d건"}.In(lang), open, len(n.Over))
	case len(n.Over) == 1:
		return Words{"Over", "종료"}.In(lang) + ": " + n.Over[0].Kind.Word(lang)
	}
	return fmt.Sprintf(Words{"%d alarms are over", "경보 %d건 종료"}.In(lang), len(n.Over))
}

// letter says all of a notice.
func (n *Notice) letter(zone *time.Location, page string) string {
	lang := n.To.Language
	var b strings.Builder
	part := func(head Words, of []*Alarm, over bool) {
		if len(of) == 0 {
			return
		}
		fmt.Fprintf(&b, "%s\n\n", head.In(lang))
		for _, a := range of {
			fmt.Fprintf(&b, "%s · %s (a%d)\n%s\n", a.Level.Word(lang), a.Kind.Word(lang), a.ID, a.Sentence.In(lang))
			at := func(t time.Time) string { return t.In(zone).Format("2006-01-02 15:04") }
			if over {
				fmt.Fprintf(&b, Words{"From %s to %s.", "%s부터 %s까지."}.In(lang)+"\n\n", at(a.Since), at(a.Well))
				continue
			}
			fmt.Fprintf(&b, Words{"Since %s.", "%s부터."}.In(lang)+"\n%s %s\n\n", at(a.Since), Words{"What to do:", "할 일:"}.In(lang), a.Kind.Do(lang))
		}
	}
	part(Words{"This is wrong:", "다음 문제가 생겼습니다."}, n.New, false)
	part(Words{"This is still wrong, and nobody has said that they see to it:", "다음 문제가 계속되고 있으며 아직 확인한 분이 없습니다."}, n.Still, false)
	part(Words{"This is over:", "다음 문제는 끝났습니다."}, n.Over, true)
	fmt.Fprintf(&b, Words{"All alarms, to acknowledge or to quiet them: %s", "모든 경보를 보고 확인하거나 알림을 잠시 끄려면: %s"}.In(lang)+"\n", page)
	return b.String()
}

// text says a notice in a text message: the first of it, and how many more.
func (n *Notice) text(page string) string {
	lang, all := n.To.Language, n.all()
	a := all[0]
	s := "[Clarion] " + a.Level.Word(lang)
	if !a.Over.IsZero() {
		s = "[Clarion] " + Words{"Over", "종료"}.In(lang)
	}
	s += ": " + a.Sentence.In(lang)
	if more := len(all) - 1; more > 0 {
		s += fmt.Sprintf(Words{" And %d more.", " 그 밖에 %d건."}.In(lang), more)
	}
	return s + " " + page
}
