package worker_test

import (
	"context"
	"io/fs"
	"log/slog"
	"maps"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/redis/go-redis/v9"

	"clarion/broadcast"
	"clarion/internal/clock"
	"clarion/internal/conf"
	"clarion/internal/redistest"
	"clarion/internal/seal"
	"clarion/lists"
	"clarion/lists/address"
	"clarion/lists/tabular"
	"clarion/templates"
	"clarion/worker"
	"clarion/worker/gateway"
	"clarion/worker/gateway/builtin"
	"clarion/worker/gateway/rehearsal"
)

// A desk is all that a call needs, on a Redis of its own, with rehearsal gateways.
type desk struct {
	t      *testing.T
	rdb    redis.UniversalClient
	keys   *seal.Keyring
	people *lists.Store
	ledger *broadcast.Ledger
	queue  *worker.Queue
	gates  []worker.Gate
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	return newDeskOn(t, redistest.New(t))
}

func newDeskOn(t *testing.T, rdb redis.UniversalClient) *desk {
	t.Helper()
	d := &desk{t: t, rdb: rdb}
	var err error
	d.keys, err = seal.New([]byte(strings.Repeat("k", 32)))
	d.must(err)
	d.people, err = lists.Open(t.Context(), d.rdb, d.keys, clock.System{})
	d.must(err)
	d.ledger = broadcast.Open(d.rdb, clock.System{})
	d.queue = worker.NewQueue(d.rdb)
	d.gates, err = builtin.Rehearsals(rehearsal.Config{RetryAfter: conf.Duration(50 * time.Millisecond), ReportAfter: conf.Duration(50 * time.Millisecond)}, clock.System{})
	d.must(err)
	return d
}

func (d *desk) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) parts() worker.Parts {
	return worker.Parts{Redis: d.rdb, Ledger: d.ledger, People: d.people, Keys: d.keys, Clock: clock.System{}, Log: slog.New(slog.DiscardHandler), Gates: d.gates}
}

var links = worker.Links{Organisation: "Save 9 Campaign", Public: "https://act.example.org", BounceDomain: "bounce.example.org", Region: "KR"}

// start starts a worker with short times on lists of made-up people, and ends it
// with the test. It is never dead: only tests that let a worker die need a liveness
// that a busy machine may pass.
func (d *desk) start() *worker.Worker { return d.startWith(worker.Config{Samples: true}) }

func (d *desk) startWith(c worker.Config) *worker.Worker {
	d.t.Helper()
	c = short(c)
	c.Liveness = time.Minute // nobody dies here: a busy machine may be silent for as long
	w, err := worker.New(c, d.parts())
	d.must(err)
	d.must(w.Start(d.t.Context()))
	d.t.Cleanup(w.Shutdown)
	return w
}

// short sets short times; with such a liveness a busy machine may take the worker
// for dead.
func short(c worker.Config) worker.Config {
	c.Liveness, c.Grace, c.Sweep, c.Drain, c.Links = time.Second, 500*time.Millisecond, 50*time.Millisecond, 5*time.Second, links
	return c
}

// load imports a table in CSV onto the list "supporters".
func (d *desk) load(csv string) {
	d.t.Helper()
	table, err := tabular.Open(strings.NewReader(csv))
	d.must(err)
	report, err := d.people.Import(d.t.Context(), table, lists.ImportOptions{List: "supporters"}, func(int64, int) {})
	d.must(err)
	if len(report.Rejected) > 0 {
		d.t.Fatalf("rejected: %+v", report.Rejected)
	}
}

// example is the Save 9 call without pace and limits of its own.
func example(t *testing.T, channels string) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	for _, name := range []string{"call.toml", "text.ko.md", "text.en.md", "sms.ko.txt", "sms.en.txt", "picture.png"} {
		data, err := fs.ReadFile(templates.Example(), name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: data}
	}
	toml := string(files["call.toml"].Data)
	toml = strings.Replace(toml, `channels = ["email", "sms", "fax"]`, "channels = ["+channels+"]", 1)
	toml = strings.Replace(toml, "hard_bounces = 0.05", "hard_bounces = 1.0", 1)
	toml = strings.Replace(toml, "complaints = 0.002", "complaints = 1.0", 1)
	toml = strings.Replace(toml, "email = 200\nsms = 50\n", "", 1)
	files["call.toml"].Data = []byte(toml)
	return files
}

// launch launches the example as a rehearsal.
func (d *desk) launch(files fstest.MapFS) broadcast.ID {
	d.t.Helper()
	return d.launchAs(files, broadcast.Call{Rehearsal: true})
}

