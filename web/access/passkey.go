package access

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"clarion/internal/audit"
)

// A passkey is a public key whose other half a device of the person holds.
type passkey struct {
	Name       string              `json:"name"`
	Added      time.Time           `json:"added"`
	Used       time.Time           `json:"used,omitzero"`
	Credential webauthn.Credential `json:"credential"`
}

// A Passkey is one as its owner sees it.
type Passkey struct {
	ID    string // for the form that removes it
	Name  string
	Added time.Time
	Used  time.Time // zero: never
}

func newAuthn(domain string, cfg Config) (*webauthn.WebAuthn, error) {
	w, err := webauthn.New(&webauthn.Config{
		RPID: domain, RPDisplayName: cfg.Organisation, RPOrigins: []string{cfg.Origin},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			// The device itself asks for a finger or a PIN, and knows who the person is: one
			// touch is then two factors, and no address is typed.
			UserVerification: protocol.VerificationRequired, ResidentKey: protocol.ResidentKeyRequirementRequired,
		},
	})
	if err != nil {
		return nil, fmt.Errorf("set up passkeys for %s: %w", domain, err)
	}
	return w, nil
}

// An owner is an account as the library asks for it.
type owner struct{ *account }

func (o owner) WebAuthnID() []byte          { return o.Handle }
func (o owner) WebAuthnName() string        { return o.Email }
func (o owner) WebAuthnDisplayName() string { return o.Name }
func (o owner) WebAuthnCredentials() []webauthn.Credential {
	out := make([]webauthn.Credential, len(o.Passkeys))
	for i := range o.Passkeys {
		out[i] = o.Passkeys[i].Credential
	}
	return out
}

// A Question is what the browser asks a passkey: Options for the browser, as
// JSON, and Sealed, which comes back with the answer.
type Question struct {
	Options json.RawMessage
	Sealed  string
}

// A ceremony is what is remembered of a Question, sealed, in the question itself.
type ceremony struct {
	Session webauthn.SessionData `json:"session"`
	Handle  []byte               `json:"handle,omitempty"` // of a new account
}

// What a question is asked for; a number or a digest follows after some.
const (
	forLogIn    = "log-in"
	forPasskey  = "passkey "
	forEnrol    = "enrol "
	forSetup    = "setup "
	forProof    = "proof "
	emptyHandle = 16 // bytes
)

func newHandle() []byte {
	handle := make([]byte, emptyHandle)
	rand.Read(handle)
	return handle
}

var errNoPasskeys = fmt.Errorf("%w: browsers know none at this address", ErrPasskey)

func (s *Store) question(purpose string, options any, c ceremony) (Question, error) {
	opts, err := json.Marshal(options)
	if err != nil {
		return Question{}, fmt.Errorf("ask for a passkey: %w", err)
	}
	text, err := json.Marshal(c)
	if err != nil {
		return Question{}, fmt.Errorf("ask for a passkey: %w", err)
	}
	return Question{opts, s.sealText(purpose, text)}, nil
}

// answered opens a question whose answer has come. Each is answered once.
func (s *Store) answered(ctx context.Context, purpose, sealed string) (c ceremony, err error) {
	text, err := s.openText(purpose, sealed)
	if err != nil {
		return c, err
	}
	if err := json.Unmarshal(text, &c); err != nil {
		return c, fmt.Errorf("take the answer of a passkey: %w", err)
	}
	first, err := s.once(ctx, s.digest(ofCeremony, c.Session.Challenge))
	if err != nil {
		return c, err
	}
	if !first {
		return c, ErrExpired
	}
	return c, nil
}

// AskLogIn asks for any passkey of this console's.
func (s *Store) AskLogIn() (Question, error) {
	if s.authn == nil {
		return Question{}, errNoPasskeys
	}
	options, session, err := s.authn.BeginDiscoverableLogin()
	if err != nil {
		return Question{}, fmt.Errorf("ask for a passkey: %w", err)
	}
	return s.question(forLogIn, options, ceremony{Session: *session})
}

// LogInByPasskey opens a session for the owner of the passkey that answered.
func (s *Store) LogInByPasskey(ctx context.Context, sealed string, answer []byte, client Client) (secret string, v *Visitor, err error) {
	a, err := s.proveByPasskey(ctx, sealed, answer, client, 0, audit.LogIn)
	if err != nil {
		return "", nil, err
	}
	return s.enter(ctx, a, nil, client)
}

// ProveByPasskey is as Prove, by a passkey of whoever is logged in.
func (s *Store) ProveByPasskey(ctx context.Context, v *Visitor, sealed string, answer []byte, client Client) (secret string, now *Visitor, err error) {
	if v.Session == nil {
		return "", nil, ErrNoSession
	}
	a, err := s.proveByPasskey(ctx, sealed, answer, client, v.Number, audit.Proved)
	if err != nil {
		return "", nil, err
	}
	return s.enter(ctx, a, v.Session, client)
}

