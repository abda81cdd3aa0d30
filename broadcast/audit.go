package broadcast

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"clarion/lists/address"
)

// An Audit is a recount of a call's ledger.
type Audit struct {
	Call        *Call
	States      Counts   // recounted
	Differences []string // what does not agree, in sentences; empty when all does

	due       map[string]bool
	openAgain map[Ref]bool // in open works of further attempts
	openFirst map[uint32]bool
	open, own int
	rows      map[string]Counts // "kind:channel:name"
	flags     map[address.Channel]map[Flag]int
	seen      map[string]int // address channel and contact, to find one planned twice
	bits      map[address.Channel]int
}

func newAudit(c *Call) *Audit {
	return &Audit{Call: c, States: Counts{}, due: map[string]bool{}, openAgain: map[Ref]bool{}, openFirst: map[uint32]bool{}, rows: map[string]Counts{},
		flags: map[address.Channel]map[Flag]int{}, seen: map[string]int{}, bits: map[address.Channel]int{}}
}

// OK reports whether all agrees.
func (a *Audit) OK() bool { return len(a.Differences) == 0 }

func (a *Audit) differ(format string, args ...any) {
	const most = 50
	if len(a.Differences) < most {
		a.Differences = append(a.Differences, fmt.Sprintf(format, args...))
	}
}

func (a *Audit) unplanned(ch address.Channel, bits int) {
	a.bits[ch] = bits
	state := Pending
	if a.Call.State == Stopped || (a.Call.State == Stopping && a.Call.Unplanned > 0) {
		state = Cancelled
	}
	a.add("c", ch, "", state, bits)
	a.States[state] += bits
}

func (a *Audit) openWork(w *Work) {
	if !w.Again() {
		a.openFirst[w.Number] = true
		return
	}
	for _, r := range w.Refs {
		a.openAgain[r] = true
	}
}

func (a *Audit) add(kind string, ch address.Channel, name string, s State, n int) {
	if n == 0 {
		return
	}
	key := kind + ":" + ch.String() + ":" + name
	if a.rows[key] == nil {
		a.rows[key] = Counts{}
	}
	a.rows[key][s] += n
}

func (a *Audit) entry(e Entry) error {
	ch := e.Work.Channel
	a.States[e.State]++
	a.add("c", ch, "", e.State, 1)
	a.add("l", ch, e.Work.Lang, e.State, 1)
	a.add("d", ch, e.Work.counted(), e.State, 1)
	if e.Gateway > 0 {
		a.add("g", ch, strconv.Itoa(int(e.Gateway)), e.State, 1)
	}
	if e.Reason > 0 {
		a.add("r", ch, strconv.Itoa(int(e.Reason)), e.State, 1)
	}
	for _, f := range []Flag{Replied, Complained, OptedOut} {
		if e.Flags&f != 0 {
			if a.flags[ch] == nil {
				a.flags[ch] = map[Flag]int{}
			}
			a.flags[ch][f]++
		}
	}
	key := ch.String() + ":" + strconv.FormatUint(uint64(e.Contact), 10)
	if a.seen[key]++; a.seen[key] == 2 {
		a.differ("delivery %s: its contact is in the call twice on %s", e.Ref, ch)
	}
	waits := a.due[e.Ref.String()] || a.openAgain[e.Ref]
	switch {
	case e.State == Pending && !a.openFirst[e.Ref.Batch]:
		a.differ("delivery %s is pending, but its batch is closed", e.Ref)
	case e.State == Deferred && !waits:
		a.differ("delivery %s is deferred, but nothing will try it again", e.Ref)
	case e.State == Sending && a.own == 0:
		a.differ("delivery %s is sending, but no worker holds it", e.Ref)
	}
	return nil
}

// compare sets the recount against the counters.
func (a *Audit) compare(c *Counters) {
	if open := a.States[Pending] + a.States[Sending] + a.States[Deferred]; open > 0 && (a.Call.State == Done || a.Call.State == Stopped) {
		a.differ("the call is %s, but %d deliveries have not ended", a.Call.State, open)
	}
	if n := a.States.Sum(); n != a.Call.Audience {
		a.differ("the states sum to %d, the audience is %d", n, a.Call.Audience)
	}
	counted := map[string]Counts{}
	for ch, counts := range c.Channels {
		if counts.Sum() > 0 {
			counted["c:"+ch.String()+":"] = counts
		}
		if c.Unplan[ch] != a.bits[ch] && a.Call.State != Stopped && a.Call.State != Stopping {
			a.differ("%s: %d are counted as not planned, the audience has %d", ch, c.Unplan[ch], a.bits[ch])
		}
	}
	for kind, rows := range map[string][]Slice{"l": c.Langs, "d": c.Lanes, "g": c.Gateways, "r": c.Reasons} {
		for _, row := range rows {
			counted[kind+":"+row.Channel.String()+":"+row.Name] = row.Counts
		}
	}
	for key := range a.rows {
		if counted[key] == nil {
			counted[key] = Counts{}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(counted)) {
		for _, s := range States {
			if counted[key][s] != a.rows[key][s] {
				a.differ("counter %s says %d %s, the ledger has %d", key, counted[key][s], s, a.rows[key][s])
			}
		}
	}
	for _, ch := range address.Channels {
		for _, f := range []Flag{Replied, Complained, OptedOut} {
			if c.Flags[ch][f] != a.flags[ch][f] {
				a.differ("counter of flag %d on %s says %d, the ledger has %d", f, ch, c.Flags[ch][f], a.flags[ch][f])
			}
		}
	}
}

func sortSlices(rows []Slice) {
	slices.SortFunc(rows, func(a, b Slice) int {
		return cmp.Or(cmp.Compare(a.Channel, b.Channel), cmp.Compare(b.Counts.Sum(), a.Counts.Sum()), cmp.Compare(a.Name, b.Name))
	})
}
