package webhook

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"clarion/internal/clock"
	"clarion/internal/conf"
	"clarion/worker/gateway"
)

var now = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)

// A request is taken when its proof is right and fresh.
func check(t *testing.T, name string, h *Hook, r *http.Request, right bool) {
	t.Helper()
	events, err := h.Read(r)
	if right != (err == nil) || !right && (!errors.Is(err, gateway.ErrForged) || len(events) > 0) {
		t.Errorf("%s: %d events, %v", name, len(events), err)
	}
}

func TestMailgunSignature(t *testing.T) {
	t.Parallel()
	h, err := New("mailgun", Config{SigningKey: conf.NewSecret("key-1")}, clock.NewManual(now))
	if err != nil {
		t.Fatal(err)
	}
	sign := func(key, stamp, token string) string {
		mac := hmac.New(sha256.New, []byte(key))
		mac.Write([]byte(stamp + token))
		return hex.EncodeToString(mac.Sum(nil))
	}
	body := func(stamp, token, signature string) *http.Request {
		return httptest.NewRequest(http.MethodPost, "/", strings.NewReader(fmt.Sprintf(
			`{"signature":{"timestamp":%q,"token":%q,"signature":%q},"event-data":{"event":"failed","severity":"permanent","reason":"bounce","recipient":"a@gov.example","envelope":{"sender":"b+%s@b.example"},"delivery-status":{"code":550,"message":"5.1.1 no such user"}}}`,
			stamp, token, signature, tokenText)))
	}
	stamp := fmt.Sprint(now.Unix())
	check(t, "right", h, body(stamp, "t", sign("key-1", stamp, "t")), true)
	check(t, "another key", h, body(stamp, "t", sign("key-2", stamp, "t")), false)
	check(t, "another token", h, body(stamp, "u", sign("key-1", stamp, "t")), false)
	check(t, "no signature", h, body(stamp, "t", ""), false)
	check(t, "no token", h, body(stamp, "", sign("key-1", stamp, "")), false)
	old := fmt.Sprint(now.Add(-25 * time.Hour).Unix())
	check(t, "old", h, body(old, "t", sign("key-1", old, "t")), false)
	events, err := h.Read(body(stamp, "t", sign("key-1", stamp, "t")))
	if got := describe(events); err != nil || got != "bounced a@gov.example t token dead mailbox_unknown 5.1.1" {
		t.Errorf("%s, %v", got, err)
	}
}

func TestSendGridSignature(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	h, err := New("sendgrid", Config{SigningKey: conf.NewSecret(base64.StdEncoding.EncodeToString(public))}, clock.NewManual(now))
	if err != nil {
		t.Fatal(err)
	}
	const body = `[{"event":"delivered","email":"a@gov.example"}]`
	request := func(signed, stamp, sent string) *http.Request {
		sum := sha256.Sum256([]byte(stamp + signed))
		signature, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(sent))
		r.Header.Set(sendGridTimestamp, stamp)
		r.Header.Set(sendGridSignature, base64.StdEncoding.EncodeToString(signature))
		return r
	}
	stamp := fmt.Sprint(now.Unix())
	check(t, "right", h, request(body, stamp, body), true)
	check(t, "another body", h, request(body, stamp, strings.Replace(body, "a@", "b@", 1)), false)
	old := fmt.Sprint(now.Add(-25 * time.Hour).Unix())
	check(t, "old", h, request(body, old, body), false)
	r := request(body, stamp, body)
	r.Header.Set(sendGridTimestamp, fmt.Sprint(now.Unix()+1))
	check(t, "another time", h, r, false)
	r = request(body, stamp, body)
	r.Header.Del(sendGridSignature)
	check(t, "no signature", h, r, false)
}

// amazon is SNS: a certificate, its key, and the server that hands it out.
type amazon struct {
	key       *rsa.PrivateKey
	cert      []byte
	transport *http.Transport
	confirmed atomic.Int32
	asked     atomic.Int32
}

