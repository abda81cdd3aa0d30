package access

import (
	"context"
	"crypto/hmac"
	"encoding/hex"
	"time"

	"clarion/internal/audit"
	"clarion/internal/seal"
)

// A Visitor is who asks for something: a person in a session, or a program with
// a token of theirs.
type Visitor struct {
	Staff
	Session *Session // nil with a token
	Token   *Token   // nil in a session
	form    string
	machine bool
}

// Machine is whoever runs commands on the machine itself: they may change the
// team, since they could do so by hand.
func Machine() *Visitor { return &Visitor{machine: true} }

func (s *Store) visitor(a *account, n *Session, t *Token) *Visitor {
	v := &Visitor{Staff: a.Staff, Session: n, Token: t}
	if n != nil {
		sum := s.keys.Sum(seal.Form, []byte(n.ID))
		v.form = hex.EncodeToString(sum[:16])
	}
	return v
}

// May says whether the visitor has the right: a token those of its scopes that
// the person has now.
func (v *Visitor) May(r Right) bool {
	if v.Token != nil && !v.Token.has(r) {
		return false
	}
	return v.Staff.May(r)
}

// Fresh says whether the visitor proved lately who they are.
func (v *Visitor) Fresh(now time.Time) bool {
	return v.Session != nil && now.Sub(v.Session.Proved) < Freshness
}

// Form is what each form of the session carries in the field FormField.
func (v *Visitor) Form() string { return v.form }

// Holds says whether what a form carried is what it was given.
func (v *Visitor) Holds(form string) bool {
	return v.form != "" && hmac.Equal([]byte(form), []byte(v.form))
}

// Actor is the visitor as the audit trail names them.
func (v *Visitor) Actor() audit.Actor {
	if v.machine {
		return audit.Machine
	}
	return v.actor()
}

// need returns an error unless the visitor has the right, with a fresh proof if
// it takes one.
func (s *Store) need(v *Visitor, r Right) error {
	switch {
	case v == nil:
		return ErrNoSession
	case v.machine:
		if r != Team {
			return ErrForbidden
		}
		return nil
	case !v.May(r):
		return ErrForbidden
	case v.Token == nil && r.Fresh() && !v.Fresh(s.clk.Now()):
		return ErrStale
	}
	return nil
}

// LogOut ends the visitor's session.
func (s *Store) LogOut(ctx context.Context, v *Visitor) error {
	if v.Session == nil {
		return ErrNoSession
	}
	return s.EndSession(ctx, v, v.Session.ID)
}
