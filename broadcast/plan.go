package broadcast

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"clarion/internal/quiet"
	"clarion/lists"
	"clarion/lists/address"
)

// Queue hands a work to whichever worker is free.
type Queue interface {
	Enqueue(ctx context.Context, lease Lease, channel address.Channel) error
}

// Lanes of their own are for systems that enough people use: a one-person
// domain is an address and must not show in a counter (DESIGN: counters).
const (
	ownLaneFrom = 20   // contacts of an audience
	ownLanes    = 50   // a call and channel
	openGroups  = 4096 // small groups held while planning; past it the smallest join "other"
)

// OtherLane is the lane of all systems that have no lane of their own.
const OtherLane = "other"

// lane names the receiving system of an address. The name stands alone: a part
// of the address would keep the text of all contacts that were read with it.
func (p *planner) lane(a address.Address) string {
	if a.Channel() != address.Email {
		return address.Carrier(a)
	}
	if lane, ok := p.lanes[a.Domain()]; ok {
		return lane
	}
	return strings.Clone(a.Domain())
}

// lanesKept is of how many mail domains the lane is remembered while planning: the
// big ones are met in every chunk, and most others once.
const lanesKept = 2048

// learn asks for the receiving systems of the mail domains that are new. A domain
// that settings name stays a lane of its own.
func (p *planner) learn(ctx context.Context, contacts []lists.Contact) error {
	if p.channel != address.Email || p.systems == nil {
		return nil
	}
	if len(p.lanes) > lanesKept {
		clear(p.lanes)
	}
	var asked []string
	for i := range contacts {
		domain := contacts[i].Address(p.channel).Domain()
		if _, ok := p.lanes[domain]; !ok && domain != "" {
			domain = strings.Clone(domain)
			p.lanes[domain] = domain
			if !p.limited(domain) {
				asked = append(asked, domain)
			}
		}
	}
	if len(asked) == 0 {
		return nil
	}
	systems, err := p.systems(ctx, asked)
	if err != nil {
		return err
	}
	for i, domain := range asked {
		p.lanes[domain] = systems[i]
	}
	return nil
}

// ZoneOf names the place where a contact is, as quiet.Find reads it: as the lists
// have it, else by the number of the channel; "" where nobody knows.
func ZoneOf(c *lists.Contact, ch address.Channel) string {
	if c.Zone != "" {
		return c.Zone
	}
	return quiet.Name(address.Zones(c.Address(ch)))
}

// group is what the deliveries of a batch share.
type group struct{ lang, lane, zone string }

// A planner sorts one channel's contacts into batches.
type planner struct {
	ledger   *Ledger
	queue    Queue
	call     ID
	channel  address.Channel
	size     int                    // of a batch
	language func(of string) string // which language of the call a contact gets
	groups   map[group][]uint32
	own      map[string]bool        // lanes that are lanes of their own
	limited  func(lane string) bool // lanes that have limits: they have batches of their own, however small they are
	people   map[string]int         // of each limited lane, so far
	only     []byte                 // who may be planned; nil: everyone
	systems  func(ctx context.Context, domains []string) ([]string, error)
	lanes    map[string]string // mail domains met so far: their lane
	left     []byte            // the audience so far as it was read, less what is in batches
	ready    []*Work           // batches to be entered and handed out together
	handed   bool              // something was handed out
}

// Sorting says how contacts are put together that are to be alike.
type Sorting struct {
	Language func(of string) string                     // which language of the call a contact gets
	Limited  func(ch address.Channel, lane string) bool // whether a lane has limits of its own; nil: none has
	// Systems names the receiving systems of mail domains, as far as they are known:
	// a domain may stand for itself. It must not wait for a name server. nil: each does.
	Systems func(ctx context.Context, domains []string) ([]string, error)
	Canary  func(ch address.Channel, audience int) int // how many go first and are watched, 0 for all at once; nil: all at once
}

