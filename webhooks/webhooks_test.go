package webhooks

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"clarion/broadcast"
	"clarion/internal/audit"
	"clarion/internal/clock"
	"clarion/internal/redistest"
	"clarion/internal/rkey"
	"clarion/internal/seal"
	"clarion/lists"
)

// A far is a receiver of webhooks, and the store that tells it.
type far struct {
	*Store
	t      *testing.T
	clk    *clock.Manual
	server *httptest.Server

	mu     sync.Mutex
	status int
	got    []request
}

type request struct {
	header http.Header
	body   []byte
}

func open(t *testing.T) *far {
	t.Helper()
	keys, err := seal.New(bytes.Repeat([]byte("k"), 32))
	if err != nil {
		t.Fatal(err)
	}
	f := &far{t: t, clk: clock.NewManual(time.Date(2013, 6, 10, 1, 0, 0, 0, time.UTC)), status: 204}
	f.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		f.mu.Lock()
		defer f.mu.Unlock()
		f.got = append(f.got, request{r.Header, body})
		w.WriteHeader(f.status)
	}))
	t.Cleanup(f.server.Close)
	rdb, log := redistest.New(t), slog.New(slog.DiscardHandler)
	f.Store = Open(Config{Open: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}},
		Parts{Redis: rdb, Ledger: broadcast.Open(rdb, f.clk), Keys: keys, Trail: audit.Open(rdb, keys, f.clk, "", log), Clock: f.clk, Log: log})
	t.Cleanup(func() {
		redistest.Undeclared(t, rdb, slices.Concat([]rkey.Key{}, Keys(), broadcast.Keys(), audit.Keys()))
	})
	return f
}

func (f *far) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *far) make(events ...Event) (*Endpoint, string) {
	f.t.Helper()
	e, secret, err := f.Make(f.t.Context(), audit.Machine, f.server.URL, events)
	f.must(err)
	return e, secret
}

