package amnesty

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"clarion/broadcast"
	"clarion/internal/clock"
	"clarion/internal/redistest"
	"clarion/internal/seal"
	"clarion/lists"
	"clarion/lists/address"
	"clarion/lists/tabular"
)

// failures are some of the closed vocabulary, at the numbers of the ledger.
var failures = [...]string{1: "mailbox_unknown", 2: "mailbox_full", 3: "policy"}

// A modelDelivery is what the plainest account says of one person's message.
type modelDelivery struct {
	state    broadcast.State
	gateway  uint8 // 1 is well, 2 is at fault
	reason   uint8
	bounced  time.Time // when the address was suppressed for it, zero if it was not
	optedOut bool
	arrived  int // how often a gateway took it for good
}

// A scene is a call in a real Redis, with its model.
type scene struct {
	*rapid.T
	ctx    context.Context
	rdb    redis.UniversalClient
	clk    *clock.Manual
	people *lists.Store
	ledger *broadcast.Ledger
	desk   *Desk
	id     broadcast.ID
	leases []broadcast.Lease
	all    map[uint32]*modelDelivery // by contact
}

func (s *scene) Enqueue(_ context.Context, l broadcast.Lease, _ address.Channel) error {
	s.leases = append(s.leases, l)
	return nil
}

func (s *scene) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// launch plans a call to n people.
func (s *scene) launch(n int) {
	s.must(s.rdb.FlushAll(s.ctx).Err())
	keys, err := seal.New([]byte(strings.Repeat("k", 32)))
	s.must(err)
	s.people, err = lists.Open(s.ctx, s.rdb, keys, s.clk)
	s.must(err)
	csv := "email\n"
	for i := range n {
		csv += fmt.Sprintf("p%d@example.org\n", i)
	}
	table, err := tabular.Open(strings.NewReader(csv))
	s.must(err)
	_, err = s.people.Import(s.ctx, table, lists.ImportOptions{List: "all"}, func(int64, int) {})
	s.must(err)
	s.ledger = broadcast.Open(s.rdb, s.clk)
	s.desk = Open(s.rdb, s.people, s.ledger, s.clk)
	s.id, err = s.ledger.New(s.ctx, broadcast.Call{Name: "launch", Campaign: "Save 9", Gateways: []string{"", "well", "ill"}}, map[string][]byte{"call.toml": []byte("x")})
	s.must(err)
	who, err := s.people.Resolve(s.ctx, lists.Audience{Lists: []string{"all"}, Channels: []address.Channel{address.Email}})
	s.must(err)
	s.must(s.ledger.Freeze(s.ctx, s.id, who))
	_, err = s.ledger.Do(s.ctx, s.id, broadcast.ActLaunch)
	s.must(err)
	plan := broadcast.Lease{Call: s.id, Work: broadcast.PlanWork, Fence: 1, Worker: "planner"}
	_, err = s.ledger.Begin(s.ctx, plan)
	s.must(err)
	s.must(s.ledger.Plan(s.ctx, s.id, s.people, broadcast.Sorting{Language: func(l string) string { return l }}, s, func() bool { return true }))
	_, err = s.ledger.Finish(s.ctx, plan, nil)
	s.must(err)
}

// send takes up what is handed out; how says how the message to a contact ends.
func (s *scene) send(gateway func() uint8, how func(contact uint32, gateway uint8) broadcast.Result) {
	leases := s.leases
	s.leases = nil
	for _, l := range leases {
		l.Worker = "w"
		_, err := s.ledger.Begin(s.ctx, l)
		s.must(err)
		w, err := s.ledger.Work(s.ctx, l.Call, l.Work)
		s.must(err)
		for from := 0; from < w.Len(); from += 3 {
			g := broadcast.Group{Call: l.Call, Work: w, From: from, To: min(from+3, w.Len())}
			through := gateway()
			var turn *broadcast.Turning
			s.must(s.ledger.Pipelined(s.ctx, func(p redis.Pipeliner) {
				turn = s.ledger.QueueTurn(s.ctx, p, broadcast.Outcome{}, l, g, through)
			}))
			_, attempts, err := turn.Claimed()
			s.must(err)
			var results []broadcast.Result
			for i := g.From; i < g.To; i++ {
				results = append(results, how(w.Contacts[i], through))
			}
			s.must(s.ledger.Pipelined(s.ctx, func(p redis.Pipeliner) {
				turn = s.ledger.QueueTurn(s.ctx, p, broadcast.Outcome{Group: g, Attempts: attempts, Results: results}, l, broadcast.Group{}, 0)
			}))
			_, err = turn.Committed()
			s.must(err)
		}
		_, err = s.ledger.Finish(s.ctx, l, w)
		s.must(err)
	}
}