// Plan makes batches of the frozen audience and hands each out at once, so that
// sending begins while planning goes on. It walks the audience in chunks, may be
// stopped at any point, and done again goes on where it ended. alive is asked
// between chunks; when it answers false another planner has taken over. The error
// is ErrCanary when the rest of the audience is held.
func (l *Ledger) Plan(ctx context.Context, id ID, people *lists.Store, sort Sorting, queue Queue, alive func() bool) error {
	counters, err := l.Counters(ctx, id)
	if err != nil {
		return err
	}
	held := false
	for _, ch := range address.Channels {
		p := &planner{ledger: l, queue: queue, call: id, channel: ch, size: batchSize(ch, counters.Unplan[ch]), language: sort.Language, groups: map[group][]uint32{}, own: map[string]bool{},
			people: map[string]int{}, systems: sort.Systems, lanes: map[string]string{}, limited: func(lane string) bool { return sort.Limited != nil && sort.Limited(ch, lane) }}
		var err error
		if sort.Canary != nil {
			p.only, err = p.slice(ctx, people, sort.Canary, alive)
		}
		if err == nil {
			err = p.run(ctx, people, alive)
		}
		if err != nil {
			return fmt.Errorf("plan call %s, %s: %w", id, ch, err)
		}
		held = held || p.only != nil
	}
	if held {
		return ErrCanary
	}
	return nil
}

func (p *planner) run(ctx context.Context, people *lists.Store, alive func() bool) error {
	var contacts []lists.Contact
	for {
		if !alive() {
			return context.Canceled
		}
		size := frozenChunk
		if len(p.left) == 0 {
			size = firstChunk
		}
		bits, err := p.ledger.frozen(ctx, p.call, p.channel, len(p.left), size)
		if err != nil {
			return err
		}
		if bits == "" {
			break
		}
		before := uint32(len(p.left)) * 8
		p.left = append(p.left, bits...)
		var numbers []uint32
		for number := range lists.Numbers([]byte(bits)) {
			if number += before; p.may(number) {
				numbers = append(numbers, number)
			}
		}
		for numbers := range slices.Chunk(numbers, readAtOnce) {
			if contacts, err = people.ReadRecipients(ctx, contacts, numbers); err != nil {
				return err
			}
			if err := p.learn(ctx, contacts); err != nil {
				return err
			}
			for i := range contacts {
				if err := p.add(ctx, numbers[i], &contacts[i]); err != nil {
					return err
				}
			}
		}
		if len(p.groups) > openGroups {
			if err := p.merge(ctx); err != nil {
				return err
			}
		}
		if err := p.handOut(ctx); err != nil {
			return err
		}
	}
	if err := p.flush(ctx); err != nil {
		return err
	}
	return p.handOut(ctx)
}

// may reports whether a contact of the audience may be planned now.
func (p *planner) may(number uint32) bool {
	return p.only == nil || int(number/8) < len(p.only) && p.only[number/8]&(0x80>>(number%8)) != 0
}

// readAtOnce is how many contacts are read together: what a planner holds of them
// is most of what a worker's process takes.
const readAtOnce = 512

// fullGroup is how many contacts make a lane one of its own before all are seen:
// as many as it takes for that, in whole batches.
func fullGroup(size int) int { return (max(size, ownLaneFrom) + size - 1) / size * size }

// add puts a contact into its group, and makes batches of the group when it is full.
func (p *planner) add(ctx context.Context, number uint32, c *lists.Contact) error {
	lane := p.lane(c.Address(p.channel))
	g := group{p.language(c.Language), lane, strings.Clone(ZoneOf(c, p.channel))}
	p.groups[g] = append(p.groups[g], number)
	if p.limited(lane) {
		p.people[lane]++
	}
	if len(p.groups[g]) < fullGroup(p.size) {
		return nil
	}
	if len(p.own) < ownLanes {
		p.own[lane] = true
	}
	if !p.own[lane] && !p.limited(lane) {
		p.moveToOther(g)
		g.lane = OtherLane
		return p.emit(ctx, g, false)
	}
	return p.emit(ctx, g, true)
}

