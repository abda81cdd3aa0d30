package audit_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"clarion/internal/audit"
	"clarion/internal/clock"
	"clarion/internal/redistest"
	"clarion/internal/seal"
)

const (
	entriesKey = "{audit}:entries"
	headKey    = "{audit}:head"
)

// A desk is a trail on a Redis of its own.
type desk struct {
	*audit.Trail
	rdb    redis.UniversalClient
	keys   *seal.Keyring
	clk    *clock.Manual
	anchor string
	log    bytes.Buffer
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{rdb: redistest.New(t), clk: clock.NewManual(time.Date(2013, 6, 1, 9, 0, 0, 0, time.UTC)), anchor: filepath.Join(t.TempDir(), "anchor")}
	var err error
	if d.keys, err = seal.New(bytes.Repeat([]byte("k"), 32)); err != nil {
		t.Fatal(err)
	}
	d.Trail = audit.Open(d.rdb, d.keys, d.clk, d.anchor, slog.New(slog.NewTextHandler(&d.log, nil)))
	return d
}

type failer interface {
	Helper()
	Fatalf(string, ...any)
}

// write appends n entries, each a minute after the other.
func (d *desk) write(t failer, n int) {
	t.Helper()
	for i := range n {
		if err := d.Append(context.Background(), audit.Entry{Actor: audit.Visitor, Action: audit.LogInRefused, Details: map[string]string{"try": fmt.Sprint(i)}}); err != nil {
			t.Fatalf("%v", err)
		}
		d.clk.Advance(time.Minute)
	}
}

func (d *desk) verify(t failer) audit.Report {
	t.Helper()
	r, err := d.Verify(context.Background())
	if err != nil {
		t.Fatalf("%v", err)
	}
	return r
}

// redo empties Redis and writes the lines and the head.
func (d *desk) redo(t failer, lines []string, head string) {
	t.Helper()
	ctx := context.Background()
	_, err := d.rdb.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.FlushAll(ctx)
		for _, l := range lines {
			p.RPush(ctx, entriesKey, l)
		}
		if head != "" {
			p.Set(ctx, headKey, head, 0)
		}
		return nil
	})
	if err != nil {
		t.Fatalf("%v", err)
	}
}

func (d *desk) stored(t failer) (lines []string, head string) {
	t.Helper()
	ctx := context.Background()
	lines, err := d.rdb.LRange(ctx, entriesKey, 0, -1).Result()
	if err == nil {
		head, err = d.rdb.Get(ctx, headKey).Result()
	}
	if err != nil {
		t.Fatalf("%v", err)
	}
	return lines, head
}

func TestAppendAndRead(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	redistest.EveryScript(t, d.rdb, ".")
	ctx := t.Context()
	if r := d.verify(t); !r.OK || r.Entries != 0 {
		t.Errorf("an empty trail is %+v", r)
	}
	if all, err := d.Read(ctx, 0, 10); err != nil || len(all) != 0 {
		t.Errorf("an empty trail reads as %v, %v", all, err)
	}
	for i, e := range []audit.Entry{
		{Actor: audit.Visitor, Action: audit.FirstDirector, Object: audit.Staff(1)},
		{Actor: audit.Actor(audit.Staff(1)), Action: audit.RolesChanged, Object: audit.Staff(2), Details: map[string]string{"roles": "author releaser"}},
		{Actor: audit.Machine, Action: audit.Reset, Object: audit.Staff(1)},
	} {
		if err := d.Append(ctx, e); err != nil {
			t.Fatalf("entry %d: %v", i, err)
		}
		d.clk.Advance(time.Hour)
	}
	all, err := d.Read(ctx, 0, 2)
	if err != nil || len(all) != 2 {
		t.Fatalf("%v, %v", all, err)
	}
	want := audit.Entry{N: 2, At: time.Date(2013, 6, 1, 10, 0, 0, 0, time.UTC), Actor: "staff:1", Action: audit.RolesChanged, Object: "staff:2",
		Details: map[string]string{"roles": "author releaser"}, Prev: all[1].Prev, Hash: all[0].Prev}
	if all[0].N != 3 || all[0].Actor != audit.Machine {
		t.Errorf("the newest is %+v", all[0])
	}
	if diff := cmp.Diff(want, all[1]); diff != "" {
		t.Error(diff)
	}
	if older, err := d.Read(ctx, 2, 5); err != nil || len(older) != 1 || older[0].N != 1 || older[0].Hash != all[1].Prev {
		t.Errorf("before 2 stands %+v, %v", older, err)
	}
	if r := d.verify(t); !r.OK || r.Entries != 3 || r.Anchored != 3 {
		t.Errorf("verify says %+v", r)
	}
	redistest.Undeclared(t, d.rdb, audit.Keys())
}

// What does not belong into the trail is refused, and the refusal does not
// repeat it.
func TestAppendRefuses(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for name, e := range map[string]audit.Entry{
		"no action":        {Actor: audit.Machine},
		"an unknown one":   {Actor: audit.Machine, Action: "danced"},
		"no actor":         {Action: audit.LogIn},
		"a name":           {Actor: "Kim Younghee", Action: audit.LogIn},
		"an address":       {Actor: audit.Machine, Action: audit.Invited, Object: "kim@naver.example"},
		"one in a detail":  {Actor: audit.Machine, Action: audit.Invited, Details: map[string]string{"who": "kim@naver.example"}},
		"a long detail":    {Actor: audit.Machine, Action: audit.Invited, Details: map[string]string{"who": strings.Repeat("x", 201)}},
		"one without name": {Actor: audit.Machine, Action: audit.Invited, Details: map[string]string{"": "x"}},
	} {
		if err := d.Append(t.Context(), e); err == nil || strings.Contains(strings.ToLower(err.Error()), "kim") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if r := d.verify(t); r.Entries != 0 {
		t.Errorf("%d entries came in", r.Entries)
	}
}

// Several processes write at once: each entry has its place.
func TestAppendAtOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	const writers, each = 8, 20
	var all sync.WaitGroup
	errs := make(chan error, writers*each)
	for range writers {
		trail := audit.Open(d.rdb, d.keys, d.clk, d.anchor, slog.New(slog.DiscardHandler))
		all.Go(func() {
			for range each {
				errs <- trail.Append(context.Background(), audit.Entry{Actor: audit.Machine, Action: audit.LogOut})
			}
		})
	}
	all.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	if r := d.verify(t); !r.OK || r.Entries != writers*each {
		t.Errorf("verify says %+v", r)
	}
}

