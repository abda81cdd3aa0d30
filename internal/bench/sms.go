package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"clarion/e2e/rig"
	"clarion/internal/conf"
	"clarion/lists"
	"clarion/lists/address"
	"clarion/templates"
	"clarion/worker"
	"clarion/worker/gateway/kannel"
)

const smsConnections = 8 // what a worker uses by default

// sms sends through Kannel, and compares with a client that does nothing but
// make the very same requests to the same smsbox over as many connections, in turns.
func sms(ctx context.Context, b *bench) error {
	p, err := b.people(ctx)
	if err != nil {
		return err
	}
	if err := p.load(ctx, "texts", b.texts); err != nil {
		return err
	}
	text, err := readCall("text", "")
	if err != nil {
		return err
	}
	return onStage(func(t testing.TB) error {
		k := rig.StartKannel(t, rig.KannelOptions{})
		near := kannel.Config{URL: k.SendURL, Username: k.Username, Password: conf.NewSecret(k.Password), Country: "82"}
		requests, err := p.record(ctx, near, text, b.texts)
		if err != nil {
			return err
		}
		if err := b.texting(ctx, p, t, k, near, text, requests, ""); err != nil {
			return err
		}
		u, err := url.Parse(k.SendURL)
		if err != nil {
			return err
		}
		line, err := startDistance(u.Host, roundTrip/2)
		if err != nil {
			return err
		}
		defer line.stop()
		u.Host = fmt.Sprintf("127.0.0.1:%d", line.port())
		away := near
		away.URL = u.String()
		return b.texting(ctx, p, t, k, away, text, requests, " 10 ms away")
	})
}

// texting compares a call with the bare requests of one, in turns.
func (b *bench) texting(ctx context.Context, p *product, t testing.TB, k *rig.Kannel, c kannel.Config, text *templates.Call, requests []request, where string) error {
	g, err := kannel.New(c)
	if err != nil {
		return err
	}
	n := float64(len(requests))
	var ratio, rate, bare, own []float64
	for i := range b.samples + 1 {
		k.WaitSent(t) // what the other has left in Kannel's queue is not to slow this one
		s, err := p.sendTexts(ctx, g, text, len(requests))
		if err != nil {
			return err
		}
		k.WaitSent(t)
		took, err := bareTexts(ctx, c.URL, requests)
		if err != nil {
			return err
		}
		if i == 0 {
			continue // connections are made, and what sleeps wakes
		}
		rate, bare, own = append(rate, n/s.took.Seconds()), append(bare, n/took.Seconds()), append(own, float64(s.own.Microseconds())/n)
		ratio = append(ratio, took.Seconds()/s.took.Seconds())
		say("SMS%s, pair %d of %d: %.0f/s, a bare client %.0f/s", where, i, b.samples, n/s.took.Seconds(), n/took.Seconds())
	}
	what := "SMS by Kannel" + where
	b.results.add(figure{Name: what + ": texts/s ÷ those of a bare client", Unit: "×", Asked: 0.9, AtLeast: true}, ratio...)
	b.results.add(figure{Name: what + ": texts", Unit: "/s"}, rate...)
	b.results.add(figure{Name: what + ": a bare client's texts", Unit: "/s"}, bare...)
	b.results.add(figure{Name: what + ": processor time of the worker", Unit: "µs/text"}, own...)
	return nil
}

// sendTexts launches a call by SMS, with a worker of its own, and waits for its end.
func (p *product) sendTexts(ctx context.Context, g *kannel.Gateway, text *templates.Call, n int) (s sending, err error) {
	w, err := p.startWorker(ctx, worker.Gate{Name: relayName, Channel: address.SMS, Gateway: g, Connections: smsConnections})
	if err != nil {
		return s, err
	}
	defer w.Shutdown()
	own, err := ownTime()
	if err != nil {
		return s, err
	}
	began := time.Now()
	if s.id, err = p.launch(ctx, text, lists.Audience{}); err != nil {
		return s, err
	}
	finished, err := p.await(ctx, s.id)
	if err != nil {
		return s, err
	}
	s.took = finished.Sub(began)
	if s.own, err = ownTime(); err != nil {
		return s, err
	}
	s.own -= own
	return s, p.verify(ctx, s.id, n)
}

// record has a call send its texts to a smsbox of paper, and returns the requests.
func (p *product) record(ctx context.Context, c kannel.Config, text *templates.Call, n int) ([]request, error) {
	var mu sync.Mutex
	var all []request
	paper := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		all = append(all, request{r.Header.Clone(), string(body)})
		mu.Unlock()
		w.WriteHeader(http.StatusAccepted)
	}))
	defer paper.Close()
	c.URL = paper.URL
	g, err := kannel.New(c)
	if err != nil {
		return nil, err
	}
	_, err = p.sendTexts(ctx, g, text, n)
	return all, err
}

// A request is one to a smsbox, as Clarion makes it.
type request struct {
	header http.Header
	text   string
}

// bareTexts makes requests over as many connections as a worker has, and nothing
// else: no ledger, no person's name.
func bareTexts(ctx context.Context, url string, all []request) (time.Duration, error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: smsConnections, MaxConnsPerHost: smsConnections}}
	defer client.CloseIdleConnections()
	one := func(q request) error {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(q.text))
		if err != nil {
			return err
		}
		r.Header = q.header.Clone()
		answer, err := client.Do(r)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		if _, err := io.Copy(io.Discard, answer.Body); err != nil {
			return err
		}
		if answer.StatusCode != http.StatusAccepted {
			return fmt.Errorf("kannel answered %s", answer.Status)
		}
		return nil
	}
	var next atomic.Int64
	var group sync.WaitGroup
	errs := make([]error, smsConnections)
	began := time.Now()
	for k := range errs {
		group.Go(func() {
			for errs[k] == nil {
				i := int(next.Add(1)) - 1
				if i >= len(all) {
					return
				}
				errs[k] = one(all[i])
			}
		})
	}
	group.Wait()
	return time.Since(began), errors.Join(errs...)
}
