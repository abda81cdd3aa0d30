package access

import (
	"context"
	"fmt"
	"time"

	"clarion/internal/audit"
)

// A limit is how many failures an account or a client may have within a window
// of time. All processes count together.
type limit struct {
	of     string // account or client
	n      int
	window time.Duration
}

// With these, who tries codes against a password that is known needs about a
// century to be as likely as not to hit (50 a day, three of a million right).
// Whoever is locked out by somebody else's failures gets in with a passkey, which
// no account's limit holds up.
var (
	accountLimits = []limit{{"account", 10, 15 * time.Minute}, {"account", 50, 24 * time.Hour}}
	clientLimits  = []limit{{"client", 30, 15 * time.Minute}, {"client", 200, 24 * time.Hour}}
)

// A try is one that was counted.
type try struct {
	s    *Store
	keys []string
}

// try counts a try of an account (the digest of whatever address was typed, ""
// for none) and of a client (an address or network, as text, "" if nobody knows). The failures that
// it is not one of are taken back by succeed.
func (s *Store) try(ctx context.Context, account, client string) (try, error) {
	now := s.clk.Now()
	t := try{s: s}
	var limits []limit
	var args []any
	add := func(all []limit, digest string) {
		for _, l := range all {
			minutes := int64(l.window / time.Minute)
			t.keys = append(t.keys, keyTries.Name(minutes, now.Unix()/60/minutes, digest))
			limits, args = append(limits, l), append(args, l.n, 2*l.window.Milliseconds())
		}
	}
	if account != "" {
		add(accountLimits, account)
	}
	if client != "" { // behind a proxy that names nobody all are one, and one would lock out all
		add(clientLimits, s.digest(ofClient, client))
	}
	if len(t.keys) == 0 {
		return t, nil
	}
	full, err := tryScript.Run(ctx, s.rdb, t.keys, args...).Int()
	if err != nil {
		return try{}, fmt.Errorf("count a log-in: %w", err)
	}
	if full == 0 {
		return t, nil
	}
	l := limits[max(full, -full)-1]
	if full < 0 {
		if err := s.trail.Append(ctx, audit.Entry{Actor: audit.Visitor, Action: audit.LogInLimited, Details: map[string]string{"of": l.of, "failures": fmt.Sprint(l.n), "within": l.window.String()}}); err != nil {
			return try{}, err
		}
	}
	return try{}, &LimitedError{Wait: now.Truncate(l.window).Add(l.window).Sub(now)}
}

// succeed takes the try back.
func (t try) succeed(ctx context.Context) error {
	if len(t.keys) == 0 {
		return nil
	}
	if err := giveBackScript.Run(ctx, t.s.rdb, t.keys).Err(); err != nil && !missing(err) {
		return fmt.Errorf("count a log-in: %w", err)
	}
	return nil
}
