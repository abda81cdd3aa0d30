package worker

import (
	"bytes"
	"context"
	"errors"
	"net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"clarion/internal/clock"
	"clarion/lists/address"
	"clarion/worker/gateway"
)

// postOffice answers as it is told, and keeps what it took.
type postOffice struct {
	answer error
	got    []gateway.Message
}

func (p *postOffice) Send(_ context.Context, m gateway.Message) (gateway.Receipt, error) {
	if p.answer == nil {
		p.got = append(p.got, m)
	}
	return gateway.Receipt{}, p.answer
}

func forwarder(t testing.TB, gates ...Gate) *Forwarder {
	t.Helper()
	to, err := address.ParseEmail("office@ngo.example")
	if err != nil {
		t.Fatal(err)
	}
	return &Forwarder{To: to, From: "forwarded@bounce.ngo.example", Mark: "X-Loop", Gates: gates, Clock: clock.NewManual(time.Unix(1_800_000_000, 0))}
}

// What a person wrote reaches the organisation whole, in our name, and an answer
// to it goes to the person.
func TestHandedOn(t *testing.T) {
	t.Parallel()
	office := &postOffice{}
	f := forwarder(t, Gate{Channel: address.SMS, Gateway: &postOffice{answer: errors.New("no mail here")}}, Gate{Channel: address.Email, Gateway: office})
	err := f.Forward(t.Context(), []byte("Return-Path: <kim@mail.example>\nDKIM-Signature: v=1;\n b=x\nFrom: =?utf-8?B?6rmA7LKg7IiYLCBRLg==?= <kim@mail.example>\nTo: b+abc@bounce.ngo.example\n"+
		"Subject: Re: call\nMessage-ID: <1@mail.example>\nContent-Type: text/plain; charset=utf-8\n\nGood luck!\n\n.From me\n"))
	if err != nil || len(office.got) != 1 {
		t.Fatalf("%v, %d mails", err, len(office.got))
	}
	m := office.got[0]
	if m.To.Reveal() != "office@ngo.example" || m.From != "forwarded@bounce.ngo.example" {
		t.Errorf("envelope: %s to %s", m.From, m.To.Reveal())
	}
	read, err := mail.ReadMessage(bytes.NewReader(m.Body))
	if err != nil {
		t.Fatal(err)
	}
	from, err := mail.ParseAddress(read.Header.Get("From"))
	if err != nil || from.Address != "forwarded@bounce.ngo.example" || from.Name != "김철수 Q" {
		t.Errorf("From: %+v, %v", from, err)
	}
	for name, want := range map[string]string{
		"Reply-To": "<kim@mail.example>", "Message-Id": "<1@mail.example>", "X-Loop": "bounce.ngo.example", "Auto-Submitted": "auto-generated",
		"Dkim-Signature": "", "Return-Path": "", "Subject": "Re: call", "To": "b+abc@bounce.ngo.example",
	} {
		if got := read.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if !bytes.HasSuffix(m.Body, []byte("\r\n\r\nGood luck!\r\n\r\n.From me\r\n")) || bytes.Contains(bytes.ReplaceAll(m.Body, []byte("\r\n"), nil), []byte("\n")) {
		t.Errorf("body: %q", m.Body)
	}
}

// Gateways are tried until one takes it; what all refuse for good is refused, and
// what one may take later is not.
func TestHandedOnBySome(t *testing.T) {
	t.Parallel()
	refused := &gateway.Error{Kind: gateway.Refused, Code: "5.7.1"}
	later := &gateway.Error{Kind: gateway.Temporary, Code: "4.3.0"}
	unknown := &gateway.Error{Kind: gateway.Indeterminate}
	for name, c := range map[string]struct {
		answers []error
		taken   int // by which, from 1; 0 for none
		forGood bool
	}{
		"the first":     {[]error{nil, nil}, 1, false},
		"the second":    {[]error{later, nil}, 2, false},
		"refused first": {[]error{refused, nil}, 2, false},
		"for good":      {[]error{refused, refused}, 0, true},
		"perhaps later": {[]error{later, refused}, 0, false},
		"in doubt":      {[]error{unknown, nil}, 0, false}, // the other might make it two
		"no gateway":    {nil, 0, false},
	} {
		var gates []Gate
		var offices []*postOffice
		for _, a := range c.answers {
			o := &postOffice{answer: a}
			offices, gates = append(offices, o), append(gates, Gate{Channel: address.Email, Gateway: o})
		}
		err := forwarder(t, gates...).Forward(t.Context(), []byte("From: a@mail.example\r\n\r\nx\r\n"))
		if (err == nil) != (c.taken > 0) || err != nil && ForGood(err) != c.forGood {
			t.Errorf("%s: %v", name, err)
		}
		if i := slices.IndexFunc(offices, func(o *postOffice) bool { return len(o.got) > 0 }); i+1 != c.taken {
			t.Errorf("%s: taken by %d, want %d", name, i+1, c.taken)
		}
	}
}

func FuzzHandedOn(f *testing.F) {
	f.Add([]byte("From: a@mail.example\r\n\r\nx"))
	f.Add([]byte("From me\n x\n: y\nFrom: a\n\tb\r\rReply-To: <c@d>\r\nX-Loop: 1"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		out, err := forwarder(t).compose(raw)
		if err != nil {
			t.Fatal(err)
		}
		header, _, ok := bytes.Cut(out, []byte("\r\n\r\n"))
		if !ok || bytes.Contains(bytes.ReplaceAll(out, []byte("\r\n"), nil), []byte("\n")) {
			t.Fatalf("%q", out)
		}
		from := 0
		for line := range strings.SplitSeq(string(header), "\r\n") {
			if strings.HasPrefix(strings.ToLower(line), "from:") {
				from++
			}
		}
		if from != 1 {
			t.Fatalf("%d authors: %q", from, out)
		}
	})
}
