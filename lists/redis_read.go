package lists

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"clarion/lists/address"
)

// A Read is a reading of contacts queued on a pipeline.
type Read struct {
	store   *Store
	ctx     context.Context // for the rare word that another process added since
	numbers []uint32
	parts   []part
}

// A part is a run of numbers of one bucket: an HMGET, or for many of them the
// bucket whole.
type part struct {
	numbers []uint32
	some    *redis.SliceCmd
	whole   *redis.MapStringStringCmd
}

// wholeFrom is how many records of a bucket are better read with all of it: Redis
// looks through the bucket for each one that it is asked for.
const wholeFrom = bucketSize / 2

// QueueRead adds to pipe the reading of the contacts with these numbers, which
// had best ascend: one command for each run of a bucket. The contacts are there
// once the caller has run pipe.
func (s *Store) QueueRead(ctx context.Context, pipe redis.Pipeliner, numbers []uint32) *Read {
	r := &Read{store: s, ctx: ctx, numbers: numbers}
	for rest := numbers; len(rest) > 0; {
		bucket, n := rest[0]/bucketSize, 1
		for n < len(rest) && rest[n]/bucketSize == bucket {
			n++
		}
		p := part{numbers: rest[:n]}
		if n >= wholeFrom {
			p.whole = pipe.HGetAll(ctx, keyContact.Name(bucket))
		} else {
			fields := make([]string, n)
			for i, number := range p.numbers {
				fields[i] = recordField(number)
			}
			p.some = pipe.HMGet(ctx, keyContact.Name(bucket), fields...)
		}
		r.parts = append(r.parts, p)
		rest = rest[n:]
	}
	return r
}

// recordField is where a bucket holds a contact's record.
func recordField(number uint32) string { return strconv.Itoa(int(number % bucketSize)) }

// sealed calls yield with each number and its sealed record, "" if there is none.
func (r *Read) sealed(yield func(i int, record string) error) error {
	i := 0
	for _, p := range r.parts {
		var records []any
		var bucket map[string]string
		var err error
		if p.whole != nil {
			bucket, err = p.whole.Result()
		} else {
			records, err = p.some.Result()
		}
		if err != nil {
			return fmt.Errorf("read contacts: %w", err)
		}
		for j, number := range p.numbers {
			record := ""
			if p.whole != nil {
				record = bucket[recordField(number)]
			} else {
				record, _ = records[j].(string)
			}
			if err := yield(i, record); err != nil {
				return err
			}
			i++
		}
	}
	return nil
}

// Contacts returns the contacts in the order and number of the numbers asked
// for; one that is not there has Number 0. They are written over dst from its
// start, whose maps and slices are used again: a contact kept from an earlier
// reading into the same dst is no longer valid.
func (r *Read) Contacts(dst []Contact) ([]Contact, error) { return r.contacts(dst, true) }

// Recipients is Contacts without their Consent, for those who write to them: what
// it says of who may be written to is in QueueEligible already.
func (r *Read) Recipients(dst []Contact) ([]Contact, error) { return r.contacts(dst, false) }

func (r *Read) contacts(dst []Contact, consent bool) ([]Contact, error) {
	if cap(dst) < len(r.numbers) {
		dst = append(dst[:cap(dst)], make([]Contact, len(r.numbers)-cap(dst))...)
	}
	dst = dst[:len(r.numbers)]
	// All records are opened into one text: a string for each would be most of
	// the cost.
	texts := make([]byte, 0, 128*len(r.numbers))
	ends := make([]int, len(r.numbers))
	var sealed, where []byte
	err := r.sealed(func(i int, record string) (err error) {
		if record != "" {
			sealed = append(sealed[:0], record...)
			where = place(where[:0], "contact", uint64(r.numbers[i]))
			if texts, err = r.store.keys.Open(texts, sealed, where); err != nil {
				return fmt.Errorf("open contact %d: %w", r.numbers[i], err)
			}
		}
		ends[i] = len(texts)
		return nil
	})
	if err != nil {
		return nil, err
	}
	text, start := string(texts), 0
	lookup := func(id uint64) (string, bool) { return r.store.word(r.ctx, id) }
	for i, end := range ends {
		dst[i].Number = r.numbers[i]
		switch {
		case end == start:
			dst[i] = Contact{}
		default:
			if err := unpackPart(&dst[i], text[start:end], consent, lookup); err != nil {
				return nil, fmt.Errorf("read contact %d: %w", r.numbers[i], err)
			}
		}
		start = end
	}
	return dst, nil
}

