package lists

import (
	"bytes"
	"context"
	"slices"
	"time"

	"clarion/lists/address"
)

// importTries is how often a batch starts over when other imports change the
// same contacts under its hands.
const importTries = 100

// An importer takes the rows of one import, batch by batch. Each batch is
// written by one script, or, when something it read had changed, not at all and
// then again.
type importer struct {
	store    *Store
	options  ImportOptions
	report   *Report
	now      time.Time
	seen     []byte   // bitmap of the contacts that this import put on the list
	reserved []uint32 // numbers not given out yet
	dry      *overlay // of a dry run: what it would have written
}

// An overlay holds the writes of a dry run.
type overlay struct {
	index    map[AddressKey][]uint32
	contacts map[uint32]string // packed
	next     uint32
}

// take imports one batch of rows, all of them usable.
func (im *importer) take(ctx context.Context, rows []*entry) error {
	for range importTries {
		b := &batch{
			importer: im, drafts: map[uint32]*draft{}, holders: map[AddressKey][]*draft{},
			read: map[AddressKey]string{}, before: map[AddressKey]int{}, channel: map[AddressKey]address.Channel{}, dirty: map[AddressKey]struct{}{},
		}
		if err := b.load(ctx, rows); err != nil {
			return err
		}
		for _, e := range rows {
			b.apply(e)
		}
		if err := b.countSuppressed(ctx); err != nil {
			return err
		}
		if err := b.number(ctx); err != nil {
			return err
		}
		done, err := b.write(ctx)
		if err != nil {
			return err
		}
		if done {
			b.settle()
			return nil
		}
		for _, d := range b.fresh {
			im.reserved = append(im.reserved, d.number())
		}
	}
	return ErrBusy
}

// load reads who has the rows' addresses, the records of those that a row may be
// about, and who else has the addresses that these have now.
func (b *batch) load(ctx context.Context, rows []*entry) error {
	var keys []AddressKey
	want := func(ch address.Channel, k AddressKey) {
		if _, ok := b.channel[k]; !ok {
			b.channel[k] = ch
			keys = append(keys, k)
		}
	}
	for _, e := range rows {
		for i, ch := range address.Channels {
			if !e.Address(ch).IsZero() {
				want(ch, e.keys[i])
			}
		}
	}
	if err := b.loadIndex(ctx, keys); err != nil {
		return err
	}
	numbers := b.candidates(rows)
	if err := b.loadContacts(ctx, numbers); err != nil {
		return err
	}
	keys = nil
	for _, n := range numbers {
		for ch, k := range b.drafts[n].keys {
			want(ch, k)
		}
	}
	return b.loadIndex(ctx, keys)
}

// loadIndex reads index entries.
func (b *batch) loadIndex(ctx context.Context, keys []AddressKey) error {
	values, err := b.store.readIndex(ctx, keys)
	if err != nil {
		return err
	}
	for i, k := range keys {
		numbers, err := parseNumbers(values[i])
		if err != nil {
			return err
		}
		b.read[k] = values[i]
		if b.dry != nil {
			if changed, ok := b.dry.index[k]; ok {
				numbers = changed
			}
		}
		b.before[k] = len(numbers)
		for _, n := range numbers {
			d := b.drafts[n]
			if d == nil {
				d = &draft{now: Contact{Number: n}, order: uint64(n)}
				b.drafts[n] = d
			}
			b.holders[k] = append(b.holders[k], d)
		}
	}
	return nil
}

func (b *batch) loadContacts(ctx context.Context, numbers []uint32) error {
	all, err := b.store.readStored(ctx, numbers)
	if err != nil {
		return err
	}
	for i, n := range numbers {
		c, nonce := all[i].Contact, all[i].nonce
		if b.dry != nil {
			if record, ok := b.dry.contacts[n]; ok {
				c = Contact{Number: n}
				if err := unpack(&c, record, func(id uint64) (string, bool) { return b.store.word(ctx, id) }); err != nil {
					return err
				}
			}
		}
		if c.Number == 0 {
			continue // erased since its index entry was read: the write will not pass
		}
		d := b.drafts[n]
		d.old, d.now, d.nonce, d.known = c, c, nonce, true
		d.keys = make(map[address.Channel]AddressKey, len(address.Channels))
		for _, ch := range address.Channels {
			if a := c.Address(ch); !a.IsZero() {
				k := b.store.Key(a)
				d.keys[ch], d.stored = k, append(d.stored, k)
			}
		}
	}
	return nil
}

