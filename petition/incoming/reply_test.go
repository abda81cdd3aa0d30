package incoming

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"time"

	"clarion/internal/clock"
	"clarion/internal/redistest"
	"clarion/internal/seal"
	"clarion/lists/address"
	"clarion/petition"
)

var start = time.Date(2013, 6, 12, 5, 0, 0, 0, time.UTC)

// A postbox keeps letters, one for each id, as the worker does.
type postbox struct {
	ids     []string
	letters []Letter
}

func (p *postbox) Tell(_ context.Context, id string, l Letter) error {
	for _, known := range p.ids {
		if known == id {
			return nil
		}
	}
	p.ids, p.letters = append(p.ids, id), append(p.letters, l)
	return nil
}

// last is the last letter, of so many.
func (p *postbox) last(t *testing.T, of int) Letter {
	t.Helper()
	if len(p.letters) != of || of == 0 {
		t.Fatalf("there are %d letters, not %d: %q", len(p.letters), of, p.letters)
	}
	return p.letters[of-1]
}

func open(t *testing.T) (*Desk, *postbox) {
	t.Helper()
	c, problems, err := petition.LoadFS(petition.Example())
	if err != nil || len(problems) > 0 {
		t.Fatalf("the example: %v, %v", problems, err)
	}
	keys, err := seal.New(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	clk, box := clock.NewManual(start), &postbox{}
	roll := petition.OpenRoll(c, redistest.New(t), keys, clk)
	return Open(Parts{Roll: roll, Letters: box, Public: "https://save9.example.org/", Clock: clk, Log: slog.New(slog.DiscardHandler)}), box
}

var (
	phone = address.Canonical(address.SMS, "+821012345678")
	kim   = address.Canonical(address.Email, "kim@example.org")
)

// take hands a reply in, which must be taken or not.
func (d *Desk) take(t *testing.T, want bool, source string, from address.Address, text string, proven bool) {
	t.Helper()
	taken, err := d.Take(t.Context(), Reply{source, from, text, proven, proven})
	if err != nil || taken != want {
		t.Fatalf("%q is taken: %v, %v", text, taken, err)
	}
}

func (d *Desk) tally(t *testing.T) *petition.Tally {
	t.Helper()
	c, err := d.Roll.Tally(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A text signs: it is asked for what a signer must agree to, and signs by a word.
func TestASignatureByText(t *testing.T) {
	t.Parallel()
	d, box := open(t)
	for range 3 { // the provider brings it again
		d.take(t, true, "text 1", phone, "서명 홍길동, 서울 관악구", true)
	}
	ask := box.last(t, 1)
	c := d.Roll.Campaign
	for _, want := range []string{"홍길동", "‘동의’", c.Opinion["ko"], c.Age["ko"], "https://save9.example.org/r/"} {
		if !strings.Contains(ask.Text, want) {
			t.Errorf("the question does not say %q:\n%s", want, ask.Text)
		}
	}
	if ask.To != phone || strings.Contains(strings.TrimSpace(ask.Text), "\n") {
		t.Errorf("the question is %q", ask)
	}
	if got := d.tally(t); got.AtMost != 0 {
		t.Errorf("before they agree there is %+v", got)
	}
	d.take(t, true, "text 2", phone, "동의 안 합니다", true)
	if got := d.tally(t); got.AtMost != 0 {
		t.Errorf("who does not agree has signed: %+v", got)
	}
	d.take(t, true, "text 4", phone, "동의합니다.", true)
	d.take(t, false, "text 4", phone, "동의합니다.", true) // nothing is asked any more
	d.take(t, true, "text 1", phone, "서명 홍길동, 서울 관악구", true)
	if len(box.letters) != 3 { // the question, where they live, the slip
		t.Errorf("they were sent %q", box.letters)
	}
	if got := d.tally(t); got.AtLeast != 1 || got.AtMost != 1 {
		t.Errorf("counted are %+v", got)
	}
}

// The signer is certain, has a slip, and withdraws by it; the same person on the web
// counts once.
func TestWhoRepliedIsWhoSignedOnTheWeb(t *testing.T) {
	t.Parallel()
	d, box := open(t)
	d.take(t, true, "1", phone, "sign: kim minsu", true)
	d.take(t, true, "2", phone, "I agree", true)
	if where := box.last(t, 2); !strings.Contains(where.Text, "AGREE Seoul") {
		t.Errorf("without a place they are asked:\n%s", where.Text)
	}
	d.take(t, true, "3", phone, "AGREE, Busan", true)
	done := box.last(t, 3)
	code := regexp.MustCompile(`https://save9\.example\.org/s/([0-9A-Z]+) `).FindStringSubmatch(done.Text)
	if code == nil || !strings.Contains(done.Text, "https://save9.example.org/w/") {
		t.Fatalf("the last answer is:\n%s", done.Text)
	}
	sig, err := d.Roll.Find(t.Context(), code[1])
	if err != nil || sig.Way != petition.WayReply || !sig.Certain() || sig.Name != "kim minsu" || sig.Region != "busan" || sig.Contact != phone ||
		sig.Agreed != (petition.Agreed{Opinion: true}) || sig.Language != "en" || sig.Agreement == "" {
		t.Fatalf("the signature is %+v, %v", sig, err)
	}
	web := petition.Signing{Way: petition.WayWeb, Name: "Kim  Minsu", Region: "busan", Contact: phone, Language: "en", Agreed: petition.Agreed{Opinion: true}, Age: true}
	if added, err := d.Roll.Add(t.Context(), web); err != nil || !added.Again || added.Number != sig.Number {
		t.Errorf("on the web they are %+v, %v", added, err)
	}
	if got := d.tally(t); got.AtLeast != 1 || got.AtMost != 1 {
		t.Errorf("counted are %+v", got)
	}
	if err := d.Roll.Withdraw(t.Context(), sig.Number); err != nil {
		t.Fatal(err)
	}
	if got := d.tally(t); got.AtMost != 0 {
		t.Errorf("after they withdrew there is %+v", got)
	}
	if a, err := d.Roll.Audit(t.Context()); err != nil || !a.OK() {
		t.Errorf("the audit says %+v, %v", a, err)
	}
}

// Who has signed on the web and not confirmed has confirmed by their reply.
func TestAReplyConfirms(t *testing.T) {
	t.Parallel()
	d, box := open(t)
	web := petition.Signing{Way: petition.WayWeb, Name: "홍길동", Region: "seoul", Contact: phone, Language: "ko", Agreed: petition.Agreed{Opinion: true}, Age: true}
	if _, err := d.Roll.Add(t.Context(), web); err != nil {
		t.Fatal(err)
	}
	d.take(t, true, "1", phone, "서명 홍길동", true)
	d.take(t, true, "2", phone, "동의 서울", true)
	if got := d.tally(t); got.AtLeast != 1 || got.AtMost != 1 {
		t.Errorf("counted are %+v", got)
	}
	if l := box.last(t, 2); !strings.Contains(l.Text, "이미 서명하셨으며") || strings.Contains(l.Text, "/s/") {
		t.Errorf("the answer is:\n%s", l.Text)
	}
}

// A mail whose author is not proven is asked, without a name that anybody may have
// typed, and no word of it signs: the link that went to the author does.
func TestAMailThatProvesNothing(t *testing.T) {
	t.Parallel()
	d, box := open(t)
	d.take(t, true, "m1", kim, "SIGN Kim Minsu, Seoul\n\nOn Mon, Clarion wrote:\n> SIGN Other Name", false)
	ask := box.last(t, 1)
	if strings.Contains(ask.Text, "Minsu") || ask.To != kim || ask.Subject == "" {
		t.Errorf("the question is %q", ask)
	}
	d.take(t, false, "m2", kim, "AGREE", false)
	if got := d.tally(t); got.AtMost != 0 {
		t.Errorf("who proves nothing has signed: %+v", got)
	}
	token := regexp.MustCompile(`/r/([a-z2-7]+)`).FindStringSubmatch(ask.Text)
	if token == nil {
		t.Fatal("there is no link")
	}
	a, err := d.Roll.OpenAsk(t.Context(), token[1])
	if err != nil || a.Name != "Kim Minsu" || a.Region != "seoul" {
		t.Fatalf("the link is of %+v, %v", a, err)
	}
	taken, err := d.Take(t.Context(), Reply{"m2", kim, "AGREE", true, false})
	if err != nil || taken {
		t.Errorf("who answers a call, which may be passed on, agrees: %v, %v", taken, err)
	}
	d.take(t, true, "m3", kim, "AGREE\n> by this link", true) // in answer to our question
	if got := d.tally(t); got.AtLeast != 1 {
		t.Errorf("who answered our question has not signed: %+v", got)
	}
	for i := range strangersBurst + 20 {
		taken, err := d.Take(t.Context(), Reply{fmt.Sprint("s", i), address.Canonical(address.Email, fmt.Sprintf("s%d@example.org", i)), "SIGN Kim Minsu", false, false})
		if err != nil {
			t.Fatal(err)
		}
		if i > strangersBurst+10 && taken {
			t.Errorf("mail %d of strangers is answered", i)
		}
	}
}

// What cannot be read waits for a person, once, and the sender is told how to sign; a
// resident registration number is kept nowhere.
func TestWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	d, box := open(t)
	for range 2 {
		d.take(t, true, "1", phone, "서명 어떻게 하나요?", true)
	}
	if l := box.last(t, 1); !strings.Contains(l.Text, "서명 홍길동") {
		t.Errorf("the answer is:\n%s", l.Text)
	}
	d.take(t, true, "2", phone, "서명 홍길동 900101-1234567", true)
	if l := box.last(t, 2); !strings.Contains(l.Text, "주민등록번호") || strings.Contains(l.Text, "900101") {
		t.Errorf("the answer is:\n%s", l.Text)
	}
	all, err := d.Roll.AllWaiting(t.Context())
	if err != nil || len(all) != 1 || all[0].Text != "서명 어떻게 하나요?" || all[0].From != phone {
		t.Errorf("what waits is %+v, %v", all, err)
	}
}

// What is about something else, or comes after the end, is nobody's signature.
func TestWhatIsNotForThePetition(t *testing.T) {
	t.Parallel()
	d, box := open(t)
	d.take(t, false, "1", phone, "고생 많으십니다", true)
	d.take(t, false, "2", phone, "동의", true)
	d.Clock.(*clock.Manual).Set(d.Roll.Closes)
	d.take(t, false, "3", phone, "서명 홍길동", true)
	if len(box.letters) > 0 {
		t.Errorf("answered is %q", box.letters)
	}
}
