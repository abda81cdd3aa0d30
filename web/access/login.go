package access

import (
	"context"
	"errors"
	"slices"

	"clarion/internal/audit"
)

// Credentials are what somebody typed to log in.
type Credentials struct {
	Email    string
	Password string
	Code     string // of the authenticator app, or a recovery code
}

// A Client is where a request comes from. Nothing of it is kept but a digest in
// counters of failures, and the browser's family.
type Client struct {
	Address string // address or network
	Browser string // family, see Browser
}

// LogIn opens a session for whoever has password and code, and returns what the
// browser is to hold. It returns ErrRefused, whatever did not fit and whether or
// not there is such an account; *LimitedError after too many failures.
func (s *Store) LogIn(ctx context.Context, c Credentials, client Client) (secret string, v *Visitor, err error) {
	a, err := s.prove(ctx, c, client, audit.LogIn)
	if err != nil {
		return "", nil, err
	}
	return s.enter(ctx, a, nil, client)
}

// enter opens a session for whoever has just proved who they are.
func (s *Store) enter(ctx context.Context, a *account, from *Session, client Client) (secret string, v *Visitor, err error) {
	secret, n, err := s.start(ctx, a, from, client.Browser, s.clk.Now())
	if err != nil {
		return "", nil, err
	}
	return secret, s.visitor(a, n, nil), nil
}

// Prove takes password and code of whoever is logged in again, and returns the
// secret of the session in place of the old one.
func (s *Store) Prove(ctx context.Context, v *Visitor, c Credentials, client Client) (secret string, now *Visitor, err error) {
	if v.Session == nil {
		return "", nil, ErrNoSession
	}
	c.Email = v.Email
	a, err := s.prove(ctx, c, client, audit.Proved)
	if err != nil {
		return "", nil, err
	}
	return s.enter(ctx, a, v.Session, client)
}

// errNoFit ends a change in which the second factor does not fit.
var errNoFit = errors.New("does not fit")

// prove checks password and code. Each way to fail takes the same steps, so that
// neither the answer nor its time tells which it was.
func (s *Store) prove(ctx context.Context, c Credentials, client Client, action audit.Action) (*account, error) {
	_, folded, err := parseEmail(c.Email)
	if err != nil {
		folded = "?" // no account has it
	}
	digest := s.digest(ofEmail, folded)
	tried, err := s.try(ctx, digest, client.Address)
	if err != nil {
		return nil, err
	}
	found, err := s.find(ctx, digest)
	if err != nil {
		return nil, err
	}
	known := found != nil
	if !known {
		found = &account{TOTP: make([]byte, totpSecret)}
	}
	fits, err := s.hasher.verify(ctx, found.Password, c.Password)
	if err != nil {
		return nil, err
	}
	why, by := "password", ""
	var proved *account
	err = s.change(ctx, func(t *team) (audit.Entry, error) {
		a := t.accounts[found.Number]
		if a == nil || a.Password != found.Password {
			a = &account{Staff: found.Staff, TOTP: found.TOTP}
		}
		by = s.second(a, c.Code)
		switch {
		case !fits || !known || found.Password == "":
			return audit.Entry{}, errNoFit
		case a.Disabled:
			why = "account"
			return audit.Entry{}, errNoFit
		case by == "":
			why = "code"
			return audit.Entry{}, errNoFit
		}
		proved = a
		return audit.Entry{}, t.put(a)
	})
	if errors.Is(err, errNoFit) {
		return nil, s.refuse(ctx, found, why)
	} else if err != nil {
		return nil, err
	}
	return proved, s.accept(ctx, proved, tried, action, by)
}

// accept notes a proof in the trail, before a session comes of it. The code is
// used up by then: of two that send it at once the trail says that one came in.
func (s *Store) accept(ctx context.Context, a *account, tried try, action audit.Action, by string) error {
	if err := s.trail.Append(ctx, audit.Entry{Actor: a.actor(), Action: action, Object: audit.Staff(a.Number), Details: map[string]string{"by": by}}); err != nil {
		return err
	}
	return tried.succeed(ctx)
}

// refuse notes a failure, and returns the one error for all.
func (s *Store) refuse(ctx context.Context, a *account, why string) error {
	e := audit.Entry{Actor: audit.Visitor, Action: audit.LogInRefused, Details: map[string]string{"factor": why}}
	if a != nil && a.Number > 0 {
		e.Object = audit.Staff(a.Number)
	}
	if err := s.trail.Append(ctx, e); err != nil {
		return err
	}
	return ErrRefused
}

// second uses up the code of an app or a recovery code, and says which it was;
// "" if it is neither.
func (s *Store) second(a *account, typed string) (by string) {
	code := plainCode(typed)
	step, ok := totpStep(a.TOTP, code, s.clk.Now(), a.LastStep)
	at := slices.Index(a.Recovery, s.digest(ofRecovery, number(a.Number)+" "+code))
	switch {
	case len(a.TOTP) == 0:
		return ""
	case ok:
		a.LastStep = step
		return "password and code"
	case at >= 0:
		a.Recovery = slices.Delete(a.Recovery, at, at+1)
		return "password and recovery code"
	}
	return ""
}

// renewRecovery gives an account new recovery codes, and returns them.
func (s *Store) renewRecovery(a *account) []string {
	codes := make([]string, recoveryCodes)
	a.Recovery = make([]string, recoveryCodes)
	for i := range codes {
		codes[i] = newCode(3)
		a.Recovery[i] = s.digest(ofRecovery, number(a.Number)+" "+plainCode(codes[i]))
	}
	return codes
}

const recoveryCodes = 10
