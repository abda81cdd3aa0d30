package alarm

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var settings = Config{Calm: 5 * time.Minute, Remind: time.Hour, Notices: 3, Person: []Person{
	{Language: "ko", Level: Warning, key: "a"}, {Language: "en", Level: Critical, key: "b"}}}

func finding(object string, l Level) Finding {
	return Finding{Kind: GatewayDown, Object: object, Level: l, Sentence: Words{object, object}}
}

// A life from raised to over, as one person hears of it.
func TestLifeOfAnAlarm(t *testing.T) {
	t.Parallel()
	b, now, who := &Book{}, noon, &settings.Person[0]
	look := func(after time.Duration, want string, found ...Finding) {
		t.Helper()
		now = now.Add(after)
		b.Enter(found, now, settings.Calm)
		n := b.Due(who, now, &settings)
		got := ""
		if n != nil {
			got = fmt.Sprint(len(n.New), len(n.Still), len(n.Over))
			b.Told(n, now, false)
		}
		if got != want {
			t.Errorf("%s after the start the notice is %q, want %q", now.Sub(noon), got, want)
		}
	}
	warn, bad := finding("x", Warning), finding("x", Critical)
	look(0, "2 0 0", warn, finding("y", Warning)) // two at once are one notice
	look(time.Minute, "", warn)
	look(time.Minute, "", warn, finding("y", Warning)) // it comes and goes
	look(time.Minute, "1 0 0", bad)                    // worse
	look(time.Minute, "", warn)                        // better is no news, nor what gets bad again
	look(time.Minute, "", bad)
	look(3*time.Minute, "0 0 1", bad) // y is over
	look(57*time.Minute, "0 1 0", bad)
	if err := b.Acknowledge(1, "staff:3", now); err != nil {
		t.Fatal(err)
	}
	look(3*time.Hour, "", bad) // somebody sees to it
	if err := b.Hush(1, now.Add(time.Hour), "staff:4", now); err != nil {
		t.Fatal(err)
	}
	if a := b.find(1); a.By != "staff:3" || a.Level != Critical {
		t.Errorf("%+v", a)
	}
	look(59*time.Minute, "", bad)
	look(time.Minute, "0 1 0", bad) // the quiet is over, and it is not
	look(time.Minute, "", bad)
	look(time.Minute, "")
	look(5*time.Minute, "0 0 1")
	look(time.Minute, "1 0 0", bad) // a new one
	if a := b.Open(); len(a) != 1 || a[0].ID != 3 || len(b.Past()) != 2 {
		t.Errorf("open %+v, past %+v", a, b.Past())
	}
	if err := b.Acknowledge(1, "staff:3", now); !errors.Is(err, ErrOver) {
		t.Errorf("what is over is acknowledged: %v", err)
	}
	if err := b.Hush(9, now, "staff:3", now); !errors.Is(err, ErrNone) {
		t.Errorf("what is not there is quieted: %v", err)
	}
	look(8*24*time.Hour, "")
	look(5*time.Minute, "0 0 1")
	if past := b.Past(); len(past) != 1 || past[0].ID != 3 {
		t.Errorf("a week later are kept %+v", past)
	}
}

// Whatever comes, goes, is acknowledged and quieted: nobody gets more notices in an
// hour than is set, nobody is told twice of the same, nobody hears what is below
// their level or was quieted, and once there is room everybody has heard of what
// stays open.
func TestNeverAStorm(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b, now := &Book{}, noon
		told := map[string]bool{} // person, alarm and level; or over
		sent := map[string][]time.Time{}
		look := func(found []Finding) {
			b.Enter(found, now, settings.Calm)
			for i := range settings.Person {
				p := &settings.Person[i]
				n := b.Due(p, now, &settings)
				if n == nil {
					continue
				}
				sent[p.key] = append(sent[p.key], now)
				if recent := slices.DeleteFunc(slices.Clone(sent[p.key]), func(at time.Time) bool { return now.Sub(at) >= time.Hour }); len(recent) > settings.Notices {
					t.Fatalf("%d notices within an hour", len(recent))
				}
				for _, a := range n.all() {
					if a.Level.below(p.Level) || now.Before(a.Quiet) {
						t.Fatalf("%s is told of %+v", p.key, a)
					}
				}
				for _, a := range n.New {
					what := fmt.Sprint(p.key, a.ID, a.Level)
					if told[what] || !a.Over.IsZero() {
						t.Fatalf("told again of %+v", a)
					}
					told[what] = true
				}
				for _, a := range n.Still {
					last := a.Told[p.key].At
					if !a.Quiet.After(last) && (!a.Acknowledged.IsZero() || now.Sub(last) < settings.Remind) {
						t.Fatalf("reminded after %s of %+v", now.Sub(last), a)
					}
				}
				for _, a := range n.Over {
					what := fmt.Sprint(p.key, a.ID, "over")
					if told[what] || a.Told[p.key] == nil {
						t.Fatalf("told that it is over: %+v", a)
					}
					told[what] = true
				}
				b.Told(n, now, rapid.Bool().Draw(t, "lost"))
			}
		}
		objects := []string{"u", "v", "w", "x", "y", "z"}
		var found []Finding
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(15, 900).Draw(t, "seconds")) * time.Second)
			switch rapid.IntRange(0, 5).Draw(t, "what") {
			case 0:
				_ = b.Acknowledge(rapid.IntRange(0, b.Last+1).Draw(t, "id"), "staff:1", now) // it may be over or none
			case 1:
				_ = b.Hush(rapid.IntRange(0, b.Last+1).Draw(t, "id"), now.Add(time.Hour), "staff:1", now)
			default:
				found = nil
				for _, o := range objects {
					if l := rapid.IntRange(0, 3).Draw(t, o); l > 1 {
						found = append(found, finding(o, Levels[l-2]))
					}
				}
			}
			look(found)
			open := map[string]bool{}
			for _, a := range b.Open() {
				if open[a.Object] {
					t.Fatalf("two alarms of one thing: %+v", a)
				}
				open[a.Object] = true
			}
		}
		for range 3 {
			now = now.Add(61 * time.Minute)
			look(found)
		}
		for _, a := range b.Open() {
			for i := range settings.Person {
				if p := &settings.Person[i]; a.Well.IsZero() && !a.Level.below(p.Level) && a.Told[p.key] == nil {
					t.Fatalf("%s was never told of %+v", p.key, a)
				}
			}
		}
	})
}
