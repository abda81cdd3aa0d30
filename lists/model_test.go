package lists

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"clarion/internal/redistest"
	"clarion/lists/address"
)

// The model says in the plainest way what the store is to do: a slice of
// contacts, searched from end to end.
type model struct {
	contacts    []*person
	next        uint32
	suppression map[string]map[Reason]Suppression // by channel and spelling
	lists       map[string]bool
	runs        map[string][]string // by channel and spelling: the calls in a row that failed
}

type person struct {
	number    uint32
	name      string
	language  string
	tags      []string
	addresses map[address.Channel]string
	answers   map[address.Channel]Consent
	lists     map[string]bool
}

type modelRow struct {
	name, language, consent, tag string
	addresses                    map[address.Channel]string
}

func (r modelRow) cells() []string {
	c := []string{"name", r.name, "language", r.language, "consent", r.consent, "tags", r.tag}
	for _, ch := range address.Channels {
		c = append(c, ch.String(), r.addresses[ch])
	}
	return c
}

func (m *model) holders(ch address.Channel, a string) []*person {
	var all []*person
	for _, p := range m.contacts {
		if a != "" && p.addresses[ch] == a {
			all = append(all, p)
		}
	}
	return all
}

func (m *model) match(r modelRow) *person {
	if all := m.holders(address.Email, r.addresses[address.Email]); len(all) > 0 {
		return all[0]
	}
	for _, p := range m.holders(address.SMS, r.addresses[address.SMS]) {
		if r.addresses[address.Email] == "" || p.addresses[address.Email] == "" {
			return p
		}
	}
	if r.addresses[address.Email] == "" && r.addresses[address.SMS] == "" {
		for _, p := range m.holders(address.Fax, r.addresses[address.Fax]) {
			if p.addresses[address.Email] == "" && p.addresses[address.SMS] == "" && (p.name == r.name || p.name == "" || r.name == "") {
				return p
			}
		}
	}
	return nil
}

func (m *model) importRows(list, words string, rows []modelRow) Report {
	rep := Report{Records: len(rows)}
	seen := map[*person]bool{}
	for _, r := range rows {
		if len(r.addresses) == 0 {
			rep.RejectedRows++
			continue
		}
		p := m.match(r)
		switch {
		case p == nil:
			m.next++
			p = &person{number: m.next, addresses: map[address.Channel]string{}, answers: map[address.Channel]Consent{}, lists: map[string]bool{}}
			m.contacts = append(m.contacts, p)
			rep.New++
		case seen[p]:
			rep.Duplicates++
		default:
			rep.Updated++
		}
		seen[p] = true
		rep.Who = setBit(rep.Who, p.number)
		p.lists[list] = true
		if r.name != "" {
			p.name = r.name
		}
		if r.language != "" {
			p.language = r.language
		}
		if r.tag != "" && !slices.Contains(p.tags, r.tag) {
			p.tags = append(p.tags, r.tag)
		}
		for _, ch := range address.Channels {
			a := r.addresses[ch]
			if a != "" {
				p.addresses[ch] = a
			}
			refused := p.answers[ch].Recorded && !p.answers[ch].Given
			switch {
			case r.consent == "no":
				p.answers[ch] = Consent{Recorded: true}
			case a != "" && (r.consent == "yes" || words != "" && !refused):
				p.answers[ch] = Consent{Recorded: true, Given: true}
			case a != "" && !p.answers[ch].Recorded:
				p.answers[ch] = Consent{Given: true}
			}
		}
	}
	rep.Accepted = rep.New + rep.Updated
	if rep.Accepted > 0 {
		m.lists[list] = true
	}
	return rep
}

func slot(ch address.Channel, a string) string { return ch.String() + " " + a }

