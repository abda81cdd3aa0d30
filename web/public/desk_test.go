package public_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"clarion/broadcast"
	"clarion/internal/clock"
	"clarion/internal/redistest"
	"clarion/internal/seal"
	"clarion/lists"
	"clarion/lists/address"
	"clarion/lists/tabular"
	"clarion/web"
	"clarion/web/public"
	"clarion/worker"
)

// A desk is the pages on a Redis of their own, with a call to two people.
type desk struct {
	t      *testing.T
	redis  *redistest.Instance
	keys   *seal.Keyring
	people *lists.Store
	ledger *broadcast.Ledger
	in     *worker.Inbound
	call   broadcast.ID
	base   string
	log    bytes.Buffer
}

const (
	kim  = "kim.younghee@naver.example" // Korean, delivery 0
	john = "john.smith@mail.example"    // English, delivery 0 of the other batch
)

// nowhere takes the batches of a call and hands them to nobody.
type nowhere struct{}

func (nowhere) Enqueue(context.Context, broadcast.Lease, address.Channel) error { return nil }

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t, redis: redistest.Server(t)}
	ctx, rdb := t.Context(), d.redis.Client()
	var err error
	d.keys, err = seal.New(bytes.Repeat([]byte("k"), 32))
	d.must(err)
	d.people, err = lists.Open(ctx, rdb, d.keys, clock.System{})
	d.must(err)
	table, err := tabular.Open(strings.NewReader("name,email,language\n김영희," + kim + ",ko\nJohn," + john + ",en\n"))
	d.must(err)
	_, err = d.people.Import(ctx, table, lists.ImportOptions{List: "supporters", Consent: "test"}, func(int64, int) {})
	d.must(err)
	who, err := d.people.Resolve(ctx, lists.Audience{Lists: []string{"supporters"}, Channels: []address.Channel{address.Email}})
	d.must(err)
	d.ledger = broadcast.Open(rdb, clock.System{})
	d.call, err = d.ledger.New(ctx, broadcast.Call{Name: "launch", Gateways: []string{"", "relay"}}, map[string][]byte{"call.toml": nil})
	d.must(err)
	d.must(d.ledger.Freeze(ctx, d.call, who))
	_, err = d.ledger.Do(ctx, d.call, broadcast.ActLaunch)
	d.must(err)
	d.must(d.ledger.Plan(ctx, d.call, d.people, broadcast.Sorting{Language: func(of string) string { return of }}, nowhere{}, func() bool { return true }))

	log := slog.New(slog.NewTextHandler(&d.log, nil))
	d.in = worker.NewInbound(worker.Parts{Redis: rdb, Ledger: d.ledger, People: d.people, Keys: d.keys, Clock: clock.System{}, Log: log}, worker.Links{Organisation: "Save 9", Region: "KR"})
	d.base = listen(t, d.in, log)
	return d
}

// listen serves the pages as serve does, and returns their address.
func listen(t *testing.T, subs public.Subscriptions, log *slog.Logger) string {
	t.Helper()
	pages, err := public.New(subs, log)
	if err != nil {
		t.Fatal(err)
	}
	s, err := web.Listen("127.0.0.1:0", pages, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Shutdown(); err != nil {
			t.Error(err)
		}
	})
	return "http://" + s.Addr()
}

func (d *desk) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) key(of string) lists.AddressKey {
	d.t.Helper()
	a, err := address.ParseEmail(of)
	d.must(err)
	return d.people.Key(a)
}

// token is a person's, for a purpose.
func (d *desk) token(of string, purpose seal.Purpose) string {
	d.t.Helper()
	numbers, err := d.people.FindKey(d.t.Context(), d.key(of))
	d.must(err)
	var ref *broadcast.Ref
	d.must(d.ledger.Entries(d.t.Context(), d.call, func(e broadcast.Entry) error {
		if e.Contact == numbers[0] {
			ref = &e.Ref
		}
		return nil
	}))
	if ref == nil {
		d.t.Fatal("the call has no delivery to the person")
	}
	return broadcast.Delivery{Call: d.call, Ref: *ref, Channel: address.Email, Key: d.key(of)}.Token(d.keys, purpose)
}

func (d *desk) link(of string) string { return d.base + "/u/" + d.token(of, seal.Unsubscribe) }

// stopped is why a person is written to no more, nil if that is not so.
func (d *desk) stopped(of string) *lists.Suppression {
	d.t.Helper()
	sup, err := d.people.SuppressionOf(d.t.Context(), address.Email, d.key(of))
	d.must(err)
	return sup
}

// optedOut is how many deliveries of the call bear the flag.
func (d *desk) optedOut() int {
	d.t.Helper()
	c, err := d.ledger.Counters(d.t.Context(), d.call)
	d.must(err)
	return c.Flags[address.Email][broadcast.OptedOut]
}

// An answer is what came back, read to its end.
type answer struct {
	*http.Response
	body string
}

// ask makes a request as a mail program or scanner does: without cookies, and
// without following a redirect.
func ask(t *testing.T, method, url, contentType, body string, headers ...string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	a, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{a, string(text)}
}

const form = "application/x-www-form-urlencoded"

// press presses a button of the page.
func press(t *testing.T, link, button string) answer {
	t.Helper()
	return ask(t, "POST", link, form, "do="+button)
}