func (s *scene) suppress(contact uint32, sup lists.Suppression) {
	people, err := s.people.Read(s.ctx, []uint32{contact})
	s.must(err)
	_, err = s.people.Suppress(s.ctx, address.Email, s.people.Key(people[0].Address(address.Email)), sup)
	s.must(err)
}

// check holds ledger and suppression against the model.
func (s *scene) check() {
	s.Helper()
	audit, err := s.ledger.Audit(s.ctx, s.id)
	s.must(err)
	if !audit.OK() {
		s.Fatalf("audit: %s", strings.Join(audit.Differences, "\n"))
	}
	s.must(s.ledger.Entries(s.ctx, s.id, func(e broadcast.Entry) error {
		d := s.all[e.Contact]
		if e.State != d.state {
			return fmt.Errorf("contact %d is %s, want %s", e.Contact, e.State, d.state)
		}
		people, err := s.people.Read(s.ctx, []uint32{e.Contact})
		if err != nil {
			return err
		}
		sups, err := s.people.SuppressionsOf(s.ctx, address.Email, s.people.Key(people[0].Address(address.Email)))
		if err != nil {
			return err
		}
		has := func(r lists.Reason) bool {
			return slices.ContainsFunc(sups, func(x lists.Suppression) bool { return x.Reason == r })
		}
		if has(lists.Bounced) == d.bounced.IsZero() || has(lists.OptedOut) != d.optedOut {
			return fmt.Errorf("contact %d: suppressed %v, want bounced %v, opted out %v", e.Contact, sups, !d.bounced.IsZero(), d.optedOut)
		}
		return nil
	}))
}

