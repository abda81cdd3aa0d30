package worker_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"clarion/broadcast"
	"clarion/internal/quiet"
	"clarion/lists/address"
	"clarion/templates"
	"clarion/worker"
	"clarion/worker/gateway"
	"clarion/worker/gateway/builtin"
)

func numbers(n int) string {
	var csv strings.Builder
	csv.WriteString("name,mobile,language\n")
	for i := range n {
		fmt.Fprintf(&csv, "p%d,010-2000-%04d,%s\n", i, i, []string{"ko", "en"}[i%2])
	}
	return csv.String()
}

// A text a second from ten seconds before the border: ten go, in the middle of a
// group too; the rest goes at eight, not a moment sooner or later, and once.
func TestTextsStopAtTheBorderAndGoOn(t *testing.T) {
	t.Parallel()
	d := newTimed(t, "2013-06-10T20:59:50+09:00", numbers(23))
	d.sent.answer = func(string, int) error { d.clk.Advance(time.Second); return nil }
	d.startWith(worker.Config{Quiet: lawful(t)})
	id := d.launchAs(example(t, `"sms"`), broadcast.Call{})
	d.await("the rest to sleep", func() bool { return d.asleep(id) == 13 })
	if n := d.sent.of(); n != 10 {
		t.Errorf("%d texts went before nine", n)
	}
	sleeps, err := d.ledger.Asleep(t.Context(), id)
	d.must(err)
	if len(sleeps) != 1 || sleeps[0] != (broadcast.Sleep{Channel: address.SMS, Place: "Asia/Seoul", Until: moment(t, "2013-06-11T08:00:00+09:00").UTC(), Count: 13}) {
		t.Errorf("asleep: %+v", sleeps)
	}
	if got := d.counts(id, address.SMS); got[broadcast.Pending] != 13 || got[broadcast.Sent] != 10 {
		t.Errorf("counters by night: %v", got)
	}
	// A person pauses and resumes by night: nobody wakes of it.
	_, err = d.ledger.Do(t.Context(), id, broadcast.ActPause)
	d.must(err)
	_, err = worker.Resume(t.Context(), d.ledger, d.queue, id)
	d.must(err)
	d.clk.Set(moment(t, "2013-06-11T07:59:59+09:00"))
	if n := d.asleep(id); n != 13 {
		t.Errorf("%d sleep a second before eight", n)
	}
	d.clk.Set(moment(t, "2013-06-11T08:00:00+09:00"))
	d.await("the call's end", d.ended(id))
	day := 0
	for to, at := range d.sent.at {
		if len(at) != 1 {
			t.Errorf("%s got it %d times", to, len(at))
		}
		hour := at[0].In(moment(t, "2013-06-10T00:00:00+09:00").Location()).Hour()
		if hour < 8 || hour >= 21 {
			t.Errorf("a text went at %s", at[0])
		}
		if hour == 8 {
			day++
		}
	}
	if day != 13 {
		t.Errorf("%d went in the morning", day)
	}
	if sleeps, err := d.ledger.Asleep(t.Context(), id); err != nil || len(sleeps) > 0 {
		t.Errorf("still asleep: %+v, %v", sleeps, err)
	}
	d.states(id)
}

// Hour by hour through two days on which clocks change in America, each gets the
// text in the first hour that is no night for it.
func TestEachPlaceWakesByItself(t *testing.T) {
	t.Parallel()
	people := map[string][]string{ // by number: where it may be
		"+821020000001": {"Asia/Seoul"},
		"+12125551234":  {"America/New_York"},
		"+13105551234":  {"America/Los_Angeles"},
		"+18085551234":  {"Pacific/Honolulu"},
		"+821020000002": {"Europe/Berlin"}, // so the list says
		"+447400123456": {"Europe/London"},
	}
	csv := "name,mobile,timezone\n"
	for number := range people {
		zone := ""
		if number == "+821020000002" {
			zone = "Europe/Berlin"
		}
		csv += fmt.Sprintf("n,%s,%s\n", number, zone)
	}
	start := moment(t, "2013-03-09T21:30:00-05:00")
	d := newTimed(t, "2013-03-09T21:30:00-05:00", csv)
	d.startWith(worker.Config{Quiet: lawful(t)})
	id := d.launchAs(example(t, `"sms"`), broadcast.Call{})
	law := quiet.Hours{quiet.Law()}
	want := map[string]bool{}
	for hour := range 24 {
		now := start.Add(time.Duration(hour) * time.Hour)
		d.clk.Set(now)
		for number, zones := range people {
			place, err := quiet.Find(quiet.Name(zones), time.UTC)
			d.must(err)
			if asleep, _ := law.At(now, place); !asleep {
				want[number] = true
			}
		}
		d.await(fmt.Sprintf("those who are awake at %s, and the others to sleep", now), func() bool {
			return d.sent.of() == len(want) && d.asleep(id) == len(people)-len(want)
		})
		if got := slices.Sorted(maps.Keys(d.sent.at)); !slices.Equal(got, slices.Sorted(maps.Keys(want))) {
			t.Fatalf("at %s it went to %v, want %v", now, got, slices.Sorted(maps.Keys(want)))
		}
	}
	d.await("the call's end", d.ended(id))
}

