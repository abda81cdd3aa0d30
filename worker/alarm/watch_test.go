package alarm

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"clarion/broadcast"
	"clarion/internal/clock"
	"clarion/internal/redisdb"
	"clarion/internal/redistest"
	"clarion/internal/seal"
	"clarion/lists"
	"clarion/lists/address"
	"clarion/worker"
	"clarion/worker/gateway"
)

// A postbox takes messages unless it answers with an error.
type postbox struct {
	answer error
	got    []gateway.Message
}

func (p *postbox) Send(_ context.Context, m gateway.Message) (gateway.Receipt, error) {
	if p.answer == nil {
		p.got = append(p.got, m)
	}
	return gateway.Receipt{}, p.answer
}

// A watch is two watchers on one Redis, of which only what Redis tells of itself is
// made up.
type watch struct {
	t        *testing.T
	clk      *clock.Manual
	relay    *postbox
	sms      *postbox
	in       *worker.Inbound
	one, two *Watcher
	used     int64
	shown    []string // to whoever tells machines
	log      bytes.Buffer
}

// Alarm is called at each look, for each alarm.
func (w *watch) Alarm(_ context.Context, a *Alarm) error {
	state := "open"
	if !a.Over.IsZero() {
		state = "over"
	}
	if line := fmt.Sprintf("%d %s %s %s", a.ID, a.Kind, a.Level, state); !slices.Contains(w.shown, line) {
		w.shown = append(w.shown, line)
	}
	return nil
}

