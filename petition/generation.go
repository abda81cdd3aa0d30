package petition

import (
	"encoding/binary"

	"clarion/internal/seal"
)

// A By is by whom somebody came: by a volunteer's own link or code (generation 1), by
// somebody who had come so (2), and so on.
type By struct {
	Volunteer  uint32 // 0 for nobody
	Generation int
}

// Furthest is the last generation that is told from others: who comes further on is of it.
const Furthest = 9

// Next is who comes by a signer who came by b.
func (b By) Next() By { return By{b.Volunteer, min(b.Generation+1, Furthest)} }

// Link is what stands at the end of a link by which people come: of the first generation
// the volunteer's code, of a later one a token of ours, so that nobody makes one up. It
// holds the code and the generation, and nothing of who passes it on.
func (d *Desk) Link(b By) string {
	if b.Generation <= 1 {
		return d.Code(b.Volunteer)
	}
	payload := binary.BigEndian.AppendUint32(nil, d.shuffle(b.Volunteer, 1))
	return d.keys.Token(seal.Generation, append(payload, byte(b.Generation)))
}

// By reads a code, or what Link writes; the error is ErrNoVolunteer for what is neither.
func (d *Desk) By(link string) (By, error) {
	if volunteer, err := d.Volunteer(link); err == nil {
		return By{volunteer, 1}, nil
	}
	payload, err := d.keys.OpenToken(seal.Generation, link)
	if err != nil || len(payload) != 5 {
		return By{}, ErrNoVolunteer
	}
	return By{d.shuffle(binary.BigEndian.Uint32(payload), -1), int(payload[4])}, nil
}