// moveToOther joins a group to the one of small lanes.
func (p *planner) moveToOther(g group) {
	other := group{g.lang, OtherLane, g.zone}
	p.groups[other] = append(p.groups[other], p.groups[g]...)
	delete(p.groups, g)
}

// merge joins the small groups to "other", to bound what is held.
func (p *planner) merge(ctx context.Context) error {
	for g, numbers := range p.groups {
		if g.lane != OtherLane && !p.own[g.lane] && !p.limited(g.lane) && len(numbers) < ownLaneFrom {
			p.moveToOther(g)
		}
	}
	for g := range p.groups {
		if g.lane == OtherLane {
			if err := p.emit(ctx, g, false); err != nil {
				return err
			}
		}
	}
	return nil
}

// flush makes batches of all that is left, the largest lanes first.
func (p *planner) flush(ctx context.Context) error {
	size := map[string]int{}
	for g, numbers := range p.groups {
		size[g.lane] += len(numbers)
	}
	lanes := make([]string, 0, len(size))
	for lane := range size {
		lanes = append(lanes, lane)
	}
	slices.SortFunc(lanes, func(a, b string) int { return cmp.Or(cmp.Compare(size[b], size[a]), cmp.Compare(a, b)) })
	for _, lane := range lanes {
		if size[lane] >= ownLaneFrom && len(p.own) < ownLanes && lane != OtherLane {
			p.own[lane] = true
		}
	}
	for g := range p.groups {
		if g.lane != OtherLane && !p.own[g.lane] && !p.limited(g.lane) {
			p.moveToOther(g)
		}
	}
	for g := range p.groups {
		if err := p.emit(ctx, g, true); err != nil {
			return err
		}
	}
	return nil
}

// emit makes full batches of a group, and of the rest too when all is true.
func (p *planner) emit(ctx context.Context, g group, all bool) error {
	numbers := p.groups[g]
	slices.Sort(numbers)
	for len(numbers) >= p.size || (all && len(numbers) > 0) {
		n := min(p.size, len(numbers))
		small := g.lane != OtherLane && !p.own[g.lane] && p.people[g.lane] < ownLaneFrom
		p.ready = append(p.ready, &Work{Channel: p.channel, Lang: g.lang, Lane: g.lane, Small: small, Zone: g.zone, Contacts: numbers[:n:n]})
		numbers = numbers[n:]
	}
	if len(numbers) == 0 {
		delete(p.groups, g)
	} else {
		p.groups[g] = slices.Clone(numbers)
	}
	// The first goes at once: the sooner the first message leaves, the better.
	if !p.handed || len(p.ready) >= readyAtOnce {
		return p.handOut(ctx)
	}
	return nil
}

// readyAtOnce is how many batches are entered into the ledger together.
const readyAtOnce = 64

// handOut enters the batches that are ready, and queues them.
func (p *planner) handOut(ctx context.Context) error {
	if len(p.ready) == 0 {
		return nil
	}
	leases, err := p.ledger.addBatches(ctx, p.call, p.ready, p.left)
	p.ready, p.handed = p.ready[:0], true
	return errors.Join(err, p.enqueue(ctx, leases))
}

// queueAtOnce is how many batches are queued at the same time: each waits for
// Redis to sync, and Redis syncs once for all that wait.
const queueAtOnce = 8

// enqueue queues batches, the first ones first. What an error leaves out, the
// sweep finds.
func (p *planner) enqueue(ctx context.Context, leases []Lease) error {
	var all sync.WaitGroup
	var next atomic.Int64
	errs := make([]error, min(queueAtOnce, len(leases)))
	for k := range errs {
		all.Go(func() {
			for errs[k] == nil {
				i := int(next.Add(1)) - 1
				if i >= len(leases) {
					return
				}
				errs[k] = p.queue.Enqueue(ctx, leases[i], p.channel)
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}
