package redisdb

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/redis/go-redis/v9"
)

// ErrFewReplicas says that a command ran, and that fewer replicas than asked for
// confirmed it in time: a failover may take it back. Whoever acts on it waits,
// or does it again, which changes nothing if it stands.
var ErrFewReplicas = errors.New("done in Redis, but too few of its replicas confirmed that in time")

// Replicas says who must have a write before anyone acts on it. The zero value
// asks nobody and costs nothing.
type Replicas struct {
	N       int           // replicas that must have it, beside the master
	Timeout time.Duration // how long to wait for them; 0 is DefaultWait
}

const (
	// DefaultWait is long for replicas on a network of their own, and short beside
	// the time after which a worker is taken for dead.
	DefaultWait = time.Second
	// MaxWait keeps WAIT within the time that a command may take.
	MaxWait = readTimeout / 2
	// MaxReplicas is more than anybody has: a mistake is noticed at start.
	MaxReplicas = 8
)

// Check says what is wrong with r, nil if nothing is.
func (r Replicas) Check() error {
	switch {
	case r.N < 0 || r.N > MaxReplicas:
		return fmt.Errorf("wait_replicas is %d: 0 (no replicas) to %d is right", r.N, MaxReplicas)
	case r.Timeout != 0 && (r.Timeout < 10*time.Millisecond || r.Timeout > MaxWait):
		return fmt.Errorf("wait_timeout is %s: 10ms to %s is right", r.Timeout, MaxWait)
	}
	return nil
}

type keptMark struct{}

// Kept marks commands that somebody will act on outside Redis: they end with
// WAIT on their own connection and in their own round trip, and fail with
// ErrFewReplicas when too few replicas have them. A replica has all that came
// before on its master too, so that one WAIT confirms all that led to a write.
func Kept(ctx context.Context) context.Context { return context.WithValue(ctx, keptMark{}, true) }

// attach makes client honour Kept.
func (r Replicas) attach(client redis.UniversalClient) {
	if r.N == 0 {
		return
	}
	if r.Timeout == 0 {
		r.Timeout = DefaultWait
	}
	switch c := client.(type) {
	case *redis.ClusterClient:
		// WAIT has no key: it must go to the node that the write goes to.
		c.OnNewNode(func(node *redis.Client) { node.AddHook(keeper{r, node}) })
	case *redis.Client:
		c.AddHook(keeper{r, c})
	}
}

// A keeper adds WAIT to what is marked on its way to one node.
type keeper struct {
	Replicas
	node *redis.Client
}

func (k keeper) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

// ProcessHook makes a pipeline of a marked command and WAIT, so that they share
// a connection.
func (k keeper) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if ctx.Value(keptMark{}) == nil || reads[cmd.Name()] {
			return next(ctx, cmd)
		}
		pipe := k.node.Pipeline()
		if err := pipe.Process(ctx, cmd); err != nil {
			return err
		}
		if _, err := pipe.Exec(ctx); err != nil && cmd.Err() == nil {
			cmd.SetErr(err)
		}
		return cmd.Err()
	}
}

// ProcessPipelineHook adds WAIT to a marked pipeline that writes.
func (k keeper) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if ctx.Value(keptMark{}) == nil || !writes(cmds) {
			return next(ctx, cmds)
		}
		wait := redis.NewIntCmd(ctx, "wait", k.N, k.Timeout.Milliseconds())
		err := next(ctx, append(cmds[:len(cmds):len(cmds)], wait))
		if wait.Err() == nil && wait.Val() >= int64(k.N) {
			return err
		}
		short := fmt.Errorf("%d of %d replicas: %w", wait.Val(), k.N, ErrFewReplicas)
		if wait.Err() != nil {
			short = fmt.Errorf("wait for replicas: %w", wait.Err())
		}
		for _, cmd := range cmds {
			if cmd.Err() == nil {
				cmd.SetErr(short)
			}
		}
		return errors.Join(err, short)
	}
}

// reads are the commands that travel along with writes and change nothing.
var reads = map[string]bool{"get": true, "getrange": true, "getbit": true, "hget": true, "hmget": true, "hgetall": true, "exists": true, "ping": true}

// writes reports whether a pipeline may change something. Within MULTI no
// command can wait.
func writes(cmds []redis.Cmder) bool {
	if len(cmds) == 0 || cmds[0].Name() == "multi" {
		return false
	}
	for _, cmd := range cmds {
		if !reads[cmd.Name()] {
			return true
		}
	}
	return false
}