func (m *model) eligible(p *person, ch address.Channel) (reason string) {
	a := p.addresses[ch]
	if a == "" {
		return NoAddress
	}
	for _, r := range Reasons {
		if _, ok := m.suppression[slot(ch, a)][r]; ok {
			return r.String()
		}
	}
	if !p.answers[ch].Given {
		return NoConsent
	}
	return ""
}

func (m *model) resolve(a Audience) (Counts, map[address.Channel][]uint32) {
	any := func(names []string, has func(string) bool) bool { return slices.ContainsFunc(names, has) }
	c := Counts{Channel: map[address.Channel]int{}, Unrecorded: map[address.Channel]int{}}
	left := map[string]int{}
	var chosen []*person
	for _, p := range m.contacts {
		on := func(l string) bool { return p.lists[l] }
		if !any(a.Lists, on) || len(a.Tags) > 0 && !any(a.Tags, func(t string) bool { return slices.Contains(p.tags, t) }) ||
			len(a.Languages) > 0 && !any(a.Languages, func(l string) bool { return p.language == l }) {
			continue
		}
		if any(a.Without, on) {
			left[" "+Excluded]++
			continue
		}
		chosen = append(chosen, p)
	}
	c.Selected = len(chosen)
	reached, who := map[*person]bool{}, map[address.Channel][]uint32{}
	for _, ch := range a.Channels {
		taken, now := map[string]bool{}, []*person{}
		who[ch] = nil
		c.Channel[ch], c.Unrecorded[ch] = 0, 0
		for _, p := range chosen {
			reason := m.eligible(p, ch)
			only, held := a.Only[ch]
			if a.First && reached[p] || held && !p.lists[only] {
				reason = OtherChannel
			} else if reason == "" && taken[p.addresses[ch]] {
				reason = SameAddress
			}
			if reason != "" {
				left[ch.String()+" "+reason]++
				continue
			}
			taken[p.addresses[ch]] = true
			now = append(now, p)
			who[ch] = append(who[ch], p.number)
			c.Channel[ch]++
			if !p.answers[ch].Recorded {
				c.Unrecorded[ch]++
			}
		}
		for _, p := range now {
			reached[p] = true
		}
	}
	c.Contacts = len(reached)
	order := []string{OtherChannel, NoAddress, "opted_out", "complained", "bounced", "blocked", NoConsent, SameAddress}
	c.leave(0, Excluded, int64(left[" "+Excluded]))
	for _, ch := range a.Channels {
		for _, reason := range order {
			c.leave(ch, reason, int64(left[ch.String()+" "+reason]))
		}
	}
	return c, who
}

var (
	modelEmails = []string{"", "a@example.org", "b@example.org", "c@example.org", "d@example.org"}
	modelSMS    = []string{"", "", "+821012345670", "+821012345671", "+821012345672"}
	modelFax    = []string{"", "", "+8227882000", "+8227882001"}
	modelLists  = []string{"one", "two", "three"}
)

func modelAddresses(ch address.Channel) []string {
	return map[address.Channel][]string{address.Email: modelEmails, address.SMS: modelSMS, address.Fax: modelFax}[ch]
}

func some(t *rapid.T, label string, of []string) []string {
	var out []string
	for _, s := range of {
		if rapid.Bool().Draw(t, label) {
			out = append(out, s)
		}
	}
	return out
}

func drawRow(t *rapid.T) modelRow {
	r := modelRow{
		name:      rapid.SampledFrom([]string{"", "Kim", "Lee"}).Draw(t, "name"),
		language:  rapid.SampledFrom([]string{"", "ko", "en"}).Draw(t, "language"),
		consent:   rapid.SampledFrom([]string{"", "", "yes", "no"}).Draw(t, "consent"),
		tag:       rapid.SampledFrom([]string{"", "red", "blue"}).Draw(t, "tag"),
		addresses: map[address.Channel]string{},
	}
	for _, ch := range address.Channels {
		if a := rapid.SampledFrom(modelAddresses(ch)).Draw(t, ch.String()); a != "" {
			r.addresses[ch] = a
		}
	}
	return r
}

