// Package amnesty owns the taking back of what was our own fault: suppressions
// that a gateway's wrong answers led to, and deliveries that failed by them. It
// keeps a record of each time that this was done.
package amnesty

import (
	"context"
	"slices"
	"time"

	"clarion/broadcast"
	"clarion/lists"
	"clarion/lists/address"
)

// A Fault says what went wrong: which gateway's answers are not to be believed,
// from when on, and in which case.
type Fault struct {
	Gateway string
	Since   time.Time
	Failure string // why the deliveries failed, as lists.Suppression.Failure spells it; "" for whatever it was
	Reason  uint8  // the same as the ledger has it, 0 for whatever it was
}

// A Found is what an amnesty would take back.
type Found struct {
	Suppressions int            // the addresses that would be written to again
	Deliveries   map[string]int // to be sent again, by call
	Reasons      map[uint8]int  // the same by why they failed
	Late         []broadcast.ID // calls with such deliveries that are past their end: there is nothing to be sent any more
	sure         []lists.Suppressed
	again        []delivery
}

// Again is how many deliveries would be sent again.
func (f *Found) Again() int { return len(f.again) }

type delivery struct {
	call broadcast.ID
	ref  broadcast.Ref
}

// Survey finds what an amnesty takes back, and changes nothing. Opt-outs,
// complaints and what staff blocked are never among it. Of the deliveries it
// finds those that ended without arriving, for the fault's reason and through
// its gateway, in calls that run or are done and were not over before Since, to
// people who may be written to once the suppressions are gone. One that was in
// doubt before is left out: the person may have it.
func (d *Desk) Survey(ctx context.Context, f Fault) (*Found, error) {
	found := &Found{Deliveries: map[string]int{}, Reasons: map[uint8]int{}}
	ask := map[broadcast.ID][]lists.Suppressed{} // older ones do not name their gateway: their call's ledger does
	err := d.people.Suppressions(ctx, lists.SuppressionFilter{Reason: lists.Bounced, From: f.Since}, func(s lists.Suppressed) error {
		switch {
		case s.Gateway != "":
			if s.Gateway == f.Gateway && (f.Failure == "" || s.Failure == f.Failure) {
				found.sure = append(found.sure, s)
			}
		case s.Source == f.Gateway && f.Failure == "":
			found.sure = append(found.sure, s)
		case s.Call != "":
			ask[broadcast.ID(s.Call)] = append(ask[broadcast.ID(s.Call)], s)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for id, candidates := range ask {
		more, err := d.fromLedger(ctx, id, candidates, f)
		if err != nil {
			return nil, err
		}
		found.sure = append(found.sure, more...)
	}
	found.Suppressions = len(found.sure)
	freed, err := d.freed(ctx, found.sure)
	if err != nil {
		return nil, err
	}
	return found, d.failed(ctx, f, freed, found)
}

// freed returns the contacts of each channel that nothing but these suppressions
// keeps from being written to.
func (d *Desk) freed(ctx context.Context, sure []lists.Suppressed) (map[address.Channel]map[uint32]bool, error) {
	out := map[address.Channel]map[uint32]bool{}
	for _, s := range sure {
		all, err := d.people.SuppressionsOf(ctx, s.Channel, s.Key)
		if err != nil {
			return nil, err
		}
		if len(all) != 1 {
			continue
		}
		numbers, err := d.people.FindKey(ctx, s.Key)
		if err != nil {
			return nil, err
		}
		for _, n := range numbers {
			if out[s.Channel] == nil {
				out[s.Channel] = map[uint32]bool{}
			}
			out[s.Channel][n] = true
		}
	}
	return out, nil
}

// failed adds to found the deliveries that are to be sent again.
func (d *Desk) failed(ctx context.Context, f Fault, freed map[address.Channel]map[uint32]bool, found *Found) error {
	calls, err := d.ledger.Calls(ctx)
	if err != nil {
		return err
	}
	for _, id := range calls {
		call, err := d.ledger.Call(ctx, id)
		if err != nil {
			return err
		}
		gate := slices.Index(call.Gateways, f.Gateway)
		if gate < 1 || !open(call) || !call.Finished.IsZero() && call.Finished.Before(f.Since) {
			continue
		}
		var some []broadcast.Entry
		err = d.ledger.Entries(ctx, id, func(e broadcast.Entry) error {
			if e.FailedThrough(uint8(gate), f.Reason) {
				some = append(some, e)
			}
			return nil
		})
		if err != nil {
			return err
		}
		may, err := d.mayBeWritten(ctx, some, freed)
		if err != nil {
			return err
		}
		late := !call.Ends.IsZero() && !d.clk.Now().Before(call.Ends)
		if late && slices.Contains(may, true) {
			found.Late = append(found.Late, id)
			continue
		}
		for i, e := range some {
			if may[i] {
				found.again = append(found.again, delivery{id, e.Ref})
				found.Deliveries[string(id)]++
				found.Reasons[e.Reason]++
			}
		}
	}
	return nil
}

// open reports whether deliveries of a call may go again.
func open(c *broadcast.Call) bool {
	return c.State == broadcast.Running || c.State == broadcast.Paused || c.State == broadcast.Done
}

// fromLedger returns those of a call's suppressions whose delivery went through
// the fault's gateway and failed for its reason.
func (d *Desk) fromLedger(ctx context.Context, id broadcast.ID, candidates []lists.Suppressed, f Fault) ([]lists.Suppressed, error) {
	call, err := d.ledger.Call(ctx, id)
	if err != nil {
		return nil, err
	}
	gate := slices.Index(call.Gateways, f.Gateway)
	if gate < 1 {
		return nil, nil
	}
	holders := map[uint32][]int{} // contact to candidates
	for i, s := range candidates {
		numbers, err := d.people.FindKey(ctx, s.Key)
		if err != nil {
			return nil, err
		}
		for _, n := range numbers {
			holders[n] = append(holders[n], i)
		}
	}
	fits := make([]bool, len(candidates))
	err = d.ledger.Entries(ctx, id, func(e broadcast.Entry) error {
		for _, i := range holders[e.Contact] {
			if e.Work.Channel == candidates[i].Channel && int(e.Gateway) == gate && (f.Reason == 0 || e.Reason == f.Reason) {
				fits[i] = true
			}
		}
		return nil
	})
	var out []lists.Suppressed
	for i, ok := range fits {
		if ok {
			out = append(out, candidates[i])
		}
	}
	return out, err
}

// A Record is one amnesty as it is kept. Who and Why are what the person said.
type Record struct {
	ID           int64     `json:"id"` // counts from 1
	At           time.Time `json:"at"`
	Who          string    `json:"who"`
	Why          string    `json:"why"`
	Gateway      string    `json:"gateway"`
	Since        time.Time `json:"since"`
	Failure      string    `json:"reason"` // of the failed deliveries, "" for any
	Suppressions int       `json:"suppressions"`
	Deliveries   int       `json:"deliveries"`
	Ended        time.Time `json:"ended,omitzero"` // zero: it broke off, and can be given again
}

// Grant takes back what found says, which Survey found a moment ago, and writes
// what it does into the record before and after. offer says whether the
// deliveries go again too. Given twice, or by two at once, it does nothing twice.
func (d *Desk) Grant(ctx context.Context, f Fault, found *Found, offer bool, who, why string) (Record, error) {
	r := Record{At: d.clk.Now().UTC().Truncate(time.Second), Who: who, Why: why, Gateway: f.Gateway, Since: f.Since.UTC().Truncate(time.Second), Failure: f.Failure}
	r.Suppressions = len(found.sure)
	if offer {
		r.Deliveries = len(found.again)
	}
	var err error
	if r.ID, err = d.begin(ctx, r); err != nil {
		return r, err
	}
	r.Suppressions, r.Deliveries = 0, 0
	for _, s := range found.sure {
		// Exactly this one: another that came meanwhile, or for which the person asked, stays.
		one := lists.SuppressionFilter{Reason: lists.Bounced, Source: s.Source, Call: s.Call, From: s.Since, Until: s.Since.Add(time.Second)}
		changed, err := d.people.Restore(ctx, s.Channel, s.Key, one)
		if err != nil {
			return r, err
		}
		if changed {
			r.Suppressions++
			if err := d.people.Arrived(ctx, s.Channel, s.Key); err != nil { // the run of failures is as wrong as its end
				return r, err
			}
		}
	}
	if offer {
		for _, a := range found.again {
			did, err := d.ledger.Apply(ctx, a.call, a.ref, broadcast.Says{Change: broadcast.Offer, Due: d.clk.Now()})
			if err != nil {
				return r, err
			}
			if did.Moved {
				r.Deliveries++
			}
		}
	}
	r.Ended = d.clk.Now().UTC().Truncate(time.Second)
	return r, d.end(ctx, r)
}