func startAmazon(t *testing.T) *amazon {
	t.Helper()
	a := &amazon{}
	var err error
	if a.key, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "sns.amazonaws.com"}, NotAfter: now.AddDate(1, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &a.key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	a.cert = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, ".pem"):
			a.asked.Add(1)
			_, _ = w.Write(a.cert) // a client that has gone is not our matter
		case r.URL.Query().Get("Action") == "ConfirmSubscription":
			a.confirmed.Add(1)
		default:
			http.Redirect(w, r, "https://elsewhere.example/", http.StatusFound)
		}
	}))
	t.Cleanup(s.Close)
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	a.transport = &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: "example.com"},
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "tcp", s.Listener.Addr().String())
		},
	}
	return a
}

// sign signs a message as SNS does.
func (a *amazon) sign(t *testing.T, e envelope) envelope {
	t.Helper()
	var err error
	var signature []byte
	text := []byte(e.signed())
	if e.SignatureVersion == "1" {
		sum := sha1.Sum(text)
		signature, err = rsa.SignPKCS1v15(nil, a.key, crypto.SHA1, sum[:])
	} else {
		sum := sha256.Sum256(text)
		signature, err = rsa.SignPKCS1v15(nil, a.key, crypto.SHA256, sum[:])
	}
	if err != nil {
		t.Fatal(err)
	}
	e.Signature = base64.StdEncoding.EncodeToString(signature)
	return e
}

func (e envelope) request(t *testing.T) *http.Request {
	t.Helper()
	b, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(string(b)))
	r.Header.Set("Content-Type", "text/plain; charset=UTF-8")
	return r
}

func TestSNSSignature(t *testing.T) {
	t.Parallel()
	a := startAmazon(t)
	const topic = "arn:aws:sns:ap-northeast-2:1:bounces"
	h, err := New("ses", Config{Kind: "amazon_ses", Topic: topic}, clock.NewManual(now))
	if err != nil {
		t.Fatal(err)
	}
	h.certs.client.Transport = a.transport
	const certURL = "https://sns.ap-northeast-2.amazonaws.com/SimpleNotificationService-1.pem"
	subject := "Amazon SES"
	good := envelope{Type: "Notification", MessageID: "1", TopicArn: topic, Subject: &subject, Message: `{"eventType":"Delivery","delivery":{"recipients":["a@gov.example"]},` + mail + `}`,
		Timestamp: now.Format(time.RFC3339), SignatureVersion: "2", SigningCertURL: certURL}
	check(t, "version 2", h, a.sign(t, good).request(t), true)
	one := good
	one.SignatureVersion, one.Subject = "1", nil
	check(t, "version 1, no subject", h, a.sign(t, one).request(t), true)
	if a.asked.Load() != 1 {
		t.Errorf("the certificate was fetched %d times", a.asked.Load())
	}
	for name, change := range map[string]func(*envelope){
		"another message": func(e *envelope) { e.Message += " " },
		"another version": func(e *envelope) { e.SignatureVersion = "1" },
		"no version":      func(e *envelope) { e.SignatureVersion = "" },
		"no signature":    func(e *envelope) { e.Signature = "" },
	} {
		e := a.sign(t, good)
		change(&e)
		check(t, name, h, e.request(t), false)
	}
	for name, change := range map[string]func(*envelope){
		"another topic":     func(e *envelope) { e.TopicArn = "arn:aws:sns:x:2:other" },
		"old":               func(e *envelope) { e.Timestamp = now.Add(-25 * time.Hour).Format(time.RFC3339) },
		"a foreign host":    func(e *envelope) { e.SigningCertURL = "https://sns.evil.example/x.pem" },
		"a host in a path":  func(e *envelope) { e.SigningCertURL = "https://evil.example/sns.us-east-1.amazonaws.com/x.pem" },
		"a host with more":  func(e *envelope) { e.SigningCertURL = "https://sns.us-east-1.amazonaws.com.evil.example/x.pem" },
		"a user in the URL": func(e *envelope) { e.SigningCertURL = "https://sns.us-east-1.amazonaws.com@evil.example/x.pem" },
		"no TLS":            func(e *envelope) { e.SigningCertURL = "http://sns.us-east-1.amazonaws.com/x.pem" },
		"no certificate":    func(e *envelope) { e.SigningCertURL = "https://sns.us-east-1.amazonaws.com/x.txt" },
	} {
		e := good
		change(&e)
		check(t, name, h, a.sign(t, e).request(t), false)
	}

	ask := envelope{Type: "SubscriptionConfirmation", MessageID: "2", TopicArn: topic, Message: "You have chosen", Token: "tok", Timestamp: now.Format(time.RFC3339),
		SubscribeURL: "https://sns.ap-northeast-2.amazonaws.com/?Action=ConfirmSubscription&Token=tok", SignatureVersion: "2", SigningCertURL: certURL}
	forged := ask
	forged.SubscribeURL = "https://intranet.example/?Action=ConfirmSubscription"
	check(t, "a subscription elsewhere", h, a.sign(t, forged).request(t), false)
	if a.confirmed.Load() != 0 {
		t.Error("a forged subscription was confirmed")
	}
	check(t, "a subscription", h, a.sign(t, ask).request(t), true)
	if a.confirmed.Load() != 1 {
		t.Errorf("the subscription was confirmed %d times", a.confirmed.Load())
	}
	moved := ask
	moved.SubscribeURL = "https://sns.ap-northeast-2.amazonaws.com/?Action=Other"
	if _, err := h.Read(a.sign(t, moved).request(t)); err == nil || strings.Contains(err.Error(), "tok") {
		t.Errorf("a subscription that leads elsewhere: %v", err)
	}
}

