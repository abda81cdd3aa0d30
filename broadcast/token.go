package broadcast

import (
	"encoding/binary"
	"fmt"
	"strconv"

	"clarion/internal/seal"
	"clarion/lists"
	"clarion/lists/address"
)

// A Delivery names one delivery over all calls, with the key of the address it
// went to, so that a receipt finds both without an index, and suppresses the
// address that was written to even if the contact has another by now.
type Delivery struct {
	Call    ID
	Ref     Ref
	Channel address.Channel
	Key     lists.AddressKey
}

// ID names a call: "c" and a number.
type ID string

// TestCall is no call: the deliveries of mails outside of all calls are of it, which
// are doctor's test mails and notices of alarms.
const TestCall ID = "c4294967295"

// ParseID reads a call's name.
func ParseID(s string) (ID, error) {
	if len(s) > 1 && s[0] == 'c' {
		if n, err := strconv.ParseUint(s[1:], 10, 32); err == nil && n > 0 && s[1] != '0' {
			return ID(s), nil
		}
	}
	return "", fmt.Errorf("%q names no call: a call is named like c12 (see clarion call list)", s)
}

func (id ID) number() uint64 {
	n, _ := strconv.ParseUint(string(id[1:]), 10, 32)
	return n
}

// Token returns the delivery signed for purpose: at most 46 characters of
// lower-case base32, so that a VERP local part stays under 64 octets (RFC 5321 §4.5.3.1.1).
func (d Delivery) Token(keys *seal.Keyring, purpose seal.Purpose) string {
	return string(d.AppendToken(nil, keys, purpose))
}

// AppendToken appends the delivery signed for purpose to dst.
func (d Delivery) AppendToken(dst []byte, keys *seal.Keyring, purpose seal.Purpose) []byte {
	var room [32]byte
	b := append(room[:0], byte(d.Channel))
	b = binary.AppendUvarint(b, d.Call.number())
	b = binary.AppendUvarint(b, uint64(d.Ref.Batch))
	b = append(b, d.Ref.Index)
	b = append(b, d.Key[:]...)
	return keys.AppendToken(dst, purpose, b)
}

// OpenToken reads a token made for purpose. The error is seal.ErrToken when it
// was not made here, or not for this.
func OpenToken(keys *seal.Keyring, purpose seal.Purpose, token string) (Delivery, error) {
	var d Delivery
	b, err := keys.OpenToken(purpose, token)
	if err != nil {
		return d, err
	}
	if len(b) < 1 || b[0] == 0 || int(b[0]) > len(address.Channels) {
		return d, seal.ErrToken
	}
	d.Channel = address.Channel(b[0])
	b = b[1:]
	call, n := binary.Uvarint(b)
	if n <= 0 || call == 0 || call > 1<<32-1 {
		return d, seal.ErrToken
	}
	b = b[n:]
	batch, n := binary.Uvarint(b)
	if n <= 0 || batch > 1<<32-1 || len(b) != n+1+len(d.Key) {
		return d, seal.ErrToken
	}
	d.Call = ID("c" + strconv.FormatUint(call, 10))
	d.Ref = Ref{uint32(batch), b[n]}
	copy(d.Key[:], b[n+1:])
	return d, nil
}
