// Package access owns the people of the team: who they are, what each may do,
// how they prove who they are, and how long that holds. Passwords alone let
// nobody in: it takes a passkey, or a password and a code.
package access

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"clarion/internal/audit"
	"clarion/lists/address"
)

// How long things hold.
const (
	Freshness      = 10 * time.Minute   // a proof of who one is, for what is dangerous
	IdleTime       = 12 * time.Hour     // a session that is not used
	SessionTime    = 7 * 24 * time.Hour // a session, whatever it is used for
	InvitationTime = 72 * time.Hour
	ceremonyTime   = 5 * time.Minute // from the question to a passkey to its answer
	setupTime      = time.Hour       // from the secret for an app to its first code
)

// Errors that callers tell apart.
var (
	// ErrRefused means that a log-in failed. It does not say why, or whether there is such an account.
	ErrRefused = errors.New("address, password or code do not fit")
	// ErrNoSession means that nobody is logged in, or not any more.
	ErrNoSession = errors.New("nobody is logged in")
	// ErrForbidden means that whoever is logged in may not do this.
	ErrForbidden = errors.New("this is for other roles")
	// ErrStale means that this takes a fresh proof of who one is.
	ErrStale = errors.New("this takes a fresh proof of who you are")
	// ErrForm means that a form was not ours, or is of an earlier session.
	ErrForm = errors.New("the form is not valid any more")
	// ErrExpired means that a link, a code for the first start or a form was used, taken back, or is too old.
	ErrExpired = errors.New("the link is not valid any more")
	// ErrCode means that the code of an authenticator app is wrong.
	ErrCode = errors.New("the code does not fit")
	// ErrPasskey means that a passkey cannot be used: the browser's answer does not hold.
	ErrPasskey = errors.New("the passkey does not fit")
	// ErrBusy means that too many log in at once.
	ErrBusy = errors.New("too many log in at once")
	// ErrNobody means that there is no such person, session, invitation or token.
	ErrNobody = errors.New("there is nobody of this number")
	// ErrKnown means that somebody of the team has this address.
	ErrKnown = errors.New("somebody of the team has this address")
	// ErrLastDirector means that nobody would be left who can give roles.
	ErrLastDirector = errors.New("the last director must stay one")
	// ErrLastWay means that nothing would be left to log in with.
	ErrLastWay = errors.New("the last way to log in must stay")
	// ErrInput means that a name, an address or a role cannot be taken.
	ErrInput = errors.New("this cannot be taken")
)

// A LimitedError means that an account or a client has failed too often.
type LimitedError struct{ Wait time.Duration }

func (e *LimitedError) Error() string {
	return fmt.Sprintf("too many failures: wait %s", e.Wait.Round(time.Second))
}

// Config says where and for whom the console is.
type Config struct {
	Origin       string // scheme and host, as browsers show them: "https://desk.example.org"
	Organisation string // as authenticator apps and passkeys name it
	Cost         Cost
}

// Passkeys says whether browsers can use passkeys at the console's address.
func (s *Store) Passkeys() bool { return s.authn != nil }

// Origin is scheme and host of the console.
func (s *Store) Origin() string { return s.cfg.Origin }

// Staff is a person of the team.
type Staff struct {
	Number   uint32    `json:"number"`
	Name     string    `json:"name"`
	Email    string    `json:"email"`
	Language string    `json:"language"` // "ko" or "en"
	Roles    []Role    `json:"roles"`
	Disabled bool      `json:"disabled"`
	Created  time.Time `json:"created"`
}

// May says whether one of the person's roles has the right.
func (s *Staff) May(r Right) bool {
	return !s.Disabled && slices.ContainsFunc(s.Roles, func(role Role) bool { return role.Has(r) })
}

func (s *Staff) actor() audit.Actor { return audit.Actor(audit.Staff(s.Number)) }

// checkRoles finds roles that there are not, and puts the others in order.
func checkRoles(roles []Role) ([]Role, error) {
	var out []Role
	for _, r := range Roles {
		if slices.Contains(roles, r) {
			out = append(out, r)
		}
	}
	for _, r := range roles {
		if !r.Valid() {
			return nil, fmt.Errorf("%w: %q is no role", ErrInput, string(r))
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%w: a person needs a role", ErrInput)
	}
	return out, nil
}

func roleList(roles []Role) string {
	words := make([]string, len(roles))
	for i, r := range roles {
		words[i] = string(r)
	}
	return strings.Join(words, " ")
}

const maxName = 100 // bytes

// checkPerson finds what is no name and no language.
func checkPerson(name, language string) (string, string, error) {
	name = strings.Join(strings.Fields(name), " ")
	if name == "" || len(name) > maxName {
		return "", "", fmt.Errorf("%w: a name has 1 to %d bytes", ErrInput, maxName)
	}
	if language != "ko" {
		language = "en"
	}
	return name, language, nil
}

// parseEmail reads an address in the one spelling by which accounts are found.
func parseEmail(text string) (plain, folded string, err error) {
	a, err := address.ParseEmail(text)
	if err != nil {
		return "", "", fmt.Errorf("%w: this is no email address", ErrInput)
	}
	return a.Reveal(), a.Fold(), nil
}

// sealText seals what goes through a form and comes back, for one purpose.
func (s *Store) sealText(purpose string, record []byte) string {
	expires := s.clk.Now().Add(setupTime).Unix()
	record = append(fmt.Appendf(nil, "%d ", expires), record...)
	return base64.RawURLEncoding.EncodeToString(s.keys.Seal(nil, record, []byte("form:"+purpose)))
}

// openText opens what sealText sealed for the same purpose, while it holds.
func (s *Store) openText(purpose, sealed string) ([]byte, error) {
	raw, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil {
		return nil, ErrExpired
	}
	record, err := s.keys.Open(nil, raw, []byte("form:"+purpose))
	if err != nil {
		return nil, ErrExpired
	}
	var expires int64
	head, rest, _ := strings.Cut(string(record), " ")
	if _, err := fmt.Sscan(head, &expires); err != nil || s.clk.Now().Unix() > expires {
		return nil, ErrExpired
	}
	return []byte(rest), nil
}
