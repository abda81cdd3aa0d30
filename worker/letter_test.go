package worker_test

import (
	"bytes"
	"context"
	"fmt"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"clarion/broadcast"
	"clarion/internal/seal"
	"clarion/lists"
	"clarion/lists/address"
	"clarion/worker"
	"clarion/worker/gateway"
)

// A letterbox is a gateway that keeps what it is given, and is away for a while first.
type letterbox struct {
	mu   sync.Mutex
	away int  // times that it fails yet
	dumb bool // it takes what it is given, and its answer never comes
	got  []gateway.Message
}

func (l *letterbox) Send(_ context.Context, m gateway.Message) (gateway.Receipt, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.away--; l.away >= 0 {
		return gateway.Receipt{}, &gateway.Error{Kind: gateway.Temporary, Reason: gateway.Network}
	}
	m.Body = bytes.Clone(m.Body)
	l.got = append(l.got, m)
	if l.dumb {
		return gateway.Receipt{}, &gateway.Error{Kind: gateway.Indeterminate, Reason: gateway.Network}
	}
	return gateway.Receipt{}, nil
}

func (l *letterbox) all() []gateway.Message {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]gateway.Message(nil), l.got...)
}

// A letter goes once however often it is asked for, although its gateway is away at
// first; never to who must not be written to; and no address gets many.
func TestLetters(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	mails, texts := &letterbox{away: 2}, &letterbox{}
	d.gates = []worker.Gate{{Name: "mail", Channel: address.Email, Gateway: mails}, {Name: "sms", Channel: address.SMS, Gateway: texts}}
	sms := links
	sms.TextFrom = "0212345678"
	in := worker.NewInbound(d.parts(), sms)
	kim, stopped := address.Canonical(address.Email, "kim@example.org"), address.Canonical(address.Email, "stopped@example.org")
	_, err := d.people.Suppress(t.Context(), address.Email, d.people.Key(stopped), lists.Suppression{Reason: lists.OptedOut, Source: "test", Since: time.Now()})
	d.must(err)
	tell := func(id string, l worker.Letter) {
		t.Helper()
		d.must(in.Tell(t.Context(), id, l))
	}
	for range 3 { // before anybody works: what is told is kept
		tell("stopped", worker.Letter{To: stopped, Subject: "s", Text: "t"})
		tell("first", worker.Letter{To: kim, Subject: "확인\r\nBcc: evil@example.org", Text: "한 줄\n.\n둘째 줄"})
		tell("text", worker.Letter{To: address.Canonical(address.SMS, "+821012345678"), Text: "확인"})
	}
	d.startWith(worker.Config{Links: sms})
	d.await("the letters", func() bool { return len(mails.all()) == 1 && len(texts.all()) == 1 })
	for i := range 8 {
		tell(fmt.Sprint("more", i), worker.Letter{To: kim, Subject: "s", Text: "t"})
		tell("first", worker.Letter{To: kim, Subject: "s", Text: "t"})
		tell("text", worker.Letter{To: address.Canonical(address.SMS, "+821012345678"), Text: "확인"})
	}
	d.await("as many as an address may get", func() bool { return len(mails.all()) == 5 })
	d.await("nothing to be left", func() bool {
		left, err := d.rdb.Keys(t.Context(), "service:text:*").Result()
		d.must(err)
		return len(left) == 0
	})
	if m, s := mails.all(), texts.all(); len(m) != 5 || len(s) != 1 || s[0].From != "0212345678" {
		t.Fatalf("%d mails and %d texts", len(m), len(s))
	}
	first := mails.all()[0]
	got, err := mail.ReadMessage(bytes.NewReader(first.Body))
	d.must(err)
	if got.Header.Get("Bcc") != "" || got.Header.Get("Message-Id") != "<"+first.From+">" || !strings.HasPrefix(first.From, "b+") || got.Header.Get("Auto-Submitted") != "auto-generated" {
		t.Errorf("the mail is from %s:\n%s", first.From, first.Body)
	}
	// An answer to it comes back, and proves that whoever answers reads that address's mail.
	if got.Header.Get("Reply-To") != "<"+first.From+">" {
		t.Errorf("an answer goes to %s", got.Header.Get("Reply-To"))
	}
	kims := d.people.Key(kim)
	call := broadcast.Delivery{Call: "c1", Channel: address.Email, Key: kims}.Token(d.keys, seal.Bounce)
	for _, c := range []struct {
		token        string
		from         address.Address
		ours, letter bool
	}{{first.Delivery, kim, true, true}, {first.Delivery, stopped, false, false}, {"x" + first.Delivery[1:], kim, false, false}, {call, kim, true, false}, {"", kim, false, false}} {
		if ours, letter := in.Answers(c.token, c.from); ours != c.ours || letter != c.letter {
			t.Errorf("an answer with token %q is taken for ours %v, for that to a letter %v", c.token, ours, letter)
		}
	}
	if second := mails.all()[1]; second.Delivery == first.Delivery {
		t.Error("two letters have one Message-ID")
	}
	for line := range bytes.Lines(first.Body) {
		if len(line) > 998 || !bytes.HasSuffix(line, []byte("\r\n")) {
			t.Errorf("a line is %q", line)
		}
	}
}

// Where nobody knows whether a letter went, a mail goes again under its Message-ID, as
// often as a call would send it, and a text never.
func TestLettersInDoubtEnd(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	mails, texts := &letterbox{dumb: true}, &letterbox{dumb: true}
	d.gates = []worker.Gate{{Name: "mail", Channel: address.Email, Gateway: mails}, {Name: "sms", Channel: address.SMS, Gateway: texts}}
	in := worker.NewInbound(d.parts(), links)
	d.must(in.Tell(t.Context(), "mail", worker.Letter{To: address.Canonical(address.Email, "kim@example.org"), Subject: "s", Text: "t"}))
	d.must(in.Tell(t.Context(), "text", worker.Letter{To: address.Canonical(address.SMS, "+821012345678"), Text: "t"}))
	d.startWith(worker.Config{Links: links})
	d.await("both to be given up", func() bool {
		left, err := d.rdb.Keys(t.Context(), "service:text:*").Result()
		d.must(err)
		return len(left) == 0 && len(mails.all()) > 0 && len(texts.all()) > 0
	})
	for range 3 { // who asks again learns that both went
		d.must(in.Tell(t.Context(), "mail", worker.Letter{To: address.Canonical(address.Email, "kim@example.org"), Subject: "s", Text: "t"}))
		d.must(in.Tell(t.Context(), "text", worker.Letter{To: address.Canonical(address.SMS, "+821012345678"), Text: "t"}))
	}
	got := mails.all()
	if len(got) != broadcast.DoubtAttempts || len(texts.all()) != 1 {
		t.Fatalf("%d mails and %d texts went", len(got), len(texts.all()))
	}
	for _, m := range got {
		if m.From != got[0].From || m.Delivery != got[0].Delivery {
			t.Errorf("a copy goes under another name: %s, %s", m.From, got[0].From)
		}
	}
}
