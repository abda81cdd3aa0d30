// Package webhooks owns who is told what happens to calls, and of alarms: the addresses that
// are set up, the events that they chose, and how those reach them, by the Standard
// Webhooks scheme (standardwebhooks.com). An event holds totals, never a person.
package webhooks

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"clarion/broadcast"
	"clarion/internal/audit"
	"clarion/internal/clock"
	"clarion/internal/publicnet"
	"clarion/internal/seal"
)

// An Event is a kind of thing that a webhook is told.
type Event string

// The events.
const (
	Launched Event = "call.launched" // the audience of a call is fixed; where release.second_person is set it waits for its release
	Released Event = "call.released" // a call may go out: now, or at its time
	Paused   Event = "call.paused"   // a call is held, by a person or by its own limits
	Resumed  Event = "call.resumed"  // a call goes on
	Finished Event = "call.finished" // nothing of a call is left to send
	Stopped  Event = "call.stopped"  // a call was ended by a person

	AlarmRaised Event = "alarm.raised" // something is wrong, or became critical
	AlarmOver   Event = "alarm.over"   // it is over

	Test Event = "test" // somebody tries whether the webhook works
)

// Events are those that a webhook chooses among.
var Events = [...]Event{Launched, Released, Paused, Resumed, Finished, Stopped, AlarmRaised, AlarmOver}

var sentences = map[Event][2]string{
	Launched: {"a call is launched: its audience is fixed", "발송이 올라왔습니다. 받는 사람이 정해졌습니다"},
	Released: {"a call may go out: now, or at its time", "발송이 승인되었습니다. 바로 또는 정해진 시각에 나갑니다"},
	Paused:   {"a call is paused, by a person or by its own limits", "발송이 멈췄습니다. 사람이 멈췄거나 정한 한도를 넘었습니다"},
	Resumed:  {"a call goes on", "발송이 다시 시작되었습니다"},
	Finished: {"a call is finished: nothing is left to send", "발송이 끝났습니다. 보낼 것이 남지 않았습니다"},
	Stopped:  {"a call was stopped for good", "발송이 완전히 중단되었습니다"},

	AlarmRaised: {"an alarm is raised, or became critical", "경보가 울렸거나 긴급으로 바뀌었습니다"},
	AlarmOver:   {"an alarm is over", "경보가 끝났습니다"},

	Test: {"a test", "시험"},
}

// Sentence says what has happened; lang is "ko" or anything else for English.
func (e Event) Sentence(lang string) string {
	if lang == "ko" {
		return sentences[e][1]
	}
	return sentences[e][0]
}

// Errors that callers tell apart.
var (
	// ErrNone means that there is no such webhook, or nothing of it under that id.
	ErrNone = errors.New("there is no such webhook")
	// ErrInput means that an address or an event cannot be taken.
	ErrInput = errors.New("this cannot be taken")
)

// Bounds.
const (
	most         = 20                 // webhooks
	maxURL       = 500                // bytes
	rotation     = 24 * time.Hour     // how long the secret before still signs
	givenUpAfter = 5 * 24 * time.Hour // of failures alone, and the webhook is shut
	logLength    = 100                // attempts that are remembered of a webhook
)

// An Endpoint is a webhook as people see it.
type Endpoint struct {
	ID      string    `json:"id"`
	URL     string    `json:"url"`
	Events  []Event   `json:"events"`
	Made    time.Time `json:"made"`
	Secrets int       `json:"secrets"`          // that sign now: 2 for a day after a rotation
	Failing time.Time `json:"failing,omitzero"` // nothing came through since
	Shut    Why       `json:"shut,omitempty"`   // why nothing is sent, "" if it is
}

// Why says why a webhook is shut.
type Why string

// The reasons.
const (
	ByStaff  Why = "by_staff" // a person shut it
	Failures Why = "failures" // nothing came through for five days
	Gone     Why = "gone"     // it answered 410
)

// endpoint is a webhook as it is kept, sealed: its address may be a secret too.
type endpoint struct {
	ID      string    `json:"id"`
	URL     string    `json:"url"`
	Events  []Event   `json:"events"`
	Made    time.Time `json:"made"`
	Secrets []secret  `json:"secrets"` // the present one first
}

type secret struct {
	Key   []byte    `json:"key"`
	Until time.Time `json:"until,omitzero"` // zero: until it is rotated
}

func newSecret() secret {
	key := make([]byte, 24)
	rand.Read(key)
	return secret{Key: key}
}

// String is a secret as receivers are given it.
func (s secret) String() string { return "whsec_" + base64.StdEncoding.EncodeToString(s.Key) }

// signing are the secrets that sign now.
func (e *endpoint) signing(now time.Time) (out []secret) {
	for _, s := range e.Secrets {
		if s.Until.IsZero() || now.Before(s.Until) {
			out = append(out, s)
		}
	}
	return out
}

func (e *endpoint) wants(event Event, at time.Time) bool {
	return event == Test || slices.Contains(e.Events, event) && !at.Before(e.Made)
}