// What is to be tried again at night is tried in the morning; when that is past
// the call's end, it has failed.
func TestFurtherAttemptsSleepToo(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		ends  string
		state broadcast.State
		tries int
	}{{"5d", broadcast.Sent, 2}, {"11h", broadcast.Sent, 2}, {"10h59m", broadcast.Failed, 1}} {
		d := newTimed(t, "2013-06-10T21:00:00+09:00", "name,mobile\nKim,010-2000-0001\n")
		d.sent.answer = func(_ string, n int) error {
			if n > 1 {
				return nil
			}
			return &gateway.Error{Kind: gateway.Temporary, Reason: gateway.Network}
		}
		files := example(t, `"sms"`)
		text := strings.Replace(string(files["call.toml"].Data), `ends_after = "5d"`, fmt.Sprintf("ends_after = %q", c.ends), 1)
		files["call.toml"].Data = []byte(text + "\n[quiet.sms]\nfrom = \"21:01\"\nto = \"08:00\"\n")
		rules := lawful(t)
		rules.Laxer = true
		d.startWith(worker.Config{Quiet: rules, Retry: map[address.Channel]worker.Retry{address.SMS: {First: 5 * time.Minute, Most: time.Hour, Attempts: 10}}})
		id := d.launchAs(files, broadcast.Call{})
		if c.state == broadcast.Sent {
			d.await("the first try", func() bool { return d.counts(id, address.SMS)[broadcast.Deferred] == 1 })
			due, err := d.ledger.NextDue(t.Context(), id)
			d.must(err)
			if !due.Equal(moment(t, "2013-06-11T08:00:00+09:00")) {
				t.Errorf("ends after %s: due at %s", c.ends, due)
			}
			d.clk.Set(due)
		}
		d.await("the call's end", d.ended(id))
		if got := d.counts(id, address.SMS); got[c.state] != 1 || len(d.sent.times("+821020000001")) != c.tries {
			t.Errorf("ends after %s: %v after %d tries", c.ends, got, len(d.sent.times("+821020000001")))
		}
	}
}

// The confirmation of a STOP is due at once, at any hour.
func TestStopIsConfirmedByNight(t *testing.T) {
	t.Parallel()
	d := newTimed(t, "2013-06-10T03:00:00+09:00", "name,mobile\nKim,010-2000-0001\n")
	d.startWith(worker.Config{Quiet: lawful(t)})
	in := worker.NewInbound(d.parts(), links)
	d.must(in.Text(t.Context(), builtin.RehearsalName(address.SMS), gateway.Inbound{Channel: address.SMS, From: "01020000001", To: "0212345678", Text: "수신거부"}))
	d.await("the confirmation", func() bool { return len(d.sent.times("+821020000001")) == 1 })
}

// A rehearsal reaches nobody, and does not wait for the morning.
func TestRehearsalDoesNotSleep(t *testing.T) {
	t.Parallel()
	d := newTimed(t, "2013-06-10T03:00:00+09:00", numbers(5))
	d.startWith(worker.Config{Quiet: lawful(t)})
	d.await("the call's end", d.ended(d.launch(example(t, `"sms"`))))
}

func TestWhoseQuietHours(t *testing.T) {
	t.Parallel()
	early, late := quiet.Span{From: 20 * 60, To: 9 * 60}, quiet.Span{From: 23 * 60, To: 7 * 60}
	noon := func(hour int, class templates.Class, own *quiet.Span, laxer bool, ch address.Channel, zone string) bool {
		rules := lawful(t)
		rules.Laxer = laxer
		call := &templates.Call{Class: class, Quiet: map[address.Channel]quiet.Span{}}
		if own != nil {
			call.Quiet[ch] = *own
		}
		place, _, err := rules.Place(zone)
		if err != nil {
			t.Fatal(err)
		}
		asleep, _ := rules.Of(call, ch, place).At(time.Date(2013, 6, 10, hour, 30, 0, 0, place[0]), place)
		return asleep
	}
	for _, c := range []struct {
		name  string
		hour  int
		class templates.Class
		own   *quiet.Span
		laxer bool
		ch    address.Channel
		zone  string
		want  bool
	}{
		{"a text at nine", 21, templates.Appeal, nil, false, address.SMS, "", true},
		{"a fax at nine", 21, templates.Appeal, nil, false, address.Fax, "", true},
		{"a mail at nine", 21, templates.Appeal, nil, false, address.Email, "", false},
		{"a text at eight", 8, templates.Appeal, nil, false, address.SMS, "", false},
		{"a stricter call", 8, templates.Appeal, &early, false, address.SMS, "", true},
		{"a mail with hours of its own", 8, templates.Appeal, &early, false, address.Email, "", true},
		{"a laxer call", 22, templates.Appeal, &late, false, address.SMS, "", true},
		{"a laxer call where it may be", 22, templates.Appeal, &late, true, address.SMS, "", false},
		{"a laxer appeal for money in Korea", 22, templates.Fundraising, &late, true, address.SMS, "", true},
		{"a laxer appeal for money elsewhere", 22, templates.Fundraising, &late, true, address.SMS, "Europe/Berlin", false},
		{"a mail for money in Korea", 22, templates.Fundraising, nil, false, address.Email, "", false},
	} {
		if got := noon(c.hour, c.class, c.own, c.laxer, c.ch, c.zone); got != c.want {
			t.Errorf("%s: asleep is %v", c.name, got)
		}
	}
}
