package main

import (
	"fmt"
	"io"
	"math"

	"clarion/worker"
)

// A laneRow is how one receiving system stands: a mail provider with all domains
// that it takes, a carrier, or "other" for all that few people share.
type laneRow struct {
	Channel       string   `json:"channel"`
	Lane          string   `json:"lane"`
	Sent          int      `json:"sent"`      // taken, whatever became of it later
	Delivered     int      `json:"delivered"` // of those, known to have arrived
	Deferred      int      `json:"deferred"`
	Failed        int      `json:"failed"`
	Waiting       int      `json:"waiting"`         // not begun, or on the wire
	RatePerSecond float64  `json:"rate_per_second"` // of the last seconds, over all calls
	Held          *heldRow `json:"held,omitempty"`  // while it is left alone
}

func newLaneRow(r worker.Row) laneRow {
	row := laneRow{Channel: r.Channel.String(), Lane: r.Lane, Sent: r.Sent, Delivered: r.Delivered, Deferred: r.Deferred,
		Failed: r.Failed, Waiting: r.Waiting, RatePerSecond: math.Round(10*r.Rate) / 10}
	if r.Hold != nil {
		held := newHeldRow(*r.Hold)
		row.Held = &held
	}
	return row
}

// writeLanes prints the board of lanes. Korean letters take two columns, so its
// heads are padded by hand.
func writeLanes(w io.Writer, rows []laneRow, lang string) {
	if len(rows) == 0 {
		return
	}
	head := "where                            sent delivered  deferred    failed   waiting  a second"
	if lang == "ko" {
		head = "수신처                           발송      도착      연기      실패      대기      초당"
	}
	fmt.Fprintf(w, "\n%s\n", head)
	for _, r := range rows {
		fmt.Fprintf(w, "%-5s %-21s %9d %9d %9d %9d %9d %9.1f\n", r.Channel, r.Lane, r.Sent, r.Delivered, r.Deferred, r.Failed, r.Waiting, r.RatePerSecond)
	}
}
