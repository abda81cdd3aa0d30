package access

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"clarion/internal/audit"
	"clarion/internal/redisdb"
)

// An account is a person of the team with all that proves who they are.
type account struct {
	Staff
	Handle   []byte    `json:"handle"` // what passkeys call the person
	Epoch    int       `json:"epoch"`  // goes up when all sessions end
	Password string    `json:"password,omitempty"`
	TOTP     []byte    `json:"totp,omitempty"`
	LastStep int64     `json:"last_step,omitempty"` // the step of the last code that was taken
	Recovery []string  `json:"recovery,omitempty"`  // digests of the codes that are left
	Passkeys []passkey `json:"passkeys,omitempty"`
	Tokens   []token   `json:"tokens,omitempty"`
}

// An invitation is a link that was given to somebody.
type invitation struct {
	Email   string    `json:"email"`
	Roles   []Role    `json:"roles,omitempty"`
	Number  uint32    `json:"number,omitempty"` // of the person who lost all ways to log in; 0 for a new one
	Name    string    `json:"name,omitempty"`   // of that person
	By      uint32    `json:"by"`               // 0 for the machine
	Expires time.Time `json:"expires"`
}

// A team is all of it at one moment, and what is changed of it.
type team struct {
	s           *Store
	revision    string
	last        uint32
	first       string // digest of the code for the first start
	accounts    map[uint32]*account
	invitations map[string]*invitation // by digest of the link
	keys        []string
	changes     []any
}

// read reads the team.
func (s *Store) read(ctx context.Context) (*team, error) {
	var about, accounts, invitations *redis.MapStringStringCmd
	_, err := s.rdb.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
		about, accounts, invitations = pipe.HGetAll(ctx, keyTeam.Name()), pipe.HGetAll(ctx, keyAccounts.Name()), pipe.HGetAll(ctx, keyInvitations.Name())
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the team: %w", err)
	}
	t := &team{s: s, revision: about.Val()["revision"], first: about.Val()["first"], accounts: map[uint32]*account{}, invitations: map[string]*invitation{}}
	if last := about.Val()["last"]; last != "" {
		n, err := strconv.ParseUint(last, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("read the team: the last number is %q", last)
		}
		t.last = uint32(n)
	}
	for field, sealed := range accounts.Val() {
		a, err := s.openAccount(field, sealed)
		if err != nil {
			return nil, err
		}
		t.accounts[a.Number] = a
	}
	for field, sealed := range invitations.Val() {
		i := &invitation{}
		if err := s.open(keyInvitations.Name(), field, sealed, i); err != nil {
			return nil, fmt.Errorf("read an invitation: %w", err)
		}
		t.invitations[field] = i
	}
	return t, nil
}

func (s *Store) openAccount(field, sealed string) (*account, error) {
	a := &account{}
	if err := s.open(keyAccounts.Name(), field, sealed, a); err != nil {
		return nil, fmt.Errorf("read the account of staff %s: %w", field, err)
	}
	return a, nil
}

// open opens a sealed record of a hash.
func (s *Store) open(key, field, sealed string, v any) error {
	text, err := s.keys.Open(nil, []byte(sealed), []byte(key+" "+field))
	if err != nil {
		return err
	}
	return json.Unmarshal(text, v)
}

func (s *Store) seal(key, field string, v any) ([]byte, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return s.keys.Seal(nil, text, []byte(key+" "+field)), nil
}

// find reads one account by a digest in the index; nil if there is none, which
// takes as many steps to find out.
func (s *Store) find(ctx context.Context, digest string) (*account, error) {
	of, err := s.rdb.HGet(ctx, keyIndex.Name(), digest).Result()
	if err != nil && !missing(err) {
		return nil, fmt.Errorf("find an account: %w", err)
	}
	return s.account(ctx, of)
}

