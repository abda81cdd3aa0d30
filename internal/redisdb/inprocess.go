package redisdb

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// inProcess is a Redis within this process, for the demo and rehearsals.
type inProcess struct {
	server  *miniredis.Miniredis
	stop    context.CancelFunc
	stopped chan struct{}
}

func openInProcess(ctx context.Context, log *slog.Logger) (*DB, error) {
	server := miniredis.NewMiniRedis()
	// It listens on a port of the loopback, where other users of this machine
	// could look in.
	password := rand.Text()
	server.RequireAuth(password)
	if err := server.Start(); err != nil {
		return nil, fmt.Errorf("start an in-process Redis: %w", err)
	}
	a := address{form: single, password: password, hosts: []string{server.Addr()}}
	client, err := a.connect(nil)
	if err == nil {
		err = reach(ctx, client, a)
	}
	if err != nil {
		server.Close()
		return nil, err
	}

	ticking, stop := context.WithCancel(context.Background())
	p := &inProcess{server: server, stop: stop, stopped: make(chan struct{})}
	go p.tick(ticking)
	log.Warn("Redis runs within this process: nothing is kept when it ends")
	return &DB{client: client, where: "this process", process: p}, nil
}

// tick moves the server's clock on: it expires keys, and answers TIME, only by
// what it is told.
func (p *inProcess) tick(ctx context.Context) {
	defer close(p.stopped)
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	last := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-ticker.C:
			p.server.SetTime(now.UTC())
			p.server.FastForward(now.Sub(last))
			last = now
		}
	}
}

func (p *inProcess) close() {
	p.stop()
	<-p.stopped
	p.server.Close()
}
