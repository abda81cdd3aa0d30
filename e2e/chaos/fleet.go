package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"clarion/broadcast"
	"clarion/internal/clock"
	"clarion/internal/seal"
	"clarion/lists"
	"clarion/templates"
)

const (
	recipients   = 600
	connections  = 4 // a worker
	group        = 16
	workers      = 3 // at most at once
	liveness     = time.Second
	grace        = time.Second // before what is in doubt is sent again
	bounceDomain = "bounce.example.org"
)

// The settings that decide when a dead worker is noticed, as they are without a
// config.
const (
	deliveredLiveness = 5 * time.Second
	deliveredSweep    = time.Second
)

func addressOf(i int) string { return fmt.Sprintf("p%d@mail%d.example", i, i%6) }

// A kit is what every fleet is built with.
type kit struct {
	dir, program, jumping, shim string
	keep                        bool
}

// newKit builds all of it into dir, or uses what was built there before; with
// dir "" it is built anew and gone afterwards.
func newKit(dir string) (k *kit, err error) {
	keep := dir != ""
	if !keep {
		if dir, err = os.MkdirTemp("", "chaos-kit"); err != nil {
			return nil, err
		}
	} else if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	k = &kit{dir: dir, keep: keep, program: filepath.Join(dir, "clarion"), jumping: filepath.Join(dir, "clarion-jumping"), shim: filepath.Join(dir, "shim.so")}
	for file, build := range map[string]func() error{
		k.program: func() error { _, err := goSays("build", "-o", k.program, "clarion/cmd/clarion"); return err },
		k.jumping: func() error { return buildJumping(dir, k.jumping) },
		k.shim:    func() error { return buildShim(dir, k.shim) },
	} {
		if _, err := os.Stat(file); err == nil {
			continue
		}
		if err := build(); err != nil {
			k.close()
			return nil, err
		}
	}
	return k, nil
}

func (k *kit) close() {
	if !k.keep {
		os.RemoveAll(k.dir)
	}
}

// A fleet is what several rounds share: a Redis, a sink, the people.
type fleet struct {
	*kit
	dir        string
	small      bool // Redis stands on a small file system of its own
	redis      *server
	lines      []*line // a worker's way to Redis
	taps       []*tap
	sink       *sink
	inbox      atomic.Int64 // port
	ledger     *broadcast.Ledger
	people     *lists.Store
	keys       *seal.Keyring
	workers    []*worker            // this round's, the ended ones too
	suppressed map[string]time.Time // since when; zero before this round
	rounds     int
	spent      bool // no further round is played with it
}

// smallDisk is the size of a small file system, in bytes.
const smallDisk = 48 << 20

// newFleet starts a fleet; sync is appendfsync. A small one needs the right to
// mount a tmpfs.
func newFleet(k *kit, small bool, sync string) (f *fleet, err error) {
	f = &fleet{kit: k, small: small, suppressed: map[string]time.Time{}}
	if f.dir, err = os.MkdirTemp("", "chaos"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			f.close()
			f = nil
		}
	}()
	disk := filepath.Join(f.dir, "redis")
	if err = os.Mkdir(disk, 0o700); err != nil {
		return f, err
	}
	if small {
		if err = syscall.Mount("chaos", disk, "tmpfs", 0, fmt.Sprintf("size=%d", smallDisk)); err != nil {
			f.small = false
			return f, fmt.Errorf("mount a small file system for Redis (as root): %w", err)
		}
	}
	if f.sink, err = startSink(); err != nil {
		return f, err
	}
	if f.redis, err = newServer(disk, k.shim, sync); err != nil {
		return f, err
	}
	if f.lines, err = newLines(workers, fmt.Sprintf("127.0.0.1:%d", f.redis.port)); err != nil {
		return f, err
	}
	for _, l := range f.lines {
		t, err := newTap(l)
		if err != nil {
			return f, err
		}
		f.taps = append(f.taps, t)
	}
	if err = f.write("clarion.toml", f.config("unix://"+f.redis.socket(), way{})); err != nil {
		return f, err
	}
	var people strings.Builder
	people.WriteString("name,email\n")
	for i := range recipients {
		fmt.Fprintf(&people, "Person %d,%s\n", i, addressOf(i))
	}
	if err = f.write("people.csv", people.String()); err != nil {
		return f, err
	}
	if err = f.run(nil, "lists", "import", filepath.Join(f.dir, "people.csv"), "--list", "supporters"); err != nil {
		return f, err
	}
	if f.keys, err = seal.LoadOrCreate(filepath.Join(f.dir, "data", "clarion.key")); err != nil {
		return f, err
	}
	if f.people, err = lists.Open(context.Background(), f.redis.rdb, f.keys, clock.System{}); err != nil {
		return f, err
	}
	f.ledger = broadcast.Open(f.redis.rdb, clock.System{})
	return f, nil
}

