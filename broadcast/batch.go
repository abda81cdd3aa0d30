package broadcast

import (
	"encoding/binary"
	"errors"
	"fmt"

	"clarion/lists/address"
)

// Sizes of the units of work (DESIGN: batches and the ledger; FIGURES: k = 16).
const (
	BatchSize  = 256 // deliveries a batch, at most
	entryBytes = 4   // bytes a delivery in the ledger: state and flags, attempt, gateway, reason
)

// A text takes a moment and a fax a minute: whoever gets the last batch of a call
// would be at it long after the others have nothing left. So there are many batches
// for few deliveries of these; of mails it would cost more than it gains.
const parts = 256

var leastSize = [...]int{address.Email: BatchSize, address.SMS: 16, address.Fax: 2}

// batchSize is how many of n deliveries go into one batch.
func batchSize(ch address.Channel, n int) int {
	return min(max(n/parts, leastSize[ch]), BatchSize)
}

// A Ref names a delivery within its call: the batch it was planned in, and its
// place there. It never changes, however often the delivery is tried again.
type Ref struct {
	Batch uint32
	Index uint8
}

// A Work is a unit of queued work: a batch as planned, or deliveries of such
// batches that are due again. All are alike in channel, language, lane and zone.
type Work struct {
	Number  uint32
	Channel address.Channel
	Lang    string
	Lane    string
	Zone    string
	// Small says that too few people share the lane for a counter of its own: it
	// is one because settings name it, and is counted with the others.
	Small bool
	// Contacts are the contact numbers, ascending for a planned batch.
	Contacts []uint32
	// Refs is nil for a planned batch, whose deliveries are {Number, 0..n-1};
	// else the deliveries' home places, with the attempts each has behind it.
	Refs     []Ref
	Attempts []uint8
}

// Len is the number of deliveries.
func (w *Work) Len() int { return len(w.Contacts) }

// counted is the lane under which the deliveries are counted.
func (w *Work) counted() string {
	if w.Small {
		return OtherLane
	}
	return w.Lane
}

// Ref returns the place of delivery i.
func (w *Work) Ref(i int) Ref {
	if w.Refs == nil {
		return Ref{w.Number, uint8(i)}
	}
	return w.Refs[i]
}

// Again reports whether the work is a further attempt.
func (w *Work) Again() bool { return w.Refs != nil }

var errBatchCoding = errors.New("the stored batch is damaged")

const (
	batchVersion = 1
	smallLane    = 0x80 // beside the channel
)

// encode packs a work: version, channel with its flag, three texts, the count, contact numbers
// (delta-coded, zigzag since a retry's are in no order), then for further
// attempts a batch delta, index and attempts each.
func (w *Work) encode() []byte {
	b := make([]byte, 0, 16+len(w.Lane)+2*len(w.Contacts)+4*len(w.Refs))
	channel := byte(w.Channel)
	if w.Small {
		channel |= smallLane
	}
	b = append(b, batchVersion, channel)
	for _, s := range []string{w.Lang, w.Lane, w.Zone} {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	b = binary.AppendUvarint(b, uint64(len(w.Contacts)))
	last := int64(0)
	for _, n := range w.Contacts {
		b = binary.AppendVarint(b, int64(n)-last)
		last = int64(n)
	}
	if w.Refs == nil {
		return b
	}
	last = 0
	for i, r := range w.Refs {
		b = binary.AppendVarint(b, int64(r.Batch)-last)
		last = int64(r.Batch)
		b = append(b, r.Index, w.Attempts[i])
	}
	return b
}

// decodeWork reads what encode wrote.
func decodeWork(number uint32, b []byte) (*Work, error) {
	fail := func(what string) (*Work, error) {
		return nil, fmt.Errorf("read batch %d, %s: %w", number, what, errBatchCoding)
	}
	if len(b) < 2 || b[0] != batchVersion || b[1]&^smallLane == 0 || int(b[1]&^smallLane) > len(address.Channels) {
		return fail("header")
	}
	w := &Work{Number: number, Channel: address.Channel(b[1] &^ smallLane), Small: b[1]&smallLane != 0}
	b = b[2:]
	for _, s := range []*string{&w.Lang, &w.Lane, &w.Zone} {
		n, k := binary.Uvarint(b)
		if k <= 0 || n > uint64(len(b)-k) {
			return fail("header")
		}
		*s = string(b[k : k+int(n)])
		b = b[k+int(n):]
	}
	n, k := binary.Uvarint(b)
	if k <= 0 || n > BatchSize {
		return fail("count")
	}
	b = b[k:]
	w.Contacts = make([]uint32, n)
	last := int64(0)
	for i := range w.Contacts {
		d, k := binary.Varint(b)
		last += d
		if k <= 0 || last < 0 || last > 1<<32-1 {
			return fail("contacts")
		}
		w.Contacts[i] = uint32(last)
		b = b[k:]
	}
	if len(b) == 0 {
		return w, nil
	}
	w.Refs, w.Attempts = make([]Ref, n), make([]uint8, n)
	last = 0
	for i := range w.Refs {
		d, k := binary.Varint(b)
		last += d
		if k <= 0 || last < 0 || last > 1<<32-1 || len(b) < k+2 {
			return fail("places")
		}
		w.Refs[i] = Ref{uint32(last), b[k]}
		w.Attempts[i] = b[k+1]
		b = b[k+2:]
	}
	if len(b) != 0 {
		return fail("end")
	}
	return w, nil
}
