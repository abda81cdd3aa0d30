// Package seal owns the secret key: it encrypts records, hashes addresses for
// indexes and signs tokens, so that a stolen copy of Redis names nobody. The key
// lives in a file outside Redis.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// Errors that callers tell apart.
var (
	// ErrSealed means that a record did not open: it was altered, or sealed
	// with another key or for another place.
	ErrSealed = errors.New("the record does not open with this key")
	// ErrToken means that a token is forged, truncated, or made for another purpose.
	ErrToken = errors.New("the token is not valid")
)

const (
	keySize    = 32
	version    = 1
	nonceSize  = 12
	tagSize    = 16
	macSize    = 10 // 80 bits (DESIGN: receipts)
	fileHeader = "clarion-key-v1 "
)

// Overhead is the number of bytes that sealing adds to a record: a key version,
// a random nonce and the authentication tag.
const Overhead = 1 + nonceSize + tagSize

// A Keyring seals, hashes and signs with keys derived from one master key. It is
// safe for concurrent use.
type Keyring struct {
	aead  cipher.AEAD
	check string
	macs  map[Purpose]*sync.Pool
}

// Purpose names what a keyed hash or a token is for; one made for a purpose is
// worthless for any other.
type Purpose string

// The purposes in use.
const (
	AddressIndex Purpose = "address-index"
	Bounce       Purpose = "bounce"      // VERP sender
	Unsubscribe  Purpose = "unsubscribe" // link and mailto
	Report       Purpose = "report"      // delivery reports: callback URLs and job tags
	MailSystem   Purpose = "mail-system" // keys of what is known of mail domains
	Handed       Purpose = "handed-on"   // mails that went on to the organisation
	AuditEntry   Purpose = "audit-entry" // an entry of the audit trail
	AuditHead    Purpose = "audit-head"  // where the audit trail ends
	Secret       Purpose = "secret"      // what people of the team hold: sessions, codes, links, API tokens
	Form         Purpose = "form"        // forms of the console
	Volunteer    Purpose = "volunteer"   // codes of volunteers
	Generation   Purpose = "generation"  // links of those who pass a volunteer's appeal on
	Repeated     Purpose = "repeated"    // requests of programs that may come again
	AlarmPerson  Purpose = "alarm"       // people who are told of alarms
	Signer       Purpose = "signer"      // by which a petition finds who signed twice
	Slip         Purpose = "slip"        // slips of signers
	Confirmation Purpose = "confirm"     // links by which signers confirm
	Withdrawal   Purpose = "withdraw"    // links by which signers withdraw
	Sheet        Purpose = "sheet"       // codes printed on sheets of signatures
	Certificate  Purpose = "certificate" // the key that signs certificates of deletion
	SignForm     Purpose = "sign-form"   // forms by which people sign
	Asked        Purpose = "asked"       // links by which who replied agrees
)

var purposes = []Purpose{AddressIndex, Bounce, Unsubscribe, Report, MailSystem, Handed, AuditEntry, AuditHead, Secret, Form, Volunteer, Repeated, AlarmPerson, Generation,
	Signer, Slip, Confirmation, Withdrawal, Sheet, Certificate, SignForm, Asked}

// LoadOrCreate reads the key file at path, or makes one with mode 0600 when
// there is none. A file that others may read is refused.
func LoadOrCreate(path string) (*Keyring, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if data, err = create(path); err != nil {
			return nil, err
		}
	} else if err != nil {
		return nil, fmt.Errorf("read the key file: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read the key file: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("the key file %s may be read by others (mode %04o): run chmod 600 %s", path, info.Mode().Perm(), path)
	}
	text, ok := strings.CutPrefix(strings.TrimSpace(string(data)), fileHeader)
	master, err := hex.DecodeString(text)
	if !ok || err != nil || len(master) != keySize {
		return nil, fmt.Errorf("%s is not a Clarion key file: it must hold %q and 64 hexadecimal digits", path, strings.TrimSpace(fileHeader))
	}
	return New(master)
}

// create writes a fresh key, whole or not at all: two processes that start at
// once end with one key, since linking fails when the name is taken.
func create(path string) ([]byte, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of the key file: %w", err)
	}
	master := make([]byte, keySize)
	rand.Read(master)
	data := []byte(fileHeader + hex.EncodeToString(master) + "\n")
	tmp, err := os.CreateTemp(filepath.Dir(path), ".key-*")
	if err != nil {
		return nil, fmt.Errorf("make the key file: %w", err)
	}
	defer os.Remove(tmp.Name())
	if _, err = tmp.Write(data); err == nil {
		err = tmp.Sync()
	}
	if cerr := tmp.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return nil, fmt.Errorf("write the key file: %w", err)
	}
	if err = os.Link(tmp.Name(), path); errors.Is(err, fs.ErrExist) {
		return os.ReadFile(path)
	} else if err != nil {
		return nil, fmt.Errorf("write the key file: %w", err)
	}
	return data, nil
}

