// Package rehearsal owns the built-in test gateway of all three channels. It
// sends nothing: the address decides what would have become of the message, so
// that a call can be rehearsed end to end, failures included.
//
// A plain address succeeds. Rates in Config let a share of the plain ones fail,
// the same ones for the same seed. These decide for themselves (email: what
// follows "+" in the local part; sms and fax: the number's last four digits):
//
//	email  +unknown   refused at once: no such mailbox
//	       +bounce    accepted; later a bounce: no such mailbox
//	       +full      refused: the mailbox is full
//	       +disabled  refused: the mailbox is switched off
//	       +greylist  put off at the first try, accepted at the next
//	       +defer     put off at every try
//	       +throttle  too fast at the first try, accepted at the next
//	       +policy    the content is refused
//	       +slow      accepted after a while
//	       +complain  accepted; later a complaint
//	       +optout    accepted; later the person opts out
//	       +reply     accepted; later the person writes back
//	       +doubt     taken, but the line breaks before the answer: in doubt
//	       +lost      not taken, and the line breaks before the answer: in doubt
//	sms    …0001      refused at once: no such number
//	       …0002      too fast at the first try, accepted at the next
//	       …0003      accepted; later not delivered
//	       …0004      accepted; later expired: the phone was off
//	       …0005      accepted; later refused by the carrier
//	       …0006      accepted; nothing is ever reported
//	       …0007      accepted; reported as on its way, and delivered much later
//	       …0008      delivered; the person answers STOP
//	       …0009      delivered; the person answers 수신거부
//	       …0010      the provider knows that this person opted out
//	       …0011      taken, but the line breaks before the answer: in doubt
//	       …0012      not taken, and the line breaks before the answer: in doubt
//	       …0013      delivered after a slow answer
//	fax    …0001      accepted; busy to the end
//	       …0002      accepted; nobody answers
//	       …0003      accepted; our own line has no dial tone
//	       …0004      accepted; a person answers: not dialled again in this call
//	       …0005      refused at once: no such number
//	       …0006      accepted; nothing is ever reported
//	       …0011      taken, but the line breaks before the answer: in doubt
//	       …0012      not taken, and the line breaks before the answer: in doubt
package rehearsal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"sync"
	"time"

	"clarion/internal/clock"
	"clarion/internal/conf"
	"clarion/lists/address"
	"clarion/worker/gateway"
)

// Config is the table of a rehearsal gateway.
type Config struct {
	Seed      int64   `toml:"seed"`      // chooses which plain addresses fail
	Bounce    float64 `toml:"bounce"`    // share of plain addresses that are dead, 0 to 1
	Temporary float64 `toml:"temporary"` // share that is put off at the first try
	Complaint float64 `toml:"complaint"` // share that complains (email) or opts out (sms)
	NoReport  float64 `toml:"no_report"` // share of sms and fax of which nothing is reported

	Latency     conf.Duration `toml:"latency"`      // of each answer
	Slow        conf.Duration `toml:"slow"`         // of a slow answer, 3s if 0
	RetryAfter  conf.Duration `toml:"retry_after"`  // asked for when putting off, 2s if 0
	ReportAfter conf.Duration `toml:"report_after"` // until a report, 2s if 0; some take up to half as long again
	PageTime    conf.Duration `toml:"page_time"`    // added to a fax's report for each page
}

// A Gateway takes messages for a rehearsal. It is safe for concurrent use.
type Gateway struct {
	name string
	conf Config
	clk  clock.Clock
	wait func(context.Context, time.Duration) error

	seed  maphash.Seed // of taken and tried alone
	mu    sync.Mutex
	taken map[uint64]fate     // what became of the deliveries that were taken, by hash
	tried map[uint64]struct{} // deliveries that were put off once
	queue queue
}

// fate is the last that was told of a delivery.
type fate struct {
	event gateway.Event
	err   *gateway.Error
}

var (
	_ gateway.Gateway       = (*Gateway)(nil)
	_ gateway.SessionOpener = (*Gateway)(nil)
	_ gateway.Poller        = (*Gateway)(nil)
	_ gateway.Finder        = (*Gateway)(nil)
	_ gateway.Prober        = (*Gateway)(nil)
)

// New returns a rehearsal gateway. Reports come due by clk.
func New(c Config, name string, clk clock.Clock) (*Gateway, error) {
	for key, share := range map[string]float64{"bounce": c.Bounce, "temporary": c.Temporary, "complaint": c.Complaint, "no_report": c.NoReport} {
		if !(share >= 0 && share <= 1) {
			return nil, fmt.Errorf("gateway %s: %s is %v: a share between 0 and 1 is right", name, key, share)
		}
	}
	for _, d := range []struct {
		value *conf.Duration
		usual time.Duration
	}{{&c.Slow, 3 * time.Second}, {&c.RetryAfter, 2 * time.Second}, {&c.ReportAfter, 2 * time.Second}} {
		if *d.value == 0 {
			*d.value = conf.Duration(d.usual)
		}
	}
	return &Gateway{name: name, conf: c, clk: clk, wait: sleep, seed: maphash.MakeSeed(),
		taken: map[uint64]fate{}, tried: map[uint64]struct{}{}}, nil
}