// account reads one account by number; nil if there is none.
func (s *Store) account(ctx context.Context, number string) (*account, error) {
	sealed, err := s.rdb.HGet(ctx, keyAccounts.Name(), number).Result()
	if missing(err) {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("read the account of staff %s: %w", number, err)
	}
	return s.openAccount(number, sealed)
}

const maxRaces = 50 // changes of the team that may come in between

var errRaces = errors.New("change the team: others change it all the time")

// change reads the team, has f change it, notes the entry that f returns in the
// audit trail, and saves, all anew if somebody else was faster. An entry without
// an action is not noted.
func (s *Store) change(ctx context.Context, f func(t *team) (audit.Entry, error)) error {
	noted := audit.Entry{}
	for range maxRaces {
		t, err := s.read(ctx)
		if err != nil {
			return err
		}
		e, err := f(t)
		if err != nil {
			return err
		}
		if e.Action != "" && (e.Action != noted.Action || e.Object != noted.Object || !maps.Equal(e.Details, noted.Details)) {
			if err := s.trail.Append(ctx, e); err != nil {
				return err
			}
			noted = e
		}
		keys := append([]string{keyTeam.Name()}, t.keys...)
		saved, err := saveScript.Run(redisdb.Kept(ctx), s.rdb, keys, append([]any{t.revision}, t.changes...)...).Int()
		if err != nil {
			return fmt.Errorf("change the team: %w", err)
		}
		if saved == 1 {
			return nil
		}
	}
	return errRaces
}

// set notes that a field of a hash changes; take that it goes.
func (t *team) set(key, field string, value any) { t.note(key, field, 1, value) }
func (t *team) take(key, field string)           { t.note(key, field, 0, "") }

func (t *team) note(key, field string, set int, value any) {
	i := 1
	if key != keyTeam.Name() {
		if i = slices.Index(t.keys, key) + 2; i < 2 {
			t.keys = append(t.keys, key)
			i = len(t.keys) + 1
		}
	}
	t.changes = append(t.changes, i, field, set, value)
}

// put notes that an account changed.
func (t *team) put(a *account) error {
	field := number(a.Number)
	sealed, err := t.s.seal(keyAccounts.Name(), field, a)
	if err != nil {
		return fmt.Errorf("keep the account of staff %s: %w", field, err)
	}
	t.accounts[a.Number] = a
	t.set(keyAccounts.Name(), field, sealed)
	return nil
}

// index notes that a digest leads to an account.
func (t *team) index(digest string, a *account) {
	t.set(keyIndex.Name(), digest, number(a.Number))
}

// add gives an account its number, and notes it.
func (t *team) add(a *account) error {
	t.last++
	a.Number = t.last
	t.set(keyTeam.Name(), "last", number(t.last))
	_, folded, err := parseEmail(a.Email)
	if err != nil {
		return err
	}
	t.index(t.s.digest(ofEmail, folded), a)
	t.index(t.s.digest(ofHandle, string(a.Handle)), a)
	return t.put(a)
}

// known says whether somebody has the address.
func (t *team) known(folded string) bool {
	for _, a := range t.accounts {
		if _, f, err := parseEmail(a.Email); err == nil && f == folded {
			return true
		}
	}
	return false
}

// led says whether an account is left that can give roles.
func (t *team) led() bool {
	for _, a := range t.accounts {
		if a.May(Team) {
			return true
		}
	}
	return false
}

// person finds an account by number.
func (t *team) person(number uint32) (*account, error) {
	if a := t.accounts[number]; a != nil {
		return a, nil
	}
	return nil, fmt.Errorf("staff %d: %w", number, ErrNobody)
}

// Team returns everybody, by number.
func (s *Store) Team(ctx context.Context) ([]Staff, error) {
	t, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]Staff, 0, len(t.accounts))
	for _, a := range t.accounts {
		out = append(out, a.Staff)
	}
	slices.SortFunc(out, func(a, b Staff) int { return cmp.Compare(a.Number, b.Number) })
	return out, nil
}
