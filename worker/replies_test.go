package worker_test

import (
	"context"
	"strings"
	"testing"

	"clarion/lists/address"
	"clarion/worker"
	"clarion/worker/gateway"
)

// A reader takes what begins with a word, and writes down all that it is given.
type reader struct{ sources, texts []string }

func (r *reader) Text(_ context.Context, source string, from address.Address, text string) (bool, error) {
	r.sources, r.texts = append(r.sources, source), append(r.texts, from.Reveal()+" "+text)
	return strings.HasPrefix(text, "서명"), nil
}

// What a signer writes is for the petition, and for nobody else; a stop never is, and
// what the petition does not want goes on as ever.
func TestSignersTexts(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	r := &reader{}
	p := d.parts()
	p.Replies = r
	in := worker.NewInbound(p, links)
	say := func(id, text string) {
		t.Helper()
		d.must(in.Text(t.Context(), "sms", gateway.Inbound{Channel: address.SMS, From: "01012345678", To: "0212345678", Text: text, ID: id}))
	}
	phone := address.Canonical(address.SMS, "+821012345678")
	stopped := func() bool {
		t.Helper()
		s, err := d.people.SuppressionOf(t.Context(), address.SMS, d.people.Key(phone))
		d.must(err)
		return s != nil
	}
	replies := func() int {
		t.Helper()
		n, err := d.rdb.LLen(t.Context(), "inbox:replies").Result()
		d.must(err)
		return int(n)
	}
	say("a", "서명 홍길동")
	say("", "서명 성춘향")
	if replies() != 0 {
		t.Error("a signer's text is kept for a person too")
	}
	say("b", "서명 말고 수신거부") // not a stop alone: the petition's reader may look at it
	say("c", "수신거부 홍길동")
	if !stopped() {
		t.Fatal("a stop did not stop")
	}
	say("d", "동의") // nobody was asked: it is a start
	if stopped() {
		t.Error("a start that the petition does not want did nothing")
	}
	say("e", "고생 많으십니다")
	if replies() != 1 {
		t.Errorf("%d replies are kept for a person", replies())
	}
	want := []string{"서명 홍길동", "서명 성춘향", "서명 말고 수신거부", "동의", "고생 많으십니다"}
	if len(r.texts) != len(want) {
		t.Fatalf("the reader was given %q", r.texts)
	}
	for i, text := range want {
		if r.texts[i] != phone.Reveal()+" "+text {
			t.Errorf("text %d is %q", i, r.texts[i])
		}
	}
	if r.sources[0] != "text\x00sms\x00a" || r.sources[1] == r.sources[0] || !strings.HasSuffix(r.sources[1], "성춘향") {
		t.Errorf("the texts are named %q", r.sources)
	}
}