// Send gives the answer that the address asks for.
func (g *Gateway) Send(ctx context.Context, m gateway.Message) (gateway.Receipt, error) {
	if err := ctx.Err(); err != nil {
		return gateway.Receipt{}, &gateway.Error{Kind: gateway.Temporary, Reason: gateway.Network, Err: err}
	}
	if m.To.IsZero() {
		return gateway.Receipt{}, &gateway.Error{Kind: gateway.Failed, Reason: gateway.OtherReason, Err: errors.New("the message has no recipient")}
	}
	c, special := caseOf(m.To)
	if !special {
		c = g.plain(m.To)
	}
	delay := time.Duration(g.conf.Latency)
	if c.slow {
		delay += time.Duration(g.conf.Slow)
	}
	if delay > 0 {
		if err := g.wait(ctx, delay); err != nil {
			return gateway.Receipt{}, &gateway.Error{Kind: gateway.Indeterminate, Reason: gateway.Network, Err: err}
		}
	}
	return gateway.Receipt{}, g.answer(m, c)
}

// answer keeps what was taken, plans the reports and returns the failure, a nil
// error if there is none.
func (g *Gateway) answer(m gateway.Message, c Case) error {
	delivery := maphash.String(g.seed, m.Delivery)
	g.mu.Lock()
	defer g.mu.Unlock()
	failure := c.answer
	if _, again := g.tried[delivery]; c.once && again {
		delete(g.tried, delivery)
		failure = gateway.Error{}
	} else if c.once {
		g.tried[delivery] = struct{}{}
	}
	if failure.Kind == 0 || c.gone {
		g.taken[delivery] = fate{event: gateway.EventAccepted}
		g.plan(m, c)
	}
	switch failure.Kind {
	case 0:
		return nil
	case gateway.Temporary, gateway.Throttled:
		failure.RetryAfter = time.Duration(g.conf.RetryAfter)
	}
	return &failure
}

// plan queues the reports of a message that was taken; of one that belongs to no
// delivery nothing is reported. The lock is held.
func (g *Gateway) plan(m gateway.Message, c Case) {
	if m.Delivery == "" {
		return
	}
	now := g.clk.Now()
	after := time.Duration(g.conf.ReportAfter)
	after += time.Duration(float64(after) / 2 * chance(g.conf.Seed, "when", m.To))
	pages := time.Duration(0)
	if m.To.Channel() == address.Fax {
		pages = time.Duration(countPages(m.Body)) * time.Duration(g.conf.PageTime)
	}
	reports := c.report
	if reports == nil && m.To.Channel() != address.Email { // a mail that arrives is not reported
		reports = []report{{event: gateway.EventDelivered, late: 1}}
	}
	for _, r := range reports {
		out := gateway.Report{Delivery: m.Delivery, Event: r.event}
		if r.err.Kind != 0 {
			failure := r.err
			out.Err = &failure
		}
		g.queue.push(item{due: now.Add(pages + time.Duration(r.late)*after), report: out})
	}
	if c.reply != "" {
		g.queue.push(item{due: now.Add(2 * after), text: &gateway.Inbound{Channel: m.To.Channel(), From: m.To.Reveal(), To: m.From, Text: c.reply}})
	}
}

// Find says what became of a delivery, so far as it was reported.
func (g *Gateway) Find(_ context.Context, delivery string) (gateway.Report, bool, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	f, found := g.taken[maphash.String(g.seed, delivery)]
	if !found {
		return gateway.Report{}, false, nil
	}
	return gateway.Report{Delivery: delivery, Event: f.event, Err: f.err}, true, nil
}

// Poll returns the reports that are due.
func (g *Gateway) Poll(context.Context) ([]gateway.Report, error) {
	var out []gateway.Report
	for _, it := range g.due(false) {
		out = append(out, it.report)
	}
	return out, nil
}

// PollTexts returns what people have written back, once due. From holds the
// person's address.
func (g *Gateway) PollTexts(context.Context) ([]gateway.Inbound, error) {
	var out []gateway.Inbound
	for _, it := range g.due(true) {
		out = append(out, *it.text)
	}
	return out, nil
}

func (g *Gateway) due(texts bool) []item {
	g.mu.Lock()
	defer g.mu.Unlock()
	list := g.queue.take(g.clk.Now(), texts)
	for _, it := range list {
		if !texts {
			g.taken[maphash.String(g.seed, it.report.Delivery)] = fate{it.report.Event, it.report.Err}
		}
	}
	return list
}

// Waiting returns how many reports and texts are still to come.
func (g *Gateway) Waiting() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.queue.reports) + len(g.queue.texts)
}

// Probe finds nothing wrong.
func (g *Gateway) Probe(ctx context.Context) error { return ctx.Err() }

// countPages counts the page objects of a PDF (ISO 32000-1 §7.7.3.3), 1 at least.
func countPages(pdf []byte) int {
	n := 0
	for _, key := range []string{"/Type /Page", "/Type/Page"} {
		n += bytes.Count(pdf, []byte(key)) - bytes.Count(pdf, []byte(key+"s"))
	}
	return max(n, 1)
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