// deliver tries what is due, and returns what the receiver got of it.
func (f *far) deliver() []request {
	f.t.Helper()
	names, err := f.take(f.t.Context(), 100)
	f.must(err)
	for _, name := range names {
		f.must(f.attempt(f.t.Context(), name))
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	got := f.got
	f.got = nil
	return got
}

// call makes a call of nobody, whose audience is fixed.
func (f *far) call() broadcast.ID {
	f.t.Helper()
	id, err := f.Ledger.New(f.t.Context(), broadcast.Call{Name: "Save 9", Campaign: "save9"}, map[string][]byte{"call.toml": nil})
	f.must(err)
	f.must(f.Ledger.Freeze(f.t.Context(), id, lists.Resolved{}))
	return id
}

func (f *far) do(id broadcast.ID, actions ...broadcast.Action) {
	f.t.Helper()
	for _, a := range actions {
		f.clk.Advance(time.Second)
		_, err := f.Ledger.Do(f.t.Context(), id, a)
		f.must(err)
	}
}

// look looks at a call, as the sweep of a process does; another one remembers nothing.
func (f *far) look(id broadcast.ID) {
	f.t.Helper()
	c, err := f.Ledger.Call(f.t.Context(), id)
	f.must(err)
	f.must(f.Look(f.t.Context(), c))
}

func told(all []request) (out []string) {
	for _, r := range all {
		var m struct {
			Type string
			Data struct {
				Call, State string
			}
		}
		if err := json.Unmarshal(r.body, &m); err != nil {
			return []string{err.Error()}
		}
		out = append(out, strings.TrimSpace(m.Type+" "+m.Data.Call+" "+m.Data.State))
	}
	slices.Sort(out)
	return out
}

// An alarm is told as raised, as critical and as over, each once, to those who chose it.
func TestAlarmsAreTold(t *testing.T) {
	t.Parallel()
	f := open(t)
	_, secret := f.make(AlarmRaised, AlarmOver)
	f.make(AlarmOver)
	f.make(Paused)
	f.clk.Advance(time.Minute)
	a := Alarm{Number: 3, Kind: "gateway_down", Object: "relay", Level: "warning", Sentence: "The gateway relay takes nothing.", SentenceKo: "relay가 받지 않습니다.", Since: f.clk.Now()}
	show := func(want ...string) []request {
		t.Helper()
		for range 2 { // another process remembers nothing
			f.must(f.LookAlarm(t.Context(), a))
			f.must(f.LookAlarm(t.Context(), a))
			f.seen = seen{}
		}
		got := f.deliver()
		if s := told(got); !slices.Equal(s, want) {
			t.Errorf("told %q, want %q", s, want)
		}
		return got
	}
	r := show("alarm.raised")
	if !verify(secret, r[0]) || !strings.Contains(string(r[0].body), `"data":{"alarm":3,"kind":"gateway_down","object":"relay","level":"warning",`) || strings.Contains(string(r[0].body), `"over"`) {
		t.Errorf("told %s", r[0].body)
	}
	show()
	a.Level = "critical"
	show("alarm.raised")
	a.Over = f.clk.Now().Add(time.Minute)
	show("alarm.over", "alarm.over")
	// What nobody saw while it was open is told in order.
	a = Alarm{Number: 4, Kind: "queue_stuck", Object: "control", Level: "critical", Since: f.clk.Now(), Over: f.clk.Now().Add(time.Hour)}
	show("alarm.over", "alarm.over", "alarm.raised")
	// What began before the webhook did is not told to it.
	a = Alarm{Number: 5, Kind: "queue_stuck", Object: "email", Level: "critical", Since: f.clk.Now().Add(-time.Hour)}
	show()
}

// Nothing is left of a webhook that is deleted while it is being told.
func TestDeletedWhileTold(t *testing.T) {
	t.Parallel()
	f := open(t)
	e, _ := f.make(Finished)
	_, err := f.Try(t.Context(), e.ID)
	f.must(err)
	names, err := f.take(t.Context(), 1)
	f.must(err)
	held, d, err := f.load(t.Context(), names[0])
	f.must(err)
	f.must(f.Delete(t.Context(), audit.Machine, e.ID))
	f.must(f.settle(t.Context(), names[0], held, d, Attempt{ID: d.ID, Result: Refused, Status: 500, Next: f.clk.Now().Add(time.Minute)}))
	left := slices.DeleteFunc(f.Redis.Keys(t.Context(), "{webhooks}:*").Val(), func(key string) bool { return strings.HasPrefix(key, "{webhooks}:told") })
	if len(left) > 0 {
		t.Errorf("%q are left", left)
	}
}

// verify reads a signature as the specification of Standard Webhooks says, apart from
// what it tests.
func verify(secret string, r request) bool {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		return false
	}
	m := hmac.New(sha256.New, key)
	io.WriteString(m, r.header.Get("webhook-id")+"."+r.header.Get("webhook-timestamp")+"."+string(r.body))
	return slices.Contains(strings.Split(r.header.Get("webhook-signature"), " "), "v1,"+base64.StdEncoding.EncodeToString(m.Sum(nil)))
}

// What happens to a call is told once, however quick it was and however many look,
// to those who chose it, and signed.
func TestTold(t *testing.T) {
	t.Parallel()
	f := open(t)
	_, secret := f.make(Events[:]...)
	early := f.call()
	f.do(early, broadcast.ActLaunch, broadcast.ActPause, broadcast.ActResume, broadcast.ActPause, broadcast.ActStop)
	f.look(early)
	f.look(early)
	f.seen = seen{} // another process
	f.look(early)
	got := f.deliver()
	want := []string{"call.launched c1 planned", "call.paused c1 paused", "call.paused c1 paused", "call.released c1 running", "call.resumed c1 running"}
	if !slices.Equal(told(got), want) {
		t.Fatalf("it is told %q, want %q", told(got), want)
	}
	ids := map[string]bool{}
	for _, r := range got {
		ids[r.header.Get("webhook-id")] = true
		if !verify(secret, r) || r.header.Get("Content-Type") != "application/json" {
			t.Errorf("the signature does not hold: %v", r.header)
		}
		r.body = append(slices.Clone(r.body), ' ')
		if verify(secret, r) {
			t.Error("the signature holds for another body")
		}
	}
	if len(ids) != len(want) {
		t.Errorf("%d events have %d ids", len(want), len(ids))
	}
	_, err := f.Ledger.Wind(t.Context(), early)
	f.must(err)
	f.look(early)
	if got := told(f.deliver()); !slices.Equal(got, []string{"call.stopped c1 stopped"}) {
		t.Errorf("the end is told as %q", got)
	}

	// Who comes later is told nothing of before, and each is told what they chose.
	f.clk.Advance(time.Second)
	f.must(f.Delete(t.Context(), audit.Machine, f.only().ID))
	f.make(Paused)
	f.seen = seen{}
	f.look(early)
	late := f.call()
	f.do(late, broadcast.ActLaunch, broadcast.ActPause)
	f.look(late)
	if got := told(f.deliver()); !slices.Equal(got, []string{"call.paused c2 paused"}) {
		t.Errorf("who chose pauses, and came late, is told %q", got)
	}
}

