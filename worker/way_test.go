package worker_test

import (
	"fmt"
	"io"
	"log"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"clarion/broadcast"
	"clarion/internal/clock"
	"clarion/internal/conf"
	"clarion/lists/address"
	"clarion/worker"
	gatesmtp "clarion/worker/gateway/smtp"
)

// A relay is a mail server that notes whom it took mail for, and dies in the
// middle of everything after so many.
type relay struct {
	server *smtp.Server
	port   int
	dies   int   // after so many mails; 0: never
	mail   error // the answer to MAIL, nil for yes
	dead   sync.Once
	ended  sync.WaitGroup

	mu    sync.Mutex
	taken map[string]int // by recipient
	count int
}

func startRelay(t *testing.T, dies int) *relay {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{port: l.Addr().(*net.TCPAddr).Port, dies: dies, taken: map[string]int{}}
	r.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &relaySession{relay: r}, nil }))
	r.server.ErrorLog = log.New(io.Discard, "", 0) // it complains of being closed in the middle of things
	r.ended.Go(func() { _ = r.server.Serve(l) })   // it ends when it dies, or the test closes it
	t.Cleanup(func() { r.die(); r.ended.Wait() })
	return r
}

func (r *relay) die() { r.dead.Do(func() { r.server.Close() }) }

func (r *relay) took() map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make(map[string]int, len(r.taken))
	for to, n := range r.taken {
		out[to] = n
	}
	return out
}

type relaySession struct {
	relay *relay
	to    string
}

func (s *relaySession) Mail(string, *smtp.MailOptions) error      { return s.relay.mail }
func (s *relaySession) Rcpt(to string, _ *smtp.RcptOptions) error { s.to = to; return nil }
func (s *relaySession) Reset()                                    {}
func (s *relaySession) Logout() error                             { return nil }
func (s *relaySession) Data(body io.Reader) error {
	if _, err := io.Copy(io.Discard, body); err != nil {
		return err
	}
	r := s.relay
	r.mu.Lock()
	defer r.mu.Unlock()
	r.taken[s.to]++
	if r.count++; r.count == r.dies {
		r.ended.Go(r.die)
	}
	return nil
}

func (r *relay) gate(t *testing.T, name string, weight float64) worker.Gate {
	t.Helper()
	g, err := gatesmtp.New(gatesmtp.Config{Host: "127.0.0.1", Port: r.port, TLS: "none", Hello: "ngo.example", Timeout: conf.Duration(time.Minute)}, name)
	if err != nil {
		t.Fatal(err)
	}
	return worker.Gate{Name: name, Channel: address.Email, Gateway: g, Weight: weight, Connections: 4}
}

// Two relays, of which one dies in the middle of the run: everybody gets the
// mail, twice at most whoever was in doubt, and the ledger knows by which relay.
func TestRelayDiesInTheRun(t *testing.T) {
	t.Parallel()
	const people, until = 800, 120
	d := newDesk(t)
	var csv strings.Builder
	csv.WriteString("name,email,language\n")
	for i := range people {
		fmt.Fprintf(&csv, "Kim %d,kim%d@example.org,en\n", i, i)
	}
	d.load(csv.String())
	frail, sound := startRelay(t, until), startRelay(t, 0)
	d.gates = []worker.Gate{frail.gate(t, "frail", 2), sound.gate(t, "sound", 1)}
	d.startWith(worker.Config{Retry: map[address.Channel]worker.Retry{address.Email: {First: 100 * time.Millisecond, Most: time.Second, Attempts: 20}}})
	id := d.launchAs(example(t, `"email"`), broadcast.Call{Gateways: []string{"", "frail", "sound"}})
	d.await("the call to end", d.ended(id))
	d.await("what was in doubt to be settled", func() bool {
		audit, err := d.ledger.Audit(t.Context(), id)
		d.must(err)
		return audit.States[broadcast.Sent] == people
	})
	d.states(id) // audits: counters by gateway among them

	byFrail, bySound := frail.took(), sound.took()
	by := [...]int{1: 0, 2: 0}
	doubted := 0
	d.must(d.ledger.Entries(t.Context(), id, func(e broadcast.Entry) error {
		contacts, err := d.people.Read(t.Context(), []uint32{e.Contact})
		if err != nil {
			return err
		}
		to := contacts[0].Address(address.Email).Reveal()
		by[e.Gateway]++
		if e.Flags&broadcast.Doubted != 0 {
			doubted++
		}
		if n := byFrail[to] + bySound[to]; n < 1 || n > 1 && e.Flags&broadcast.Doubted == 0 {
			t.Errorf("somebody got it %d times, flags %v", n, e.Flags)
		}
		if through := [...]map[string]int{1: byFrail, 2: bySound}[e.Gateway]; through[to] == 0 {
			t.Errorf("the ledger says gateway %d, which never had it", e.Gateway)
		}
		return nil
	}))
	if by[1]+by[2] != people || by[1] == 0 || by[1] > len(byFrail) || by[2] < people-len(byFrail) {
		t.Errorf("by the ledger %d and %d, by the relays %d and %d", by[1], by[2], len(byFrail), len(bySound))
	}
	counters, err := d.ledger.Counters(t.Context(), id)
	d.must(err)
	for _, row := range counters.Gateways {
		if want := map[string]int{"1": by[1], "2": by[2]}[row.Name]; row.Counts[broadcast.Sent] != want {
			t.Errorf("the counters say %d sent by gateway %s, the ledger %d", row.Counts[broadcast.Sent], row.Name, want)
		}
	}
	t.Logf("frail took %d, sound %d, %d were in doubt", len(byFrail), len(bySound), doubted)
}

