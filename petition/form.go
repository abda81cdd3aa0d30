package petition

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
	"strconv"
	"strings"
	"time"

	"clarion/internal/seal"
)

// A Form is what a form for signing bears, so that it is one of ours and is entered
// once however often it is sent.
type Form struct {
	Token string    // signed: it goes out and comes back
	Once  []byte    // of Signing; also what the work is done on
	Made  time.Time // to the second
}

// FormKept is how long a form may lie open before it is sent.
const FormKept = 24 * time.Hour

// WorkBits is how many zero bits a form's work begins with: a quarter of a million
// hashes, a second or two of a telephone while somebody fills in the form, and too much
// for who would send thousands of them (Dwork and Naor, "Pricing via Processing", 1992).
const WorkBits = 18

// NewForm makes a form that nobody had before.
func (r *Roll) NewForm() Form {
	f := Form{Once: make([]byte, minOnce), Made: r.clk.Now().UTC().Truncate(time.Second)}
	rand.Read(f.Once)
	payload := append(binary.BigEndian.AppendUint32(nil, uint32(f.Made.Unix())), f.Once...)
	f.Token = r.keys.Token(seal.SignForm, append(payload, r.ID...))
	return f
}

// OpenForm reads a form's token. The error is seal.ErrToken for one that is not of this
// petition, or is older than FormKept.
func (r *Roll) OpenForm(token string) (Form, error) {
	payload, err := r.keys.OpenToken(seal.SignForm, token)
	if err != nil {
		return Form{}, err
	}
	if len(payload) < 4+minOnce || string(payload[4+minOnce:]) != r.ID {
		return Form{}, seal.ErrToken
	}
	f := Form{Token: strings.ToLower(token), Made: time.Unix(int64(binary.BigEndian.Uint32(payload)), 0).UTC(), Once: payload[4 : 4+minOnce]}
	if r.clk.Now().Sub(f.Made) > FormKept {
		return Form{}, seal.ErrToken
	}
	return f, nil
}

// Worked says whether work, a number, is one that was found for the form: the SHA-256 of
// the token, a colon and the number in decimal digits begins with WorkBits zero bits.
func (f Form) Worked(work string) bool {
	if n, err := strconv.ParseUint(work, 10, 64); err != nil || strconv.FormatUint(n, 10) != work {
		return false
	}
	sum := sha256.Sum256([]byte(f.Token + ":" + work))
	return bits.LeadingZeros32(binary.BigEndian.Uint32(sum[:])) >= WorkBits
}

// Work finds what Worked wants, as the script of the page does.
func (f Form) Work() string {
	for n := uint64(0); ; n++ {
		if work := strconv.FormatUint(n, 10); f.Worked(work) {
			return work
		}
	}
}
