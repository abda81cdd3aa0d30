// Package alarm owns what a person must know of at once: the conditions over how
// calls, gateways, queues and Redis stand, each alarm from raised to over, and the
// notices that named people get. Of all workers one looks.
package alarm

import "time"

// A Kind is what an alarm is about.
type Kind string

// The kinds.
const (
	DeliveryFalls  Kind = "delivery_falls"  // much of what a call tries is refused, given up or put off
	BouncesRise    Kind = "bounces_rise"    // many addresses of a call are dead
	ComplaintsRise Kind = "complaints_rise" // many of those reached call it spam
	CallHeld       Kind = "call_held"       // a call paused itself
	CallLate       Kind = "call_late"       // what is due of a call is not taken up
	ClockRunsOut   Kind = "clock_runs_out"  // a call ends soon, and people wait for it
	ReplyDue       Kind = "reply_due"       // the addressee of a petition is to answer soon, or should have
	ReleaseWaits   Kind = "release_waits"   // a call's time comes, and nobody has released it
	GatewayDown    Kind = "gateway_down"    // a gateway takes nothing
	LaneHeld       Kind = "lane_held"       // a receiving system takes nothing
	QueueStuck     Kind = "queue_stuck"     // work waits, and nobody takes it
	RedisFull      Kind = "redis_full"      // the memory or the disk of Redis is nearly full
	RedisUnsaved   Kind = "redis_unsaved"   // Redis could not write to its disk
	NoticeLost     Kind = "notice_lost"     // a person whom alarms name cannot be told of them
)

// Kinds lists every kind.
var Kinds = [...]Kind{DeliveryFalls, BouncesRise, ComplaintsRise, CallHeld, CallLate, ClockRunsOut, ReplyDue, ReleaseWaits, GatewayDown, LaneHeld, QueueStuck, RedisFull, RedisUnsaved, NoticeLost}

// A Level is how much an alarm matters.
type Level string

// The levels.
const (
	Warning  Level = "warning"  // to be looked at today
	Critical Level = "critical" // to be looked at now; said again until somebody has seen it
)

// Levels lists every level, the least first.
var Levels = [...]Level{Warning, Critical}

// below reports whether l matters less than other.
func (l Level) below(other Level) bool { return l != Critical && other == Critical }

// Word names the level in "ko" or "en".
func (l Level) Word(lang string) string {
	if l == Critical {
		return Words{"Critical", "긴급"}.In(lang)
	}
	return Words{"Warning", "주의"}.In(lang)
}

// Words are the same in English and Korean.
type Words struct {
	En string `json:"en"`
	Ko string `json:"ko"`
}

// In returns them in "ko", or in English.
func (w Words) In(lang string) string {
	if lang == "ko" {
		return w.Ko
	}
	return w.En
}

// A Finding is what a look found wrong. Kind and Object tell one from another.
type Finding struct {
	Kind     Kind      `json:"kind"`
	Object   string    `json:"object"` // what it is about: "c7", "c7:email", "relay", "email:naver.com", "sms-again"
	Level    Level     `json:"level"`
	Sentence Words     `json:"sentence"`
	Since    time.Time `json:"since,omitzero"` // zero: since it was found
}

// An Alarm is a finding in its life. It is raised when a look finds it, and over
// when looks have not found it for a while: what comes and goes is one alarm.
type Alarm struct {
	Finding
	ID    int       `json:"id"`             // from 1, never used again
	Well  time.Time `json:"well,omitzero"`  // since when looks find nothing of it; zero: the last one did
	Over  time.Time `json:"over,omitzero"`  // zero: it is open
	Quiet time.Time `json:"quiet,omitzero"` // nothing is said of it till then
	// Acknowledged is when somebody said that they have seen it, and By who: "staff:3".
	Acknowledged time.Time           `json:"acknowledged,omitzero"`
	By           string              `json:"by,omitempty"`
	Told         map[string]*Telling `json:"told,omitempty"` // by the key of a person
}

// A Telling is what a person was last told of an alarm.
type Telling struct {
	At    time.Time `json:"at"`
	Level Level     `json:"level"`
	Over  bool      `json:"over,omitempty"` // that it is over
}