// Read returns the contacts with these numbers, in their order; one that is not
// there has Number 0.
func (s *Store) Read(ctx context.Context, numbers []uint32) ([]Contact, error) {
	r, err := s.read(ctx, numbers)
	if err != nil {
		return nil, err
	}
	return r.Contacts(nil)
}

// ReadRecipients is Read as Read.Recipients reads, into dst.
func (s *Store) ReadRecipients(ctx context.Context, dst []Contact, numbers []uint32) ([]Contact, error) {
	r, err := s.read(ctx, numbers)
	if err != nil {
		return dst, err
	}
	return r.Recipients(dst)
}

func (s *Store) read(ctx context.Context, numbers []uint32) (*Read, error) {
	pipe := s.rdb.Pipeline()
	r := s.QueueRead(ctx, pipe, numbers)
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, fmt.Errorf("read contacts: %w", err)
	}
	return r, nil
}

// An Eligible is a reading, queued on a pipeline, of who may be written to.
type Eligible struct {
	runs  []*redis.StringCmd // a piece of the bitmap each
	where []spot             // of each contact
}

type spot struct{ run, bit int }

// maxGap is how many bytes of the bitmap are rather read for nothing than asked
// for with a command of their own.
const maxGap = 128

// QueueEligible adds to pipe the question which of these contacts have an
// address on ch, consent and are not suppressed, at the moment it runs.
func (s *Store) QueueEligible(ctx context.Context, pipe redis.Pipeliner, ch address.Channel, numbers []uint32) *Eligible {
	e := &Eligible{where: make([]spot, len(numbers))}
	key := keyOK.Name(ch)
	for i := 0; i < len(numbers); {
		first, last := numbers[i]/8, numbers[i]/8
		for ; i < len(numbers); i++ {
			at := numbers[i] / 8
			if at < first || at > last+maxGap {
				break
			}
			last = max(last, at)
			e.where[i] = spot{len(e.runs), int(numbers[i] - first*8)}
		}
		e.runs = append(e.runs, pipe.GetRange(ctx, key, int64(first), int64(last)))
	}
	return e
}

// Err returns the first error of the reading. Ask it before At.
func (e *Eligible) Err() error {
	for _, cmd := range e.runs {
		if err := cmd.Err(); err != nil {
			return fmt.Errorf("read who may be written to: %w", err)
		}
	}
	return nil
}

// At reports whether the contact at index i of the numbers asked for may be
// written to; false when the reading failed.
func (e *Eligible) At(i int) bool {
	w := e.where[i]
	piece := e.runs[w.run].Val()
	return w.bit/8 < len(piece) && piece[w.bit/8]&(0x80>>(w.bit%8)) != 0
}

// Find returns the numbers of the contacts that have the address, ascending.
// One address may belong to several: an office's fax.
func (s *Store) Find(ctx context.Context, a address.Address) ([]uint32, error) {
	return s.FindKey(ctx, s.Key(a))
}

// FindKey is Find by the address's key.
func (s *Store) FindKey(ctx context.Context, k AddressKey) ([]uint32, error) {
	v, err := s.rdb.HGet(ctx, k.bucket(), k.field()).Result()
	if err != nil && !missing(err) {
		return nil, fmt.Errorf("find an address: %w", err)
	}
	return parseNumbers(v)
}

// Lookup returns the contacts that have the address.
func (s *Store) Lookup(ctx context.Context, a address.Address) ([]Contact, error) {
	numbers, err := s.Find(ctx, a)
	if err != nil || len(numbers) == 0 {
		return nil, err
	}
	contacts, err := s.Read(ctx, numbers)
	if err != nil {
		return nil, err
	}
	there := contacts[:0]
	for _, c := range contacts {
		if c.Number != 0 { // erased since
			there = append(there, c)
		}
	}
	return there, nil
}

// The index holds numbers in decimal, ascending, with commas between.
func parseNumbers(v string) ([]uint32, error) {
	if v == "" {
		return nil, nil
	}
	numbers := make([]uint32, 0, 1)
	for part := range strings.SplitSeq(v, ",") {
		n, err := strconv.ParseUint(part, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("read the address index: %q is no number", part)
		}
		numbers = append(numbers, uint32(n))
	}
	return numbers, nil
}

func formatNumbers(numbers []uint32) string {
	var b []byte
	for i, n := range numbers {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendUint(b, uint64(n), 10)
	}
	return string(b)
}
