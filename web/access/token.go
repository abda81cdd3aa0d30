package access

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"clarion/internal/audit"
)

// tokenPrefix begins each API token, so that scanners of source code know one.
const tokenPrefix = "clarion_"

// maxTokenTime is how long a token may hold.
const maxTokenTime = 366 * 24 * time.Hour

// A token is an API token of a person, as it is kept.
type token struct {
	ID      string    `json:"id"`
	Digest  string    `json:"digest"`
	Name    string    `json:"name"`
	Scopes  []Right   `json:"scopes"`
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires"`
}

// A Token is an API token: it may what its scopes say, as long as its owner may.
type Token struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	Scopes  []Right   `json:"scopes"`
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires"`
	Used    time.Time `json:"used,omitzero"` // to the minute; zero: never
}

func (t *Token) has(r Right) bool { return r.ForTokens() && slices.Contains(t.Scopes, r) }

func (k token) shown(used time.Time) Token {
	return Token{k.ID, k.Name, k.Scopes, k.Created, k.Expires, used}
}

// MakeToken makes a token of the visitor's with some of their rights, and returns
// what the program is to send. It is not shown again.
func (s *Store) MakeToken(ctx context.Context, v *Visitor, name string, scopes []Right, holds time.Duration) (secret string, made Token, err error) {
	if err := s.need(v, Tokens); err != nil {
		return "", Token{}, err
	}
	return s.makeToken(ctx, v.Actor(), v.Number, v.May, name, scopes, holds)
}

// IssueToken makes a token of a person's with some of their rights, for whoever runs
// the machine.
func (s *Store) IssueToken(ctx context.Context, by *Visitor, of uint32, name string, scopes []Right, holds time.Duration) (secret string, made Token, err error) {
	if by == nil || !by.machine {
		return "", Token{}, ErrForbidden
	}
	a, err := s.account(ctx, number(of))
	if err != nil {
		return "", Token{}, err
	}
	if a == nil {
		return "", Token{}, fmt.Errorf("staff %d: %w", of, ErrNobody)
	}
	return s.makeToken(ctx, by.Actor(), of, a.May, name, scopes, holds)
}

func (s *Store) makeToken(ctx context.Context, by audit.Actor, of uint32, may func(Right) bool, name string, scopes []Right, holds time.Duration) (secret string, made Token, err error) {
	if name, _, err = checkPerson(name, ""); err != nil {
		return "", Token{}, err
	}
	if holds <= 0 || holds > maxTokenTime || len(scopes) == 0 {
		return "", Token{}, fmt.Errorf("%w: a token has scopes, and holds for a year at most", ErrInput)
	}
	words := make([]string, len(scopes))
	for i, r := range scopes {
		if !r.Valid() || !r.ForTokens() || !may(r) {
			return "", Token{}, fmt.Errorf("%w: the token cannot have %q: it is no right, its owner has not got it, or no token may have it", ErrInput, string(r))
		}
		words[i] = string(r)
	}
	secret = tokenPrefix + newSecret()
	k := token{ID: newCode(2), Digest: s.digest(ofToken, secret), Name: name, Scopes: slices.Clone(scopes), Created: s.clk.Now(), Expires: s.clk.Now().Add(holds)}
	err = s.change(ctx, func(t *team) (audit.Entry, error) {
		a, err := t.person(of)
		if err != nil {
			return audit.Entry{}, err
		}
		a.Tokens = append(a.Tokens, k)
		t.index(k.Digest, a)
		return audit.Entry{Actor: by, Action: audit.TokenMade, Object: "token:" + k.ID, Details: map[string]string{"owner": audit.Staff(of), "scopes": strings.Join(words, " ")}}, t.put(a)
	})
	return secret, k.shown(time.Time{}), err
}

// Tokens returns a person's tokens, the newest first.
func (s *Store) Tokens(ctx context.Context, of uint32) ([]Token, error) {
	a, err := s.account(ctx, number(of))
	if err != nil || a == nil {
		return nil, err
	}
	used, err := s.used(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]Token, len(a.Tokens))
	for i, k := range a.Tokens {
		out[i] = k.shown(used[k.ID])
	}
	slices.SortFunc(out, func(a, b Token) int { return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(a.ID, b.ID)) })
	return out, nil
}

// RevokeToken voids a token of the visitor's own, or of anybody's for who may
// change the team.
func (s *Store) RevokeToken(ctx context.Context, v *Visitor, of uint32, id string) error {
	if v == nil || v.Number != of {
		if err := s.need(v, Team); err != nil {
			return err
		}
	}
	return s.change(ctx, func(t *team) (audit.Entry, error) {
		a, err := t.person(of)
		if err != nil {
			return audit.Entry{}, err
		}
		at := slices.IndexFunc(a.Tokens, func(k token) bool { return k.ID == id })
		if at < 0 {
			return audit.Entry{}, ErrNobody
		}
		t.take(keyIndex.Name(), a.Tokens[at].Digest)
		t.take(keyUsed.Name(), id)
		a.Tokens = slices.Delete(a.Tokens, at, at+1)
		return audit.Entry{Actor: v.Actor(), Action: audit.TokenRevoked, Object: "token:" + id}, t.put(a)
	})
}

// Bearer returns who a token belongs to, with the token, or ErrNoSession.
func (s *Store) Bearer(ctx context.Context, secret string) (*Visitor, error) {
	if !strings.HasPrefix(secret, tokenPrefix) {
		return nil, ErrNoSession
	}
	digest := s.digest(ofToken, secret)
	a, err := s.find(ctx, digest)
	if err != nil {
		return nil, err
	}
	if a == nil || a.Disabled {
		return nil, ErrNoSession
	}
	at := slices.IndexFunc(a.Tokens, func(k token) bool { return k.Digest == digest })
	if at < 0 || !s.clk.Now().Before(a.Tokens[at].Expires) {
		return nil, ErrNoSession
	}
	t := a.Tokens[at].shown(s.clk.Now())
	return s.visitor(a, nil, &t), s.tokenUsed(ctx, t.ID)
}
