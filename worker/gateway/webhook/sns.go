package webhook

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha1" // SignatureVersion 1 of SNS
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"
)

// An envelope is what Amazon SNS posts ("Parsing Amazon SNS message formats").
type envelope struct {
	Type             string
	MessageID        string `json:"MessageId"`
	TopicArn         string
	Subject          *string
	Message          string
	Timestamp        string
	Token            string
	SubscribeURL     string
	SignatureVersion string
	Signature        string
	SigningCertURL   string
}

// readEnvelope reads the body; SNS sends JSON as text/plain.
func readEnvelope(r *request) (*envelope, error) {
	var e envelope
	if err := json.Unmarshal(r.body, &e); err != nil {
		return nil, errors.New("it is no message of SNS")
	}
	if kind := r.header.Get("X-Amz-Sns-Message-Type"); kind != "" && e.Type != "" && kind != e.Type {
		return nil, forged("its header and its body disagree on the type")
	}
	return &e, nil
}

// signed is the text under the signature ("Verifying the signatures of Amazon
// SNS messages"): names and values, each on a line.
func (e *envelope) signed() string {
	var b strings.Builder
	add := func(name, value string) { b.WriteString(name + "\n" + value + "\n") }
	add("Message", e.Message)
	add("MessageId", e.MessageID)
	if e.Type == "Notification" {
		if e.Subject != nil {
			add("Subject", *e.Subject)
		}
	} else {
		add("SubscribeURL", e.SubscribeURL)
	}
	add("Timestamp", e.Timestamp)
	if e.Type != "Notification" {
		add("Token", e.Token)
	}
	add("TopicArn", e.TopicArn)
	add("Type", e.Type)
	return b.String()
}

func signedSNS(r *request) bool {
	e, err := readEnvelope(r)
	if err != nil {
		return false
	}
	sum, err := base64.StdEncoding.DecodeString(e.Signature)
	return err == nil && len(sum) >= 128 && certificateURL(e.SigningCertURL)
}

// verifySNS checks topic, signature and age, and confirms a subscription to the
// topic that is configured.
func verifySNS(ctx context.Context, h *Hook, r *request) error {
	e, err := readEnvelope(r)
	if err != nil {
		return err
	}
	if e.TopicArn != h.config.Topic {
		return forged("it is of another topic than ours")
	}
	if err := h.verifyEnvelope(ctx, e); err != nil {
		return err
	}
	at, err := time.Parse(time.RFC3339, e.Timestamp)
	if err != nil {
		return forged("its timestamp is none")
	}
	if err := h.fresh(at); err != nil {
		return err
	}
	if e.Type == "SubscriptionConfirmation" && h.clk != nil {
		return h.certs.confirm(ctx, e.SubscribeURL)
	}
	return nil
}

func (h *Hook) verifyEnvelope(ctx context.Context, e *envelope) error {
	signature, err := base64.StdEncoding.DecodeString(e.Signature)
	if err != nil || len(signature) == 0 {
		return forged("it is not signed")
	}
	var cert *x509.Certificate
	if h.config.Certificate == "" {
		cert, err = h.certs.get(ctx, e.SigningCertURL)
	} else {
		cert, err = readCertificate([]byte(h.config.Certificate))
	}
	if err != nil {
		return err
	}
	key, ok := cert.PublicKey.(*rsa.PublicKey)
	if !ok {
		return forged("its certificate has no RSA key")
	}
	text := []byte(e.signed())
	switch e.SignatureVersion {
	case "1":
		sum := sha1.Sum(text)
		err = rsa.VerifyPKCS1v15(key, crypto.SHA1, sum[:], signature)
	case "2":
		sum := sha256.Sum256(text)
		err = rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature)
	default:
		return forged("its signature is of a version that is not known")
	}
	if err != nil {
		return forged("its signature is wrong")
	}
	return nil
}

// snsHost is a host of Amazon SNS; nothing else is ever asked.
var snsHost = regexp.MustCompile(`^sns\.[a-z0-9-]{3,40}\.amazonaws\.com(?:\.cn)?$`)

func amazonURL(raw string) (*url.URL, bool) {
	u, err := url.Parse(raw)
	return u, err == nil && u.Scheme == "https" && u.User == nil && snsHost.MatchString(u.Host)
}

func certificateURL(raw string) bool {
	u, ok := amazonURL(raw)
	return ok && strings.HasSuffix(u.Path, ".pem")
}

// certificates keeps what was fetched from Amazon, so that it is asked once for
// each certificate.
type certificates struct {
	client *http.Client
	mu     sync.Mutex
	known  map[string]*x509.Certificate
}

const (
	maxCertificates = 16 // Amazon changes them about once a year
	maxFetched      = 64 << 10
	fetchTimeout    = 10 * time.Second
)

func newCertificates() *certificates {
	return &certificates{known: map[string]*x509.Certificate{}, client: &http.Client{
		Timeout: fetchTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return errors.New("it leads elsewhere")
		},
	}}
}

func (c *certificates) get(ctx context.Context, from string) (*x509.Certificate, error) {
	if !certificateURL(from) {
		return nil, forged("its certificate is not at an address of Amazon SNS")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if cert := c.known[from]; cert != nil {
		return cert, nil
	}
	body, err := c.fetch(ctx, from)
	if err != nil {
		return nil, fmt.Errorf("fetch the certificate of SNS: %w", err)
	}
	cert, err := readCertificate(body)
	if err != nil {
		return nil, fmt.Errorf("fetch the certificate of SNS: %w", err)
	}
	if len(c.known) >= maxCertificates {
		clear(c.known)
	}
	c.known[from] = cert
	return cert, nil
}

// confirm answers the topic's question whether we want its messages.
func (c *certificates) confirm(ctx context.Context, subscribe string) error {
	if _, ok := amazonURL(subscribe); !ok {
		return forged("the address that confirms the subscription is none of Amazon SNS")
	}
	if _, err := c.fetch(ctx, subscribe); err != nil {
		return fmt.Errorf("confirm the subscription to the SNS topic: %w", err)
	}
	return nil
}

// errFetch hides the address, which for a subscription holds its token.
var errFetch = errors.New("no answer from Amazon SNS")

func (c *certificates) fetch(ctx context.Context, from string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		return nil, errFetch
	}
	resp, err := c.client.Do(req)
	if err != nil {
		return nil, errFetch
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("an answer %d from Amazon SNS", resp.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxFetched))
	if err != nil {
		return nil, errFetch
	}
	return body, nil
}

func readCertificate(text []byte) (*x509.Certificate, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("the certificate is no PEM")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, errors.New("the certificate cannot be read")
	}
	return cert, nil
}