func (d *desk) launchAs(files fstest.MapFS, c broadcast.Call) broadcast.ID {
	d.t.Helper()
	ctx := d.t.Context()
	text, problems, err := templates.LoadFS(files)
	d.must(err)
	if len(problems) > 0 {
		d.t.Fatal(problems)
	}
	who, err := d.people.Resolve(ctx, lists.Audience{Lists: text.Audience.Lists, Channels: text.Channels})
	d.must(err)
	if c.Gateways == nil {
		c.Gateways = []string{""}
		for _, ch := range text.Channels {
			c.Gateways = append(c.Gateways, builtin.RehearsalName(ch))
		}
	}
	c.Name, c.Campaign = text.Name, text.Campaign
	id, err := d.ledger.New(ctx, c, text.Files())
	d.must(err)
	d.must(d.ledger.Freeze(ctx, id, who))
	d.must(worker.Begin(ctx, d.ledger, d.queue, id))
	return id
}

// await waits until holds says yes.
func (d *desk) await(what string, holds func() bool) {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), 5*time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-ctx.Done():
			d.t.Fatalf("waited in vain for %s", what)
		case <-tick.C:
		}
	}
}

func (d *desk) ended(id broadcast.ID) func() bool {
	return func() bool {
		c, err := d.ledger.Call(d.t.Context(), id)
		d.must(err)
		return c.State == broadcast.Done || c.State == broadcast.Stopped
	}
}

// reported waits until the gateways have nothing more to say and all is applied.
func (d *desk) reported() func() bool {
	return func() bool {
		for _, g := range d.gates {
			if g.Gateway.(*rehearsal.Gateway).Waiting() > 0 {
				return false
			}
		}
		n, err := d.rdb.LLen(d.t.Context(), "asynq:{control}:pending").Result()
		d.must(err)
		active, err := d.rdb.LLen(d.t.Context(), "asynq:{control}:active").Result()
		d.must(err)
		return n+active == 0
	}
}

// states maps each contact's merge name to its delivery's state.
func (d *desk) states(id broadcast.ID) map[string]string {
	d.t.Helper()
	ctx := d.t.Context()
	audit, err := d.ledger.Audit(ctx, id)
	d.must(err)
	if !audit.OK() {
		d.t.Fatalf("audit: %s", strings.Join(audit.Differences, "\n"))
	}
	out := map[string]string{}
	d.must(d.ledger.Entries(ctx, id, func(e broadcast.Entry) error {
		people, err := d.people.Read(ctx, []uint32{e.Contact})
		if err != nil {
			return err
		}
		out[people[0].Name+"/"+e.Work.Channel.String()] = e.State.String()
		return nil
	}))
	return out
}

func TestCallReachesEveryoneAsTheyAre(t *testing.T) {
	t.Parallel()
	reachesEveryone(newDesk(t))
}

// A whole call, its reports and its opt-outs, with the keys on three nodes.
func TestCallOnCluster(t *testing.T) {
	t.Parallel()
	reachesEveryone(newDeskOn(t, redistest.Cluster(t, 0).Client()))
}

func reachesEveryone(d *desk) {
	t := d.t
	d.load(`name,email,mobile,fax,language
plain,plain@mail.example,010-2000-1000,02-300-2000,ko
bounce,x+bounce@mail.example,010-2000-0001,,en
full,x+full@mail.example,010-2000-0003,,ko
grey,x+greylist@mail.example,010-2000-0007,,en
policy,x+policy@mail.example,010-2000-0002,,ko
optout,x+optout@mail.example,010-2000-0008,,ko
complain,x+complain@mail.example,,02-300-0001,en
`)
	d.start()
	id := d.launch(example(t, `"email", "sms", "fax"`))
	d.await("the call's end", d.ended(id))
	d.await("all reports", d.reported())
	want := map[string]string{
		"plain/email": "sent", "plain/sms": "delivered", "plain/fax": "delivered",
		"bounce/email": "bounced", "bounce/sms": "bounced",
		"full/email": "failed", "full/sms": "failed",
		"grey/email": "sent", "grey/sms": "delivered",
		"policy/email": "rejected", "policy/sms": "delivered",
		"optout/email": "sent", "optout/sms": "delivered",
		"complain/email": "sent", "complain/fax": "failed",
	}
	var got map[string]string
	d.await("the last report", func() bool { got = d.states(id); return maps.Equal(got, want) })
	for key, state := range want {
		if got[key] != state {
			t.Errorf("%s is %s, want %s", key, got[key], state)
		}
	}
	// A second call leaves out exactly the dead and those who said stop.
	second, err := d.people.Count(t.Context(), lists.Audience{Lists: []string{"supporters"}, Channels: address.Channels[:]})
	d.must(err)
	left := map[string]int{}
	for _, lo := range second.LeftOut {
		if lo.Reason != lists.NoAddress {
			left[lo.Channel.String()+" "+lo.Reason] = lo.Count
		}
	}
	if want := (map[string]int{"email bounced": 1, "email opted_out": 1, "email complained": 1, "sms bounced": 1, "sms opted_out": 1}); !maps.Equal(left, want) {
		t.Errorf("the second call leaves out %v, want %v", left, want)
	}
	redistest.Undeclared(t, d.rdb, append(append(broadcast.Keys(), lists.Keys()...), worker.Keys()...))
}

