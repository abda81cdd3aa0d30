package webhooks

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"clarion/broadcast"
	"clarion/internal/audit"
	"clarion/internal/rkey"
)

// Redis is the client that webhooks are kept by.
type Redis = redis.UniversalClient

// All keys share the slot {webhooks}: what was told and what is due change in one step.
var (
	keyEndpoints = rkey.Key{Pattern: "{webhooks}:endpoints", Type: rkey.Hash, Expiry: "kept", Doc: "webhooks, sealed: address, events, secrets"}
	keyShut      = rkey.Key{Pattern: "{webhooks}:shut", Type: rkey.Hash, Expiry: "until opened", Doc: "why nothing is sent to a webhook"}
	keyFailing   = rkey.Key{Pattern: "{webhooks}:failing", Type: rkey.Hash, Expiry: "until something comes through", Doc: "since when nothing came through to a webhook (ms)"}
	keyTold      = rkey.Key{Pattern: "{webhooks}:told:<call>", Type: rkey.String, Expiry: "90 days", Doc: "up to which of its turns a call was told of"}
	keyToldAlarm = rkey.Key{Pattern: "{webhooks}:told:alarm:<alarm>", Type: rkey.String, Expiry: "90 days", Doc: "up to which of its turns an alarm was told of"}
	keyDue       = rkey.Key{Pattern: "{webhooks}:due", Type: rkey.ZSet, Expiry: "until delivered or given up", Doc: "deliveries to webhooks, by when they are due (ms)"}
	keyDelivery  = rkey.Key{Pattern: "{webhooks}:delivery:<name>", Type: rkey.String, Expiry: "7 days", Doc: "a message to a webhook: totals of a call, or an alarm, and how often it was tried"}
	keyLog       = rkey.Key{Pattern: "{webhooks}:log:<webhook>", Type: rkey.List, Expiry: "until the webhook is deleted", Doc: "the last attempts to deliver to a webhook"}
)

// Keys declares every key that the package keeps in Redis.
func Keys() []rkey.Key {
	return []rkey.Key{keyEndpoints, keyShut, keyFailing, keyTold, keyToldAlarm, keyDue, keyDelivery, keyLog}
}

const (
	toldKept     = 90 * 24 * time.Hour
	deliveryKept = 7 * 24 * time.Hour // longer than all attempts take
)

var (
	//go:embed enter.lua
	enterSource string
	//go:embed take.lua
	takeSource string
	//go:embed settle.lua
	settleSource string

	enterScript = redis.NewScript(enterSource)
	takeScript  = redis.NewScript(takeSource)

	settleScript = redis.NewScript(settleSource)
)

// nameOf names a delivery.
func nameOf(webhook, message string) string { return webhook + ":" + message }

func (s *Store) sealed(e *endpoint) ([]byte, error) {
	text, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("keep a webhook: %w", err)
	}
	return s.Keys.Seal(nil, text, []byte("webhook:"+e.ID)), nil
}

func (s *Store) opened(id, sealed string) (*endpoint, error) {
	text, err := s.Keys.Open(nil, []byte(sealed), []byte("webhook:"+id))
	if err != nil {
		return nil, fmt.Errorf("read webhook %s: %w", id, err)
	}
	e := &endpoint{}
	if err := json.Unmarshal(text, e); err != nil {
		return nil, fmt.Errorf("read webhook %s: %w", id, err)
	}
	return e, nil
}

// endpoints are all webhooks, the oldest first.
func (s *Store) endpoints(ctx context.Context) ([]*endpoint, error) {
	m, err := s.Redis.HGetAll(ctx, keyEndpoints.Name()).Result()
	if err != nil {
		return nil, fmt.Errorf("read the webhooks: %w", err)
	}
	var out []*endpoint
	for id, sealed := range m {
		e, err := s.opened(id, sealed)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b *endpoint) int {
		if c := a.Made.Compare(b.Made); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return out, nil
}

// endpoint is one webhook, or ErrNone.
func (s *Store) endpoint(ctx context.Context, id string) (*endpoint, error) {
	sealed, err := s.Redis.HGet(ctx, keyEndpoints.Name(), id).Result()
	if errors.Is(err, redis.Nil) {
		return nil, ErrNone
	} else if err != nil {
		return nil, fmt.Errorf("read webhook %s: %w", id, err)
	}
	return s.opened(id, sealed)
}

// Endpoints are all webhooks, the oldest first.
func (s *Store) Endpoints(ctx context.Context) ([]Endpoint, error) {
	all, err := s.endpoints(ctx)
	if err != nil {
		return nil, err
	}
	shut, err := s.Redis.HGetAll(ctx, keyShut.Name()).Result()
	if err != nil {
		return nil, fmt.Errorf("read the webhooks: %w", err)
	}
	failing, err := s.Redis.HGetAll(ctx, keyFailing.Name()).Result()
	if err != nil {
		return nil, fmt.Errorf("read the webhooks: %w", err)
	}
	out := make([]Endpoint, len(all))
	for i, e := range all {
		out[i] = Endpoint{ID: e.ID, URL: e.URL, Events: e.Events, Made: e.Made, Secrets: len(e.signing(s.Clock.Now())), Shut: Why(shut[e.ID])}
		if ms, err := strconv.ParseInt(failing[e.ID], 10, 64); err == nil {
			out[i].Failing = time.UnixMilli(ms).UTC()
		}
	}
	return out, nil
}

// Endpoint is one webhook, or ErrNone.
func (s *Store) Endpoint(ctx context.Context, id string) (*Endpoint, error) {
	all, err := s.Endpoints(ctx)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].ID == id {
			return &all[i], nil
		}
	}
	return nil, ErrNone
}

