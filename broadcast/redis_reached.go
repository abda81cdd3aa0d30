package broadcast

import (
	"context"

	"clarion/lists"
	"clarion/lists/address"
)

// Reached returns exactly those whom a call has reached, per channel, as an
// audience for its correction: what was sent, has arrived, or may have, being sent
// or in doubt, now or before it was tried again or cancelled. Who must not be
// written to by now is left out when the correction is sent.
func (l *Ledger) Reached(ctx context.Context, id ID) (lists.Resolved, error) {
	r := lists.Resolved{Counts: lists.Counts{Channel: map[address.Channel]int{}}, Bitmaps: map[address.Channel][]byte{}}
	if _, err := l.Call(ctx, id); err != nil {
		return r, err
	}
	people := map[uint32]bool{}
	err := l.Entries(ctx, id, func(e Entry) error {
		if e.State != Sent && e.State != Delivered && e.State != Sending && e.Flags&Doubted == 0 {
			return nil
		}
		ch := e.Work.Channel
		bits := r.Bitmaps[ch]
		if need := int(e.Contact/8) + 1; len(bits) < need {
			bits = append(bits, make([]byte, need-len(bits))...)
		}
		bits[e.Contact/8] |= 0x80 >> (e.Contact % 8)
		r.Bitmaps[ch] = bits
		r.Channel[ch]++
		people[e.Contact] = true
		return nil
	})
	r.Selected, r.Contacts = len(people), len(people)
	return r, err
}
