package webhook

import (
	"context"
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"clarion/worker/gateway"
)

// forged is a request that shows no valid proof; the text is for the operator.
func forged(why string) error { return fmt.Errorf("%w: %s", gateway.ErrForged, why) }

// authenticate checks every proof that is configured.
func (h *Hook) authenticate(ctx context.Context, r *request) error {
	if h.unchecked {
		return h.plausible(r)
	}
	if len(h.config.Logins) > 0 && !h.login(r.header.Get("Authorization")) {
		return forged("its login is missing or wrong")
	}
	if h.config.SigningKey.IsZero() && h.config.Topic == "" {
		return nil
	}
	return h.verify(ctx, h, r)
}

// plausible refuses what no secret could make right.
func (h *Hook) plausible(r *request) error {
	switch signed := h.signed != nil && h.signed(r); {
	case h.config.Kind == "mailgun" && !signed && !r.isInbound():
		return forged("it is not signed")
	case !signed && r.header.Get("Authorization") == "":
		return forged("it has neither a login nor a signature")
	}
	return nil
}

// login compares with every login there is, so that time tells nothing.
func (h *Hook) login(field string) bool {
	scheme, value, _ := strings.Cut(field, " ")
	value = strings.TrimSpace(value)
	switch strings.ToLower(scheme) {
	case "basic":
		pair, err := base64.StdEncoding.DecodeString(value)
		if err != nil || !strings.Contains(string(pair), ":") {
			return false
		}
		value = string(pair)
	case "bearer":
	default:
		return false
	}
	right := 0
	for _, l := range h.config.Logins {
		right |= subtle.ConstantTimeCompare([]byte(l.Reveal()), []byte(value))
	}
	return right == 1
}

// fresh checks the age of what was signed at t.
func (h *Hook) fresh(t time.Time) error {
	if h.clk == nil {
		return nil
	}
	if age := h.clk.Now().Sub(t); age > h.config.MaxAge || age < -h.config.MaxAge {
		return forged("it was signed too long ago")
	}
	return nil
}

// unix reads seconds since 1970.
func unix(s string) (time.Time, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return time.Unix(n, 0), err == nil
}

// checkKeys finds a key that is none when the settings are read.
func (h *Hook) checkKeys() error {
	if h.config.Kind == "sendgrid" && !h.config.SigningKey.IsZero() {
		if _, err := h.publicKey(); err != nil {
			return err
		}
	}
	if h.config.Certificate != "" {
		if _, err := readCertificate([]byte(h.config.Certificate)); err != nil {
			return err
		}
	}
	return nil
}

// Mailgun, "Securing webhooks": HMAC-SHA256 of timestamp and token under the
// webhook signing key, in hexadecimal.
func verifyMailgun(_ context.Context, h *Hook, r *request) error {
	s := mailgunSignature(r)
	want, err := hex.DecodeString(s.Signature)
	at, ok := unix(s.Timestamp)
	if err != nil || !ok || s.Token == "" {
		return forged("it is not signed")
	}
	mac := hmac.New(sha256.New, []byte(h.config.SigningKey.Reveal()))
	mac.Write([]byte(s.Timestamp + s.Token))
	if !hmac.Equal(mac.Sum(nil), want) {
		return forged("its signature is not of our signing_key")
	}
	return h.fresh(at)
}

func signedMailgun(r *request) bool {
	s := mailgunSignature(r)
	sum, err := hex.DecodeString(s.Signature)
	_, ok := unix(s.Timestamp)
	return err == nil && len(sum) == sha256.Size && ok && s.Token != ""
}

// SendGrid, "Event Webhook security": ECDSA over timestamp and body, with the
// key of the account in base64 DER.
const (
	sendGridSignature = "X-Twilio-Email-Event-Webhook-Signature"
	sendGridTimestamp = "X-Twilio-Email-Event-Webhook-Timestamp"
)

func (h *Hook) publicKey() (*ecdsa.PublicKey, error) {
	der, err := base64.StdEncoding.DecodeString(h.config.SigningKey.Reveal())
	if err != nil {
		return nil, errors.New("signing_key is no base64: it is the verification key that SendGrid shows beside the signed event webhook")
	}
	key, err := x509.ParsePKIXPublicKey(der)
	public, ok := key.(*ecdsa.PublicKey)
	if err != nil || !ok {
		return nil, errors.New("signing_key is no ECDSA public key: it is the verification key that SendGrid shows beside the signed event webhook")
	}
	return public, nil
}

func verifySendGrid(_ context.Context, h *Hook, r *request) error {
	if !signedSendGrid(r) {
		return forged("it is not signed")
	}
	key, err := h.publicKey()
	if err != nil {
		return err
	}
	stamp := r.header.Get(sendGridTimestamp)
	signature, err := base64.StdEncoding.DecodeString(r.header.Get(sendGridSignature))
	sum := sha256.Sum256(append([]byte(stamp), r.body...))
	if err != nil || !ecdsa.VerifyASN1(key, sum[:], signature) {
		return forged("its signature is not of our signing_key")
	}
	at, ok := unix(stamp)
	if !ok {
		return forged("its timestamp is none")
	}
	return h.fresh(at)
}

func signedSendGrid(r *request) bool {
	signature, err := base64.StdEncoding.DecodeString(r.header.Get(sendGridSignature))
	return err == nil && len(signature) > 8 && signature[0] == 0x30 && r.header.Get(sendGridTimestamp) != ""
}
