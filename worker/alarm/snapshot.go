package alarm

import (
	"time"

	"clarion/broadcast"
	"clarion/internal/redisdb"
	"clarion/lists/address"
	"clarion/worker"
)

// A Snapshot is how all stands at one moment: the conditions see nothing else.
type Snapshot struct {
	At     time.Time
	Zone   *time.Location // in which sentences tell the time
	Calls  []Call         // active ones, without rehearsals
	Gates  []worker.Gate  // of the settings
	Queues []Queue
	Redis  []redisdb.Figures
	Reply  time.Time // until when the addressee of the petition is to answer, zero where no clock runs
	Lost   []int     // people of the settings, from 1, whom a notice did not reach
}

// A Call is how one stands.
type Call struct {
	*worker.Board
	broadcast.Backlog
	Ends   time.Time                 // when its last attempt may begin, zero before it has started
	Before map[address.Channel]Tally // its counters when the window began
}

// A Queue is how one stands, and whether a living worker serves it.
type Queue struct {
	worker.QueueState
	Served bool
}

// A Tally is what became of a channel's deliveries so far.
type Tally struct{ Reached, Bounced, Failed, Deferred int }

// tally counts a channel of a call.
func (c Call) tally(ch address.Channel) Tally {
	n := c.Channels[ch]
	return Tally{Reached: n[broadcast.Sent] + n[broadcast.Delivered], Bounced: n[broadcast.Bounced],
		Failed: n[broadcast.Failed] + n[broadcast.Rejected], Deferred: n[broadcast.Deferred]}
}

// lately is what became of a channel's deliveries within the window. What was
// reached and then bounced counts as bounced alone.
func (c Call) lately(ch address.Channel) Tally {
	now, before := c.tally(ch), c.Before[ch]
	return Tally{max(0, now.Reached-before.Reached), max(0, now.Bounced-before.Bounced), max(0, now.Failed-before.Failed), max(0, now.Deferred-before.Deferred)}
}

// left is how many deliveries of a call have no end yet, and how many of those
// were never begun.
func (c Call) left() (all, untried int) {
	for _, n := range c.Channels {
		untried += n[broadcast.Pending]
		all += n[broadcast.Pending] + n[broadcast.Sending] + n[broadcast.Deferred]
	}
	return all, untried
}