// New makes a Keyring of a 32-byte master key.
func New(master []byte) (*Keyring, error) {
	if len(master) != keySize {
		return nil, fmt.Errorf("a master key has %d bytes, not %d", keySize, len(master))
	}
	derive := func(label string) ([]byte, error) {
		return hkdf.Key(sha256.New, master, nil, "clarion/"+label, keySize)
	}
	k := &Keyring{macs: make(map[Purpose]*sync.Pool, len(purposes))}
	record, err := derive("record")
	if err != nil {
		return nil, fmt.Errorf("derive keys: %w", err)
	}
	block, err := aes.NewCipher(record)
	if err != nil {
		return nil, fmt.Errorf("derive keys: %w", err)
	}
	if k.aead, err = cipher.NewGCM(block); err != nil {
		return nil, fmt.Errorf("derive keys: %w", err)
	}
	for _, p := range purposes {
		key, err := derive("mac/" + string(p))
		if err != nil {
			return nil, fmt.Errorf("derive keys: %w", err)
		}
		k.macs[p] = &sync.Pool{New: func() any { return &mac{Hash: hmac.New(sha256.New, key)} }}
	}
	check, err := derive("check")
	if err != nil {
		return nil, fmt.Errorf("derive keys: %w", err)
	}
	k.check = hex.EncodeToString(check[:16])
	return k, nil
}

// Check returns a text that tells keys apart and reveals nothing of them; it is
// kept in Redis so that a wrong key file is refused at once.
func (k *Keyring) Check() string { return k.check }

// Seal appends the sealed record to dst: a key version, a random nonce, the
// ciphertext and its tag (AES-256-GCM, NIST SP 800-38D). place is authenticated
// but not stored: a record moved to another place does not open.
func (k *Keyring) Seal(dst, record, place []byte) []byte {
	dst = append(dst, version)
	start := len(dst)
	dst = append(dst, make([]byte, nonceSize)...)
	nonce := dst[start : start+nonceSize]
	rand.Read(nonce)
	return k.aead.Seal(dst, nonce, record, place)
}

// Open appends the record to dst. It returns ErrSealed when sealed was altered,
// or made with another key or for another place.
func (k *Keyring) Open(dst, sealed, place []byte) ([]byte, error) {
	if len(sealed) < Overhead || sealed[0] != version {
		return dst, ErrSealed
	}
	out, err := k.aead.Open(dst, sealed[1:1+nonceSize], sealed[1+nonceSize:], place)
	if err != nil {
		return dst, ErrSealed
	}
	return out, nil
}

// A mac is a keyed hash with room for what goes in and comes out: several are
// made for each message.
type mac struct {
	hash.Hash
	in  []byte
	out [sha256.Size]byte
}

// Sum returns the keyed hash (HMAC-SHA-256, RFC 2104) of parts, each preceded by
// its length, for purpose.
func (k *Keyring) Sum(purpose Purpose, parts ...[]byte) [32]byte {
	pool, ok := k.macs[purpose]
	if !ok {
		panic("seal: undeclared purpose " + string(purpose))
	}
	m := pool.Get().(*mac)
	defer pool.Put(m)
	m.in = m.in[:0]
	for _, p := range parts {
		m.in = append(append(m.in, byte(len(p)>>8), byte(len(p))), p...)
	}
	m.Reset()
	m.Write(m.in)
	m.Hash.Sum(m.out[:0])
	return m.out
}

// Lower case, since mail servers fold case, and without padding.
var tokenCoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// Token returns payload with an 80-bit signature for purpose, in lower-case base32.
func (k *Keyring) Token(purpose Purpose, payload []byte) string {
	return string(k.AppendToken(nil, purpose, payload))
}

// AppendToken appends the token of payload for purpose to dst.
func (k *Keyring) AppendToken(dst []byte, purpose Purpose, payload []byte) []byte {
	sum := k.Sum(purpose, payload)
	var room [64]byte
	return tokenCoding.AppendEncode(dst, append(append(room[:0], payload...), sum[:macSize]...))
}

// OpenToken returns the payload of a token made by Token for the same purpose,
// in whatever case the mail servers left it, or ErrToken.
func (k *Keyring) OpenToken(purpose Purpose, token string) ([]byte, error) {
	raw, err := tokenCoding.DecodeString(strings.ToLower(token))
	if err != nil || len(raw) <= macSize {
		return nil, ErrToken
	}
	payload, mac := raw[:len(raw)-macSize], raw[len(raw)-macSize:]
	sum := k.Sum(purpose, payload)
	if !hmac.Equal(mac, sum[:macSize]) {
		return nil, ErrToken
	}
	// Base32 has unused bits at its end: only the one canonical spelling passes.
	if tokenCoding.EncodeToString(raw) != strings.ToLower(token) {
		return nil, ErrToken
	}
	return payload, nil
}
