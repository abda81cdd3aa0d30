package access

import (
	"context"
	"slices"

	"clarion/internal/audit"
)

// staffChange changes a person of the team, for whoever may. The person's
// sessions end, since what they may do is another now.
func (s *Store) staffChange(ctx context.Context, by *Visitor, of uint32, e audit.Entry, f func(t *team, a *account) error) error {
	if err := s.need(by, Team); err != nil {
		return err
	}
	e.Actor, e.Object = by.Actor(), audit.Staff(of)
	err := s.change(ctx, func(t *team) (audit.Entry, error) {
		a, err := t.person(of)
		if err != nil {
			return audit.Entry{}, err
		}
		if err := f(t, a); err != nil {
			return audit.Entry{}, err
		}
		a.Epoch++
		if !t.led() {
			return audit.Entry{}, ErrLastDirector
		}
		return e, t.put(a)
	})
	if err != nil {
		return err
	}
	return s.sweep(ctx, of, "")
}

// SetRoles gives a person these roles in place of those they had.
func (s *Store) SetRoles(ctx context.Context, by *Visitor, of uint32, roles []Role) error {
	roles, err := checkRoles(roles)
	if err != nil {
		return err
	}
	return s.staffChange(ctx, by, of, audit.Entry{Action: audit.RolesChanged, Details: map[string]string{"roles": roleList(roles)}}, func(_ *team, a *account) error {
		a.Roles = roles
		return nil
	})
}

// Disable shuts a person's account: their sessions and tokens are void.
func (s *Store) Disable(ctx context.Context, by *Visitor, of uint32) error {
	return s.staffChange(ctx, by, of, audit.Entry{Action: audit.Disabled}, func(_ *team, a *account) error {
		a.Disabled = true
		return nil
	})
}

// Enable opens it again.
func (s *Store) Enable(ctx context.Context, by *Visitor, of uint32) error {
	return s.staffChange(ctx, by, of, audit.Entry{Action: audit.Enabled}, func(_ *team, a *account) error {
		a.Disabled = false
		return nil
	})
}

// Reset takes all ways to log in, and all tokens, from a person who lost them or
// from whom they may have been taken, and returns the secret of a link by which
// they choose new ones. Their roles stay.
func (s *Store) Reset(ctx context.Context, by *Visitor, of uint32) (secret string, err error) {
	secret = newSecret()
	err = s.staffChange(ctx, by, of, audit.Entry{Action: audit.Reset}, func(t *team, a *account) error {
		if a.Disabled {
			return ErrForbidden // opened first, by somebody who means to
		}
		a.Password, a.TOTP, a.LastStep, a.Recovery, a.Passkeys = "", nil, 0, nil, nil
		for _, k := range a.Tokens {
			t.take(keyIndex.Name(), k.Digest)
			t.take(keyUsed.Name(), k.ID)
		}
		a.Tokens = nil
		t.take(keyIndex.Name(), s.digest(ofHandle, string(a.Handle)))
		for id, i := range t.invitations {
			if i.Number == of {
				t.take(keyInvitations.Name(), id)
			}
		}
		return t.invite(secret, by, invitation{Email: a.Email, Name: a.Name, Number: of, Expires: s.clk.Now().Add(InvitationTime)})
	})
	return secret, err
}

// EndAll ends all sessions of a person.
func (s *Store) EndAll(ctx context.Context, by *Visitor, of uint32) error {
	return s.staffChange(ctx, by, of, audit.Entry{Action: audit.SessionsEnded}, func(*team, *account) error { return nil })
}

// Find returns the person who has an address, or ErrNobody.
func (s *Store) Find(ctx context.Context, email string) (Staff, error) {
	_, folded, err := parseEmail(email)
	if err != nil {
		return Staff{}, err
	}
	team, err := s.Team(ctx)
	if err != nil {
		return Staff{}, err
	}
	at := slices.IndexFunc(team, func(p Staff) bool {
		_, f, err := parseEmail(p.Email)
		return err == nil && f == folded
	})
	if at < 0 {
		return Staff{}, ErrNobody
	}
	return team[at], nil
}

// Forwarders are the names of those of the team who may forward, by number.
func (s *Store) Forwarders(ctx context.Context) (map[uint32]string, error) {
	all, err := s.Team(ctx)
	if err != nil {
		return nil, err
	}
	out := map[uint32]string{}
	for _, one := range all {
		if one.May(Forward) {
			out[one.Number] = one.Name
		}
	}
	return out, nil
}
