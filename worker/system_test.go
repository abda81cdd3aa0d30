package worker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"clarion/internal/clock"
	"clarion/internal/redistest"
	"clarion/internal/seal"
	"clarion/lists"
	"clarion/lists/address"
	"clarion/lists/tabular"
	"clarion/worker/gateway"
)

func TestSystemOf(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]string{
		"aspmx.l.google.com.": "gmail.com", "gmail-smtp-in.l.google.com": "gmail.com", "alt1.aspmx.l.GoogleMail.com": "gmail.com",
		"ngo-example.mail.protection.outlook.com": "outlook.com", "ngo-example.j-v1.mx.microsoft": "outlook.com", "hotmail-com.olc.protection.outlook.com": "outlook.com",
		"mx1.naver.com": "naver.com", "kr1-aspmx1.worksmobile.com": "naver.com", "mx2.hanmail.net": "daum.net", "mx1.kakao.com": "daum.net",
		"mta5.am0.yahoodns.net": "yahoo.com", "mx.hosting.co.kr": "hosting.co.kr", "notgoogle.com": "notgoogle.com", "localhost": "localhost",
	} {
		if got := systemOf(host); got != want {
			t.Errorf("%s: %s, want %s", host, got, want)
		}
	}
}

// What is asked of the name server is asked apart: an audience is planned with what
// is known by then, and Redis tells no domain.
func TestSystemsAreLearned(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	keys, err := seal.New(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	clk := clock.NewManual(opening)
	rdb := redistest.New(t)
	w := &Worker{systems: NewSystems(rdb, keys, clk)}
	answers := map[string]any{"ngo.example": "aspmx.l.google.com", "own.example": "mx.own.example", "dead.example": gateway.Dead, "later.example": gateway.Temporary}
	w.cfg.Exchangers = func(_ context.Context, domain string) ([]string, error) {
		switch a := answers[domain].(type) {
		case string:
			return []string{a}, nil
		case gateway.Kind:
			return nil, &gateway.Error{Kind: a}
		}
		return nil, errors.New("nobody should ask")
	}
	domains := []string{"ngo.example", "own.example", "dead.example", "later.example"}
	of := func(want ...string) {
		t.Helper()
		if got, err := w.systems.Of(ctx, domains); err != nil || !slices.Equal(got, want) {
			t.Fatalf("%q, %v; want %q", got, err, want)
		}
	}
	// find looks the wanted ones up, and returns them.
	find := func() []string {
		t.Helper()
		asked, err := w.systems.wanted(ctx)
		if err != nil {
			t.Fatal(err)
		}
		lanes := make([]known, len(asked))
		for i, d := range asked {
			lanes[i] = w.systemFor(ctx, d)
		}
		if len(asked) > 0 {
			if err := w.systems.found(ctx, asked, lanes); err != nil {
				t.Fatal(err)
			}
		}
		slices.Sort(asked)
		return asked
	}
	sorted := slices.Sorted(slices.Values(domains))
	of(domains...)
	of(domains...) // each is asked for once
	if got := find(); !slices.Equal(got, sorted) {
		t.Fatalf("asked for %q", got)
	}
	of("gmail.com", "own.example", "dead.example", "later.example")
	if got := find(); len(got) != 0 {
		t.Fatalf("asked again for %q", got)
	}
	clk.Advance(systemUnsure + time.Second)
	of("gmail.com", "own.example", "dead.example", "later.example")
	if got := find(); !slices.Equal(got, []string{"later.example"}) {
		t.Fatalf("asked again for %q, want what had no answer", got)
	}
	answers["ngo.example"] = "mx1.naver.com"
	clk.Advance(systemFresh)
	of("gmail.com", "own.example", "dead.example", "later.example") // as it was, until the answer comes
	all, err := rdb.HGetAll(ctx, keyWanted.Name()).Result()
	if err != nil {
		t.Fatal(err)
	}
	more, err := rdb.HGetAll(ctx, keySystems.Name()).Result()
	if err != nil || len(more) != 4 {
		t.Fatalf("%d entries, %v", len(more), err)
	}
	for _, m := range []map[string]string{all, more} {
		for field, value := range m {
			if strings.Contains(field+value, "example") || strings.Contains(value, "gmail") {
				t.Error("a dump of Redis names a domain")
			}
		}
	}
	find()
	of("naver.com", "own.example", "dead.example", "later.example")
}

// Whose mail domains are met is asked for ahead, each once; nobody is waited for.
func TestMetDomainsAreAskedFor(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	keys, err := seal.New(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	clk, rdb := clock.NewManual(opening), redistest.New(t)
	people, err := lists.Open(ctx, rdb, keys, clk)
	if err != nil {
		t.Fatal(err)
	}
	csv := "name,email,mobile\n"
	for i := range 3000 {
		csv += fmt.Sprintf("p%d,p%d@Mail%d.example,\n", i, i, i%5)
	}
	csv += "no mail,,010-2000-1000\nby hand,x@other.example,\n"
	table, err := tabular.Open(strings.NewReader(csv))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := people.Import(ctx, table, lists.ImportOptions{List: "supporters", Region: "KR"}, func(int64, int) {}); err != nil {
		t.Fatal(err)
	}
	who, err := people.Resolve(ctx, lists.Audience{Lists: []string{"supporters"}, Channels: []address.Channel{address.Email}})
	if err != nil {
		t.Fatal(err)
	}
	s := NewSystems(rdb, keys, clk)
	for range 2 {
		if err := s.Meet(ctx, people, who.Bitmaps[address.Email]); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.wanted(ctx)
	slices.Sort(got)
	if want := []string{"mail0.example", "mail1.example", "mail2.example", "mail3.example", "mail4.example", "other.example"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("asked for %q, %v; want %q", got, err, want)
	}
}
