package access_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"clarion/web/access"
)

// enrolled is a person who has a passkey alone.
func (p *person) enrolled(email string, d *device, roles ...access.Role) *person {
	h := p.h
	h.t.Helper()
	ctx := h.t.Context()
	link := p.invite(email, roles...)
	i, err := h.Invited(ctx, link)
	h.must(err)
	q, err := h.AskInvited(i)
	h.must(err)
	w, err := h.Join(ctx, link, access.Enrolment{Name: "Kim", Question: q.Sealed, Answer: d.create(h.t, q)}, from)
	h.must(err)
	if len(w.Recovery) != 0 {
		h.t.Error("recovery codes without a password")
	}
	return &person{h: h, email: email, secret: w.Secret, Visitor: w.Visitor}
}

func TestPasskeys(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	phone := newDevice(t)
	kim := h.director().enrolled("kim@save9.example", phone, access.Watcher)
	ask := func() access.Question {
		t.Helper()
		q, err := h.AskLogIn()
		h.must(err)
		return q
	}
	q := ask()
	answer := phone.get(t, q)
	_, v, err := h.LogInByPasskey(ctx, q.Sealed, answer, from)
	if err != nil || v.Number != kim.Number || !v.Fresh(h.clk.Now()) {
		t.Fatalf("%+v, %v", v, err)
	}
	if _, _, err := h.LogInByPasskey(ctx, q.Sealed, answer, from); !errors.Is(err, access.ErrExpired) {
		t.Errorf("an answer that was used: %v", err)
	}
	for name, c := range map[string]struct {
		change func(d *device)
		want   error
	}{
		"of another site":       {func(d *device) { d.origin = "https://desk.save9.example.evil" }, access.ErrRefused},
		"without finger or PIN": {func(d *device) { d.flags = 0x01 }, access.ErrRefused},
		"of another key":        {func(d *device) { d.key = newDevice(t).key }, access.ErrRefused},
		"that is not known":     {func(d *device) { d.id = newDevice(t).id }, access.ErrRefused},
		"of nobody":             {func(d *device) { d.handle = []byte("nobody") }, access.ErrRefused},
		"of a copied device":    {func(d *device) { d.count = 0 }, access.ErrRefused},
	} {
		d := *phone
		d.count += 10
		c.change(&d)
		q := ask()
		if _, _, err := h.LogInByPasskey(ctx, q.Sealed, d.get(t, q), from); !errors.Is(err, c.want) {
			t.Errorf("a passkey %s: %v, want %v", name, err, c.want)
		}
	}
	q, other := ask(), ask()
	if _, _, err := h.LogInByPasskey(ctx, other.Sealed, phone.get(t, q), from); !errors.Is(err, access.ErrRefused) {
		t.Errorf("an answer to another question: %v", err)
	}
	if _, _, err := h.LogInByPasskey(ctx, ask().Sealed, []byte("{"), from); !errors.Is(err, access.ErrPasskey) {
		t.Errorf("an answer that is none: %v", err)
	}
	q = ask()
	h.clk.Advance(2 * time.Hour)
	if _, _, err := h.LogInByPasskey(ctx, q.Sealed, phone.get(t, q), from); !errors.Is(err, access.ErrExpired) {
		t.Errorf("an answer two hours late: %v", err)
	}
	q = ask()
	if _, _, err := h.LogInByPasskey(ctx, q.Sealed, phone.get(t, q), from); err != nil {
		t.Errorf("after all that the device itself: %v", err)
	}
}

// A passkey gets in where somebody else's failures have closed the other way.
func TestPasskeyPassesTheLimit(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	phone := newDevice(t)
	kim := h.director().enrolled("kim@save9.example", phone, access.Watcher)
	for i := range 11 {
		_, _, _ = h.LogIn(ctx, access.Credentials{Email: kim.email, Password: "guess"}, access.Client{Address: string(rune('a' + i))})
	}
	q, err := h.AskLogIn()
	h.must(err)
	if _, _, err := h.LogInByPasskey(ctx, q.Sealed, phone.get(t, q), from); err != nil {
		t.Error(err)
	}
}

