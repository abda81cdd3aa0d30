package access

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	_ "embed"
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// A Cost is what hashing a password takes (RFC 9106). The zero value is the
// second recommendation of its section 4: 64 MiB, three passes, four lanes.
type Cost struct {
	Memory  uint32 // KiB
	Passes  uint32
	Threads uint8
}

var defaultCost = Cost{Memory: 64 << 10, Passes: 3, Threads: 4}

const (
	saltSize     = 16
	hashSize     = 32
	hashPatience = 5 * time.Second // how long a password waits for its turn
	minPassword  = 12              // characters
	maxPassword  = 128
)

// A hasher hashes passwords by argon2id, only a few at a time: each takes memory
// and all of a core.
type hasher struct {
	cost  Cost
	turns chan struct{}
	dummy string // a hash that no password has: checked where there is none
}

func newHasher(cost Cost) *hasher {
	if cost == (Cost{}) {
		cost = defaultCost
	}
	h := &hasher{cost: cost, turns: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2))}
	h.dummy = h.text(make([]byte, saltSize), make([]byte, hashSize))
	return h
}

// turn waits for a turn, and returns what ends it.
func (h *hasher) turn(ctx context.Context) (done func(), err error) {
	late := time.NewTimer(hashPatience)
	defer late.Stop()
	select {
	case h.turns <- struct{}{}:
		return func() { <-h.turns }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-late.C:
		return nil, ErrBusy
	}
}

// hash returns what is kept of a password, in the PHC string format.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	done, err := h.turn(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	salt := make([]byte, saltSize)
	rand.Read(salt)
	return h.text(salt, argon2.IDKey([]byte(normal(password)), salt, h.cost.Passes, h.cost.Memory, h.cost.Threads, hashSize)), nil
}

func (h *hasher) text(salt, sum []byte) string {
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.cost.Memory, h.cost.Passes, h.cost.Threads, b64(salt), b64(sum))
}

// verify says whether password is the one of kept; with kept empty it takes as
// long and says no.
func (h *hasher) verify(ctx context.Context, kept, password string) (bool, error) {
	none := kept == ""
	if none {
		kept = h.dummy
	}
	var c Cost
	var version int
	fields := strings.Split(kept, "$")
	if len(fields) != 6 || fields[1] != "argon2id" {
		return false, fmt.Errorf("check a password: what is kept is no hash of argon2id")
	}
	_, verr := fmt.Sscanf(fields[2], "v=%d", &version)
	_, cerr := fmt.Sscanf(fields[3], "m=%d,t=%d,p=%d", &c.Memory, &c.Passes, &c.Threads)
	salt, serr := base64.RawStdEncoding.DecodeString(fields[4])
	sum, herr := base64.RawStdEncoding.DecodeString(fields[5])
	if verr != nil || cerr != nil || serr != nil || herr != nil || version != argon2.Version || len(sum) == 0 || c.Passes == 0 || c.Threads == 0 {
		return false, fmt.Errorf("check a password: what is kept cannot be read")
	}
	done, err := h.turn(ctx)
	if err != nil {
		return false, err
	}
	defer done()
	got := argon2.IDKey([]byte(normal(password)), salt, c.Passes, c.Memory, c.Threads, uint32(len(sum)))
	return subtle.ConstantTimeCompare(got, sum) == 1 && !none, nil
}

// normal is the one spelling of a password: keyboards of different systems write
// Hangul in one piece or in three (NIST SP 800-63B §3.1.1.2 asks for NFKC).
func normal(password string) string { return norm.NFKC.String(password) }

// The longest first: of a row of keys nothing is to be left over.
//
//go:embed common.txt
var commonText string

// A PasswordError says why a password is not taken.
type PasswordError struct{ Reason string }

// The reasons.
const (
	TooShort = "too_short" // fewer than 12 characters
	TooLong  = "too_long"  // more than 128
	Common   = "common"    // among those that are tried first: known ones, few characters, rows of keys
	Personal = "personal"  // the name or the address of its owner
)

var passwordWords = map[string][2]string{
	TooShort: {"The password needs at least 12 characters. Four or five words that have nothing to do with each other are easy to keep.", "비밀번호는 열두 자 이상이어야 합니다. 서로 관계없는 낱말 너덧 개면 외우기 쉽습니다."},
	TooLong:  {"The password may have at most 128 characters.", "비밀번호는 128자까지입니다."},
	Common:   {"This password is among the first that anybody would try.", "누구나 가장 먼저 시험해 볼 만한 비밀번호입니다."},
	Personal: {"The password must not be made of your name or address.", "비밀번호에 이름이나 이메일 주소를 쓸 수 없습니다."},
}

func (e *PasswordError) Error() string { return "the password is not taken: " + e.Reason }

// Message is for the person, lang "ko" or anything else for English.
func (e *PasswordError) Message(lang string) string {
	if lang == "ko" {
		return passwordWords[e.Reason][1]
	}
	return passwordWords[e.Reason][0]
}

// checkPassword says whether a password may be chosen by somebody who has such
// names (NIST SP 800-63B §3.1.1.2: length and a list, no rules of composition).
func checkPassword(password string, names ...string) error {
	p := strings.ToLower(normal(password))
	switch n := utf8.RuneCountInString(p); {
	case n < minPassword:
		return &PasswordError{TooShort}
	case n > maxPassword:
		return &PasswordError{TooLong}
	}
	if isCommon(p) {
		return &PasswordError{Common}
	}
	rest := p
	for _, name := range names {
		for part := range strings.FieldsFuncSeq(strings.ToLower(normal(name)), func(r rune) bool { return strings.ContainsRune(" @.+-_", r) }) {
			if utf8.RuneCountInString(part) >= 2 {
				rest = strings.ReplaceAll(rest, part, "")
			}
		}
	}
	if rest != p && utf8.RuneCountInString(rest) < minPassword/2 {
		return &PasswordError{Personal}
	}
	return nil
}

// isCommon finds passwords that are made of few characters, or of words and rows
// of keys that everybody knows with not much beside them.
func isCommon(p string) bool {
	different := map[rune]bool{}
	for _, r := range p {
		different[r] = true
	}
	if len(different) < 5 {
		return true
	}
	rest := p
	for known := range strings.Lines(commonText) {
		rest = strings.ReplaceAll(rest, strings.TrimSpace(known), "")
	}
	return utf8.RuneCountInString(rest) < minPassword/2
}
