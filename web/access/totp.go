package access

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"time"
)

// What authenticator apps all know: HMAC-SHA-1, six digits, 30 seconds (RFC 6238).
const (
	totpDigits = 6
	totpPeriod = 30 * time.Second
	totpSecret = 20 // bytes, as RFC 4226 §4 recommends
)

func newTOTPSecret() []byte {
	secret := make([]byte, totpSecret)
	rand.Read(secret)
	return secret
}

// totpCode is the code of a step of time (RFC 4226 §5.3, RFC 6238 §4).
func totpCode(secret []byte, step int64) string {
	mac := hmac.New(sha1.New, secret)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(step)))
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0x0f
	return fmt.Sprintf("%0*d", totpDigits, binary.BigEndian.Uint32(sum[at:])&0x7fffffff%1_000_000)
}

// totpStep returns the step whose code this is: of now, or one step off, as RFC
// 6238 §5.2 allows; only one after last, so that no code is taken twice.
func totpStep(secret []byte, code string, now time.Time, last int64) (step int64, ok bool) {
	present := now.Unix() / int64(totpPeriod/time.Second)
	for s := present - 1; s <= present+1; s++ {
		same := subtle.ConstantTimeCompare([]byte(totpCode(secret, s)), []byte(code)) == 1
		if same && s > last {
			step, ok = s, true
		}
	}
	return step, ok
}

// A Setup is a secret for an authenticator app that is not in use yet. Sealed
// goes through the form in which the person confirms it with a code.
type Setup struct {
	Sealed string
	Secret string // to type, in groups of four
	URI    string // to scan, as a QR code
}

// setup makes a Setup, for one purpose and the person who logs in as name.
func (s *Store) setup(purpose, name string) Setup {
	secret := newTOTPSecret()
	text := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
	u := url.URL{Scheme: "otpauth", Host: "totp", Path: "/" + s.cfg.Organisation + ":" + name,
		RawQuery: "secret=" + text + "&issuer=" + url.PathEscape(s.cfg.Organisation)}
	spoken := ""
	for i := 0; i < len(text); i += 4 {
		if i > 0 {
			spoken += " "
		}
		spoken += text[i:min(i+4, len(text))]
	}
	return Setup{Sealed: s.sealText(purpose, secret), Secret: spoken, URI: u.String()}
}

// confirm opens a Setup and checks the first code; step is the code's.
func (s *Store) confirm(purpose, sealed, code string) (secret []byte, step int64, err error) {
	if secret, err = s.openText(purpose, sealed); err != nil {
		return nil, 0, ErrExpired
	}
	step, ok := totpStep(secret, plainCode(code), s.clk.Now(), 0)
	if !ok {
		return nil, 0, ErrCode
	}
	return secret, step, nil
}
