package access

import (
	"cmp"
	"context"
	"crypto/hmac"
	"fmt"
	"slices"
	"strconv"
	"time"

	"clarion/internal/audit"
)

// An Enrolment is what somebody gives to log in with from now on: a password
// with the first code of an app, or a passkey.
type Enrolment struct {
	Name     string
	Language string // "ko" or "en"
	Email    string // of the first director; an invitation has its own

	Password string
	Setup    string // Setup.Sealed
	Code     string

	Question string // Question.Sealed; "" without a passkey
	Answer   []byte
}

// Welcome is what an enrolment leads to: a session, and recovery codes that are
// shown once, if there is a password.
type Welcome struct {
	Secret   string // of the session
	Visitor  *Visitor
	Recovery []string
}

// Ready says whether there is a director, so that the console can be entered.
func (s *Store) Ready(ctx context.Context) (bool, error) {
	t, err := s.read(ctx)
	return err == nil && t.led(), err
}

// FirstCode makes the code that guards the page for the first director, and
// voids the one before. It returns "" when there is a director.
func (s *Store) FirstCode(ctx context.Context) (code string, err error) {
	err = s.change(ctx, func(t *team) (audit.Entry, error) {
		if code = ""; t.led() {
			return audit.Entry{}, nil
		}
		code = newCode(4)
		t.set(keyTeam.Name(), "first", s.digest(ofFirst, plainCode(code)))
		return audit.Entry{}, nil
	})
	return code, err
}

// First makes the first director for whoever has the code, which is then void.
func (s *Store) First(ctx context.Context, code string, e Enrolment, client Client) (Welcome, error) {
	tried, err := s.try(ctx, "", client.Address)
	if err != nil {
		return Welcome{}, err
	}
	digest := s.digest(ofFirst, plainCode(code))
	open := func(t *team) error {
		if t.led() || t.first == "" || !hmac.Equal([]byte(t.first), []byte(digest)) {
			return ErrExpired
		}
		return nil
	}
	t, err := s.read(ctx)
	if err != nil {
		return Welcome{}, err
	}
	if err := open(t); err != nil {
		return Welcome{}, err // counted as a failure: the code can be guessed at
	}
	if err := tried.succeed(ctx); err != nil {
		return Welcome{}, err
	}
	email, folded, err := parseEmail(e.Email)
	if err != nil {
		return Welcome{}, err
	}
	apply, err := s.enrolment(ctx, forSetup+"first", forEnrol+"first", e, email, client)
	if err != nil {
		return Welcome{}, err
	}
	var w Welcome
	var made *account
	err = s.change(ctx, func(t *team) (audit.Entry, error) {
		if err := open(t); err != nil {
			return audit.Entry{}, err
		}
		if t.known(folded) {
			return audit.Entry{}, ErrKnown
		}
		made = &account{Staff: Staff{Email: email, Roles: []Role{Director}, Created: s.clk.Now()}}
		t.take(keyTeam.Name(), "first")
		w.Recovery, err = s.admit(t, made, apply)
		return audit.Entry{Actor: audit.Visitor, Action: audit.FirstDirector, Object: audit.Staff(made.Number)}, err
	})
	if err != nil {
		return Welcome{}, err
	}
	w.Secret, w.Visitor, err = s.enter(ctx, made, nil, client)
	return w, err
}

// SetupFirst begins a secret for the first director's app.
func (s *Store) SetupFirst() Setup { return s.setup(forSetup+"first", "director") }

// AskFirst asks for a passkey of the first director.
func (s *Store) AskFirst() (Question, error) {
	return s.askCreation(forEnrol+"first", &account{Staff: Staff{Name: "director", Email: "director"}, Handle: newHandle()})
}