// A relay that answers MAIL with 421 is closing (RFC 5321 §3.8), and one that
// says there that we are too fast says it of us: it is left alone, not the lane of
// all relays, and no delivery has failed.
func TestRelayIsClosing(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]*smtp.SMTPError{
		"closing":  {Code: 421, EnhancedCode: smtp.NoEnhancedCode, Message: "bye"},
		"too fast": {Code: 450, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "Error: too much mail from 192.0.2.1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const people = 64
			d := newDesk(t)
			var csv strings.Builder
			csv.WriteString("name,email,language\n")
			for i := range people {
				fmt.Fprintf(&csv, "Kim %d,kim%d@example.org,en\n", i, i)
			}
			d.load(csv.String())
			closing, sound := startRelay(t, 0), startRelay(t, 0)
			closing.mail = answer
			d.gates = []worker.Gate{closing.gate(t, "closing", 100), sound.gate(t, "sound", 1)}
			d.startWith(worker.Config{Retry: map[address.Channel]worker.Retry{address.Email: {First: 100 * time.Millisecond, Most: time.Second, Attempts: 20}}})
			id := d.launchAs(example(t, `"email"`), broadcast.Call{Gateways: []string{"", "closing", "sound"}})
			d.await("the call to end", d.ended(id))
			if n := len(sound.took()); n != people {
				t.Errorf("the sound relay took %d of %d", n, people)
			}
			board, err := worker.BoardOf(t.Context(), d.rdb, clock.System{}, d.ledger, id, nil)
			d.must(err)
			gates := 0
			for _, h := range board.Holds {
				if h.What != "closing" {
					t.Errorf("it is not the relay that is left alone: %+v", h)
				}
				gates++
			}
			if gates != 1 {
				t.Errorf("left alone: %+v", board.Holds)
			}
		})
	}
}

// Two relays that both work share by weight.
func TestRelaysShareByWeight(t *testing.T) {
	t.Parallel()
	const people = 1024 // 4 works
	d := newDesk(t)
	var csv strings.Builder
	csv.WriteString("name,email,language\n")
	for i := range people {
		fmt.Fprintf(&csv, "Kim %d,kim%d@example.org,en\n", i, i)
	}
	d.load(csv.String())
	a, b, spare := startRelay(t, 0), startRelay(t, 0), startRelay(t, 0)
	d.gates = []worker.Gate{a.gate(t, "a", 3), b.gate(t, "b", 1), spare.gate(t, "spare", 1)}
	d.gates[2].Standby = true
	d.startWith(worker.Config{})
	id := d.launchAs(example(t, `"email"`), broadcast.Call{Gateways: []string{"", "a", "b", "spare"}})
	d.await("the call to end", d.ended(id))
	// The planner's first batch is a small one; a batch is what shares are made of.
	if x, y := len(a.took()), len(b.took()); x+y != people || x < people/2 || y < people/8 || len(spare.took()) > 0 {
		t.Errorf("by weights 3 and 1, %d and %d; the standby %d", x, y, len(spare.took()))
	}
}