func (s *Store) proveByPasskey(ctx context.Context, sealed string, answer []byte, client Client, only uint32, action audit.Action) (*account, error) {
	if s.authn == nil {
		return nil, errNoPasskeys
	}
	tried, err := s.try(ctx, "", client.Address)
	if err != nil {
		return nil, err
	}
	c, err := s.answered(ctx, forLogIn, sealed)
	if err != nil {
		return nil, err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return nil, ErrPasskey
	}
	var proved *account
	var found *account
	err = s.change(ctx, func(t *team) (audit.Entry, error) {
		_, credential, err := s.authn.ValidatePasskeyLogin(func(_, handle []byte) (webauthn.User, error) {
			for _, a := range t.accounts {
				if bytes.Equal(a.Handle, handle) {
					found = a
					return owner{a}, nil
				}
			}
			return nil, ErrNobody
		}, c.Session, parsed)
		// A counter that went back means that the key is somewhere else too (WebAuthn §6.1.1).
		if err != nil || credential.Authenticator.CloneWarning || found.Disabled || only != 0 && found.Number != only {
			return audit.Entry{}, errNoFit
		}
		for i := range found.Passkeys {
			if p := &found.Passkeys[i]; bytes.Equal(p.Credential.ID, credential.ID) {
				p.Credential, p.Used = *credential, s.clk.Now()
			}
		}
		proved = found
		return audit.Entry{}, t.put(found)
	})
	if errors.Is(err, errNoFit) {
		return nil, s.refuse(ctx, found, "passkey")
	} else if err != nil {
		return nil, err
	}
	return proved, s.accept(ctx, proved, tried, action, "passkey")
}

// askCreation asks for a new passkey of an account, which need not be kept yet.
func (s *Store) askCreation(purpose string, a *account) (Question, error) {
	if s.authn == nil {
		return Question{}, errNoPasskeys
	}
	options, session, err := s.authn.BeginRegistration(owner{a}, webauthn.WithExclusions(webauthn.Credentials(owner{a}.WebAuthnCredentials()).CredentialDescriptors()))
	if err != nil {
		return Question{}, fmt.Errorf("ask for a new passkey: %w", err)
	}
	return s.question(purpose, options, ceremony{Session: *session, Handle: a.Handle})
}

// created checks the answer to askCreation, and adds the passkey to a.
func (s *Store) created(a *account, c ceremony, answer []byte, name string) error {
	parsed, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return ErrPasskey
	}
	credential, err := s.authn.CreateCredential(owner{a}, c.Session, parsed)
	if err != nil {
		return ErrPasskey
	}
	if slices.ContainsFunc(a.Passkeys, func(p passkey) bool { return bytes.Equal(p.Credential.ID, credential.ID) }) {
		return ErrPasskey
	}
	a.Passkeys = append(a.Passkeys, passkey{Name: name, Added: s.clk.Now(), Credential: *credential})
	return nil
}

// AskPasskey asks for another passkey of whoever is logged in.
func (s *Store) AskPasskey(ctx context.Context, v *Visitor) (Question, error) {
	a, err := s.account(ctx, number(v.Number))
	if err != nil {
		return Question{}, err
	}
	if a == nil {
		return Question{}, ErrNobody
	}
	return s.askCreation(forPasskey+number(v.Number), a)
}

// AddPasskey adds the passkey that answered.
func (s *Store) AddPasskey(ctx context.Context, v *Visitor, sealed string, answer []byte, name string) (secret string, now *Visitor, err error) {
	if err := s.needProof(v); err != nil {
		return "", nil, err
	}
	if s.authn == nil {
		return "", nil, errNoPasskeys
	}
	if name, _, err = checkPerson(name, ""); err != nil {
		return "", nil, err
	}
	c, err := s.answered(ctx, forPasskey+number(v.Number), sealed)
	if err != nil {
		return "", nil, err
	}
	return s.ownChange(ctx, v, audit.PasskeyAdded, func(a *account) error { return s.created(a, c, answer, name) })
}

// RemovePasskey removes one by its ID, unless nothing would be left to log in with.
func (s *Store) RemovePasskey(ctx context.Context, v *Visitor, id string) (secret string, now *Visitor, err error) {
	if err := s.needProof(v); err != nil {
		return "", nil, err
	}
	return s.ownChange(ctx, v, audit.PasskeyRemoved, func(a *account) error {
		at := slices.IndexFunc(a.Passkeys, func(p passkey) bool { return s.passkeyID(p) == id })
		if at < 0 {
			return ErrNobody
		}
		if len(a.Passkeys) == 1 && a.Password == "" {
			return ErrLastWay
		}
		a.Passkeys = slices.Delete(a.Passkeys, at, at+1)
		return nil
	})
}

func (s *Store) passkeyID(p passkey) string { return s.digest(ofCeremony, string(p.Credential.ID)) }