func TestStoreIsTheModel(t *testing.T) {
	t.Parallel()
	rdb := redistest.New(t)
	rapid.Check(t, func(t *rapid.T) { checkModel(t, rdb) })
	redistest.Undeclared(t, rdb, Keys())
}

// Every script has its keys in one slot.
func TestStoreIsTheModelOnCluster(t *testing.T) {
	t.Parallel()
	rdb := redistest.Cluster(t, 0).Client()
	redistest.EveryScript(t, rdb, ".")
	rapid.Check(t, func(t *rapid.T) { checkModel(t, rdb) })
	redistest.Undeclared(t, rdb, Keys())
}

func TestStoreIsTheModelInProcess(t *testing.T) {
	t.Parallel()
	rdb := inProcess(t)
	rapid.Check(t, func(t *rapid.T) { checkModel(t, rdb) })
}

func checkModel(t *rapid.T, rdb redis.UniversalClient) {
	ctx := context.Background()
	if err := redistest.Flush(ctx, rdb); err != nil {
		t.Fatal(err)
	}
	s := opened(t, rdb)
	s.batchRows = rapid.IntRange(1, 5).Draw(t, "rows a batch")
	m := &model{suppression: map[string]map[Reason]Suppression{}, runs: map[string][]string{}, lists: map[string]bool{}}
	target := func() (address.Channel, string, AddressKey) {
		ch := rapid.SampledFrom(address.Channels[:]).Draw(t, "channel")
		all := modelAddresses(ch)
		a := all[len(all)-1]
		return ch, a, s.Key(address.Canonical(ch, a))
	}
	reason := func() Reason { return rapid.SampledFrom(Reasons[:]).Draw(t, "reason") }
	source := func() string { return rapid.SampledFrom([]string{"sms_stop", "bounce"}).Draw(t, "source") }
	actions := map[string]func(*rapid.T){
		"import": func(t *rapid.T) {
			rows := rapid.SliceOfN(rapid.Custom(drawRow), 1, 12).Draw(t, "rows")
			list := rapid.SampledFrom(modelLists).Draw(t, "list")
			words := rapid.SampledFrom([]string{"", "newsletter"}).Draw(t, "words")
			in := &cells{o: &ImportOptions{Region: "KR"}}
			for _, r := range rows {
				in.rows = append(in.rows, r.cells())
			}
			o := ImportOptions{List: list, Consent: words, Region: "KR"}
			want := m.importRows(list, words, rows)
			var dry, got Report
			trial := o
			trial.DryRun = true
			if err := s.run(ctx, in, trial, &dry, nil); err != nil {
				t.Fatal(err)
			}
			in.at = 0
			if err := s.run(ctx, in, o, &got, nil); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(got, dry); diff != "" {
				t.Fatalf("the trial run reports otherwise (- import + trial):\n%s", diff)
			}
			got.Rejected, got.Suppressed = nil, 0
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("import (- want + got):\n%s", diff)
			}
		},
		"suppress": func(t *rapid.T) {
			ch, a, k := target()
			sup := Suppression{Reason: reason(), Source: source(), Since: start, Scope: ScopeAll}
			fresh, err := s.Suppress(ctx, ch, k, sup)
			if err != nil {
				t.Fatal(err)
			}
			of := m.suppression[slot(ch, a)]
			if of == nil {
				of = map[Reason]Suppression{}
				m.suppression[slot(ch, a)] = of
			}
			if _, there := of[sup.Reason]; there == fresh {
				t.Fatalf("fresh is %v", fresh)
			} else if !there {
				of[sup.Reason] = sup
			}
		},
		"fail": func(t *rapid.T) {
			ch, a, k := target()
			call := rapid.SampledFrom([]string{"c1", "c2"}).Draw(t, "call")
			run := m.runs[slot(ch, a)]
			if len(run) == 0 || run[len(run)-1] != call {
				run = append(run, call)
				m.runs[slot(ch, a)] = run
			}
			ended, err := s.Failed(ctx, ch, k, call, Run{Calls: 3, Within: 24 * time.Hour})
			if err != nil || ended != (len(run) >= 3) {
				t.Fatalf("%v, %v after the calls %v", ended, err, run)
			}
		},
		"arrive": func(t *rapid.T) {
			ch, a, k := target()
			if err := s.Arrived(ctx, ch, k); err != nil {
				t.Fatal(err)
			}
			delete(m.runs, slot(ch, a))
		},
		"restore": func(t *rapid.T) {
			ch, a, k := target()
			var f SuppressionFilter
			if rapid.Bool().Draw(t, "by reason") {
				f.Reason = reason()
			}
			if rapid.Bool().Draw(t, "by source") {
				f.Source = source()
			}
			want := false
			for r, sup := range m.suppression[slot(ch, a)] {
				if f.matches(sup) {
					delete(m.suppression[slot(ch, a)], r)
					want = true
				}
			}
			if got, err := s.Restore(ctx, ch, k, f); err != nil || got != want {
				t.Fatalf("restored %v, %v, want %v", got, err, want)
			}
		},
		"erase": func(t *rapid.T) {
			n := rapid.Uint32Range(0, m.next+1).Draw(t, "number")
			i := slices.IndexFunc(m.contacts, func(p *person) bool { return p.number == n })
			if i >= 0 {
				m.contacts = slices.Delete(m.contacts, i, i+1)
			}
			if got, err := s.Erase(ctx, n); err != nil || got != (i >= 0) {
				t.Fatalf("erased %v, %v", got, err)
			}
		},
	}
	names := slices.Sorted(maps.Keys(actions))
	for range rapid.IntRange(1, 10).Draw(t, "actions") {
		actions[rapid.SampledFrom(names).Draw(t, "action")](t)
		compare(t, s, m)
	}
}

