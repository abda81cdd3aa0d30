package lists

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"clarion/lists/address"
)

// Reason is why an address must not be written to.
type Reason uint8

// The reasons, the one that weighs most first.
const (
	OptedOut   Reason = iota + 1 // the person said stop
	Complained                   // the person reported a message as spam
	Bounced                      // the mailbox or number is dead
	Blocked                      // set by staff
)

// Reasons lists every reason, the one that weighs most first.
var Reasons = [...]Reason{OptedOut, Complained, Bounced, Blocked}

var reasonNames = [...]string{OptedOut: "opted_out", Complained: "complained", Bounced: "bounced", Blocked: "blocked"}

// String returns the reason in snake case.
func (r Reason) String() string {
	if r != 0 && int(r) < len(reasonNames) {
		return reasonNames[r]
	}
	return fmt.Sprintf("reason(%d)", uint8(r))
}

// MarshalText writes the reason in snake case.
func (r Reason) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// ParseReason reads opted_out, complained, bounced or blocked.
func ParseReason(s string) (Reason, error) {
	for _, r := range Reasons {
		if r.String() == s {
			return r, nil
		}
	}
	return 0, fmt.Errorf("%q is no reason: opted_out, complained, bounced and blocked are", s)
}

// letter is the reason in a stored suppression.
func (r Reason) letter() string { return string("?ocbx"[r]) }

// ScopeAll is the scope of a suppression that holds for every call.
const ScopeAll = "all"

// A Suppression says that an address must not be written to, and since when. It
// names no address.
type Suppression struct {
	Reason Reason    `json:"reason"`
	Source string    `json:"source"`         // what set it, in a word: "one_click", "sms_stop", "bounce", "staff"; never an address
	Since  time.Time `json:"since"`          // UTC, to the second; the zero Time means now
	Scope  string    `json:"scope"`          // ScopeAll; "" means it too
	Call   string    `json:"call,omitempty"` // id of the call that led to it, "" if none did
	// Of what came back from a delivery: the gateway it had gone through, and why
	// it failed, a word of the closed vocabulary such as "mailbox_unknown".
	Gateway string `json:"gateway,omitempty"`
	Failure string `json:"failure,omitempty"`
}

// A SuppressionFilter selects suppressions; what is zero selects all.
type SuppressionFilter struct {
	Channel address.Channel
	Reason  Reason
	Source  string
	Call    string
	From    time.Time // set at or after, to the second
	Until   time.Time // set before, to the second
}

// Suppressed is one reason of one address.
type Suppressed struct {
	Channel address.Channel `json:"address_kind"`
	Key     AddressKey      `json:"-"`
	Suppression
}

// line is a suppression as it is stored, one for each reason of an address:
// letter, since (Unix seconds), scope, call, source, gateway, failure, with tabs
// between. Older ones end with the source.
func (s Suppression) line() string {
	return strings.Join([]string{s.Reason.letter(), strconv.FormatInt(s.Since.Unix(), 10), word(s.Scope), word(s.Call), word(s.Source), word(s.Gateway), word(s.Failure)}, "\t")
}

// word makes a text fit for a line: a control character would end it early, and
// an opt-out is never refused for its label.
func word(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, s)
}

func parseSuppressions(v string) ([]Suppression, error) {
	var all []Suppression
	for line := range strings.SplitSeq(v, "\n") {
		part := strings.SplitN(line, "\t", 7)
		reason := 0
		if (len(part) == 5 || len(part) == 7) && len(part[0]) == 1 {
			reason = max(0, strings.Index("?ocbx", part[0]))
		}
		if reason == 0 {
			return nil, fmt.Errorf("read a suppression: %d parts, no known reason", len(part))
		}
		since, err := strconv.ParseInt(part[1], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("read a suppression: its time is no number")
		}
		s := Suppression{Reason: Reason(reason), Since: time.Unix(since, 0).UTC(), Scope: part[2], Call: part[3], Source: part[4]}
		if len(part) == 7 {
			s.Gateway, s.Failure = part[5], part[6]
		}
		all = append(all, s)
	}
	return all, nil
}

func (f SuppressionFilter) matches(s Suppression) bool {
	return (f.Reason == 0 || f.Reason == s.Reason) && (f.Source == "" || word(f.Source) == s.Source) && (f.Call == "" || word(f.Call) == s.Call) &&
		(f.From.IsZero() || s.Since.Unix() >= f.From.Unix()) && (f.Until.IsZero() || s.Since.Unix() < f.Until.Unix())
}
