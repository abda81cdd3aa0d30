// Package petition owns what comes of an appeal: who signed, on paper or not, the one
// honest count of that, and how volunteers carry the appeal on.
package petition

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"time"

	"clarion/internal/seal"
)

// An Appeal is what volunteers forward, by language ("ko", "en").
type Appeal struct {
	URL   string            // where people sign; "" for nowhere yet
	Title map[string]string // a line
	Text  map[string]string // a few sentences
}

// ErrNoVolunteer means that a code is nobody's, as far as its form can tell.
var ErrNoVolunteer = errors.New("there is no such code")

// codes is how many codes there are: six digits, so that they can be said, typed
// and written on paper.
const codes = 1_000_000

// half is what each half of a code can be.
const half = 1000

// Code is the code of a volunteer by their number in the team, below 1,000,000.
// A code attributes and opens nothing; it is the number, shuffled under our key,
// so that no two are alike, none need be kept, and one tells nothing of another.
func (d *Desk) Code(volunteer uint32) string { return fmt.Sprintf("%06d", d.shuffle(volunteer, 1)) }

// Volunteer is the number behind a code; the error is ErrNoVolunteer for what is
// none.
func (d *Desk) Volunteer(code string) (uint32, error) {
	n, err := strconv.ParseUint(code, 10, 32)
	if err != nil || len(code) != 6 {
		return 0, ErrNoVolunteer
	}
	return d.shuffle(uint32(n), -1), nil
}

// rounds of the shuffle: a Feistel network over two halves of three digits each
// (NIST SP 800-38G has the construction), which only has to hide the order in
// which volunteers came.
const rounds = 8

// shuffle takes a number to another below codes, or with way -1 back.
func (d *Desk) shuffle(n uint32, way int) uint32 {
	left, right := n%codes/half, n%half
	for i := range rounds {
		if way > 0 {
			left, right = right, (left+d.round(i, right))%half
		} else {
			left, right = (right+half-d.round(rounds-1-i, left))%half, left
		}
	}
	return left*half + right
}

func (d *Desk) round(i int, v uint32) uint32 {
	sum := d.keys.Sum(seal.Volunteer, []byte{byte(i), byte(v >> 8), byte(v)})
	return binary.BigEndian.Uint32(sum[:4]) % half
}

// A Came says how many people came by a volunteer.
type Came struct {
	Total int
	// Generations are how many of them came straight by the volunteer, by those, and so on.
	Generations [Furthest]int
	Days        []Day // the first day first; only days on which somebody came
}

// A Day is how many came on one, in UTC.
type Day struct {
	Date  time.Time
	Count int
}