func newWatch(t *testing.T) *watch {
	t.Helper()
	keys, err := seal.New(bytes.Repeat([]byte("k"), 32))
	must(t, err)
	rdb := redistest.New(t)
	w := &watch{t: t, clk: clock.NewManual(noon), relay: &postbox{}, sms: &postbox{}}
	people, err := lists.Open(t.Context(), rdb, keys, w.clk)
	must(t, err)
	log := slog.New(slog.NewTextHandler(&w.log, nil))
	ledger := broadcast.Open(rdb, w.clk)
	w.in = worker.NewInbound(worker.Parts{Redis: rdb, Ledger: ledger, People: people, Keys: keys, Clock: w.clk, Log: log}, worker.Links{})
	watcher := func() *Watcher {
		cfg := Config{Every: time.Hour, Calm: 5 * time.Minute, Remind: time.Hour, Notices: 6, SMSFrom: "02-123-4567", Limits: limits, Person: []Person{
			{Name: "Han", Email: "han@save9.example", Phone: "010-2345-6789"}, {Name: "Park", Email: "park@save9.example", Language: "en", Level: Critical}}}
		cfg.Check("KR", func(key, format string, args ...any) { t.Errorf(key+": "+format, args...) })
		return NewWatcher(cfg, Parts{Redis: rdb, Ledger: ledger, Queue: worker.NewQueue(rdb), Inbound: w.in, Keys: keys, Clock: w.clk, Zone: time.UTC, Log: log, Told: w,
			Figures: func(context.Context) ([]redisdb.Figures, error) {
				return []redisdb.Figures{{Used: w.used, Limit: 100, Written: true}}, nil
			},
			Gates:        []worker.Gate{{Name: "relay", Channel: address.Email, Gateway: w.relay}, {Name: "sms", Channel: address.SMS, Gateway: w.sms}},
			Organisation: "구명 운동\r\nBcc: x", Domain: "mail.save9.example", Public: "https://act.save9.example/"})
	}
	w.one, w.two = watcher(), watcher()
	t.Cleanup(func() {
		for _, secret := range []string{"han@", "park@", "Han", "Park", "2345"} {
			if strings.Contains(w.log.String(), secret) {
				t.Errorf("the log holds %q:\n%s", secret, w.log.String())
			}
		}
		redistest.Undeclared(t, rdb, append(append(append(Keys(), worker.Keys()...), lists.Keys()...), broadcast.Keys()...))
	})
	return w
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// look has both watchers look, and returns how many mails and texts came of it.
func (w *watch) look(after time.Duration, used int64) (mails, texts int) {
	w.t.Helper()
	w.clk.Advance(after)
	w.used = used
	mails, texts = len(w.relay.got), len(w.sms.got)
	must(w.t, w.one.Look(w.t.Context()))
	must(w.t, w.two.Look(w.t.Context()))
	return len(w.relay.got) - mails, len(w.sms.got) - texts
}

func (w *watch) told(what string, wantMails, wantTexts int, after time.Duration, used int64) {
	w.t.Helper()
	if mails, texts := w.look(after, used); mails != wantMails || texts != wantTexts {
		w.t.Errorf("%s: %d mails and %d texts, want %d and %d", what, mails, texts, wantMails, wantTexts)
	}
}

// People are told at each of their addresses, in their language and from their
// level on, once, whichever worker looks; and when it is over.
func TestPeopleAreTold(t *testing.T) {
	t.Parallel()
	w := newWatch(t)
	w.told("all is well", 0, 0, 0, 50)
	w.told("a warning", 1, 1, time.Minute, 85)
	w.told("the same", 0, 0, time.Minute, 86)
	w.told("worse", 2, 1, time.Minute, 97)
	w.told("well for a moment", 0, 0, time.Minute, 50)
	w.told("over", 2, 1, 5*time.Minute, 50)
	if want := []string{"1 redis_full warning open", "1 redis_full critical open", "1 redis_full critical over"}; !slices.Equal(w.shown, want) {
		t.Errorf("machines were shown %q", w.shown)
	}

	if text := string(w.sms.got[0].Body); text != "[Clarion] 주의: Redis의 메모리가 85 % 찼습니다. https://act.save9.example/alarms" {
		t.Errorf("the text says %q", text)
	}
	for i, want := range map[int][3]string{0: {"han@save9.example", "주의: Redis 용량 부족", "maxmemory"}, 2: {"park@save9.example", "Critical: Redis is nearly full", "The memory of Redis is 97 % full.\r\nSince 2013-06-10 12:01."},
		4: {"park@save9.example", "Over: Redis is nearly full", "From 2013-06-10 12:01 to 2013-06-10 12:04."}} {
		sent := w.relay.got[i]
		m, err := mail.ReadMessage(bytes.NewReader(sent.Body))
		must(t, err)
		subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
		must(t, err)
		text, err := io.ReadAll(quotedprintable.NewReader(m.Body))
		must(t, err)
		from, err := mail.ParseAddress(m.Header.Get("From"))
		must(t, err)
		if sent.To.Reveal() != want[0] || m.Header.Get("To") != "<"+want[0]+">" || subject != want[1] || !strings.Contains(string(text), want[2]) ||
			from.Address != "alarm@mail.save9.example" || m.Header.Get("Bcc") != "" || m.Header.Get("Auto-Submitted") != "auto-generated" || !strings.Contains(string(text), "https://act.save9.example/alarms") {
			t.Errorf("mail %d to %s: %q, %v:\n%s", i, sent.To.Reveal(), subject, m.Header, text)
		}
	}
}

// A notice that no gateway takes now is tried again; one that comes back is an alarm
// of its own, and is no reason to write the more.
func TestNoticesThatDoNotArrive(t *testing.T) {
	t.Parallel()
	w := newWatch(t)
	later := &gateway.Error{Kind: gateway.Temporary, Reason: gateway.Network}
	w.relay.answer, w.sms.answer = later, later
	w.told("nobody takes it", 0, 0, time.Minute, 97)
	w.relay.answer = nil
	w.told("the relay does", 2, 0, time.Minute, 97)
	w.told("it was told", 0, 0, time.Minute, 97)

	must(t, w.in.Report(t.Context(), "inbox", seal.Bounce, []gateway.Report{{Delivery: w.relay.got[1].Delivery, Event: gateway.EventFailed}}))
	w.told("Park's came back, which Han is told", 1, 0, time.Minute, 97)
	b, err := w.one.store.Read(t.Context())
	must(t, err)
	if open := b.Open(); len(open) != 2 || open[1].Kind != NoticeLost || open[1].Object != "person:2" {
		t.Errorf("open are %+v", open)
	}

	w = newWatch(t)
	dead := &gateway.Error{Kind: gateway.Dead, Reason: gateway.MailboxUnknown}
	w.relay.answer, w.sms.answer = dead, dead
	for range 4 {
		w.told("nobody is there", 0, 0, time.Minute, 97)
	}
	b, err = w.one.store.Read(t.Context())
	must(t, err)
	if open := b.Open(); len(open) != 3 || len(b.People) != 2 {
		t.Errorf("open are %+v", open)
	}
	w.relay.answer = &gateway.Error{Kind: gateway.Indeterminate}
	w.told("it may have gone", 0, 0, time.Hour, 97)
	w.relay.answer, w.sms.answer = nil, nil
	w.told("and is not said twice", 0, 0, time.Minute, 97)
}

// Another worker looks when the one whose turn it was is gone: what was told it does
// not tell again.
func TestAnotherLooks(t *testing.T) {
	t.Parallel()
	w := newWatch(t)
	ctx := t.Context()
	w.used = 97
	must(t, w.one.Look(ctx))
	must(t, w.two.Look(ctx))
	if len(w.relay.got) != 2 {
		t.Fatalf("%d mails", len(w.relay.got))
	}
	must(t, w.one.turn.Leave(ctx))
	must(t, w.two.Look(ctx))
	if ours, err := w.one.turn.Take(ctx, time.Minute); ours || err != nil || len(w.relay.got) != 2 {
		t.Errorf("the other has the turn: %v, %v; %d mails", !ours, err, len(w.relay.got))
	}
}

// Changes that meet are all there.
func TestChangesMeet(t *testing.T) {
	t.Parallel()
	s := Open(redistest.New(t))
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			_, err := s.Change(t.Context(), func(b *Book) error {
				b.Enter([]Finding{finding(string(rune('a'+i)), Warning)}, noon, time.Hour)
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	b, err := s.Read(t.Context())
	must(t, err)
	if len(b.Alarms) != 8 || b.Last != 8 {
		t.Errorf("%d alarms, the last is %d", len(b.Alarms), b.Last)
	}
}