// TestAmnesty sends a call through two gateways, one of them at fault, and takes
// back what came of it: exactly that, once, with the ledger whole throughout.
func TestAmnesty(t *testing.T) {
	t.Parallel()
	rdb := redistest.New(t)
	rapid.Check(t, func(t *rapid.T) {
		began := time.Date(2013, 6, 10, 9, 0, 0, 0, time.UTC)
		s := &scene{T: t, ctx: context.Background(), rdb: rdb, clk: clock.NewManual(began), all: map[uint32]*modelDelivery{}}
		s.launch(rapid.IntRange(1, 20).Draw(t, "people"))
		pick := func(name string, n int) int { return rapid.IntRange(0, n-1).Draw(t, name) }
		s.send(func() uint8 { return uint8(1 + pick("gateway", 2)) }, func(contact uint32, gateway uint8) broadcast.Result {
			s.clk.Advance(time.Duration(pick("seconds", 3)) * time.Second)
			d := &modelDelivery{gateway: gateway}
			s.all[contact] = d
			states := [...]broadcast.State{broadcast.Sent, broadcast.Bounced, broadcast.Rejected, broadcast.Failed}
			if d.state = states[pick("state", 4)]; d.state == broadcast.Sent {
				d.arrived++
				return broadcast.Result{State: d.state}
			}
			d.reason = uint8(1 + pick("reason", 3))
			if d.state == broadcast.Bounced || d.state == broadcast.Failed && pick("run", 2) == 0 { // at once, or at the end of a run
				d.bounced = s.clk.Now()
				s.suppress(contact, lists.Suppression{Reason: lists.Bounced, Source: "inbox", Call: string(s.id), Gateway: []string{"", "well", "ill"}[gateway], Failure: failures[d.reason]})
			}
			if d.optedOut = pick("opts out", 4) == 0; d.optedOut {
				s.suppress(contact, lists.Suppression{Reason: lists.OptedOut, Source: "page"})
			}
			return broadcast.Result{State: d.state, Reason: d.reason}
		})
		s.check()

		f := Fault{Gateway: "ill", Since: began.Add(time.Duration(pick("since", 20)) * time.Second)}
		if f.Reason = uint8(pick("of", 4)); f.Reason != 0 {
			f.Failure = failures[f.Reason]
		}
		suppressions, deliveries := 0, 0
		want := map[uint32]modelDelivery{}
		for n, d := range s.all {
			w := *d
			mine := d.gateway == 2 && (f.Reason == 0 || d.reason == f.Reason)
			if mine && !d.bounced.IsZero() && !d.bounced.Before(f.Since) {
				suppressions++
				w.bounced = time.Time{}
			}
			over := f.Since.After(s.clk.Now()) // the call had ended by then
			if mine && !over && d.state != broadcast.Sent && w.bounced.IsZero() && !d.optedOut {
				deliveries++
				w.state = broadcast.Deferred
			}
			want[n] = w
		}
		found, err := s.desk.Survey(s.ctx, f)
		s.must(err)
		if found.Suppressions != suppressions || found.Again() != deliveries {
			t.Fatalf("found %d and %d, want %d and %d", found.Suppressions, found.Again(), suppressions, deliveries)
		}
		s.check() // a survey changes nothing
		for again := range 2 {
			r, err := s.desk.Grant(s.ctx, f, found, true, "kim", "a fault")
			s.must(err)
			if again == 0 && (r.Suppressions != suppressions || r.Deliveries != deliveries) || again == 1 && r.Suppressions+r.Deliveries != 0 {
				t.Fatalf("given the time %d: %+v, want %d and %d", again+1, r, suppressions, deliveries)
			}
			for n, w := range want {
				*s.all[n] = w
			}
			s.check()
		}
		records, err := s.desk.Records(s.ctx)
		s.must(err)
		if len(records) != 2 || records[0].ID != 1 || records[0].Suppressions != suppressions || records[0].Ended.IsZero() || records[1].Deliveries != 0 {
			t.Fatalf("on record: %+v", records)
		}

		// What goes again goes once, to exactly those who had not got it.
		s.leases, err = s.ledger.Collect(s.ctx, s.id, true)
		s.must(err)
		s.send(func() uint8 { return 1 }, func(contact uint32, _ uint8) broadcast.Result {
			s.all[contact].arrived++
			s.all[contact].state = broadcast.Sent
			return broadcast.Result{State: broadcast.Sent}
		})
		s.check()
		for n, d := range s.all {
			if d.arrived > 1 || d.state == broadcast.Deferred {
				t.Fatalf("contact %d: %d times, %s", n, d.arrived, d.state)
			}
		}
		call, err := s.ledger.Call(s.ctx, s.id)
		s.must(err)
		if call.State != broadcast.Done {
			t.Fatalf("the call is %s", call.State)
		}
	})
	redistest.Undeclared(t, rdb, slices.Concat(Keys(), broadcast.Keys(), lists.Keys()))
}

// TestBrokenOff: an amnesty that dies half-way stands in the record as what it
// was about to do, and given again it does the rest.
func TestBrokenOff(t *testing.T) {
	t.Parallel()
	rdb := redistest.New(t)
	d := Open(rdb, nil, nil, clock.NewManual(time.Date(2013, 6, 10, 9, 0, 0, 0, time.UTC)))
	id, err := d.begin(t.Context(), Record{Who: "kim", Gateway: "ill", Suppressions: 7})
	if err != nil || id != 1 {
		t.Fatal(id, err)
	}
	all, err := d.Records(t.Context())
	if err != nil || len(all) != 1 || all[0].Suppressions != 7 || !all[0].Ended.IsZero() {
		t.Fatalf("%+v, %v", all, err)
	}
}
