package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// A record is what is known of all rounds so far; it is kept after each, so that
// a long run can be resumed, and docs/chaos.md is written from it.
type record struct {
	Seed      uint64
	Machine   string
	Redis     string
	Stretches []stretch         // one after another, each of one commit
	Faults    map[string]*tally // by name
	Lossy     map[string]*tally // of a Redis that may lose
}

// A stretch is what was played of one commit.
type stretch struct {
	Commit   string
	Day      string
	Played   int // rounds
	Failures []string
	Minutes  float64
}

// A tally adds up the rounds of one fault.
type tally struct {
	Rounds      int // that it struck first
	Entered     int // rounds in all, struck or not, failed or not
	Failed      int
	Missed      int     // rounds that were played to the last try and not struck
	Again       int     // tries that did not strike, and were played again
	Second      int     // rounds of another fault that it struck second
	Doubted     int     // deliveries that were in doubt
	Most        int     // of one round
	Window      int     // the most in doubt after one kill, without a journal
	Journal     int     // and with the dead one's journal at hand
	Resent      int     // copies beyond the first, all explained
	Left        int     // in doubt at the end
	Undelivered int     // of these, not at the sink
	Seconds     float64 // all its rounds took
	Noticed     float64 // seconds until a dead worker's first batch was taken over, the most
	Lost        losses
}

func (r *record) tally(of map[string]*tally, name string) *tally {
	t := of[name]
	if t == nil {
		t = &tally{}
		of[name] = t
	}
	return t
}

// add enters a round's last try; tries before it did not strike.
func (r *record) add(of map[string]*tally, x result, before int) {
	t := r.tally(of, x.Fault)
	t.Entered++
	t.Again += before
	s := &r.Stretches[len(r.Stretches)-1]
	s.Played++
	if x.Struck {
		t.Rounds++
	} else if x.Failure == "" {
		t.Missed++
	}
	if x.Failure != "" {
		t.Failed++
		s.Failures = append(s.Failures, x.Failure)
	}
	if x.Second != "" && x.SecondHit {
		r.tally(of, x.Second).Second++
	}
	t.Doubted += x.Doubted
	t.Most = max(t.Most, x.Doubted)
	if x.Gone {
		t.Window = max(t.Window, x.Window)
	} else {
		t.Journal = max(t.Journal, x.Window)
	}
	t.Resent += x.Again
	t.Left += x.Left
	t.Undelivered += x.Undelivered
	t.Seconds += x.Took.Seconds()
	t.Noticed = max(t.Noticed, x.Noticed.Seconds())
	t.Lost.Bytes += x.Lost.Bytes
	t.Lost.Doubled += x.Lost.Doubled
	t.Lost.Missing += x.Lost.Missing
	t.Lost.Open += x.Lost.Open
}

// played is how many rounds there were in all.
func (r *record) played() (n int) {
	for _, s := range r.Stretches {
		n += s.Played
	}
	return n
}

func (r *record) failed() (n int) {
	for _, s := range r.Stretches {
		n += len(s.Failures)
	}
	return n
}

// load reads a record, or begins one.
func load(file string, seed uint64) (*record, error) {
	r := &record{Seed: seed, Faults: map[string]*tally{}, Lossy: map[string]*tally{}}
	if file == "" {
		return r, nil
	}
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, r)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("resume from %s: %w", file, err)
	}
	return r, nil
}

// save writes a record in one step, so that a kill leaves the last one whole.
func (r *record) save(file string) error {
	if file == "" {
		return nil
	}
	text, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return err
	}
	if err := os.WriteFile(file+".new", append(text, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}

// begin notes what plays from here on.
func (r *record) begin() {
	r.Machine, r.Redis = machine(), first("redis-server", "--version")
	commit := first("git", "rev-parse", "--short", "HEAD")
	if first("git", "status", "--porcelain", "--untracked-files=no") != "" {
		commit += " with changes"
	}
	if n := len(r.Stretches); n == 0 || r.Stretches[n-1].Commit != commit {
		r.Stretches = append(r.Stretches, stretch{Commit: commit, Day: time.Now().UTC().Format(time.DateOnly)})
	}
}

// first is the first line that a command prints.
func first(name string, args ...string) string {
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		return "unknown"
	}
	line, _, _ := strings.Cut(string(out), "\n")
	return strings.TrimSpace(line)
}

func machine() string {
	model := "unknown processor"
	text, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			model = strings.TrimSpace(value)
			break
		}
	}
	return fmt.Sprintf("%d × %s, %s", runtime.NumCPU(), model, first("uname", "-sr"))
}