// enrolment checks what somebody gives to log in with, and returns what puts it
// into their account.
func (s *Store) enrolment(ctx context.Context, setup, enrol string, e Enrolment, email string, client Client) (apply func(*account) error, err error) {
	name, language, err := checkPerson(e.Name, e.Language)
	if err != nil {
		return nil, err
	}
	if e.Question != "" {
		if s.authn == nil {
			return nil, errNoPasskeys
		}
		c, err := s.answered(ctx, enrol, e.Question)
		if err != nil {
			return nil, err
		}
		return func(a *account) error {
			a.Name, a.Language, a.Handle = name, language, c.Handle
			return s.created(a, c, e.Answer, cmp.Or(client.Browser, name))
		}, nil
	}
	if err := checkPassword(e.Password, name, email, s.cfg.Organisation); err != nil {
		return nil, err
	}
	totp, step, err := s.confirm(setup, e.Setup, e.Code)
	if err != nil {
		return nil, err
	}
	hash, err := s.hasher.hash(ctx, e.Password)
	if err != nil {
		return nil, err
	}
	return func(a *account) error {
		a.Name, a.Language, a.Handle = name, language, newHandle()
		a.Password, a.TOTP, a.LastStep = hash, totp, step
		return nil
	}, nil
}

// admit puts an enrolment into an account, new or emptied, and returns recovery
// codes if there is a password.
func (s *Store) admit(t *team, a *account, apply func(*account) error) (recovery []string, err error) {
	if err := apply(a); err != nil {
		return nil, err
	}
	if a.Number == 0 {
		err = t.add(a)
	} else {
		t.index(s.digest(ofHandle, string(a.Handle)), a)
	}
	if err == nil && a.Password != "" {
		recovery = s.renewRecovery(a) // they are hashed with the number
	}
	if err != nil {
		return nil, err
	}
	return recovery, t.put(a)
}

// Invite makes the link that lets whoever has it into the team, with these
// roles, and returns its secret.
func (s *Store) Invite(ctx context.Context, by *Visitor, email string, roles []Role) (secret string, err error) {
	if err := s.need(by, Team); err != nil {
		return "", err
	}
	plain, folded, err := parseEmail(email)
	if err != nil {
		return "", err
	}
	if roles, err = checkRoles(roles); err != nil {
		return "", err
	}
	secret = newSecret()
	err = s.change(ctx, func(t *team) (audit.Entry, error) {
		if t.known(folded) {
			return audit.Entry{}, ErrKnown
		}
		for id, i := range t.invitations {
			if _, f, err := parseEmail(i.Email); err == nil && f == folded {
				t.take(keyInvitations.Name(), id) // the new one stands for it
			}
		}
		i := invitation{Email: plain, Roles: roles, Expires: s.clk.Now().Add(InvitationTime)}
		return audit.Entry{Actor: by.Actor(), Action: audit.Invited, Details: map[string]string{"roles": roleList(roles)}}, t.invite(secret, by, i)
	})
	return secret, err
}

// invite keeps an invitation, and takes away those that expired a day ago.
func (t *team) invite(secret string, by *Visitor, i invitation) error {
	i.By = by.Number
	for id, old := range t.invitations {
		if t.s.clk.Now().After(old.Expires.Add(24 * time.Hour)) {
			t.take(keyInvitations.Name(), id)
		}
	}
	id := t.s.digest(ofInvitation, secret)
	sealed, err := t.s.seal(keyInvitations.Name(), id, &i)
	if err != nil {
		return fmt.Errorf("keep an invitation: %w", err)
	}
	t.set(keyInvitations.Name(), id, sealed)
	return nil
}

// An Invitation is a link that is not used yet.
type Invitation struct {
	ID      string // for the form that takes it back
	Email   string
	Name    string // of a person who had lost all ways to log in
	Roles   []Role // none for such a person: theirs stay
	Expires time.Time
}

