package lists

import (
	"slices"

	"clarion/lists/address"
)

// A draft is a contact that a batch works on.
type draft struct {
	old, now Contact
	nonce    string                         // of the stored record, "" for a new contact
	keys     map[address.Channel]AddressKey // as they will be
	stored   []AddressKey                   // as they were read
	order    uint64                         // its number; new ones come after, in the order of their rows
	touched  bool                           // by a row of this batch
	known    bool                           // its record was read, or it is new
}

// number of the contact; new ones have none until all rows are taken.
func (d *draft) number() uint32 { return d.now.Number }

// fresh says that the contact is not stored yet.
func (d *draft) fresh() bool { return d.old.Number == 0 && d.known }

// had says that the contact had the address when the batch was read.
func (d *draft) had(k AddressKey) bool {
	if !d.known {
		return true // nothing but an index entry was read of it
	}
	for _, had := range d.stored {
		if had == k {
			return true
		}
	}
	return false
}

// A batch is the work on some rows.
type batch struct {
	*importer
	drafts  map[uint32]*draft
	fresh   []*draft
	holders map[AddressKey][]*draft // who has an address, as it will be
	read    map[AddressKey]string   // index entries as they were read
	before  map[AddressKey]int      // how many had the address then
	channel map[AddressKey]address.Channel
	dirty   map[AddressKey]struct{} // index entries to write

	isNew, updated, duplicates, suppressed int
}

// candidates returns the numbers of the contacts that match may look at, so
// that the many who share an office's fax are not read for each row that has it.
func (b *batch) candidates(rows []*entry) []uint32 {
	var numbers []uint32
	chosen := make(map[*draft]struct{})
	add := func(k AddressKey) {
		for _, d := range b.holders[k] {
			if _, ok := chosen[d]; !ok {
				chosen[d] = struct{}{}
				numbers = append(numbers, d.number())
			}
		}
	}
	for _, e := range rows {
		email, sms, fax := e.keys[address.Email-1], e.keys[address.SMS-1], e.keys[address.Fax-1]
		switch {
		case !e.Email.IsZero() && len(b.holders[email]) > 0:
			add(email)
		case !e.SMS.IsZero():
			add(sms)
		case e.Email.IsZero():
			add(fax)
		}
	}
	slices.Sort(numbers)
	return numbers
}

// match returns the contact that the row is about: the one with its email
// address, else with its mobile number, else, when it has neither, with its fax
// number. A number alone does not make two people one: a different email address
// (or, for a fax, any other address or a different name) says that they share it.
func (b *batch) match(e *entry) *draft {
	at := func(ch address.Channel, fits func(d *draft) bool) *draft {
		if e.Address(ch).IsZero() {
			return nil
		}
		var first *draft
		for _, d := range b.holders[e.keys[ch-1]] {
			if d.known && fits(d) && (first == nil || d.order < first.order) {
				first = d
			}
		}
		return first
	}
	if d := at(address.Email, func(*draft) bool { return true }); d != nil {
		return d
	}
	if d := at(address.SMS, func(d *draft) bool { return e.Email.IsZero() || d.now.Email.IsZero() }); d != nil {
		return d
	}
	if !e.Email.IsZero() || !e.SMS.IsZero() {
		return nil
	}
	return at(address.Fax, func(d *draft) bool {
		return d.now.Email.IsZero() && d.now.SMS.IsZero() && (e.Name == d.now.Name || e.Name == "" || d.now.Name == "")
	})
}

// apply takes one row into the batch.
func (b *batch) apply(e *entry) {
	d := b.match(e)
	switch {
	case d == nil:
		d = &draft{known: true, order: 1<<32 + uint64(len(b.fresh)), keys: make(map[address.Channel]AddressKey, len(address.Channels))}
		b.fresh = append(b.fresh, d)
		b.isNew++
	case d.touched || hasBit(b.seen, d.number()):
		b.duplicates++
	default:
		b.updated++
	}
	d.touched = true
	d.now = merge(&d.now, e, &b.options, b.now)
	for i, ch := range address.Channels {
		if e.Address(ch).IsZero() {
			continue
		}
		k := e.keys[i]
		before, had := d.keys[ch]
		if had && before == k {
			continue
		}
		if had {
			b.holders[before] = slices.DeleteFunc(b.holders[before], func(o *draft) bool { return o == d })
			b.dirty[before] = struct{}{}
		}
		d.keys[ch] = k
		b.holders[k] = append(b.holders[k], d)
		b.dirty[k] = struct{}{}
	}
}

// touched yields the contacts that the rows are about.
func (b *batch) touched() func(yield func(*draft) bool) {
	return func(yield func(*draft) bool) {
		for _, d := range b.fresh {
			if !yield(d) {
				return
			}
		}
		for _, d := range b.drafts {
			if d.touched && !yield(d) {
				return
			}
		}
	}
}

// numbersOf returns the numbers of those who have an address, ascending.
func (b *batch) numbersOf(k AddressKey) []uint32 {
	numbers := make([]uint32, len(b.holders[k]))
	for i, d := range b.holders[k] {
		numbers[i] = d.number()
	}
	slices.Sort(numbers)
	return numbers
}
