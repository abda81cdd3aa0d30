package worker

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"clarion/broadcast"
	"clarion/lists/address"
	"clarion/worker/gateway"
)

// A Lane is what a receiving system bears, over all processes.
type Lane struct {
	Rate   float64 // messages a second, 0 for no limit
	Warmup Warmup
	// Connections are the most that may be open to it at a time, 0 for no limit:
	// sessions with its exchangers where a gateway reaches them itself, groups on
	// their way where it is a relay.
	Connections int
}

// Lanes are the limits of lanes: for each channel by name, a mail domain or a
// carrier, with DefaultLane for every other that is large enough to be a lane.
type Lanes map[address.Channel]map[string]Lane

const (
	// DefaultLane names the limit of lanes that have none of their own.
	DefaultLane = "default"
	// OtherLane names the lane of all small systems.
	OtherLane = broadcast.OtherLane
)

// Of returns the limits of a lane. The lane of small systems, of which each gets
// few messages, has only those that name it.
func (l Lanes) Of(ch address.Channel, name string, small bool) Lane {
	if lane, ok := l[ch][name]; ok || small {
		return lane
	}
	return l[ch][DefaultLane]
}

// Named reports whether a lane has limits of its own.
func (l Lanes) Named(ch address.Channel, name string) bool {
	_, ok := l[ch][name]
	return ok && name != DefaultLane
}

// Check says what is wrong with a warm-up, to the person who set it.
func (w Warmup) Check() error {
	if w != (Warmup{}) && (w.From < 1 || w.To < w.From || w.Days < 1 || w.Days > 365) {
		return fmt.Errorf("warmup goes from %d to %d messages a day in %d days: it needs from (1 or more), to (no less than from) and days (1 to 365), as {from = 50, to = 20000, days = 14}", w.From, w.To, w.Days)
	}
	return nil
}

// pushesBack reports whether an answer says that we go too fast: it is told so, or
// it is a 421 or a 4.7.x, by which large receivers slow senders down, and no
// greylisting, which every first message meets.
func pushesBack(e *gateway.Error) bool {
	return e.Kind == gateway.Throttled ||
		e.Kind == gateway.Temporary && e.Reason != gateway.Greylisted && (e.Code == "421" || strings.HasPrefix(e.Code, "4.7."))
}

// A meter knows how many messages this process sent lately to each lane and
// gateway: what a rate is learned from where none is set.
type meter struct {
	mu   sync.Mutex
	seen map[string]*measure
}

type measure struct {
	from      time.Time // of the present window
	now, last float64   // messages in it, and in the one before
}

const meterWindow = 10 * time.Second

func (m *meter) add(what string, n int, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.seen == nil {
		m.seen = map[string]*measure{}
	}
	s := m.seen[what]
	if s == nil {
		if len(m.seen) >= meterMost {
			for name, old := range m.seen {
				if now.Sub(old.from) > 2*meterWindow {
					delete(m.seen, name)
				}
			}
		}
		s = &measure{from: now}
		m.seen[what] = s
	}
	s.roll(now)
	s.now += float64(n)
}

// meterMost is how many are known before those are forgotten that stand still.
const meterMost = 1000

func (s *measure) roll(now time.Time) {
	switch past := now.Sub(s.from); {
	case past >= 2*meterWindow || past < 0:
		s.from, s.last, s.now = now, 0, 0
	case past >= meterWindow:
		s.from, s.last, s.now = s.from.Add(meterWindow), s.now, 0
	}
}

// rate returns the messages a second of the last seconds.
func (m *meter) rate(what string, now time.Time) float64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.seen[what]
	if s == nil {
		return 0
	}
	s.roll(now)
	over := now.Sub(s.from)
	if s.last > 0 {
		over += meterWindow
	}
	return (s.now + s.last) / max(over.Seconds(), 1)
}

// rates returns the messages a second of all that moved lately.
func (m *meter) rates(now time.Time) map[string]float64 {
	m.mu.Lock()
	names := make([]string, 0, len(m.seen))
	for what := range m.seen {
		names = append(names, what)
	}
	m.mu.Unlock()
	out := map[string]float64{}
	for _, what := range names {
		if r := m.rate(what, now); r > 0 {
			out[what] = r
		}
	}
	return out
}