// add keeps a new webhook.
func (s *Store) add(ctx context.Context, e *endpoint) error {
	n, err := s.Redis.HLen(ctx, keyEndpoints.Name()).Result()
	if err != nil {
		return fmt.Errorf("keep a webhook: %w", err)
	}
	if n >= most {
		return fmt.Errorf("%w: there are %d webhooks, and no more are taken", ErrInput, n)
	}
	sealed, err := s.sealed(e)
	if err != nil {
		return err
	}
	if err := s.Redis.HSet(ctx, keyEndpoints.Name(), e.ID, sealed).Err(); err != nil {
		return fmt.Errorf("keep a webhook: %w", err)
	}
	return nil
}

// change changes a webhook, all anew if somebody else was faster.
func (s *Store) change(ctx context.Context, id string, f func(e *endpoint) error) error {
	for {
		err := s.Redis.Watch(ctx, func(tx *redis.Tx) error {
			e, err := s.endpoint(ctx, id)
			if err != nil {
				return err
			}
			if err := f(e); err != nil {
				return err
			}
			sealed, err := s.sealed(e)
			if err != nil {
				return err
			}
			_, err = tx.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
				pipe.HSet(ctx, keyEndpoints.Name(), id, sealed)
				return nil
			})
			return err
		}, keyEndpoints.Name())
		if !errors.Is(err, redis.TxFailedErr) {
			return err
		}
	}
}

// Shut sends a webhook nothing from now on: neither what waits nor what comes.
func (s *Store) Shut(ctx context.Context, by audit.Actor, id string) error {
	e, err := s.endpoint(ctx, id)
	if err != nil {
		return err
	}
	if err := s.note(ctx, by, audit.WebhookShut, e); err != nil {
		return err
	}
	if err := s.Redis.HSet(ctx, keyShut.Name(), id, string(ByStaff)).Err(); err != nil {
		return fmt.Errorf("shut webhook %s: %w", id, err)
	}
	return nil
}

// Reopen sends a webhook what comes from now on.
func (s *Store) Reopen(ctx context.Context, by audit.Actor, id string) error {
	e, err := s.endpoint(ctx, id)
	if err != nil {
		return err
	}
	if err := s.note(ctx, by, audit.WebhookReopened, e); err != nil {
		return err
	}
	pipe := s.Redis.TxPipeline()
	pipe.HDel(ctx, keyShut.Name(), id)
	pipe.HDel(ctx, keyFailing.Name(), id)
	if _, err := pipe.Exec(ctx); err != nil {
		return fmt.Errorf("open webhook %s: %w", id, err)
	}
	return nil
}

// Delete deletes a webhook, with its log and what it was to be told.
func (s *Store) Delete(ctx context.Context, by audit.Actor, id string) error {
	e, err := s.endpoint(ctx, id)
	if err != nil {
		return err
	}
	if err := s.note(ctx, by, audit.WebhookDeleted, e); err != nil {
		return err
	}
	pipe := s.Redis.TxPipeline()
	for _, key := range []rkey.Key{keyEndpoints, keyShut, keyFailing} {
		pipe.HDel(ctx, key.Name(), id)
	}
	pipe.Del(ctx, keyLog.Name(id))
	if _, err := pipe.Exec(ctx); err != nil {
		return fmt.Errorf("delete webhook %s: %w", id, err)
	}
	return nil
}

func (s *Store) toldOf(ctx context.Context, c *broadcast.Call) (int, error) {
	n, err := s.Redis.Get(ctx, keyTold.Name(c.ID)).Int()
	if err != nil && !errors.Is(err, redis.Nil) {
		return 0, fmt.Errorf("read what was told of call %s: %w", c.ID, err)
	}
	return n, nil
}

