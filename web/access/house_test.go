package access_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-webauthn/webauthn/protocol/webauthncbor"
	"github.com/redis/go-redis/v9"

	"clarion/internal/audit"
	"clarion/internal/clock"
	"clarion/internal/redistest"
	"clarion/internal/seal"
	"clarion/web/access"
)

const (
	origin   = "https://desk.save9.example"
	password = "a tin roof under three moons"
)

// A house is a team on a Redis of its own, in virtual time.
type house struct {
	*access.Store
	t     *testing.T
	rdb   redis.UniversalClient
	keys  *seal.Keyring
	clk   *clock.Manual
	trail *audit.Trail
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, rdb: redistest.New(t), clk: clock.NewManual(time.Date(2013, 6, 1, 9, 0, 10, 0, time.UTC))}
	var err error
	h.keys, err = seal.New(bytes.Repeat([]byte("k"), 32))
	h.must(err)
	h.trail = audit.Open(h.rdb, h.keys, h.clk, "", slog.New(slog.DiscardHandler))
	h.Store = h.open(origin)
	return h
}

// open is as another process on the same Redis.
func (h *house) open(at string) *access.Store {
	h.t.Helper()
	s, err := access.Open(h.rdb, h.keys, h.clk, h.trail, access.Config{Origin: at, Organisation: "Save 9", Cost: access.Cost{Memory: 64, Passes: 1, Threads: 1}})
	h.must(err)
	return s
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// A person has an app, and what they were given.
type person struct {
	h        *house
	email    string
	totp     []byte
	recovery []string
	secret   string // of the session
	*access.Visitor
}

var from = access.Client{Address: "192.0.2.1", Browser: "Firefox, Windows"}

// app reads a setup as an authenticator app reads the QR code.
func app(t *testing.T, uri string) []byte {
	t.Helper()
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "otpauth" || u.Host != "totp" || u.Query().Get("issuer") != "Save 9" || !strings.HasPrefix(u.Path, "/Save 9:") {
		t.Fatalf("an app reads %q: %v", uri, err)
	}
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(u.Query().Get("secret"))
	if err != nil || len(secret) != 20 {
		t.Fatalf("the secret of %q: %v", uri, err)
	}
	return secret
}

// codeAt is what an app shows (RFC 6238), written apart from what it tests.
func codeAt(secret []byte, at time.Time) string {
	m := hmac.New(sha1.New, secret)
	binary.Write(m, binary.BigEndian, at.Unix()/30)
	sum := m.Sum(nil)
	return fmt.Sprintf("%06d", (binary.BigEndian.Uint32(sum[sum[19]&15:])&0x7fffffff)%1000000)
}

// code is the app's, which is new every 30 seconds: time goes on.
func (p *person) code() string {
	p.h.clk.Advance(30 * time.Second)
	return codeAt(p.totp, p.h.clk.Now())
}

// director makes the first one.
func (h *house) director() *person {
	h.t.Helper()
	ctx := context.Background()
	code, err := h.FirstCode(ctx)
	h.must(err)
	p := &person{h: h, email: "han.director@save9.example"}
	setup := h.SetupFirst()
	p.totp = app(h.t, setup.URI)
	w, err := h.First(ctx, strings.ToUpper(code), access.Enrolment{Name: "Han  Director", Language: "ko", Email: p.email, Password: password, Setup: setup.Sealed, Code: p.code()}, from)
	h.must(err)
	p.secret, p.Visitor, p.recovery = w.Secret, w.Visitor, w.Recovery
	return p
}

// invite makes the link for somebody; its maker proves who they are first.
func (p *person) invite(email string, roles ...access.Role) string {
	p.h.t.Helper()
	p.prove()
	link, err := p.h.Invite(context.Background(), p.Visitor, email, roles)
	p.h.must(err)
	return link
}

// join takes a link.
func (h *house) join(link, email string) *person {
	h.t.Helper()
	ctx := context.Background()
	i, err := h.Invited(ctx, link)
	h.must(err)
	p := &person{h: h, email: email}
	setup := h.SetupInvited(i)
	p.totp = app(h.t, setup.URI)
	w, err := h.Join(ctx, link, access.Enrolment{Name: "Name of " + email, Password: password, Setup: setup.Sealed, Code: p.code()}, from)
	h.must(err)
	p.secret, p.Visitor, p.recovery = w.Secret, w.Visitor, w.Recovery
	return p
}

// add makes a person of the team with these roles.
func (p *person) add(name string, roles ...access.Role) *person {
	p.h.t.Helper()
	email := name + "@save9.example"
	return p.h.join(p.invite(email, roles...), email)
}

func (p *person) credentials() access.Credentials {
	return access.Credentials{Email: p.email, Password: password, Code: p.code()}
}

func (p *person) logIn() {
	p.h.t.Helper()
	var err error
	p.secret, p.Visitor, err = p.h.LogIn(context.Background(), p.credentials(), from)
	p.h.must(err)
}

func (p *person) prove() {
	p.h.t.Helper()
	var err error
	p.secret, p.Visitor, err = p.h.Prove(context.Background(), p.Visitor, p.credentials(), from)
	p.h.must(err)
}

// A device makes and uses passkeys, as a telephone does (WebAuthn level 3).
type device struct {
	key    *ecdsa.PrivateKey
	id     []byte
	handle []byte
	count  uint32
	origin string
	flags  byte // user present, user verified
}

func newDevice(t *testing.T) *device {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	id := make([]byte, 32)
	rand.Read(id)
	return &device{key: key, id: id, origin: origin, flags: 0x05}
}

var b64 = base64.RawURLEncoding.EncodeToString

type options struct {
	PublicKey struct {
		Challenge string
		RPID      string
		RP        struct{ ID string }
		User      struct{ ID string }
	}
}

func (d *device) clientData(kind, challenge string) []byte {
	return fmt.Appendf(nil, `{"type":%q,"challenge":%q,"origin":%q,"crossOrigin":false}`, kind, challenge, d.origin)
}

// authData is the authenticator's word: of which site, with which flags and count.
func (d *device) authData(rpID string, flags byte) []byte {
	hash := sha256.Sum256([]byte(rpID))
	return binary.BigEndian.AppendUint32(append(hash[:], flags), d.count)
}

// create answers a question for a new passkey.
func (d *device) create(t *testing.T, q access.Question) []byte {
	t.Helper()
	var o options
	if err := json.Unmarshal(q.Options, &o); err != nil {
		t.Fatal(err)
	}
	d.handle, _ = base64.RawURLEncoding.DecodeString(o.PublicKey.User.ID)
	point, err := d.key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	cose, err := webauthncbor.Marshal(map[int]any{1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:]})
	if err != nil {
		t.Fatal(err)
	}
	auth := append(d.authData(o.PublicKey.RP.ID, d.flags|0x40), make([]byte, 16)...)
	auth = append(append(binary.BigEndian.AppendUint16(auth, uint16(len(d.id))), d.id...), cose...)
	att, err := webauthncbor.Marshal(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": auth})
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Appendf(nil, `{"id":%q,"rawId":%q,"type":"public-key","response":{"clientDataJSON":%q,"attestationObject":%q}}`,
		b64(d.id), b64(d.id), b64(d.clientData("webauthn.create", o.PublicKey.Challenge)), b64(att))
}

// get answers a question for a passkey that there is.
func (d *device) get(t *testing.T, q access.Question) []byte {
	t.Helper()
	var o options
	if err := json.Unmarshal(q.Options, &o); err != nil {
		t.Fatal(err)
	}
	d.count++
	client, auth := d.clientData("webauthn.get", o.PublicKey.Challenge), d.authData(o.PublicKey.RPID, d.flags)
	hash := sha256.Sum256(client)
	digest := sha256.Sum256(append(bytes.Clone(auth), hash[:]...))
	sig, err := ecdsa.SignASN1(rand.Reader, d.key, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Appendf(nil, `{"id":%q,"rawId":%q,"type":"public-key","response":{"clientDataJSON":%q,"authenticatorData":%q,"signature":%q,"userHandle":%q}}`,
		b64(d.id), b64(d.id), b64(client), b64(auth), b64(sig), b64(d.handle))
}

// said returns what the trail says, the oldest first, in one word each.
func (h *house) said() []string {
	h.t.Helper()
	all, err := h.trail.Read(context.Background(), 0, 1000)
	h.must(err)
	out := make([]string, len(all))
	for i, e := range all {
		out[len(all)-1-i] = string(e.Action)
	}
	return out
}
