package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"clarion/petition"
)

type options struct {
	contacts, signatures int
	seed                 uint64
	pause                time.Duration
	out                  io.Writer
}

const (
	days       = 17
	volunteers = 60 // numbers in the team
	lines      = 20 // of a sheet
	forger     = volunteers + 1
	counter    = 3 // numbers in the team of those who count
	recounter  = 4
)

// busy says how much of all that is signed comes on each day.
var busy = [days]int{2, 5, 8, 7, 5, 3, 3, 6, 8, 9, 7, 5, 4, 7, 9, 8, 4}

// A story is under way.
type story struct {
	options
	*world
	random *rand.Rand
	model  *model
	day    int
	made   int       // signers made up
	signed []*signer // who left a contact, and may sign again
	slips  map[uint32]*petition.Slip
	sheets []petition.Sheet
}

// An ending is what came of it.
type ending struct {
	tally       *petition.Tally
	certificate *petition.Certificate
	proven      int // slips that led to a root
	told        int // deliveries of the answer
}

// play plays the whole of it. The error says on which day what was not as it must be.
func play(ctx context.Context, o options) (end *ending, err error) {
	campaign, err := theCampaign()
	if err != nil {
		return nil, err
	}
	w, err := openWorld(ctx, time.Date(2013, 6, 3, 9, 0, 0, 0, campaign.Zone), campaign)
	if err != nil {
		return nil, err
	}
	defer func() {
		if cerr := w.close(); err == nil {
			err = cerr
		}
	}()
	s := &story{options: o, world: w, random: rand.New(rand.NewPCG(o.seed, 2013)), model: newModel(), slips: map[uint32]*petition.Slip{}}
	fmt.Fprintf(s.out, "%-4s %-8s %9s %9s  %s\n", "day", "", "at least", "at most", "")
	for s.day = 1; s.day <= days; s.day++ {
		if err := s.live(ctx); err != nil {
			return nil, fmt.Errorf("day %d: %w", s.day, err)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(o.pause):
		}
	}
	if end, err = s.deliver(ctx); err != nil {
		return nil, fmt.Errorf("after the last day: %w", err)
	}
	return end, nil
}

