package petition

import (
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"

	"clarion/internal/seal"
)

// A Certificate says what was deleted of a petition when it had ended. It is signed by a
// key of this installation, so that whoever has it can tell it from one that was made up.
type Certificate struct {
	Petition string    `json:"petition"`
	Begun    time.Time `json:"begun"`
	Done     time.Time `json:"done,omitzero"`     // zero while it is under way
	By       uint32    `json:"by"`                // number in the team of who asked for it, 0 for the command line
	Counted  bool      `json:"counted"`           // what is to be deleted was counted
	Records  int       `json:"records"`           // sealed records of signers
	Hashes   int       `json:"hashes"`            // keyed hashes of persons and of forms
	Labels   int       `json:"labels"`            // schools and teams on sheets
	Waiting  int       `json:"waiting,omitempty"` // faxes and replies that still waited for a person
	Root     Root      `json:"root"`              // the last one
	Key      string    `json:"key,omitempty"`     // Ed25519 (RFC 8032), in hexadecimal digits
	Signed   string    `json:"signed,omitempty"`
}

// ErrCertificate means that a certificate was changed, or made up.
var ErrCertificate = errors.New("the certificate is not as it was signed")

// ErrStillOpen means that names are still needed.
var ErrStillOpen = &Refusal{"", [2]string{"the petition has not ended: its names are still needed", "아직 마감되지 않은 서명이라 이름을 삭제할 수 없습니다."}}

// text is what is signed: the certificate without its signature.
func (c Certificate) text() ([]byte, error) {
	c.Signed = ""
	return json.Marshal(c)
}

// sign signs the certificate with a key that is derived from the key file.
func (c *Certificate) sign(keys *seal.Keyring) error {
	seed := keys.Sum(seal.Certificate, []byte("ed25519"))
	key := ed25519.NewKeyFromSeed(seed[:])
	c.Key = hex.EncodeToString(key.Public().(ed25519.PublicKey))
	text, err := c.text()
	if err != nil {
		return err
	}
	c.Signed = hex.EncodeToString(ed25519.Sign(key, text))
	return nil
}

// Verify says whether the certificate is as it was signed by the key that it names;
// whose key that is, whoever asks compares.
func (c *Certificate) Verify() error {
	key, kerr := hex.DecodeString(c.Key)
	signed, serr := hex.DecodeString(c.Signed)
	text, err := c.text()
	if errors.Join(kerr, serr, err) != nil || len(key) != ed25519.PublicKeySize || !ed25519.Verify(key, text, signed) {
		return ErrCertificate
	}
	return nil
}