func (f *fleet) write(name, text string) error {
	return os.WriteFile(filepath.Join(f.dir, name), []byte(text), 0o600)
}

// config is clarion.toml for who reaches Redis at url.
func (f *fleet) config(url string, how way) string {
	liveness, sweep, journal := liveness, 200*time.Millisecond, "journal"
	if how.patient {
		liveness, sweep = deliveredLiveness, deliveredSweep
	}
	if how.gone {
		journal = ""
	}
	host, port, _ := net.SplitHostPort(f.sink.listener.Addr().String())
	return fmt.Sprintf(`data = %q
organisation = "Save 9 Campaign"
[redis]
url = %q
[web]
listen = ""
[hook]
listen = ""
[inbox]
listen = "127.0.0.1:%d"
domain = %q
[dns]
lanes = false

[worker]
liveness = %q
grace = %q
sweep = %q
journal = %q
drain = "5s"
[worker.retry.email]
first = "300ms"
most = "1s"
attempts = 100
[gateway.relay]
kind = "smtp"
host = %q
port = %s
tls = "none"
timeout = "2s"
connections = %d
`, filepath.Join(f.dir, "data"), url, f.inbox.Load(), bounceDomain, liveness, grace, sweep, journal, host, port, connections)
}

// call writes the folder of a call and returns it. at is when it is to begin,
// zero for at once.
func (f *fleet) call(hold bool, at time.Time) (string, error) {
	dir := filepath.Join(f.dir, fmt.Sprintf("call%d", f.rounds))
	if err := os.CopyFS(dir, templates.Example()); err != nil {
		return "", err
	}
	text, err := os.ReadFile(filepath.Join(dir, "call.toml"))
	if err != nil {
		return "", err
	}
	doubt := "resend"
	if hold {
		doubt = "hold"
	}
	changes := []string{`channels = ["email", "sms", "fax"]`, `channels = ["email"]`, `in_doubt = "resend"`, fmt.Sprintf("in_doubt = %q", doubt), "email = 200\n", ""}
	if !at.IsZero() {
		changes = append(changes, "# schedule = 2013-06-10T09:00:00+09:00", "schedule = "+at.UTC().Format("2006-01-02T15:04:05.000Z07:00"))
	}
	for i := 0; i < len(changes); i += 2 {
		if !bytes.Contains(text, []byte(changes[i])) {
			return "", fmt.Errorf("the example call has no %s", changes[i])
		}
		text = bytes.ReplaceAll(text, []byte(changes[i]), []byte(changes[i+1]))
	}
	return dir, os.WriteFile(filepath.Join(dir, "call.toml"), text, 0o600)
}

func (f *fleet) close() {
	f.stopWorkers()
	for _, t := range f.taps {
		t.listener.Close()
	}
	for _, l := range f.lines {
		l.cut()
	}
	if f.sink != nil {
		f.sink.close()
	}
	if f.redis != nil {
		f.redis.close()
	}
	if f.small {
		syscall.Unmount(filepath.Join(f.dir, "redis"), 0)
	}
	os.RemoveAll(f.dir)
}

// run runs a command and reads its JSON into out, unless out is nil.
func (f *fleet) run(out any, args ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, f.program, append(args, "--json", "--config", filepath.Join(f.dir, "clarion.toml"))...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return errors.Join(fmt.Errorf("clarion %s: %w: %s", strings.Join(args[:2], " "), err, stderr.String()), ctx.Err())
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(stdout.Bytes(), out)
}

// await asks each few milliseconds whether something holds.
func await(limit time.Duration, what string, holds func() bool) error {
	for deadline := time.Now().Add(limit); !holds(); time.Sleep(4 * time.Millisecond) {
		if time.Now().After(deadline) {
			return fmt.Errorf("waited %v in vain for %s", limit, what)
		}
	}
	return nil
}
