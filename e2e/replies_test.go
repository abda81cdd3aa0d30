package e2e_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/mail"
	"net/smtp"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"clarion/e2e/rig"
	"clarion/petition"
)

// People sign by answering: by text, where their number is who they are, and by mail,
// where the answer to our own letter is. Whoever signed on the web too counts once; what
// is brought twice counts once; a stop stops and signs nothing.
func TestPeopleSignByReply(t *testing.T) {
	t.Parallel()
	s := prepare(t)
	must(t, os.CopyFS(filepath.Join(s.dir, "save9"), petition.Example()))
	s.config += "\n[petition]\nfolder = \"save9\"\nsms_from = \"02-6200-0009\"\n"
	s.gateways(rig.MailOptions{}, email, sms)
	s.serve()

	// By text: the name, the question, and their word.
	const phone = "01055550000"
	said := func() []string {
		if to := textsTo(s.sms.Got(t)); to[phone] != nil {
			return to[phone].bodies
		}
		return nil
	}
	s.sms.Text(t, phone, "0212345678", "서명 홍길동, 서울 관악구")
	s.await("the question", func() bool { return len(said()) == 1 })
	if q := said()[0]; !strings.Contains(q, "홍길동") || !strings.Contains(q, "‘동의’") || !strings.Contains(q, "정치적 견해") || !strings.Contains(q, s.pages.URL+"/r/") {
		t.Errorf("they are asked:\n%s", q)
	}
	s.counts(0, 0)
	s.sms.Text(t, phone, "0212345678", "동의합니다")
	s.await("the slip", func() bool { return len(said()) == 2 })
	s.counts(1, 1)
	if page := s.visit(http.MethodGet, s.paths(said()[1])["s"], nil); !strings.Contains(page, "홍길동") {
		t.Errorf("the slip is:\n%s", page)
	}

	// On the web first, and not confirmed; then by mail, in answer to the letter.
	const kim = "kim@mail.example"
	s.signs("Kim Minsu", kim)
	first := s.letterTo(kim, 1)
	s.counts(1, 2)
	s.answer(kim, first, "SIGN Kim Minsu, Busan\r\n\r\nOn Mon, Save 9 wrote:\r\n> Confirm your signature\r\n")
	question := s.letterTo(kim, 2)
	if !strings.Contains(question.text, "Kim Minsu") || !strings.Contains(question.text, "AGREE") || !strings.Contains(question.text, "/r/") {
		t.Errorf("the question is:\n%s", question.text)
	}
	for range 2 { // a mailbox may bring it again
		s.answer(kim, question, "I agree.\r\n")
	}
	if last := s.letterTo(kim, 3); !strings.Contains(last.text, "signed") || !strings.Contains(last.text, s.pages.URL+"/w/") {
		t.Errorf("the answer is:\n%s", last.text)
	}
	s.counts(2, 2) // the same person, once, and certain now

	// A stop wins over all, and nobody who said it is written to.
	s.sms.Text(t, "01055550011", "0212345678", "수신거부")
	s.await("the stop to be confirmed", func() bool { return textsTo(s.sms.Got(t))["01055550011"] != nil })
	s.sms.Text(t, "01055550011", "0212345678", "서명 성춘향, 서울")
	s.sms.Text(t, "01055550012", "0212345678", "서명 어떻게 하나요?")
	s.await("who cannot be read to be told", func() bool { return textsTo(s.sms.Got(t))["01055550012"] != nil })
	if got := textsTo(s.sms.Got(t))["01055550011"].bodies; len(got) != 1 {
		t.Errorf("who said stop got %q", got)
	}
	s.counts(2, 2)
	if a := ask[audit](s, 0, "petition", "audit"); len(a.Differences) > 0 {
		t.Errorf("the audit says %+v", a)
	}
	for _, name := range []string{"홍길동", "Minsu", "성춘향", phone[1:], kim} {
		if strings.Contains(s.server.Log(), name) {
			t.Errorf("%s stands in the log", name)
		}
	}
}

// counts has petition tally say at least and at most how many signed.
func (s *site) counts(least, most int) {
	s.t.Helper()
	if c := ask[counted](s, 0, "petition", "tally"); c != (counted{least, most}) {
		s.t.Errorf("counted are %+v, want %d to %d", c, least, most)
	}
}

// A written letter, and to whom an answer goes.
type written struct {
	letter
	back string
}

// letterTo waits for so many letters to an address, and returns the last.
func (s *site) letterTo(to string, n int) written {
	s.t.Helper()
	s.await(fmt.Sprintf("letter %d to %s", n, to), func() bool { return len(s.mail.MX.ReceivedBy(to)) >= n })
	l := s.mail.MX.ReceivedBy(to)[n-1]
	m, err := mail.ReadMessage(bytes.NewReader(l.Data))
	must(s.t, err)
	back, err := mail.ParseAddress(m.Header.Get("Reply-To"))
	must(s.t, err)
	return written{readLetter(s.t, l), back.Address}
}

// answer answers a letter, as a mail program does.
func (s *site) answer(from string, to written, text string) {
	s.t.Helper()
	body := fmt.Sprintf("From: Kim <%s>\r\nTo: <%s>\r\nSubject: Re: %s\r\nIn-Reply-To: %s\r\nMessage-ID: <%d.answer@mail.example>\r\n\r\n%s", from, to.back, "Save 9", to.id, len(text), text)
	must(s.t, smtp.SendMail(s.mail.RelayAddr, nil, from, []string{to.back}, []byte(body)))
}
