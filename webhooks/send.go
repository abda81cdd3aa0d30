package webhooks

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"clarion/internal/publicnet"
)

const (
	attemptWait = 15 * time.Second
	taken       = time.Minute // after which another takes up what its taker did not end
	atOnce      = 8
	lookEvery   = time.Second
	answerMost  = 1 << 10 // bytes of an answer that are read, and thrown away
)

// delays are how long a delivery waits after each attempt that failed: eight
// attempts in a good day.
var delays = [...]time.Duration{5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 10 * time.Hour}

// A Result is what came of an attempt.
type Result string

// The results.
const (
	Delivered   Result = "delivered"   // answered 2xx
	Refused     Result = "refused"     // answered anything else
	Timeout     Result = "timeout"     // no answer in time
	Unreachable Result = "unreachable" // no connection, or the name is not known
	Untrusted   Result = "untrusted"   // the certificate does not hold
	Private     Result = "private"     // its name leads into a private network, where nothing is sent
)

// Results are all of them.
var Results = [...]Result{Delivered, Refused, Timeout, Unreachable, Untrusted, Private}

var results = map[Result][2]string{
	Delivered:   {"delivered", "전달됨"},
	Refused:     {"refused", "거절됨"},
	Timeout:     {"no answer in time", "응답이 늦음"},
	Unreachable: {"not reached", "연결되지 않음"},
	Untrusted:   {"the certificate does not hold", "인증서가 올바르지 않음"},
	Private:     {"leads into a private network", "사설망 주소라 보내지 않음"},
}

// Word says what came of an attempt; lang is "ko" or anything else for English.
func (r Result) Word(lang string) string {
	if lang == "ko" {
		return results[r][1]
	}
	return results[r][0]
}

// A delivery is a message on its way to one webhook.
type delivery struct {
	ID       string `json:"id"` // webhook-id: the same at each attempt
	Event    Event  `json:"event"`
	Body     []byte `json:"body"`
	Attempts int    `json:"attempts"`
}

// An Attempt is one try to deliver a message.
type Attempt struct {
	ID      string    `json:"id"` // of the message
	Event   Event     `json:"event"`
	Attempt int       `json:"attempt"`
	At      time.Time `json:"at"`
	Result  Result    `json:"result"`
	Status  int       `json:"status,omitempty"` // that was answered
	Took    int64     `json:"took_ms"`          // milliseconds
	Next    time.Time `json:"next,omitzero"`    // of the next attempt; zero: there is none
}

// Serve delivers what is due until ctx ends. Any number of processes may.
func (s *Store) Serve(ctx context.Context) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	free := make(chan struct{}, atOnce)
	var busy sync.WaitGroup
	defer busy.Wait()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		names, err := s.take(ctx, atOnce-len(free))
		if err != nil && ctx.Err() == nil {
			s.Log.Warn("what webhooks are to be told could not be read", "error", err)
		}
		for _, name := range names {
			free <- struct{}{}
			busy.Go(func() {
				defer func() { <-free }()
				if err := s.attempt(ctx, name); err != nil && ctx.Err() == nil {
					s.Log.Warn("a webhook was not told; it will be", "error", err)
				}
			})
		}
	}
}

// attempt tries to deliver once, and enters what came of it.
func (s *Store) attempt(ctx context.Context, name string) error {
	e, d, err := s.load(ctx, name)
	if err != nil {
		return err
	}
	if e == nil || d == nil {
		return s.drop(ctx, name) // deleted or shut since
	}
	began := s.Clock.Now()
	start := time.Now()
	result, status := s.post(ctx, e, d, began)
	if ctx.Err() != nil {
		return ctx.Err() // whoever comes next tries again
	}
	d.Attempts++
	a := Attempt{ID: d.ID, Event: d.Event, Attempt: d.Attempts, At: began, Result: result, Status: status, Took: time.Since(start).Milliseconds()}
	if result != Delivered && status != http.StatusGone && d.Attempts <= len(delays) {
		a.Next = s.Clock.Now().Add(delays[d.Attempts-1])
	}
	return s.settle(ctx, name, e, d, a)
}

// post sends a message. What is answered is not kept.
func (s *Store) post(ctx context.Context, e *endpoint, d *delivery, now time.Time) (Result, int) {
	ctx, cancel := context.WithTimeout(ctx, attemptWait)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, e.URL, bytes.NewReader(d.Body))
	if err != nil {
		return Unreachable, 0
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "Clarion")
	r.Header.Set("Webhook-Id", d.ID)
	r.Header.Set("Webhook-Timestamp", strconv.FormatInt(now.Unix(), 10))
	r.Header.Set("Webhook-Signature", sign(e.signing(now), d.ID, now, d.Body))
	res, err := s.client.Do(r)
	if err != nil {
		return failure(err), 0
	}
	defer res.Body.Close()
	_, _ = io.CopyN(io.Discard, res.Body, answerMost) // the status says it all
	if res.StatusCode/100 != 2 {
		return Refused, res.StatusCode
	}
	return Delivered, res.StatusCode
}

// failure says in one word why there was no answer; the words of the error may
// hold the address.
func failure(err error) Result {
	var late net.Error
	var alert *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	switch {
	case errors.Is(err, publicnet.ErrPrivate):
		return Private
	case errors.As(err, &alert), errors.As(err, &unknown):
		return Untrusted
	case errors.As(err, &late) && late.Timeout():
		return Timeout
	}
	return Unreachable
}

// Resend sends a message once more, at once, with all its attempts before it. Messages
// are kept for a week.
func (s *Store) Resend(ctx context.Context, id, message string) error {
	e, err := s.endpoint(ctx, id)
	if err != nil {
		return err
	}
	_, d, err := s.load(ctx, nameOf(id, message))
	if err != nil {
		return err
	}
	if d == nil {
		return fmt.Errorf("send again: %w", ErrNone)
	}
	d.Attempts = 0
	return s.send(ctx, *d, e)
}