// compare holds the store against the model.
func compare(t *rapid.T, s *Store, m *model) {
	ctx := context.Background()
	numbers := make([]uint32, m.next+1)
	for i := range numbers {
		numbers[i] = uint32(i) + 1
	}
	contacts, err := s.Read(ctx, numbers)
	if err != nil {
		t.Fatal(err)
	}
	there := map[uint32]*person{}
	for _, p := range m.contacts {
		there[p.number] = p
	}
	pipe := s.rdb.Pipeline()
	var ok [4]*Eligible
	for _, ch := range address.Channels {
		ok[ch] = s.QueueEligible(ctx, pipe, ch, numbers)
	}
	if _, err := pipe.Exec(ctx); err != nil {
		t.Fatal(err)
	}
	for i, c := range contacts {
		p := there[numbers[i]]
		if p == nil {
			p = &person{}
		}
		if c.Number != p.number || c.Name != p.name || c.Language != p.language || fmt.Sprint(c.Tags) != fmt.Sprint(p.tags) {
			t.Fatalf("contact %d is %d %s %s %s, want %+v", numbers[i], c.Number, c.Name, c.Language, c.Tags, *p)
		}
		for _, ch := range address.Channels {
			if got := c.Address(ch).Reveal(); got != p.addresses[ch] {
				t.Fatalf("contact %d has %s %q, want %q", c.Number, ch, got, p.addresses[ch])
			}
			if a := p.addresses[ch]; a != "" && (c.Consent[ch].Given != p.answers[ch].Given || c.Consent[ch].Recorded != p.answers[ch].Recorded) {
				t.Fatalf("contact %d on %s has %+v, want %+v", c.Number, ch, c.Consent[ch], p.answers[ch])
			}
			if err := ok[ch].Err(); err != nil {
				t.Fatal(err)
			}
			if want := p.number != 0 && m.eligible(p, ch) == ""; ok[ch].At(i) != want {
				t.Fatalf("contact %d on %s is eligible: %v", numbers[i], ch, !want)
			}
		}
	}
	for _, ch := range address.Channels {
		var shared []uint32
		for _, p := range m.contacts {
			if len(m.holders(ch, p.addresses[ch])) > 1 {
				shared = append(shared, p.number)
			}
		}
		bitmap, err := s.rdb.Get(ctx, keyShared.Name(ch)).Bytes()
		if err != nil && !missing(err) {
			t.Fatal(err)
		}
		if got := slices.Collect(Numbers(bitmap)); !slices.Equal(got, shared) {
			t.Fatalf("%v share an address on %s, want %v", got, ch, shared)
		}
		for _, a := range modelAddresses(ch) {
			if a == "" {
				continue
			}
			var want []uint32
			for _, p := range m.holders(ch, a) {
				want = append(want, p.number)
			}
			if got, err := s.Find(ctx, address.Canonical(ch, a)); err != nil || !slices.Equal(got, want) {
				t.Fatalf("%s belongs to %v, %v, want %v", a, got, err, want)
			}
			var heaviest *Suppression
			for _, r := range Reasons {
				if sup, ok := m.suppression[slot(ch, a)][r]; ok && heaviest == nil {
					heaviest = &sup
				}
			}
			got, err := s.SuppressionOf(ctx, ch, s.Key(address.Canonical(ch, a)))
			if diff := cmp.Diff(heaviest, got); err != nil || diff != "" {
				t.Fatalf("suppression of %s: %v\n%s", a, err, diff)
			}
		}
	}
	known := slices.DeleteFunc(slices.Clone(modelLists), func(l string) bool { return !m.lists[l] })
	if len(known) == 0 {
		return
	}
	tags, err := s.Tags(ctx)
	if err != nil {
		t.Fatal(err)
	}
	languages, err := s.Languages(ctx)
	if err != nil {
		t.Fatal(err)
	}
	a := Audience{
		Lists: some(t, "on", known), Without: some(t, "not on", known), Tags: some(t, "tag", tags), Languages: some(t, "language", languages),
		Channels: rapid.Permutation(address.Channels[:]).Draw(t, "channels"), First: rapid.Bool().Draw(t, "first"),
	}
	a.Channels, a.Only = a.Channels[:rapid.IntRange(1, 3).Draw(t, "how many")], map[address.Channel]string{}
	for _, ch := range a.Channels {
		if rapid.Bool().Draw(t, "only") {
			a.Only[ch] = rapid.SampledFrom(known).Draw(t, "only who is on")
		}
	}
	if len(a.Lists) == 0 {
		a.Lists = known[:1]
	}
	want, who := m.resolve(a)
	got, err := s.Resolve(ctx, a)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got.Counts); diff != "" {
		t.Fatalf("%+v (- want + got):\n%s", a, diff)
	}
	for _, ch := range a.Channels {
		sum := got.Channel[ch]
		for _, l := range got.LeftOut {
			if l.Channel == ch {
				sum += l.Count
			}
		}
		if sum != got.Selected {
			t.Fatalf("%s adds up to %d of %d", ch, sum, got.Selected)
		}
		if list := slices.Collect(Numbers(got.Bitmaps[ch])); !slices.Equal(list, who[ch]) {
			t.Fatalf("%+v on %s reaches %v, want %v", a, ch, list, who[ch])
		}
	}
	infos, err := s.Lists(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, info := range infos {
		size := ListInfo{Name: info.Name, Channels: map[address.Channel]int{address.Email: 0, address.SMS: 0, address.Fax: 0}}
		for _, p := range m.contacts {
			if p.lists[info.Name] {
				size.Contacts++
				for _, ch := range address.Channels {
					if m.eligible(p, ch) == "" {
						size.Channels[ch]++
					}
				}
			}
		}
		if diff := cmp.Diff(size, info); diff != "" {
			t.Fatalf("list (- want + got):\n%s", diff)
		}
	}
}