// enter enters that something, which told is kept of, came to a turn, counted from 1, and
// a delivery to each webhook, unless it was before.
func (s *Store) enter(ctx context.Context, told string, turn int, d delivery, to []*endpoint) error {
	text, err := json.Marshal(d)
	if err != nil {
		return err
	}
	keys := []string{told, keyDue.Name()}
	args := []any{turn, s.Clock.Now().UnixMilli(), int(toldKept.Seconds()), int(deliveryKept.Seconds())}
	for _, e := range to {
		name := nameOf(e.ID, d.ID)
		keys, args = append(keys, keyDelivery.Name(name)), append(args, name, text)
	}
	return enterScript.Run(ctx, s.Redis, keys, args...).Err()
}

// send enters one delivery.
func (s *Store) send(ctx context.Context, d delivery, e *endpoint) error {
	text, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("tell a webhook: %w", err)
	}
	name := nameOf(e.ID, d.ID)
	pipe := s.Redis.TxPipeline()
	pipe.Set(ctx, keyDelivery.Name(name), text, deliveryKept)
	pipe.ZAdd(ctx, keyDue.Name(), redis.Z{Score: float64(s.Clock.Now().UnixMilli()), Member: name})
	if _, err := pipe.Exec(ctx); err != nil {
		return fmt.Errorf("tell a webhook: %w", err)
	}
	return nil
}

// take takes deliveries that are due, n at most.
func (s *Store) take(ctx context.Context, n int) ([]string, error) {
	if n <= 0 {
		return nil, nil
	}
	now := s.Clock.Now()
	return takeScript.Run(ctx, s.Redis, []string{keyDue.Name()}, now.UnixMilli(), now.Add(taken).UnixMilli(), n).StringSlice()
}

// load reads a delivery and its webhook; nil for one that is gone, or shut.
func (s *Store) load(ctx context.Context, name string) (*endpoint, *delivery, error) {
	id, _, _ := strings.Cut(name, ":")
	pipe := s.Redis.Pipeline()
	text, sealed, shut := pipe.Get(ctx, keyDelivery.Name(name)), pipe.HGet(ctx, keyEndpoints.Name(), id), pipe.HExists(ctx, keyShut.Name(), id)
	if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
		return nil, nil, fmt.Errorf("read what webhook %s is to be told: %w", id, err)
	}
	var e *endpoint
	var d *delivery
	if sealed.Err() == nil && !shut.Val() {
		var err error
		if e, err = s.opened(id, sealed.Val()); err != nil {
			return nil, nil, err
		}
	}
	if text.Err() == nil {
		d = &delivery{}
		if err := json.Unmarshal([]byte(text.Val()), d); err != nil {
			return nil, nil, fmt.Errorf("read what webhook %s is to be told: %w", id, err)
		}
	}
	return e, d, nil
}

func (s *Store) drop(ctx context.Context, name string) error {
	return s.Redis.ZRem(ctx, keyDue.Name(), name).Err()
}

// settle enters what came of an attempt: in the log, for the next attempt, and for the
// webhook, which is shut when nothing has come through for long.
func (s *Store) settle(ctx context.Context, name string, e *endpoint, d *delivery, a Attempt) error {
	line, err := json.Marshal(a)
	if err != nil {
		return err
	}
	text, err := json.Marshal(d)
	if err != nil {
		return err
	}
	next, outcome := int64(0), "failed"
	if !a.Next.IsZero() {
		next = a.Next.UnixMilli()
	}
	switch {
	case a.Result == Delivered:
		outcome = "delivered"
	case a.Status == http.StatusGone:
		outcome = "gone"
	}
	keys := []string{keyEndpoints.Name(), keyDue.Name(), keyDelivery.Name(name), keyLog.Name(e.ID), keyFailing.Name(), keyShut.Name()}
	if err := settleScript.Run(ctx, s.Redis, keys, e.ID, name, text, line, logLength, next, s.Clock.Now().UnixMilli(), outcome, givenUpAfter.Milliseconds(), string(Gone), string(Failures)).Err(); err != nil {
		return fmt.Errorf("enter what webhook %s was told: %w", e.ID, err)
	}
	return nil
}

// Attempts are the last attempts to tell a webhook, the newest first.
func (s *Store) Attempts(ctx context.Context, id string) ([]Attempt, error) {
	if _, err := s.endpoint(ctx, id); err != nil {
		return nil, err
	}
	lines, err := s.Redis.LRange(ctx, keyLog.Name(id), 0, -1).Result()
	if err != nil {
		return nil, fmt.Errorf("read the log of webhook %s: %w", id, err)
	}
	out := make([]Attempt, len(lines))
	for i, line := range lines {
		if err := json.Unmarshal([]byte(line), &out[i]); err != nil {
			return nil, fmt.Errorf("read the log of webhook %s: %w", id, err)
		}
	}
	return out, nil
}