func (f *far) only() Endpoint {
	f.t.Helper()
	all, err := f.Endpoints(f.t.Context())
	f.must(err)
	if len(all) != 1 {
		f.t.Fatalf("there are %d webhooks", len(all))
	}
	return all[0]
}

// What does not come through is tried again, later each time, under the same id;
// and after a day no more, until somebody asks for it.
func TestTriedAgain(t *testing.T) {
	t.Parallel()
	f := open(t)
	e, _ := f.make(Paused)
	f.status = 500
	message, err := f.Try(t.Context(), e.ID)
	f.must(err)
	var waited time.Duration
	for n := range 20 {
		got := f.deliver()
		if len(got) == 0 {
			break
		}
		if got[0].header.Get("webhook-id") != message {
			t.Errorf("attempt %d has the id %s", n+1, got[0].header.Get("webhook-id"))
		}
		if len(f.deliver()) != 0 {
			t.Errorf("after attempt %d the next does not wait", n+1)
		}
		if n < len(delays) {
			f.clk.Advance(delays[n])
			waited += delays[n]
		} else {
			f.clk.Advance(3 * 24 * time.Hour)
		}
	}
	all, err := f.Attempts(t.Context(), e.ID)
	f.must(err)
	if len(all) != 8 || waited < 24*time.Hour || all[0].Attempt != 8 || !all[0].Next.IsZero() || all[1].Next.IsZero() || all[0].Result != Refused || all[0].Status != 500 {
		t.Errorf("in %s there were %d attempts, the last %+v", waited, len(all), all[0])
	}
	if f.only().Failing.IsZero() {
		t.Error("nobody sees that it fails")
	}
	f.status = 200
	f.must(f.Resend(t.Context(), e.ID, message))
	if got := f.deliver(); len(got) != 1 || got[0].header.Get("webhook-id") != message {
		t.Errorf("sent again it is told %q", told(got))
	}
	if !f.only().Failing.IsZero() || len(f.deliver()) != 0 {
		t.Error("what came through is taken for a failure")
	}
	if err := f.Resend(t.Context(), e.ID, "msg_none"); !errors.Is(err, ErrNone) {
		t.Errorf("a message that is none is sent again: %v", err)
	}
}

// Who takes a delivery and dies gives it back.
func TestTakenAndLost(t *testing.T) {
	t.Parallel()
	f := open(t)
	e, _ := f.make(Paused)
	_, err := f.Try(t.Context(), e.ID)
	f.must(err)
	if names, err := f.take(t.Context(), 8); err != nil || len(names) != 1 {
		t.Fatalf("due are %q, %v", names, err)
	}
	if got := f.deliver(); len(got) != 0 {
		t.Errorf("what another has in hand is sent: %q", told(got))
	}
	f.clk.Advance(taken + time.Second)
	if got := f.deliver(); len(got) != 1 {
		t.Errorf("what nobody has in hand any more is sent %d times", len(got))
	}
}

