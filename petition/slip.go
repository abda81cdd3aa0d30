package petition

import (
	"bytes"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// saltSize is 128 bits: nobody guesses a name by trying (BSI TR-02102-1 asks for 120).
const saltSize = 16

// A Slip is what a signer keeps: all that their leaf in the tree is made of. The salt
// is on the slip alone, so that nobody else can tell whose a leaf is.
type Slip struct {
	Petition string // id
	Number   uint32
	Name     string
	Region   string
	District string
	Way      Way
	Day      string // when it was signed, as "2013-06-10"
	Salt     []byte // 16 bytes; nil on what is no slip
}

// leaf is the slip's leaf: each part with its length before it, so that no two slips
// are the same bytes.
func (s *Slip) leaf() Hash {
	var record []byte
	for _, part := range []string{"clarion signature 1", s.Petition, strconv.FormatUint(uint64(s.Number), 10), s.Name, s.Region, s.District, string(s.Way), s.Day} {
		record = append(binary.AppendUvarint(record, uint64(len(part))), part...)
	}
	return leafHash(s.Salt, record)
}

// Letters that cannot be mistaken for each other on paper: no I, L, O and U (Crockford).
var codeLetters = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

const (
	checkLetters = 4 // 20 bits
	codeSize     = 32 + checkLetters
)

func check(petition, letters string) string {
	sum := sha256.Sum256([]byte("clarion slip " + petition + " " + letters))
	return codeLetters.EncodeToString(sum[:])[:checkLetters]
}

// Code is the slip's number, salt and check in nine groups of four letters: with it a
// signer finds the answer, withdraws, and is recognised after the purge too. Whoever
// has it may act for them.
func (s *Slip) Code() string {
	if len(s.Salt) != saltSize {
		return ""
	}
	letters := codeLetters.EncodeToString(append(binary.BigEndian.AppendUint32(nil, s.Number), s.Salt...))
	letters += check(s.Petition, letters)
	var groups []string
	for i := 0; i < len(letters); i += 4 {
		groups = append(groups, letters[i:i+4])
	}
	return strings.Join(groups, "-")
}

// readCode reads a code of a petition as people copy it: in any case, with any blanks,
// O for 0, I and L for 1. The error is ErrSlip.
func readCode(petition, code string) (number uint32, salt []byte, err error) {
	letters := strings.Map(func(r rune) rune {
		switch r {
		case '-', ' ', '\t', '\n', '\r':
			return -1
		case 'O':
			return '0'
		case 'I', 'L':
			return '1'
		}
		return r
	}, strings.ToUpper(code))
	if len(letters) != codeSize {
		return 0, nil, ErrSlip
	}
	body := letters[:codeSize-checkLetters]
	data, err := codeLetters.DecodeString(body)
	if err != nil || check(petition, body) != letters[len(body):] {
		return 0, nil, ErrSlip
	}
	return binary.BigEndian.Uint32(data), data[4:], nil
}

// slipFirst is the first line of a slip.
const slipFirst = "clarion slip 1"

// String is the slip as text to keep or print, which ParseSlip reads.
func (s *Slip) String() string {
	return fmt.Sprintf("%s\npetition: %s\nnumber: %d\nname: %s\nregion: %s\ndistrict: %s\nway: %s\nday: %s\ncode: %s\n",
		slipFirst, s.Petition, s.Number, s.Name, s.Region, s.District, s.Way, s.Day, s.Code())
}

// ParseSlip reads what String writes. The error is ErrSlip, or one that wraps it.
func ParseSlip(text string) (*Slip, error) {
	values := map[string]string{}
	first, rest, _ := strings.Cut(strings.TrimSpace(text), "\n")
	if strings.TrimSpace(first) != slipFirst {
		return nil, ErrSlip
	}
	for l := range strings.Lines(rest) {
		key, value, ok := strings.Cut(l, ":")
		if key = strings.TrimSpace(key); !ok && key != "" {
			return nil, fmt.Errorf("%w: a line is neither empty nor of the form name: value", ErrSlip)
		}
		values[key] = strings.TrimSpace(value)
	}
	s := &Slip{Petition: values["petition"], Name: values["name"], Region: values["region"], District: values["district"], Way: Way(values["way"]), Day: values["day"]}
	number, salt, err := readCode(s.Petition, values["code"])
	if err != nil {
		return nil, err
	}
	if values["number"] != strconv.FormatUint(uint64(number), 10) {
		return nil, fmt.Errorf("%w: its number and its code are of two slips", ErrSlip)
	}
	s.Number, s.Salt = number, salt
	return s, nil
}

// A Proof shows that a slip is counted in the root of a night.
type Proof struct {
	Petition string   `json:"petition"`
	Day      string   `json:"day"`   // of the root, as "2013-06-10"
	Size     int      `json:"size"`  // leaves of the tree
	Index    int      `json:"index"` // of the slip's leaf, from 0
	Root     string   `json:"root"`  // SHA-256 in hexadecimal digits
	Path     []string `json:"path"`  // the siblings, from the leaf up (RFC 6962 §2.1.1)
}

// Why a slip does not fit a proof.
var (
	ErrOtherPetition = errors.New("the slip and the proof are of two petitions")
	ErrNotProven     = errors.New("the slip does not lead to the root: something on it was changed, or the proof is another's")
)

// Verify holds a slip against a proof, with nothing else: no key and no server. It
// shows that the slip is in the tree that has the proof's root; that this root is the
// one that was published, whoever asks compares.
func Verify(s *Slip, p *Proof) error {
	if s.Petition != p.Petition {
		return ErrOtherPetition
	}
	path := make([]Hash, len(p.Path))
	for i, text := range append([]string{p.Root}, p.Path...) {
		data, err := hex.DecodeString(text)
		if err != nil || len(data) != len(Hash{}) {
			return fmt.Errorf("%w: what stands in the proof is no SHA-256", ErrNotProven)
		}
		if i > 0 {
			path[i-1] = Hash(data)
		}
	}
	want, _ := hex.DecodeString(p.Root)
	got, ok := rootOf(s.leaf(), p.Index, p.Size, path)
	if !ok || !bytes.Equal(got[:], want) {
		return ErrNotProven
	}
	return nil
}
