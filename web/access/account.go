package access

import (
	"context"

	"clarion/internal/audit"
)

// Ways are the ways in which a person can log in.
type Ways struct {
	Password bool // with the codes of an app
	Recovery int  // recovery codes that are left
	Passkeys []Passkey
}

// Ways returns the visitor's own.
func (s *Store) Ways(ctx context.Context, v *Visitor) (Ways, error) {
	a, err := s.account(ctx, number(v.Number))
	if err != nil {
		return Ways{}, err
	}
	if a == nil {
		return Ways{}, ErrNobody
	}
	w := Ways{Password: a.Password != "", Recovery: len(a.Recovery)}
	for _, p := range a.Passkeys {
		w.Passkeys = append(w.Passkeys, Passkey{s.passkeyID(p), p.Name, p.Added, p.Used})
	}
	return w, nil
}

// needProof asks for a fresh proof: what is about to change is what proofs are made of.
func (s *Store) needProof(v *Visitor) error {
	if v == nil || v.Session == nil {
		return ErrNoSession
	}
	if !v.Fresh(s.clk.Now()) {
		return ErrStale
	}
	return nil
}

// ownChange changes how the visitor logs in: all their sessions end, and the one
// in hand goes on under another secret.
func (s *Store) ownChange(ctx context.Context, v *Visitor, action audit.Action, f func(a *account) error) (secret string, now *Visitor, err error) {
	var changed *account
	err = s.change(ctx, func(t *team) (audit.Entry, error) {
		a, err := t.person(v.Number)
		if err != nil {
			return audit.Entry{}, err
		}
		if err := f(a); err != nil {
			return audit.Entry{}, err
		}
		a.Epoch++
		changed = a
		return audit.Entry{Actor: v.actor(), Action: action, Object: audit.Staff(a.Number)}, t.put(a)
	})
	if err != nil {
		return "", nil, err
	}
	secret, n, err := s.start(ctx, changed, v.Session, "", v.Session.Proved)
	if err != nil {
		return "", nil, err
	}
	return secret, s.visitor(changed, n, nil), s.sweep(ctx, v.Number, n.ID)
}

// Setup begins a new secret for the visitor's authenticator app.
func (s *Store) Setup(v *Visitor) Setup {
	return s.setup(forSetup+number(v.Number), v.Email)
}

// SetPassword sets the visitor's password together with an app, which confirms
// its secret by a first code. It returns recovery codes where there were none.
func (s *Store) SetPassword(ctx context.Context, v *Visitor, password, setup, code string) (secret string, now *Visitor, recovery []string, err error) {
	if err := s.needProof(v); err != nil {
		return "", nil, nil, err
	}
	if err := checkPassword(password, v.Name, v.Email, s.cfg.Organisation); err != nil {
		return "", nil, nil, err
	}
	totp, step, err := s.confirm(forSetup+number(v.Number), setup, code)
	if err != nil {
		return "", nil, nil, err
	}
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return "", nil, nil, err
	}
	secret, now, err = s.ownChange(ctx, v, audit.PasswordChanged, func(a *account) error {
		a.Password, a.TOTP, a.LastStep = hash, totp, step
		recovery = nil
		if len(a.Recovery) == 0 {
			recovery = s.renewRecovery(a)
		}
		return nil
	})
	return secret, now, recovery, err
}

// RenewRecovery gives the visitor new recovery codes; the old ones are void.
func (s *Store) RenewRecovery(ctx context.Context, v *Visitor) (secret string, now *Visitor, codes []string, err error) {
	if err := s.needProof(v); err != nil {
		return "", nil, nil, err
	}
	secret, now, err = s.ownChange(ctx, v, audit.RecoveryRenewed, func(a *account) error {
		if a.Password == "" {
			return ErrLastWay // they stand in for the app's code, beside a password
		}
		codes = s.renewRecovery(a)
		return nil
	})
	return secret, now, codes, err
}

// EndSessions ends all sessions of the visitor but the one in hand, which goes on
// under another secret.
func (s *Store) EndSessions(ctx context.Context, v *Visitor) (secret string, now *Visitor, err error) {
	if v.Session == nil {
		return "", nil, ErrNoSession
	}
	return s.ownChange(ctx, v, audit.SessionsEnded, func(*account) error { return nil })
}

// SetProfile sets how the visitor is called, and in which language they read.
func (s *Store) SetProfile(ctx context.Context, v *Visitor, name, language string) error {
	name, language, err := checkPerson(name, language)
	if err != nil {
		return err
	}
	return s.change(ctx, func(t *team) (audit.Entry, error) {
		a, err := t.person(v.Number)
		if err != nil {
			return audit.Entry{}, err
		}
		a.Name, a.Language = name, language
		return audit.Entry{}, t.put(a)
	})
}
