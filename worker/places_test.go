package worker

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"clarion/internal/clock"
	"clarion/internal/redistest"
)

// A stander is a batch as the model sees it: in whose hands, and until when its
// place holds.
type stander struct {
	process int
	place   *place
	until   time.Time
}

// Two processes take a lane's connections, give them up, stand in line, lose touch
// and come back: never are more in use than the lane bears, and who stands in line
// longest is next.
func TestNoLaneHasMoreConnectionsThanItBears(t *testing.T) {
	t.Parallel()
	rdb := redistest.New(t)
	rapid.Check(t, func(t *rapid.T) {
		ctx := t.Context()
		rdb.FlushAll(ctx)
		const lane, lease = "lane:email:gmail.com", 5 * time.Second
		clk := clock.NewManual(opening)
		most := rapid.IntRange(1, 4).Draw(t, "most")
		var all [2]*places
		parted := [2]bool{}
		for i := range all {
			all[i] = newPlaces(newPace(rdb, clk, time.UTC), lease)
		}
		use := map[string]*stander{} // who has a place, or has one kept
		var line []string            // who waits, the first first
		next := 0                    // name of the next batch
		now := func() time.Time { return clk.Now() }
		lapse := func() {
			for name, s := range use {
				if !s.until.After(now()) {
					delete(use, name)
				}
			}
		}
		come := func(name string, process int) {
			putBack := name + "+"
			got, before, err := all[process].occupy(ctx, lane, most, name, putBack)
			if err != nil {
				t.Fatal(err)
			}
			lapse()
			at := slices.Index(line, name)
			if free := use[name] != nil || len(use) < most; free != (got != nil) {
				t.Fatalf("%s, of %d places %d are in use: %+v", name, most, len(use), got)
			}
			if got != nil {
				if at >= 0 {
					line = slices.Delete(line, at, at+1)
				}
				use[name] = &stander{process, got, now().Add(lease)}
				return
			}
			if at < 0 {
				at, line = len(line), append(line, putBack)
			}
			line[at] = putBack
			if before != at {
				t.Fatalf("%s has %d before it, want %d", name, before, at)
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"come": func(t *rapid.T) {
				next++
				come(fmt.Sprintf("c/%d/1", next), rapid.IntRange(0, 1).Draw(t, "process"))
			},
			"come by itself": func(t *rapid.T) {
				if len(line) == 0 {
					t.Skip("nobody waits")
				}
				come(rapid.SampledFrom(line).Draw(t, "who"), rapid.IntRange(0, 1).Draw(t, "process"))
			},
			"leave": func(t *rapid.T) {
				var there []string
				for name, s := range use {
					if s.place != nil {
						there = append(there, name)
					}
				}
				if len(there) == 0 {
					t.Skip("nobody has a place")
				}
				slices.Sort(there)
				name, pass := rapid.SampledFrom(there).Draw(t, "who"), rapid.Bool().Draw(t, "pass")
				s := use[name]
				got, err := all[s.process].vacate(ctx, s.place, pass)
				if err != nil {
					t.Fatal(err)
				}
				delete(use, name)
				lapse()
				want := ""
				if pass && len(line) > 0 && len(use) < most {
					want, line = line[0], line[1:]
					use[want] = &stander{until: now().Add(lease)}
				}
				if got != want {
					t.Fatalf("after %s comes %q, want %q of %q", name, got, want, line)
				}
				if got != "" && rapid.Bool().Draw(t, "it comes") {
					come(got, rapid.IntRange(0, 1).Draw(t, "process"))
				}
			},
			"part or mend": func(t *rapid.T) {
				i := rapid.IntRange(0, 1).Draw(t, "process")
				parted[i] = !parted[i]
			},
			"time": func(t *rapid.T) {
				for range rapid.IntRange(1, 10).Draw(t, "seconds") {
					clk.Advance(time.Second)
					for i := range all {
						if parted[i] {
							continue
						}
						if err := all[i].renew(ctx); err != nil {
							t.Fatal(err)
						}
						for name, s := range use {
							if s.place == nil || s.process != i {
								continue
							}
							if !all[i].has(s.place) {
								if s.until.After(now()) {
									t.Fatalf("%s has lost a place that holds until %s", name, s.until)
								}
								continue
							}
							s.until = now().Add(lease)
						}
					}
				}
				lapse()
			},
			"": func(t *rapid.T) {
				if len(use) > most {
					t.Fatalf("%d places of %d are in use", len(use), most)
				}
			},
		})
	})
}
