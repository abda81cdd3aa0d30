package access

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"clarion/internal/audit"
)

// A Session is one browser in which somebody is logged in. Nothing is kept of
// where it is.
type Session struct {
	ID      string    `json:"-"` // digest of what the browser holds
	Number  uint32    `json:"number"`
	Epoch   int       `json:"epoch"`
	Created time.Time `json:"created"`
	Seen    time.Time `json:"seen"`   // to the minute
	Proved  time.Time `json:"proved"` // when the person last proved who they are
	Browser string    `json:"browser"`
}

// holds says whether the session is one of the account at this time.
func (n *Session) holds(a *account, now time.Time) bool {
	return a != nil && !a.Disabled && n.Number == a.Number && n.Epoch == a.Epoch && now.Before(n.Created.Add(SessionTime)) && now.Before(n.Seen.Add(IdleTime))
}

// start opens a session for whoever has proved at some time who they are, and
// returns what the browser is to hold. One that comes out of another keeps its
// beginning; the other ends.
func (s *Store) start(ctx context.Context, a *account, from *Session, browser string, proved time.Time) (secret string, n *Session, err error) {
	now := s.clk.Now()
	secret = newSecret()
	n = &Session{ID: s.digest(ofSession, secret), Number: a.Number, Epoch: a.Epoch, Created: now, Seen: now, Proved: proved, Browser: browser}
	if from != nil {
		n.Created, n.Browser = from.Created, from.Browser
	}
	sealed, err := s.seal(keySession.Pattern, n.ID, n)
	if err != nil {
		return "", nil, fmt.Errorf("open a session: %w", err)
	}
	_, err = s.rdb.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
		pipe.Set(ctx, keySession.Name(n.ID), sealed, SessionTime)
		pipe.SAdd(ctx, keySessions.Name(a.Number), n.ID)
		pipe.Expire(ctx, keySessions.Name(a.Number), SessionTime)
		if from != nil {
			pipe.Del(ctx, keySession.Name(from.ID))
			pipe.SRem(ctx, keySessions.Name(a.Number), from.ID)
		}
		return nil
	})
	if err != nil {
		return "", nil, fmt.Errorf("open a session: %w", err)
	}
	return secret, n, nil
}

// Visit returns who holds a secret, or ErrNoSession.
func (s *Store) Visit(ctx context.Context, secret string) (*Visitor, error) {
	n := &Session{}
	id := s.digest(ofSession, secret)
	sealed, err := s.rdb.Get(ctx, keySession.Name(id)).Result()
	if missing(err) {
		return nil, ErrNoSession
	} else if err != nil {
		return nil, fmt.Errorf("read a session: %w", err)
	}
	if err := s.open(keySession.Pattern, id, sealed, n); err != nil {
		return nil, fmt.Errorf("read a session: %w", err)
	}
	n.ID = id
	a, err := s.account(ctx, number(n.Number))
	if err != nil {
		return nil, err
	}
	now := s.clk.Now()
	if !n.holds(a, now) {
		return nil, ErrNoSession
	}
	if now.Sub(n.Seen) >= time.Minute {
		n.Seen = now.Truncate(time.Minute)
		text, err := s.seal(keySession.Pattern, id, n)
		if err == nil {
			err = touchScript.Run(ctx, s.rdb, []string{keySession.Name(id)}, sealed, text).Err()
		}
		if err != nil {
			return nil, fmt.Errorf("note that a session is used: %w", err)
		}
	}
	return s.visitor(a, n, nil), nil
}

// Sessions returns a person's sessions, the one that was used last first.
func (s *Store) Sessions(ctx context.Context, number uint32) ([]Session, error) {
	a, err := s.account(ctx, strconv.FormatUint(uint64(number), 10))
	if err != nil || a == nil {
		return nil, err
	}
	ids, err := s.rdb.SMembers(ctx, keySessions.Name(number)).Result()
	if err != nil || len(ids) == 0 {
		return nil, wrap("list sessions", err)
	}
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = keySession.Name(id)
	}
	all, err := s.rdb.MGet(ctx, names...).Result()
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	var out []Session
	for i, v := range all {
		n := Session{}
		sealed, ok := v.(string)
		if !ok || s.open(keySession.Pattern, ids[i], sealed, &n) != nil {
			continue // it ended by itself
		}
		if n.ID = ids[i]; n.holds(a, s.clk.Now()) {
			out = append(out, n)
		}
	}
	slices.SortFunc(out, func(a, b Session) int { return cmp.Or(b.Seen.Compare(a.Seen), cmp.Compare(a.ID, b.ID)) })
	return out, nil
}

// EndSession ends one of the visitor's own sessions, by its ID.
func (s *Store) EndSession(ctx context.Context, v *Visitor, id string) error {
	own, err := s.rdb.SIsMember(ctx, keySessions.Name(v.Number), id).Result()
	if err != nil {
		return fmt.Errorf("end a session: %w", err)
	}
	if !own {
		return ErrNobody
	}
	action := audit.SessionEnded
	if v.Session != nil && id == v.Session.ID {
		action = audit.LogOut
	}
	if err := s.trail.Append(ctx, audit.Entry{Actor: v.actor(), Action: action, Object: audit.Staff(v.Number)}); err != nil {
		return err
	}
	return s.drop(ctx, v.Number, id)
}

// drop takes sessions away.
func (s *Store) drop(ctx context.Context, number uint32, ids ...string) error {
	if len(ids) == 0 {
		return nil
	}
	_, err := s.rdb.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
		for _, id := range ids {
			pipe.Del(ctx, keySession.Name(id))
			pipe.SRem(ctx, keySessions.Name(number), id)
		}
		return nil
	})
	return wrap("end a session", err)
}

// sweep takes away what is left of a person's sessions whose epoch is over; they
// have ended already.
func (s *Store) sweep(ctx context.Context, number uint32, but string) error {
	ids, err := s.rdb.SMembers(ctx, keySessions.Name(number)).Result()
	if err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	return s.drop(ctx, number, slices.DeleteFunc(ids, func(id string) bool { return id == but })...)
}

// once says whether a ceremony is answered for the first time.
func (s *Store) once(ctx context.Context, id string) (bool, error) {
	first, err := s.rdb.SetNX(ctx, keyCeremony.Name(id), "1", 2*ceremonyTime).Result()
	return first, wrap("take the answer of a passkey", err)
}

// tokenUsed notes that a token is used, to the minute.
func (s *Store) tokenUsed(ctx context.Context, id string) error {
	minute := s.clk.Now().Truncate(time.Minute).Unix()
	return wrap("note that a token is used", s.rdb.HSet(ctx, keyUsed.Name(), id, minute).Err())
}

// used returns when tokens were last used, by id.
func (s *Store) used(ctx context.Context) (map[string]time.Time, error) {
	all, err := s.rdb.HGetAll(ctx, keyUsed.Name()).Result()
	if err != nil {
		return nil, fmt.Errorf("read when tokens were used: %w", err)
	}
	out := make(map[string]time.Time, len(all))
	for id, text := range all {
		var unix int64
		if err := json.Unmarshal([]byte(text), &unix); err != nil {
			return nil, fmt.Errorf("read when tokens were used: %w", err)
		}
		out[id] = time.Unix(unix, 0).UTC()
	}
	return out, nil
}

func wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", doing, err)
}
