package petition

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"

	"clarion/internal/seal"
)

const (
	hashSize = 10 // bytes of a keyed hash that is kept
	leafSize = len(Hash{}) + hashSize
)

func number4(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }

// place is what a record is sealed for: this petition and this number.
func (r *Roll) place(number uint32) []byte {
	return append([]byte("petition:"+r.ID+":"), number4(number)...)
}

// keyed is a keyed hash as text, so that scripts can read it.
func (r *Roll) keyed(what string, parts ...[]byte) string {
	sum := r.keys.Sum(seal.Signer, append([][]byte{[]byte(r.ID), []byte(what)}, parts...)...)
	return hex.EncodeToString(sum[:hashSize])
}

// identity is by what a signer is the same for certain, "" without a contact.
func (r *Roll) identity(s *Signing) string {
	if s.Contact.IsZero() {
		return ""
	}
	return r.keyed("identity", folded(s.Name), []byte(s.Contact.Channel().String()), []byte(s.Contact.Fold()))
}

// group is by what signers may be the same.
func (r *Roll) group(s *Signing) string {
	return r.keyed("group", folded(s.Name), []byte(s.Region), folded(s.District))
}

// form tells a form from others, "" without one.
func (r *Roll) form(once []byte) string {
	if once == nil {
		return ""
	}
	return r.keyed("form", once)
}

// salt is 16 random bytes, or what our key makes of a form's: whoever sends that form
// again gets the same slip, and who has only our key, or only the form, cannot tell.
func (r *Roll) salt(once []byte) []byte {
	salt := make([]byte, saltSize)
	if once == nil {
		rand.Read(salt)
		return salt
	}
	sum := r.keys.Sum(seal.Slip, []byte(r.ID), []byte("salt"), once)
	return append(salt[:0], sum[:saltSize]...)
}

// recognition is what is kept of a salt, by which its slip is known again.
func (r *Roll) recognition(number uint32, salt []byte) []byte {
	sum := r.keys.Sum(seal.Slip, []byte(r.ID), []byte("slip"), number4(number), salt)
	return sum[:hashSize]
}

func (r *Roll) slip(s *Signature, salt []byte) *Slip {
	return &Slip{Petition: r.ID, Number: s.Number, Name: s.Name, Region: s.Region, District: s.District, Way: s.Way, Day: s.Day, Salt: salt}
}

// ConfirmToken is for the link by which a signer confirms: a page shows what it is
// about, and its button does it, as often as one likes, so that no mail scanner uses
// it up. OpenConfirm reads it.
func (r *Roll) ConfirmToken(number uint32) string { return r.token(seal.Confirmation, number) }

// OpenConfirm returns the number of a token, or seal.ErrToken.
func (r *Roll) OpenConfirm(token string) (uint32, error) {
	return r.openToken(seal.Confirmation, token)
}

// WithdrawToken is for the link by which a signer withdraws, as ConfirmToken.
func (r *Roll) WithdrawToken(number uint32) string { return r.token(seal.Withdrawal, number) }

// OpenWithdraw returns the number of a token, or seal.ErrToken.
func (r *Roll) OpenWithdraw(token string) (uint32, error) { return r.openToken(seal.Withdrawal, token) }

func (r *Roll) token(purpose seal.Purpose, number uint32) string {
	return r.keys.Token(purpose, append(number4(number), r.ID...))
}

func (r *Roll) openToken(purpose seal.Purpose, token string) (uint32, error) {
	payload, err := r.keys.OpenToken(purpose, token)
	if err != nil {
		return 0, err
	}
	if len(payload) < 4 || string(payload[4:]) != r.ID {
		return 0, seal.ErrToken
	}
	return binary.BigEndian.Uint32(payload), nil
}