// live is one day.
func (s *story) live(ctx context.Context) error {
	s.at(s.day, 9, 0)
	steps := []func(context.Context) error{s.collect}
	switch s.day {
	case 1:
		steps = []func(context.Context) error{s.launch, s.collect}
	case 2:
		steps = append(steps, s.issue)
	case 3:
		steps = append(steps, s.handOut)
	case 9:
		steps = append(steps, s.withdraw)
	case 11:
		steps = append(steps, s.forged)
	}
	if s.day >= 6 {
		steps = append(steps, s.bringBack)
	}
	for _, step := range append(steps, s.night) {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// say tells what happened.
func (s *story) say(format string, args ...any) {
	fmt.Fprintf(s.out, "%-4s %-8s %9s %9s  %s\n", "", "", "", "", fmt.Sprintf(format, args...))
}

// launch sends the call to everyone.
func (s *story) launch(ctx context.Context) error {
	report, err := s.load(ctx, "supporters", supporters(s.random, s.contacts))
	if err != nil {
		return err
	}
	files, err := launchCall()
	if err != nil {
		return err
	}
	sent, err := s.call(ctx, files)
	if err != nil {
		return err
	}
	s.say("%s people are on the list; the call goes out: %s messages, %s", petition.Thousands(report.Accepted), petition.Thousands(sent.Status.Audience), channels(sent.Status))
	return nil
}

// part is the share of a whole that comes on the present day.
func (s *story) part(whole int) int {
	sum, before, upto := 0, 0, 0
	for i, b := range busy {
		sum += b
		if i < s.day-1 {
			before += b
		}
		if i < s.day {
			upto += b
		}
	}
	return whole*upto/sum - whole*before/sum
}

// byName is how many sign with their name; the others sign on sheets.
func (s *story) byName() int { return s.signatures * 2 / 3 }

// collect takes what is signed on the day by name.
func (s *story) collect(ctx context.Context) error {
	n := s.part(s.byName())
	for range n {
		p, err := makeUp(s.random, s.made)
		if err != nil {
			return err
		}
		s.made++
		if err := s.sign(ctx, p); err != nil {
			return err
		}
		if !p.contact.IsZero() {
			s.signed = append(s.signed, &p)
		}
		s.clk.Advance(time.Duration(12*time.Hour) / time.Duration(n+1))
	}
	for range n / 25 { // some sign twice, by whatever way
		p := *s.signed[s.random.IntN(len(s.signed))]
		p.way = pick(s.random, ways)
		if err := s.sign(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// sign has somebody sign, who confirms what is to be confirmed.
func (s *story) sign(ctx context.Context, p signer) error {
	if p.volunteer != 0 {
		if err := s.carry.Count(ctx, p.volunteer); err != nil {
			return err
		}
	}
	added, err := s.roll.Add(ctx, petition.Signing{Way: p.way, Name: p.name, Region: p.region, District: p.district, Contact: p.contact, Language: p.lang,
		Agreed: petition.Agreed{Opinion: true, Names: p.names, News: !p.contact.IsZero()}, Age: true, Volunteer: p.volunteer})
	if err != nil {
		return err
	}
	e, again := s.model.sign(p, added.Number)
	if again != added.Again || e.number != added.Number {
		return fmt.Errorf("signature %d is again %v; it is %d, again %v", added.Number, added.Again, e.number, again)
	}
	if added.Slip != nil {
		s.slips[added.Number] = added.Slip
	}
	if p.way != petition.WayWeb || !p.confirms {
		return nil
	}
	e.confirmed = true
	return s.roll.Confirm(ctx, added.Number)
}

// withdraw has a few take their signature back, by their slip.
func (s *story) withdraw(ctx context.Context) error {
	numbers := slices.Sorted(maps.Keys(s.slips))
	for range 12 {
		number := pick(s.random, numbers)
		e := s.model.numbers[number]
		if e.gone {
			continue
		}
		found, err := s.roll.Find(ctx, s.slips[number].Code())
		if err != nil {
			return err
		}
		if err := s.roll.Withdraw(ctx, found.Number); err != nil {
			return err
		}
		e.gone = true
		delete(s.slips, number)
		// Who signs again by the same name and contact is new.
		for key, other := range s.model.people {
			if other == e {
				delete(s.model.people, key)
			}
		}
		for i, p := range s.signed {
			if p.contact == e.contact && p.name == e.name {
				s.signed = append(s.signed[:i], s.signed[i+1:]...)
				break
			}
		}
	}
	s.say("%d take their signature back", len(numbers)-len(s.slips))
	return nil
}

// forged are invented names by one link: they are found, made invalid, and a
// mistake in that is undone.
func (s *story) forged(ctx context.Context) error {
	const n = 40
	from := s.clk.Now()
	for i := range n {
		p := signer{name: pick(s.random, surnames) + pick(s.random, firsts), region: "seoul", district: fmt.Sprintf("가짜구%d", i), lang: "ko", way: petition.WayWeb, volunteer: forger}
		if err := s.sign(ctx, p); err != nil {
			return err
		}
	}
	wrong, err := s.roll.Invalidate(ctx, petition.Filter{Way: petition.WayWeb}, "all of the web by mistake", counter)
	if err != nil {
		return err
	}
	if err := s.roll.Restore(ctx, wrong); err != nil {
		return err
	}
	if _, err := s.roll.Invalidate(ctx, petition.Filter{Way: petition.WayWeb, From: from, Volunteer: forger}, "invented names by one link", counter); err != nil {
		return err
	}
	for _, e := range s.model.people {
		if e.volunteer == forger {
			e.gone = true
		}
	}
	s.say("%d invented names come by one link: they are made invalid, and a slip of the hand in that is undone", n)
	return nil
}

// night publishes the root of the day, and holds count and slips against it.
func (s *story) night(ctx context.Context) error {
	s.at(s.day+1, 0, 5)
	if err := s.roll.Nightly(ctx); err != nil {
		return err
	}
	if err := s.prove(ctx, 20); err != nil {
		return err
	}
	tally, err := s.agrees(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "%-4d %-8s %9s %9s  %s\n", s.day, time.Date(2013, 6, 2+s.day, 0, 0, 0, 0, time.UTC).Format("2 Jan"), petition.Thousands(tally.AtLeast), petition.Thousands(tally.AtMost), s.bar(tally.AtLeast))
	return nil
}

// agrees holds the count against the model, and the roll's audit of itself.
func (s *story) agrees(ctx context.Context) (*petition.Tally, error) {
	tally, err := s.roll.Tally(ctx)
	if err != nil {
		return nil, err
	}
	if least, most := s.model.count(); tally.AtLeast != least || tally.AtMost != most {
		return nil, fmt.Errorf("the count is %d to %d, and must be %d to %d", tally.AtLeast, tally.AtMost, least, most)
	}
	audit, err := s.roll.Audit(ctx)
	if err != nil {
		return nil, err
	}
	if !audit.OK() {
		return nil, fmt.Errorf("the audit: %v", audit.Differences)
	}
	return tally, nil
}

// prove holds some slips against the last root.
func (s *story) prove(ctx context.Context, n int) error {
	for number, slip := range s.slips {
		if n--; n < 0 {
			return nil
		}
		proof, err := s.roll.Prove(ctx, number)
		if e := s.model.numbers[number]; !e.confirmed {
			if err == nil {
				return fmt.Errorf("signature %d is in the root and was never confirmed", number)
			}
			continue
		}
		if err == nil {
			err = petition.Verify(slip, proof)
		}
		if err != nil {
			return fmt.Errorf("the slip of signature %d: %w", number, err)
		}
	}
	return nil
}

// bar shows how far it is to the goal.
func (s *story) bar(n int) string {
	const width = 40
	return strings.Repeat("#", min(n*width/max(s.signatures, 1), width))
}