// A webhook to which nothing came through for days is shut, and so is one that says
// that it is gone; then nothing is sent, until a person opens it.
func TestShut(t *testing.T) {
	t.Parallel()
	f := open(t)
	e, _ := f.make(Events[:]...)
	try := func(status int) int {
		t.Helper()
		f.status = status
		_, err := f.Try(t.Context(), e.ID)
		f.must(err)
		return len(f.deliver())
	}
	try(500)
	f.clk.Advance(4 * 24 * time.Hour)
	try(500)
	if f.only().Shut != "" {
		t.Error("it is shut after four days")
	}
	f.clk.Advance(25 * time.Hour)
	try(503)
	if f.only().Shut != Failures || try(200) != 0 {
		t.Errorf("after five days it is shut: %q", f.only().Shut)
	}
	f.must(f.Reopen(t.Context(), audit.Machine, e.ID))
	if f.only().Shut != "" || try(200) == 0 {
		t.Error("opened again, nothing is sent to it")
	}
	if try(410); f.only().Shut != Gone {
		t.Errorf("it is gone and is %q", f.only().Shut)
	}
	f.must(f.Reopen(t.Context(), audit.Machine, e.ID))
	f.must(f.Shut(t.Context(), audit.Machine, e.ID))
	if f.only().Shut != ByStaff || try(200) != 0 {
		t.Errorf("a person shut it and it is %q", f.only().Shut)
	}
}

// A new secret and the one before sign for a day, then the new one alone.
func TestRotation(t *testing.T) {
	t.Parallel()
	f := open(t)
	e, before := f.make(Paused)
	after, err := f.Rotate(t.Context(), audit.Machine, e.ID)
	f.must(err)
	for _, c := range []struct {
		wait    time.Duration
		old     bool
		secrets int
	}{{0, true, 2}, {24 * time.Hour, false, 1}} {
		f.clk.Advance(c.wait)
		_, err := f.Try(t.Context(), e.ID)
		f.must(err)
		got := f.deliver()
		if len(got) != 1 || verify(before, got[0]) != c.old || !verify(after, got[0]) || f.only().Secrets != c.secrets {
			t.Errorf("after %s the secrets sign otherwise: %+v", c.wait, got)
		}
	}
}

// No webhook leads into a private network, whatever it is called, and none to what is
// not the web.
func TestNowhereElse(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.cfg = Config{}
	for _, address := range []string{"http://example.org/", "https://127.0.0.1/", "https://[::1]/", "https://[::ffff:10.0.0.1]/", "https://169.254.169.254/latest", "https://user:pass@example.org/",
		"https:///x", "ftp://example.org", "example.org", "https://example.org/#x", "https://example.org/" + strings.Repeat("x", 500), "http://127.0.0.1/", "https://ex\u202eample.org/", "https://example.org/\x00", "https://example.org:65536/", "https://example.org:0/"} {
		if _, _, err := f.Make(t.Context(), audit.Machine, address, Events[:]); !errors.Is(err, ErrInput) {
			t.Errorf("%s is taken: %v", address, err)
		}
	}
	for _, events := range [][]Event{nil, {"call.sent"}, {Test}} {
		if _, _, err := f.Make(t.Context(), audit.Machine, "https://example.org/", events); !errors.Is(err, ErrInput) {
			t.Errorf("the events %q are taken: %v", events, err)
		}
	}
	// A name may lead anywhere by the time that it is dialled.
	f.client = Open(Config{}, f.Parts).client
	e, _, err := f.Make(t.Context(), audit.Machine, strings.Replace(f.server.URL, "http://127.0.0.1", "https://localhost", 1), []Event{Paused})
	f.must(err)
	_, err = f.Try(t.Context(), e.ID)
	f.must(err)
	if got := f.deliver(); len(got) != 0 {
		t.Error("a private server was asked")
	}
	if all, err := f.Attempts(t.Context(), e.ID); err != nil || len(all) != 1 || all[0].Result != Private {
		t.Errorf("the log says %+v, %v", all, err)
	}
}

