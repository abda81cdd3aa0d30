package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"clarion/internal/child"
	"clarion/lists/address"
)

// config writes a clarion.toml for programs that share the product's folder, with
// one gateway to a relay on a port of this machine, and returns its name.
func (p *product) config(name string, port, connections int, rate float64) (string, error) {
	text := fmt.Sprintf(`data = %q
organisation = "Save 9 Campaign"
[web]
public_url = "https://act.example.org"
[inbox]
domain = %q
[gateway.%s]
kind = "smtp"
host = "127.0.0.1"
port = %d
tls = "none"
hello = "bench.example.org"
timeout = "1m"
connections = %d
`, p.dir, bounceDomain, relayName, port, connections)
	if rate > 0 {
		text += fmt.Sprintf("rate = %g\n", rate)
	}
	file := filepath.Join(p.dir, name+".toml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return "", fmt.Errorf("write the programs' config: %w", err)
	}
	return file, nil
}

// tail keeps the last that a program has said, and watches for words.
type tail struct {
	text  []byte
	words string
	seen  chan struct{} // closed when the words were said
}

const tailKept = 2000 // bytes

// Write takes what the program says. exec.Cmd calls it from one goroutine.
func (t *tail) Write(b []byte) (int, error) {
	t.text = append(t.text, b...)
	if t.words != "" && bytes.Contains(t.text, []byte(t.words)) {
		t.words = ""
		close(t.seen)
	}
	t.text = t.text[max(0, len(t.text)-tailKept):]
	return len(b), nil
}

// A running is a clarion beside this process.
type running struct {
	*child.Process
	said *tail
}

// startClarion starts the program with a config file, and returns once it has
// said the words.
func (b *bench) startClarion(ctx context.Context, words string, args ...string) (*running, error) {
	program, err := b.clarion(ctx)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(program, args...)
	r := &running{said: &tail{words: words, seen: make(chan struct{})}}
	cmd.Stderr = r.said
	if r.Process, err = child.Start(cmd, syscall.SIGKILL); err != nil {
		return nil, err
	}
	if words == "" {
		return r, nil
	}
	select {
	case <-r.said.seen:
		return r, nil
	case <-r.Done():
		return nil, r.ended()
	case <-ctx.Done():
		return nil, errors.Join(ctx.Err(), r.stop())
	}
}

// ended says how a program ended that was not told to.
func (r *running) ended() error {
	return fmt.Errorf("clarion ended: %w: %s", r.Err(), strings.TrimSpace(string(r.said.text)))
}

// stop ends the program as a service manager does.
func (r *running) stop() error {
	if err := r.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-r.Done():
		if r.Err() != nil {
			return r.ended()
		}
		return nil
	case <-time.After(time.Minute):
		return errors.Join(errors.New("clarion does not end"), r.Signal(syscall.SIGKILL))
	}
}

// worker starts a worker of its own process.
func (b *bench) worker(ctx context.Context, config string) (*running, error) {
	return b.startClarion(ctx, "A worker for email is running", "worker", "--channels", address.Email.String(), "--config", config)
}

// cost is what a command took.
type cost struct {
	took, cpu time.Duration
	peak      int64 // the most memory, in bytes
}

// command runs a command of the program to its end.
func (b *bench) command(ctx context.Context, args ...string) (c cost, err error) {
	if _, err := b.clarion(ctx); err != nil { // building it is no part of the command
		return c, err
	}
	began := time.Now()
	r, err := b.startClarion(ctx, "", args...)
	if err != nil {
		return c, err
	}
	poll := time.NewTicker(5 * time.Millisecond)
	defer poll.Stop()
	for {
		// Both only grow: the last look before it ends is the answer.
		if peak, err := peakOf(r.PID()); err == nil {
			c.peak = peak
		}
		if cpu, err := timeOf(r.PID()); err == nil && cpu > 0 {
			c.cpu = cpu
		}
		select {
		case <-r.Done():
			c.took = time.Since(began)
			if r.Err() != nil {
				return c, r.ended()
			}
			return c, nil
		case <-ctx.Done():
			return c, errors.Join(ctx.Err(), r.stop())
		case <-poll.C:
		}
	}
}