// Invitations returns those that are open, the last one first.
func (s *Store) Invitations(ctx context.Context) ([]Invitation, error) {
	t, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	var out []Invitation
	for id, i := range t.invitations {
		if s.clk.Now().Before(i.Expires) {
			out = append(out, Invitation{id, i.Email, i.Name, i.Roles, i.Expires})
		}
	}
	slices.SortFunc(out, func(a, b Invitation) int { return b.Expires.Compare(a.Expires) })
	return out, nil
}

// Uninvite takes an invitation back, by its ID.
func (s *Store) Uninvite(ctx context.Context, by *Visitor, id string) error {
	if err := s.need(by, Team); err != nil {
		return err
	}
	return s.change(ctx, func(t *team) (audit.Entry, error) {
		if t.invitations[id] == nil {
			return audit.Entry{}, ErrNobody
		}
		t.take(keyInvitations.Name(), id)
		return audit.Entry{Actor: by.Actor(), Action: audit.Uninvited}, nil
	})
}

// Invited returns the invitation of a link, or ErrExpired.
func (s *Store) Invited(ctx context.Context, secret string) (Invitation, error) {
	t, err := s.read(ctx)
	if err != nil {
		return Invitation{}, err
	}
	id := s.digest(ofInvitation, secret)
	i, err := t.invited(id)
	if err != nil {
		return Invitation{}, err
	}
	return Invitation{id, i.Email, i.Name, i.Roles, i.Expires}, nil
}

func (t *team) invited(id string) (*invitation, error) {
	i := t.invitations[id]
	if i == nil || !t.s.clk.Now().Before(i.Expires) || i.Number > 0 && t.accounts[i.Number] == nil {
		return nil, ErrExpired
	}
	return i, nil
}

// Link is the address of the page for the secret of an invitation.
func (s *Store) Link(secret string) string { return s.cfg.Origin + "/invite/" + secret }

// FirstPage is the address of the page for the first director.
func (s *Store) FirstPage() string { return s.cfg.Origin + "/first" }

// SetupInvited begins a secret for the app of who has an invitation.
func (s *Store) SetupInvited(i Invitation) Setup { return s.setup(forSetup+i.ID, i.Email) }

// AskInvited asks for a passkey of who has an invitation.
func (s *Store) AskInvited(i Invitation) (Question, error) {
	return s.askCreation(forEnrol+i.ID, &account{Staff: Staff{Name: i.Email, Email: i.Email}, Handle: newHandle()})
}

// Join uses an invitation up: it makes the account, or gives one that had lost
// them new ways to log in.
func (s *Store) Join(ctx context.Context, secret string, e Enrolment, client Client) (Welcome, error) {
	invited, err := s.Invited(ctx, secret)
	if err != nil {
		return Welcome{}, err
	}
	apply, err := s.enrolment(ctx, forSetup+invited.ID, forEnrol+invited.ID, e, invited.Email, client)
	if err != nil {
		return Welcome{}, err
	}
	var w Welcome
	var a *account
	err = s.change(ctx, func(t *team) (audit.Entry, error) {
		i, err := t.invited(invited.ID)
		if err != nil {
			return audit.Entry{}, err
		}
		action := audit.Restored
		if a = t.accounts[i.Number]; a == nil {
			_, folded, err := parseEmail(i.Email)
			if err != nil {
				return audit.Entry{}, err
			}
			if t.known(folded) {
				return audit.Entry{}, ErrKnown
			}
			action, a = audit.Joined, &account{Staff: Staff{Email: i.Email, Roles: i.Roles, Created: s.clk.Now()}}
		}
		t.take(keyInvitations.Name(), invited.ID)
		w.Recovery, err = s.admit(t, a, apply)
		return audit.Entry{Actor: a.actor(), Action: action, Object: audit.Staff(a.Number)}, err
	})
	if err != nil {
		return Welcome{}, err
	}
	w.Secret, w.Visitor, err = s.enter(ctx, a, nil, client)
	return w, err
}

// number is a staff number as the field of a hash.
func number(n uint32) string { return strconv.FormatUint(uint64(n), 10) }
