package webhooks

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"clarion/broadcast"
	"clarion/lists/address"
)

// A message is the body of a request.
type message struct {
	Type      Event     `json:"type"`
	Timestamp time.Time `json:"timestamp"` // when it happened
	Data      any       `json:"data"`
}

// callData is what is told of a call: totals alone.
type callData struct {
	Call      broadcast.ID              `json:"call"`
	Name      string                    `json:"name"`
	Campaign  string                    `json:"campaign"`
	Rehearsal bool                      `json:"rehearsal"`
	State     broadcast.CallState       `json:"state"`
	Contacts  int                       `json:"contacts"`
	Audience  int                       `json:"audience"` // deliveries
	Channels  map[string]map[string]int `json:"channels"` // deliveries by channel and state, as they stood when it was told
	Why       string                    `json:"why,omitempty"`
}

// eventOf is the event that turn n of a call is; "" for none.
func eventOf(past []broadcast.Turn, n int) Event {
	switch to := past[n].State; {
	case to == broadcast.Planned:
		return Launched
	case n > 0 && past[n-1].State == broadcast.Planned && (to == broadcast.Running || to == broadcast.Scheduled):
		return Released
	case to == broadcast.Paused:
		return Paused
	case n > 0 && to == broadcast.Running && (past[n-1].State == broadcast.Paused || past[n-1].State == broadcast.Done):
		return Resumed
	case to == broadcast.Done:
		return Finished
	case to == broadcast.Stopped:
		return Stopped
	}
	return ""
}

// seen remembers up to which turn of its calls and alarms this process has told.
type seen struct {
	mu   sync.Mutex
	upTo map[string]int
}

func (s *seen) get(what string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.upTo[what]
}

func (s *seen) set(what string, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.upTo == nil || len(s.upTo) > 10_000 {
		s.upTo = map[string]int{}
	}
	s.upTo[what] = n
}

// Look enters what has happened to a call since the last look, for every webhook that
// is to be told. The ledger keeps a call's turns in the step in which they happen, and
// what was not entered is found at the next look: done twice, or by two at once, an
// event is entered once. Whoever looks lets no call out of sight before that.
func (s *Store) Look(ctx context.Context, c *broadcast.Call) error {
	if len(c.Past) <= s.seen.get("call "+string(c.ID)) {
		return nil
	}
	all, err := s.endpoints(ctx)
	if err != nil {
		return err
	}
	if len(all) > 0 {
		told, err := s.toldOf(ctx, c)
		if err != nil {
			return err
		}
		for n := told; n < len(c.Past); n++ {
			if err := s.turn(ctx, c, n, all); err != nil {
				return fmt.Errorf("tell of call %s: %w", c.ID, err)
			}
		}
	}
	s.seen.set("call "+string(c.ID), len(c.Past))
	return nil
}

func (s *Store) turn(ctx context.Context, c *broadcast.Call, n int, all []*endpoint) error {
	event, at := eventOf(c.Past, n), c.Past[n].At
	var to []*endpoint
	for _, e := range all {
		if event != "" && e.wants(event, at) {
			to = append(to, e)
		}
	}
	var body []byte
	if len(to) > 0 {
		counters, err := s.Ledger.Counters(ctx, c.ID)
		if err != nil {
			return err
		}
		d := callData{Call: c.ID, Name: c.Name, Campaign: c.Campaign, Rehearsal: c.Rehearsal, State: c.Past[n].State, Contacts: c.Contacts, Audience: c.Audience, Channels: map[string]map[string]int{}}
		for _, ch := range address.Channels {
			for state, k := range counters.Channels[ch] {
				if k > 0 {
					if d.Channels[ch.String()] == nil {
						d.Channels[ch.String()] = map[string]int{}
					}
					d.Channels[ch.String()][broadcast.State(state).String()] = k
				}
			}
		}
		if event == Paused {
			d.Why = c.Note.Sentence("en")
		}
		if body, err = json.Marshal(message{event, at, d}); err != nil {
			return err
		}
	}
	// The same for everyone who tells of this turn, however often.
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d %d", c.ID, c.Made.UnixMilli(), n))
	return s.enter(ctx, keyTold.Name(c.ID), n+1, delivery{ID: "msg_" + hex.EncodeToString(sum[:12]), Event: event, Body: body}, to)
}

// Try sends a test to a webhook, as any event is sent, and returns its id.
func (s *Store) Try(ctx context.Context, id string) (string, error) {
	e, err := s.endpoint(ctx, id)
	if err != nil {
		return "", err
	}
	body, err := json.Marshal(message{Test, s.Clock.Now(), struct{}{}})
	if err != nil {
		return "", fmt.Errorf("try a webhook: %w", err)
	}
	d := delivery{ID: "msg_" + strings.ToLower(rand.Text()), Event: Test, Body: body}
	return d.ID, s.send(ctx, d, e)
}

// sign is what the header webhook-signature holds: a signature by each secret.
func sign(secrets []secret, id string, at time.Time, body []byte) string {
	all := make([]string, len(secrets))
	for i, s := range secrets {
		m := hmac.New(sha256.New, s.Key)
		m.Write([]byte(id + "." + strconv.FormatInt(at.Unix(), 10) + "."))
		m.Write(body)
		all[i] = "v1," + base64.StdEncoding.EncodeToString(m.Sum(nil))
	}
	return strings.Join(all, " ")
}
