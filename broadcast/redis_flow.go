package broadcast

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"clarion/lists/address"
)

// Flow is how many deliveries came into a state within a span: a minute, or longer
// where it is long ago.
type Flow struct {
	At      time.Time // when the span begins
	Span    time.Duration
	Channel address.Channel
	State   State
	Count   int
}

// QueueFlow adds to pipe what reads the flow of a call, in no order; the answer is
// there once pipe has run. It has at most some 2×flowPoints points in time, however old
// the call is.
func (l *Ledger) QueueFlow(ctx context.Context, pipe redis.Pipeliner, id ID) func() ([]Flow, error) {
	read := pipe.HGetAll(ctx, keyMinutes.Name(id))
	return func() ([]Flow, error) {
		m, err := read.Result()
		if err != nil {
			return nil, fmt.Errorf("read the flow of call %s: %w", id, err)
		}
		out := make([]Flow, 0, len(m))
		for field, value := range m {
			p := strings.Split(field, ":")
			if len(p) != 3 || strings.HasPrefix(p[2], "f") {
				continue
			}
			at, long, rolled := strings.Cut(p[0], "/")
			if !rolled {
				long = "1"
			}
			minute, err1 := strconv.ParseInt(at, 10, 64)
			span, err2 := strconv.ParseInt(long, 10, 64)
			ch, err3 := address.ParseChannel(p[1])
			s, err4 := strconv.Atoi(p[2])
			n, err5 := strconv.Atoi(value)
			if err := errors.Join(err1, err2, err3, err4, err5); err != nil {
				return nil, fmt.Errorf("read the flow of call %s: %w", id, err)
			}
			out = append(out, Flow{time.Unix(minute*60, 0).UTC(), time.Duration(span) * time.Minute, ch, State(s), n})
		}
		return out, nil
	}
}

// The flow is kept by minute for so many minutes, and before that in at most as many
// spans, which grow with the age of the call.
const flowPoints = 120

// RollUp makes spans of the flow that is older than flowPoints minutes.
func (l *Ledger) RollUp(ctx context.Context, id ID) error {
	before := l.clk.Now().Unix()/60 - flowPoints
	if err := l.lua.rollUp.Run(ctx, l.rdb, []string{keyMinutes.Name(id)}, before, flowPoints).Err(); err != nil {
		return fmt.Errorf("roll up the flow of call %s: %w", id, err)
	}
	return nil
}