// Config says where webhooks may lead beside the public internet.
type Config struct {
	Open []netip.Prefix // networks; there http is taken too
}

// Parts are what webhooks work with.
type Parts struct {
	Redis  Redis
	Ledger *broadcast.Ledger
	Keys   *seal.Keyring
	Trail  *audit.Trail
	Clock  clock.Clock
	Log    *slog.Logger
}

// A Store keeps the webhooks, and what they are to be told. It is safe for concurrent
// use, also by several processes.
type Store struct {
	Parts
	cfg    Config
	client *http.Client
	seen   seen
}

// Open opens the webhooks.
func Open(cfg Config, p Parts) *Store {
	return &Store{Parts: p, cfg: cfg, client: publicnet.Client(cfg.Open, attemptWait)}
}

// check finds what cannot be a webhook.
func (s *Store) check(address string, events []Event) error {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Hostname() == "" || u.User != nil || u.Fragment != "" || len(address) > maxURL,
		strings.ContainsFunc(address, func(r rune) bool { return !unicode.IsPrint(r) }): // it would show as another than it is
		return fmt.Errorf("%w: the address of a webhook is like https://example.org/hook, without a password, and has %d bytes at most", ErrInput, maxURL)
	case !dialable(u.Port()):
		return fmt.Errorf("%w: the port of a webhook's address is a number from 1 to 65535, or left out", ErrInput)
	case u.Scheme == "https":
	case u.Scheme != "http" || !s.open(u.Hostname()):
		return fmt.Errorf("%w: the address of a webhook begins with https://", ErrInput)
	}
	if ip, err := netip.ParseAddr(u.Hostname()); err == nil && !publicnet.Allowed(s.cfg.Open, ip) {
		return fmt.Errorf("%w: webhooks lead into the public internet, and this address does not", ErrInput)
	}
	if len(events) == 0 {
		return fmt.Errorf("%w: a webhook needs an event", ErrInput)
	}
	for _, e := range events {
		if !slices.Contains(Events[:], e) {
			return fmt.Errorf("%w: %q is no event", ErrInput, string(e))
		}
	}
	return nil
}

// dialable reports whether a port can be dialled; "" is the scheme's own.
func dialable(port string) bool {
	n, err := strconv.ParseUint(port, 10, 16)
	return port == "" || err == nil && n > 0
}

// open reports whether a host is an address in a network that the settings open.
func (s *Store) open(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && !publicnet.Public(ip) && publicnet.Allowed(s.cfg.Open, ip)
}

// Make sets a webhook up, and returns it with its secret, which is shown this once.
func (s *Store) Make(ctx context.Context, by audit.Actor, address string, events []Event) (*Endpoint, string, error) {
	address = strings.TrimSpace(address)
	if err := s.check(address, events); err != nil {
		return nil, "", err
	}
	e := &endpoint{ID: strings.ToLower(rand.Text()[:10]), URL: address, Events: ordered(events), Made: s.Clock.Now().Truncate(time.Millisecond), Secrets: []secret{newSecret()}}
	if err := s.note(ctx, by, audit.WebhookMade, e); err != nil {
		return nil, "", err
	}
	if err := s.add(ctx, e); err != nil {
		return nil, "", err
	}
	out, err := s.Endpoint(ctx, e.ID)
	return out, e.Secrets[0].String(), err
}

func ordered(events []Event) (out []Event) {
	for _, e := range Events {
		if slices.Contains(events, e) {
			out = append(out, e)
		}
	}
	return out
}

// note enters in the audit trail what is about to be done. The address stays out of
// it: it may be as good as a password.
func (s *Store) note(ctx context.Context, by audit.Actor, did audit.Action, e *endpoint) error {
	words := make([]string, len(e.Events))
	for i, event := range e.Events {
		words[i] = string(event)
	}
	return s.Trail.Append(ctx, audit.Entry{Actor: by, Action: did, Object: "webhook:" + e.ID, Details: map[string]string{"events": strings.Join(words, " ")}})
}

// Change gives a webhook another address and other events.
func (s *Store) Change(ctx context.Context, by audit.Actor, id, address string, events []Event) error {
	address = strings.TrimSpace(address)
	if err := s.check(address, events); err != nil {
		return err
	}
	return s.change(ctx, id, func(e *endpoint) error {
		e.URL, e.Events = address, ordered(events)
		return s.note(ctx, by, audit.WebhookChanged, e)
	})
}

// Rotate gives a webhook a new secret, which is shown this once. The one before
// signs beside it for a day.
func (s *Store) Rotate(ctx context.Context, by audit.Actor, id string) (string, error) {
	fresh := newSecret()
	err := s.change(ctx, id, func(e *endpoint) error {
		now := s.Clock.Now()
		if before := e.signing(now); len(before) > 0 {
			before[0].Until = now.Add(rotation)
			e.Secrets = []secret{fresh, before[0]}
		}
		return s.note(ctx, by, audit.WebhookRotated, e)
	})
	return fresh.String(), err
}
