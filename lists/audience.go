package lists

import (
	"fmt"
	"iter"
	"math/bits"

	"clarion/internal/conf"
	"clarion/lists/address"
)

// An Audience says to whom a call goes: the contacts on any of Lists that have
// any of Tags and any of Languages (empty: whatever), less those on any list of
// Without; on each of Channels, or, with First, on the first of them, in their
// order, where the contact can be written to. On a channel of Only it is those
// alone who are on that list too.
type Audience struct {
	Lists, Without, Tags, Languages []string
	Channels                        []address.Channel
	First                           bool
	Only                            map[address.Channel]string
}

// Why a contact of the selection gets nothing on a channel. A contact counts
// once a channel, under the first of these that holds.
const (
	OtherChannel = "other_channel" // First: reached on an earlier channel; Only: not on the channel's list
	NoAddress    = "no_address"    // the contact has none on the channel
	// then the suppression reasons, the one that weighs most first
	NoConsent   = "no_consent"   // the contact refused the channel
	SameAddress = "same_address" // a contact with a lower number gets it at this address
	// Excluded counts contacts, on no channel: on a list of Audience.Without.
	Excluded = "excluded"
)

// Counts is the size of an audience. For each channel, its deliveries and what
// was left out on it sum to Selected.
type Counts struct {
	Selected   int                     `json:"selected"`   // contacts selected, before addresses, consent and suppression
	Contacts   int                     `json:"contacts"`   // contacts that get something on some channel
	Channel    map[address.Channel]int `json:"channels"`   // deliveries
	Unrecorded map[address.Channel]int `json:"unrecorded"` // deliveries to contacts whose consent is not on record
	LeftOut    []LeftOut               `json:"left_out"`   // in the order of channels and reasons, none of them 0
}

// LeftOut counts the contacts that get nothing on a channel for one reason.
type LeftOut struct {
	Channel address.Channel `json:"channel,omitempty"` // 0 for Excluded
	Reason  string          `json:"reason"`
	Count   int             `json:"count"`
}

// Resolved is an audience as it stood when it was resolved.
type Resolved struct {
	Counts
	// Bitmaps holds, for each channel, who gets a message on it, in Redis's bit
	// order: contact n is bit 7-n%8 of byte n/8. Walk it with Numbers.
	Bitmaps map[address.Channel][]byte
}

// Only is an audience of one contact a channel, by number.
func Only(who map[address.Channel]uint32) Resolved {
	r := Resolved{Counts: Counts{Channel: map[address.Channel]int{}}, Bitmaps: map[address.Channel][]byte{}}
	people := map[uint32]bool{}
	for ch, n := range who {
		r.Bitmaps[ch], r.Channel[ch] = setBit(nil, n), 1
		people[n] = true
	}
	r.Contacts = len(people)
	return r
}

// Numbers yields the contact numbers of a bitmap, ascending.
func Numbers(bitmap []byte) iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for i, b := range bitmap {
			for b != 0 {
				lead := bits.LeadingZeros8(b)
				if !yield(uint32(i*8 + lead)) {
					return
				}
				b &^= 0x80 >> lead
			}
		}
	}
}

// setBit sets the bit of contact n, growing the bitmap as needed.
func setBit(bitmap []byte, n uint32) []byte {
	if need := int(n/8) + 1; len(bitmap) < need {
		bitmap = append(bitmap, make([]byte, need-len(bitmap))...)
	}
	bitmap[n/8] |= 0x80 >> (n % 8)
	return bitmap
}

func hasBit(bitmap []byte, n uint32) bool {
	return int(n/8) < len(bitmap) && bitmap[n/8]&(0x80>>(n%8)) != 0
}

// unknown says that a name is not there, and which one was likely meant.
func unknown(kind, name string, known []string) error {
	if near, ok := conf.Nearest(name, known); ok {
		return fmt.Errorf("there is no %s %q: did you mean %q? (%w)", kind, name, near, ErrUnknownName)
	}
	if len(known) == 0 {
		return fmt.Errorf("there is no %s %q, and no other yet: import contacts first (%w)", kind, name, ErrUnknownName)
	}
	return fmt.Errorf("there is no %s %q (%w)", kind, name, ErrUnknownName)
}
