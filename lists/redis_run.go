package lists

import (
	"context"
	_ "embed"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"clarion/internal/redisdb"
	"clarion/lists/address"
)

//go:embed run.lua
var runSource string

var runScript = redis.NewScript(runSource)

// A Run is how many calls in a row, and within what time, must fail at an
// address before it is taken for dead.
type Run struct {
	Calls  int
	Within time.Duration
}

// Failed notes that a call failed at the address behind k, on ch, in a way that
// alone condemns nobody. ended says that the run is complete. A call counts
// once, however often it is told.
func (s *Store) Failed(ctx context.Context, ch address.Channel, k AddressKey, call string, run Run) (ended bool, err error) {
	n, err := runScript.Run(redisdb.Kept(ctx), s.rdb, []string{keyRun.Name(ch)}, k[:], word(call), s.clk.Now().Unix(), int64(run.Within/time.Second), run.Calls).Int()
	if err != nil {
		return false, fmt.Errorf("count a failure of an address: %w", err)
	}
	return n == 1, nil
}

// Arrived ends the run of the address behind k, on ch: a message has arrived.
func (s *Store) Arrived(ctx context.Context, ch address.Channel, k AddressKey) error {
	if err := s.rdb.HDel(redisdb.Kept(ctx), keyRun.Name(ch), string(k[:])).Err(); err != nil {
		return fmt.Errorf("end a run of failures: %w", err)
	}
	return nil
}