// With the certificate in the config nothing is fetched.
func TestSNSCertificate(t *testing.T) {
	t.Parallel()
	a := startAmazon(t)
	h, err := New("ses", Config{Kind: "amazon_ses", Topic: "t", Certificate: string(a.cert)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	e := envelope{Type: "Notification", MessageID: "1", TopicArn: "t", Message: "{}", Timestamp: "2020-01-01T00:00:00Z", SignatureVersion: "2", SigningCertURL: "https://sns.us-east-1.amazonaws.com/x.pem"}
	check(t, "signed", h, a.sign(t, e).request(t), true)
	check(t, "not signed", h, e.request(t), false)
	if a.asked.Load() != 0 {
		t.Error("the certificate was fetched")
	}
}

// A tray keeps what a gateway was given.
type tray struct{ sent []gateway.Message }

func (b *tray) Send(_ context.Context, m gateway.Message) (gateway.Receipt, error) {
	b.sent = append(b.sent, m)
	return gateway.Receipt{ID: "1"}, nil
}

func (b *tray) OpenSession(context.Context) (gateway.Session, error) { return b, nil }

func (b *tray) Close() error { return nil }

func (b *tray) SendGroup(_ context.Context, group []gateway.Message, proceed func(int) bool, result func(int, gateway.Receipt, error)) error {
	for i, m := range group {
		if !proceed(i) {
			result(i, gateway.Receipt{}, gateway.ErrNotSent)
			continue
		}
		b.sent = append(b.sent, m)
		result(i, gateway.Receipt{}, nil)
	}
	return nil
}

// Messages are marked above their header, one by one and in groups, and what
// the gateway can do it still can.
func TestMarking(t *testing.T) {
	t.Parallel()
	for _, kind := range Kinds() {
		h := open(t, kind)
		b := &tray{}
		g := h.Marking(b)
		body := []byte("Subject: x\r\n\r\ny\r\n")
		m := gateway.Message{Delivery: tokenText, Body: body}
		if _, err := g.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		s, err := g.(gateway.SessionOpener).OpenSession(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := s.SendGroup(t.Context(), []gateway.Message{m}, func(int) bool { return true }, func(int, gateway.Receipt, error) {}); err != nil {
			t.Fatal(err)
		}
		for _, sent := range b.sent {
			head, ok := strings.CutSuffix(string(sent.Body), string(body))
			if !ok || (head == "") != (kind == "amazon_ses") || head != h.Mark(tokenText) || strings.Count(head, "\r\n") > 1 || len(head) > 0 && !strings.Contains(head, tokenText) {
				t.Errorf("%s: %q", kind, sent.Body)
			}
		}
		if _, ok := g.(gateway.Prober); ok {
			t.Errorf("%s: it probes, and the gateway cannot", kind)
		}
	}
}