func TestOwnAccount(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	han := h.director()
	phone, key := newDevice(t), newDevice(t)
	kim := han.enrolled("kim@save9.example", phone, access.Watcher)
	w, err := h.Ways(ctx, kim.Visitor)
	if err != nil || w.Password || w.Recovery != 0 || len(w.Passkeys) != 1 {
		t.Fatalf("%+v, %v", w, err)
	}
	if _, _, err := h.RemovePasskey(ctx, kim.Visitor, w.Passkeys[0].ID); !errors.Is(err, access.ErrLastWay) {
		t.Errorf("the last way: %v", err)
	}
	if _, _, _, err := h.RenewRecovery(ctx, kim.Visitor); !errors.Is(err, access.ErrLastWay) {
		t.Errorf("recovery codes without a password: %v", err)
	}
	// A device that is there already is told so, and cannot come twice.
	q, err := h.AskPasskey(ctx, kim.Visitor)
	h.must(err)
	if !bytes.Contains(q.Options, []byte(b64(phone.id))) {
		t.Error("the question does not name the passkeys that there are")
	}
	if _, _, err := h.AddPasskey(ctx, kim.Visitor, q.Sealed, phone.create(t, q), "Again"); !errors.Is(err, access.ErrPasskey) {
		t.Errorf("the same device again: %v", err)
	}
	if q, err = h.AskPasskey(ctx, kim.Visitor); err != nil {
		t.Fatal(err)
	}
	if _, _, err := h.AddPasskey(ctx, han.Visitor, q.Sealed, key.create(t, q), "Han's"); !errors.Is(err, access.ErrExpired) {
		t.Errorf("an answer to another person's question: %v", err)
	}
	before := kim.secret
	kim.secret, kim.Visitor, err = h.AddPasskey(ctx, kim.Visitor, q.Sealed, key.create(t, q), "Key ring")
	h.must(err)
	if _, err := h.Visit(ctx, before); !errors.Is(err, access.ErrNoSession) {
		t.Errorf("the secret is not renewed: %v", err)
	}
	setup := h.Setup(kim.Visitor)
	kim.totp = app(t, setup.URI)
	var weak *access.PasswordError
	if _, _, _, err := h.SetPassword(ctx, kim.Visitor, "kim@save9.example", setup.Sealed, kim.code()); !errors.As(err, &weak) {
		t.Errorf("one's address: %v", err)
	}
	var recovery []string
	kim.secret, kim.Visitor, recovery, err = h.SetPassword(ctx, kim.Visitor, password, setup.Sealed, kim.code())
	if err != nil || len(recovery) != 10 {
		t.Fatalf("%v, %v", recovery, err)
	}
	kim.logIn()
	w, err = h.Ways(ctx, kim.Visitor)
	if err != nil || !w.Password || w.Recovery != 10 || len(w.Passkeys) != 2 || w.Passkeys[1].Name != "Key ring" {
		t.Fatalf("%+v, %v", w, err)
	}
	for _, p := range w.Passkeys {
		kim.secret, kim.Visitor, err = h.RemovePasskey(ctx, kim.Visitor, p.ID)
		h.must(err)
	}
	if q, err = h.AskLogIn(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := h.LogInByPasskey(ctx, q.Sealed, phone.get(t, q), from); !errors.Is(err, access.ErrRefused) {
		t.Errorf("a passkey that was removed: %v", err)
	}
	var codes []string
	kim.secret, kim.Visitor, codes, err = h.RenewRecovery(ctx, kim.Visitor)
	h.must(err)
	if _, _, err := h.LogIn(ctx, access.Credentials{Email: kim.email, Password: password, Code: recovery[0]}, from); !errors.Is(err, access.ErrRefused) {
		t.Errorf("a recovery code of before: %v", err)
	}
	kim.secret, kim.Visitor, err = h.Prove(ctx, kim.Visitor, access.Credentials{Password: password, Code: codes[9]}, from)
	h.must(err)
	h.must(h.SetProfile(ctx, kim.Visitor, "Kim Younghee", "ko"))
	v, err := h.Visit(ctx, kim.secret)
	if err != nil || v.Name != "Kim Younghee" || v.Language != "ko" {
		t.Errorf("%+v, %v", v, err)
	}
	// Ten minutes later none of it goes without another proof.
	h.clk.Advance(access.Freshness)
	_, _, _, renew := h.RenewRecovery(ctx, kim.Visitor)
	_, _, add := h.AddPasskey(ctx, kim.Visitor, "", nil, "x")
	_, _, remove := h.RemovePasskey(ctx, kim.Visitor, "x")
	_, _, _, set := h.SetPassword(ctx, kim.Visitor, password, "", "")
	for _, err := range []error{renew, add, remove, set} {
		if !errors.Is(err, access.ErrStale) {
			t.Errorf("after ten minutes: %v", err)
		}
	}
	if got := strings.Join(h.said(), " "); !strings.Contains(got, "passkey_added password_changed log_in passkey_removed passkey_removed log_in_refused recovery_renewed log_in_refused proved") {
		t.Errorf("the trail says %s", got)
	}
}

// Another person's passkey is no proof of who I am.
func TestProofIsOnesOwn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	han := h.director()
	phone := newDevice(t)
	han.enrolled("kim@save9.example", phone, access.Watcher)
	q, err := h.AskLogIn()
	h.must(err)
	if _, _, err := h.ProveByPasskey(ctx, han.Visitor, q.Sealed, phone.get(t, q), from); !errors.Is(err, access.ErrRefused) {
		t.Errorf("kim's passkey for han: %v", err)
	}
}

// Where the console has no name browsers know no passkeys, and it says so.
func TestNoPasskeysWithoutAName(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for at, want := range map[string]bool{
		"https://desk.save9.example": true, "http://localhost:8080": true, "http://127.0.0.1:8080": false, "https://[::1]": false, "http://desk.save9.example": false,
	} {
		s := h.open(at)
		if s.Passkeys() != want {
			t.Errorf("%s: %v", at, s.Passkeys())
		}
		if _, err := s.AskLogIn(); errors.Is(err, access.ErrPasskey) == want {
			t.Errorf("%s: %v", at, err)
		}
	}
	if _, err := access.Open(h.rdb, h.keys, h.clk, h.trail, access.Config{Origin: "desk"}); err == nil {
		t.Error("an origin that is none")
	}
}