// countSuppressed counts the contacts, taken in by this batch for the first
// time, one of whose addresses must not be written to.
func (b *batch) countSuppressed(ctx context.Context) error {
	out := make(map[*draft]struct{})
	for _, ch := range address.Channels {
		var (
			who  []*draft
			keys []AddressKey
		)
		for d := range b.touched() {
			if k, ok := d.keys[ch]; ok && !hasBit(b.seen, d.number()) {
				who, keys = append(who, d), append(keys, k)
			}
		}
		hit, err := b.store.suppressed(ctx, ch, keys)
		if err != nil {
			return err
		}
		for i, d := range who {
			if hit[i] {
				out[d] = struct{}{}
			}
		}
	}
	b.suppressed = len(out)
	return nil
}

// number gives the new contacts their numbers.
func (b *batch) number(ctx context.Context) error {
	if b.dry != nil {
		for _, d := range b.fresh {
			b.dry.next++
			d.now.Number = b.dry.next
		}
		return nil
	}
	if short := len(b.fresh) - len(b.reserved); short > 0 {
		first, err := b.store.numbers(ctx, short)
		if err != nil {
			return err
		}
		for i := range short {
			b.reserved = append(b.reserved, first+uint32(i))
		}
	}
	for i, d := range b.fresh {
		d.now.Number = b.reserved[i]
	}
	b.reserved = slices.Clone(b.reserved[len(b.fresh):])
	return nil
}

// write writes the batch; false when something it read had changed.
func (b *batch) write(ctx context.Context) (bool, error) {
	if b.dry != nil {
		for k := range b.dirty {
			b.dry.index[k] = b.numbersOf(k)
		}
		for d := range b.touched() {
			b.dry.contacts[d.number()] = string(pack(nil, &d.now, b.store.words.Load().ids))
		}
		return true, nil
	}
	c := newChange()
	for k := range b.dirty {
		numbers := b.numbersOf(k)
		c.expectIndex(k, b.read[k])
		c.setIndex(k, formatNumbers(numbers))
		// Of those that had shared it and still do, the bit is set already.
		shared, settled := len(numbers) > 1, b.before[k] > 1
		for _, d := range b.holders[k] {
			if shared && !(settled && d.had(k)) || !shared && !d.fresh() {
				c.bit(keyShared.Name(b.channel[k]), d.number(), shared)
			}
		}
	}
	list := keyList.Name(b.options.List)
	c.name(keyLists.Name(), b.options.List)
	var record, before, where []byte
	ids := b.store.words.Load().ids
	for d := range b.touched() {
		n := d.number()
		c.bit(list, n, true)
		record = pack(record[:0], &d.now, ids)
		if !d.fresh() {
			c.expectRecord(n, d.nonce)
			before = pack(before[:0], &d.old, ids)
			if bytes.Equal(record, before) {
				continue
			}
		}
		where = place(where[:0], "contact", uint64(n))
		c.setRecord(n, b.store.keys.Seal(nil, record, where))
		b.index(c, d)
	}
	// Once begun it is finished, so that a cancelled import knows how far it got.
	return b.store.write(context.WithoutCancel(ctx), c)
}

// index sets the bits of a contact.
func (b *batch) index(c *change, d *draft) {
	n, fresh := d.number(), d.fresh()
	if d.now.Language != d.old.Language {
		if d.old.Language != "" {
			c.bit(keyLanguage.Name(d.old.Language), n, false)
		}
		c.bit(keyLanguage.Name(d.now.Language), n, true)
		c.name(keyLanguages.Name(), d.now.Language)
	}
	for _, tag := range d.now.Tags {
		c.bit(keyTag.Name(tag), n, true)
		c.name(keyTags.Name(), tag)
	}
	for _, ch := range address.Channels {
		k, has := d.keys[ch]
		a := d.now.consent(ch)
		if has || !fresh {
			c.bit(keyHas.Name(ch), n, has)
			c.bit(keyConsent.Name(ch), n, has && a.Given)
			c.bit(keyRecorded.Name(ch), n, has && a.Recorded)
		}
		switch {
		case has:
			c.eligible(ch, n, &k, a.Given, fresh)
		case !fresh:
			c.eligible(ch, n, nil, false, false)
		}
	}
}

// settle adds the batch to the report.
func (b *batch) settle() {
	for d := range b.touched() {
		b.seen = setBit(b.seen, d.number())
	}
	b.report.Who = b.seen
	b.report.New += b.isNew
	b.report.Updated += b.updated
	b.report.Duplicates += b.duplicates
	b.report.Suppressed += b.suppressed
	b.report.Accepted = b.report.New + b.report.Updated
}