// Whoever can write to Redis changes, removes, moves, adds, cuts off, or begins
// anew; whatever it is, it is found, and at the first entry that is not as it was.
func TestTamperingIsFound(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	rapid.Check(t, func(t *rapid.T) {
		os.Remove(d.anchor)
		d.redo(t, nil, "")
		n := rapid.IntRange(2, 12).Draw(t, "entries")
		d.write(t, n)
		lines, head := d.stored(t)
		was, wasHead := slices.Clone(lines), head
		at := rapid.IntRange(0, n-1).Draw(t, "at")
		first := at + 1 // the entry at which it must be found
		switch how := rapid.SampledFrom([]string{"byte", "remove", "swap", "double", "cut", "cut with head", "head", "no head", "all", "rehash"}).Draw(t, "how"); how {
		case "byte":
			b := []byte(lines[at])
			i := rapid.IntRange(0, len(b)-1).Draw(t, "byte")
			b[i] ^= byte(rapid.IntRange(1, 255).Draw(t, "bits"))
			lines[at] = string(b)
		case "remove":
			lines = slices.Delete(lines, at, at+1)
		case "swap":
			to := rapid.IntRange(0, n-1).Filter(func(i int) bool { return i != at }).Draw(t, "with")
			lines[at], lines[to] = lines[to], lines[at]
			first = min(at, to) + 1
		case "double":
			lines = slices.Insert(lines, at, lines[at])
			first = at + 2
		case "cut":
			lines = lines[:at]
		case "cut with head": // as if it had ended there; the head is one that was there once
			d.redo(t, nil, "")
			os.Remove(d.anchor)
			d.clk.Advance(-time.Duration(n) * time.Minute)
			d.write(t, at)
			head = ""
			if at > 0 {
				_, head = d.stored(t)
			}
			d.clk.Advance(time.Duration(n-at) * time.Minute)
			if err := os.WriteFile(d.anchor, []byte(strings.Join(strings.Fields(wasHead)[:2], " ")), 0o600); err != nil {
				t.Fatalf("%v", err)
			}
			lines = lines[:at]
		case "head":
			b := []byte(head)
			b[rapid.IntRange(0, len(b)-1).Draw(t, "byte")] ^= byte(rapid.IntRange(1, 255).Draw(t, "bits"))
			head, first = string(b), n
		case "no head":
			head, first = "", n
		case "all":
			lines, head, first = nil, "", 1
		case "rehash": // by one who has another key
			_, text, _ := strings.Cut(lines[at], " ")
			other, err := seal.New(bytes.Repeat([]byte("x"), 32))
			if err != nil {
				t.Fatalf("%v", err)
			}
			sum := other.Sum(seal.AuditEntry, []byte(text))
			lines[at] = fmt.Sprintf("%x %s", sum, text)
		}
		if slices.Equal(lines, was) && head == wasHead {
			t.Skip("nothing was changed")
		}
		d.redo(t, lines, head)
		r := d.verify(t)
		if r.OK || len(r.Breaks) == 0 || r.Breaks[0].Entry != uint64(first) {
			t.Fatalf("it must break at %d: %+v", first, r)
		}
		// Work goes on, and what was done stays to be seen.
		d.write(t, 2)
		if r := d.verify(t); r.OK {
			t.Fatalf("two entries later nothing is to be seen: %+v", r)
		}
	})
}

// The anchor is for what Redis cannot tell: that all of it is of another day.
func TestAnchor(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.write(t, 3)
	lines, head := d.stored(t)
	d.write(t, 2)
	d.redo(t, lines, head) // as it was two entries ago
	if r := d.verify(t); r.OK || r.Breaks[0] != (audit.Break{Entry: 4, Problem: audit.CutOff}) {
		t.Errorf("rolled back: %+v", r)
	}
	d.clk.Advance(time.Hour)
	d.write(t, 5)
	if r := d.verify(t); r.OK || r.Breaks[0] != (audit.Break{Entry: 5, Problem: audit.NotOurs}) || r.Anchored != 5 {
		t.Errorf("rolled back and written on: %+v", r)
	}
	if !strings.Contains(d.log.String(), "not the one that this machine knows") {
		t.Errorf("the log says %q", d.log.String())
	}
	if err := os.WriteFile(d.anchor, []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Verify(t.Context()); err == nil || !strings.Contains(err.Error(), "names no entry") {
		t.Errorf("an anchor of nonsense: %v", err)
	}
}

func TestSentences(t *testing.T) {
	t.Parallel()
	for _, a := range audit.Actions() {
		if a.Sentence("en") == "" || a.Sentence("ko") == "" {
			t.Errorf("%s has no sentence", a)
		}
	}
	for _, p := range audit.Problems() {
		if p.Sentence("en") == "" || p.Sentence("ko") == "" {
			t.Errorf("%s has no sentence", p)
		}
	}
}