// The trail says what was done to a webhook, and neither its address nor its secret.
func TestTrail(t *testing.T) {
	t.Parallel()
	f := open(t)
	e, _ := f.make(Paused)
	f.must(f.Change(t.Context(), "staff:3", e.ID, f.server.URL+"/other", []Event{Finished, Stopped}))
	_, err := f.Rotate(t.Context(), "staff:3", e.ID)
	f.must(err)
	f.must(f.Delete(t.Context(), "staff:3", e.ID))
	if _, err := f.Attempts(t.Context(), e.ID); !errors.Is(err, ErrNone) {
		t.Errorf("it is deleted and has a log: %v", err)
	}
	entries, err := f.Trail.Read(t.Context(), 0, 10)
	f.must(err)
	var said []string
	for _, e := range entries {
		said = append(said, string(e.Actor)+" "+string(e.Action)+" "+e.Details["events"])
	}
	want := []string{"staff:3 webhook_deleted call.finished call.stopped", "staff:3 webhook_rotated call.finished call.stopped", "staff:3 webhook_changed call.finished call.stopped", "machine webhook_made call.paused"}
	if !slices.Equal(said, want) {
		t.Errorf("the trail says %q, want %q", said, want)
	}
}

// A receiver takes messages as the specification of Standard Webhooks has it: those
// alone that its secret signs, that are of the last five minutes, and that are new.
type receiver struct {
	secret string
	now    func() time.Time
	taken  chan request

	mu   sync.Mutex
	seen map[string]bool
}

func (rc *receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	sent, err2 := strconv.ParseInt(r.Header.Get("webhook-timestamp"), 10, 64)
	age, id := rc.now().Sub(time.Unix(sent, 0)), r.Header.Get("webhook-id")
	rc.mu.Lock()
	defer rc.mu.Unlock()
	switch {
	case err != nil || err2 != nil || r.TLS == nil || r.Method != http.MethodPost:
		w.WriteHeader(http.StatusBadRequest)
	case age.Abs() > 5*time.Minute || rc.seen[id] || !verify(rc.secret, request{r.Header, body}):
		w.WriteHeader(http.StatusUnauthorized)
	default:
		rc.seen[id] = true
		w.WriteHeader(http.StatusNoContent)
		rc.taken <- request{r.Header, body}
	}
}

// What happens to a call comes to a server over TLS, which takes it for ours; one
// whose certificate does not hold is sent nothing, and one that has another secret
// takes nothing.
func TestReceivedOverTLS(t *testing.T) {
	t.Parallel()
	f := open(t)
	rc := &receiver{now: f.clk.Now, taken: make(chan request, 8), seen: map[string]bool{}}
	server := httptest.NewUnstartedServer(rc)
	server.EnableHTTP2 = true
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) // that we hang up is what is looked for
	server.StartTLS()
	t.Cleanup(server.Close)
	e, secret, err := f.Make(t.Context(), audit.Machine, server.URL+"/hook", []Event{Released, Paused})
	f.must(err)
	id := f.call()
	f.do(id, broadcast.ActLaunch, broadcast.ActPause)
	f.look(id)

	latest := func() Attempt {
		t.Helper()
		all, err := f.Attempts(t.Context(), e.ID)
		f.must(err)
		if len(all) == 0 {
			t.Fatal("the log is empty")
		}
		return all[0]
	}
	f.deliver()
	if a := latest(); a.Result != Untrusted || a.Next.IsZero() || len(rc.taken) > 0 {
		t.Errorf("to a certificate that nobody vouches for: %+v, %d taken", a, len(rc.taken))
	}
	trusted := x509.NewCertPool()
	trusted.AddCert(server.Certificate())
	f.client.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: trusted}
	rc.secret = "whsec_" + base64.StdEncoding.EncodeToString([]byte("of somebody else, and as long"))
	f.clk.Advance(time.Hour)
	f.deliver()
	if a := latest(); a.Result != Refused || a.Status != http.StatusUnauthorized || len(rc.taken) > 0 {
		t.Errorf("to a receiver that has another secret: %+v, %d taken", a, len(rc.taken))
	}

	rc.mu.Lock()
	rc.secret = secret
	rc.mu.Unlock()
	f.clk.Advance(time.Hour)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- f.Serve(ctx) }() // as a process does
	var got []request
	for range 2 {
		select {
		case r := <-rc.taken:
			got = append(got, r)
		case <-t.Context().Done():
			t.Fatal("nothing was taken")
		}
	}
	stop()
	f.must(<-done)
	if all := told(got); !slices.Equal(all, []string{"call.paused c1 paused", "call.released c1 running"}) {
		t.Errorf("the receiver took %q", all)
	}
}
