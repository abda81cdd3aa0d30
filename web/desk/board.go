package desk

import (
	"math"
	"time"

	"clarion/worker"
)

// A LaneRow is how one receiving system stands: a mail provider with all domains
// that it takes, a carrier, or "other" for all that few people share.
type LaneRow struct {
	Channel       string   `json:"channel"`
	Lane          string   `json:"lane"`
	Sent          int      `json:"sent"`      // taken, whatever became of it later
	Delivered     int      `json:"delivered"` // of those, known to have arrived
	Deferred      int      `json:"deferred"`
	Failed        int      `json:"failed"`
	Waiting       int      `json:"waiting"`         // not begun, or on the wire
	RatePerSecond float64  `json:"rate_per_second"` // of the last seconds, over all calls
	Held          *HeldRow `json:"held,omitempty"`  // while it is left alone

	Connections *Connections `json:"connections,omitempty"` // where the settings limit them
}

// Connections are those to a receiving system, over all machines and calls.
type Connections struct {
	InUse int `json:"in_use"`
	Most  int `json:"most"`
}

func newLaneRow(r worker.Row, now time.Time) LaneRow {
	row := LaneRow{Channel: r.Channel.String(), Lane: r.Lane, Sent: r.Sent, Delivered: r.Delivered, Deferred: r.Deferred,
		Failed: r.Failed, Waiting: r.Waiting, RatePerSecond: math.Round(10*r.Rate) / 10}
	if r.Bears > 0 {
		row.Connections = &Connections{r.InUse, r.Bears}
	}
	if r.Hold != nil {
		held := newHeldRow(*r.Hold, now)
		row.Held = &held
	}
	return row
}

// A HeldRow is a gateway or a lane that is left alone.
type HeldRow struct {
	What    string    `json:"what"`              // a gateway's name, a mail domain or a carrier
	Channel string    `json:"channel,omitempty"` // of a lane
	Kind    string    `json:"kind"`
	Reason  string    `json:"reason"`
	Code    string    `json:"code"`
	Since   time.Time `json:"since"`
	Seconds float64   `json:"seconds"`           // how much longer; 0: it is being tried again
	Waiting int       `json:"waiting,omitempty"` // deliveries that wait for the lane
	Why     string    `json:"why"`               // all this in a sentence
	WhyKo   string    `json:"why_ko"`
}

// Sentence says why, in "ko" or "en".
func (h HeldRow) Sentence(lang string) string {
	if lang == "ko" {
		return h.WhyKo
	}
	return h.Why
}

// newHeldRow tells a hold; its times are those of now's zone.
func newHeldRow(h worker.Hold, now time.Time) HeldRow {
	row := HeldRow{What: h.What, Kind: h.Kind.String(), Reason: h.Reason.String(), Code: h.Code, Since: h.Since.Round(time.Second),
		Waiting: h.Waiting, Why: h.Sentence("en", now), WhyKo: h.Sentence("ko", now)}
	if !h.Till.IsZero() {
		row.Seconds = h.Till.Sub(now).Round(100 * time.Millisecond).Seconds()
	}
	if h.Channel != 0 {
		row.Channel = h.Channel.String()
	}
	return row
}