// By a clock that stands, a call with a pace sends what is reserved ahead, and no more.
func TestPauseResumeStop(t *testing.T) {
	t.Parallel()
	const people = 400
	d := newTimed(t, "2013-06-10T10:00:00+09:00", mails(people))
	d.startWith(worker.Config{})
	files := example(t, `"email"`)
	files["call.toml"].Data = []byte(strings.Replace(string(files["call.toml"].Data), "[pace]\n", "[pace]\nemail = 100\n", 1))
	id := d.launch(files)
	ctx := t.Context()
	sent := func() int { return d.counts(id, address.Email)[broadcast.Sent] }
	d.await("the first messages", func() bool { return sent() > 0 })
	_, err := d.ledger.Do(ctx, id, broadcast.ActPause)
	d.must(err)
	d.await("the groups in hand", func() bool {
		owners, err := d.ledger.Owners(ctx, id)
		d.must(err)
		return len(owners) == 0
	})
	paused := sent()
	d.clk.Advance(time.Minute)
	d.await("a sweep", d.swept())
	if got := sent(); got != paused {
		t.Errorf("the pause took no effect: %d were sent, and then %d", paused, got)
	}
	_, err = worker.Resume(ctx, d.ledger, d.queue, id)
	d.must(err)
	d.await("more messages", func() bool { return sent() > paused })
	_, err = d.ledger.Do(ctx, id, broadcast.ActStop)
	d.must(err)
	d.await("the call's end", d.ended(id))
	audit, err := d.ledger.Audit(ctx, id)
	d.must(err)
	if !audit.OK() || audit.States[broadcast.Cancelled] == 0 || audit.States[broadcast.Sent]+audit.States[broadcast.Cancelled] != people {
		t.Errorf("stopped: %v, %v", audit.States, audit.Differences)
	}
}

func TestStopTextIsConfirmedOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.load("name,mobile\nKim,010-2000-1000\n")
	d.start()
	in := worker.NewInbound(d.parts(), links)
	ctx := t.Context()
	name := builtin.RehearsalName(address.SMS)
	for range 3 {
		d.must(in.Text(ctx, name, gateway.Inbound{Channel: address.SMS, From: "01020001000", To: "0212345678", Text: "수신거부"}))
	}
	to, err := address.ParsePhone("010-2000-1000", "KR", address.SMS)
	d.must(err)
	sup, err := d.people.SuppressionOf(ctx, address.SMS, d.people.Key(to))
	d.must(err)
	if sup == nil || sup.Reason != lists.OptedOut {
		t.Fatalf("suppression: %+v", sup)
	}
	d.must(in.Text(ctx, name, gateway.Inbound{Channel: address.SMS, From: "01020001000", To: "0212345678", Text: "START"}))
	if sup, err = d.people.SuppressionOf(ctx, address.SMS, d.people.Key(to)); err != nil || sup != nil {
		t.Errorf("START left %+v, %v", sup, err)
	}
}

// A full mailbox is written to again, until it was full in a run of calls; what
// is refused for our sake, never so often, suppresses nobody.
func TestRunOfFailures(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.load("name,email\na,x+full@mail.example\nb,x+policy@mail.example\nc,x@mail.example\n")
	d.startWith(worker.Config{Samples: true, Run: lists.Run{Calls: 2, Within: time.Hour}})
	for i, want := range []map[string]bool{{}, {"x+full@mail.example": true}} {
		id := d.launch(example(t, `"email"`))
		d.await("the call's end", d.ended(id))
		for _, to := range []string{"x+full@mail.example", "x+policy@mail.example", "x@mail.example"} {
			a, err := address.ParseEmail(to)
			d.must(err)
			sup, err := d.people.SuppressionOf(t.Context(), address.Email, d.people.Key(a))
			d.must(err)
			if (sup != nil) != want[to] || sup != nil && sup.Reason != lists.Bounced {
				t.Errorf("after call %d %s stands as %+v", i+1, to, sup)
			}
		}
	}
}

func TestRehearsalSuppressesNobody(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.load("name,email,mobile\na,x+bounce@mail.example,010-2000-0001\nb,x+unknown@mail.example,010-2000-0008\n")
	d.startWith(worker.Config{})
	id := d.launch(example(t, `"email", "sms"`))
	d.await("the call's end", d.ended(id))
	d.await("all reports", d.reported())
	if got := d.states(id); got["b/email"] != "bounced" {
		t.Errorf("states %v", got)
	}
	n := 0
	d.must(d.people.Suppressions(t.Context(), lists.SuppressionFilter{}, func(lists.Suppressed) error { n++; return nil }))
	if n != 0 {
		t.Errorf("a rehearsal suppressed %d addresses of real people", n)
	}
}
