package lists

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"clarion/internal/clock"
	"clarion/internal/redistest"
	"clarion/lists/address"
)

func TestWrongKey(t *testing.T) {
	t.Parallel()
	rdb := redistest.New(t)
	opened(t, rdb)
	opened(t, rdb)
	if _, err := Open(context.Background(), rdb, keyring(t, 2), clock.System{}); !errors.Is(err, ErrWrongKey) || !strings.Contains(err.Error(), "key file") {
		t.Errorf("another key: %v", err)
	}
}

func TestUnknownNames(t *testing.T) {
	t.Parallel()
	s := opened(t, redistest.New(t))
	if _, err := s.Count(context.Background(), Audience{Lists: []string{"any"}}); !errors.Is(err, ErrUnknownName) || !strings.Contains(err.Error(), "import contacts first") {
		t.Error(err)
	}
	importCSV(t, s, ImportOptions{List: "supporters"}, "email,tags,language\na@example.org,donor,ko\n")
	for want, a := range map[string]Audience{
		`did you mean "supporters"?`: {Lists: []string{"suporters"}},
		`no list "press"`:            {Lists: []string{"supporters"}, Without: []string{"press"}},
		`did you mean "donor"?`:      {Lists: []string{"supporters"}, Tags: []string{"donors"}},
		`no language "en"`:           {Lists: []string{"supporters"}, Languages: []string{"en"}},
		`at least one list`:          {},
	} {
		if _, err := s.Count(context.Background(), a); !errors.Is(err, ErrUnknownName) || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %s", a, err, want)
		}
	}
}

// Whoever copies Redis's memory or files finds nobody's name, address or words
// in it.
func TestStolenDumpNamesNobody(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	rdb := redistest.New(t)
	s := opened(t, rdb)
	importCSV(t, s, ImportOptions{List: "all", Consent: "Agreedwords here"}, "name,organisation,email,mobile,fax,Secretfield,language\n"+
		"Namename,Orgorg,mailbox@domain.example.org,010-1234-5678,02-788-2001,Valuevalue,ko\n")
	for _, a := range []address.Address{mail(t, "mailbox@domain.example.org"), phone(t, address.SMS, "010-1234-5678"), mail(t, "nobody@stranger.example.org")} {
		if _, err := s.Suppress(ctx, a.Channel(), s.Key(a), Suppression{Reason: OptedOut, Source: "sms_stop", Call: "c1"}); err != nil {
			t.Fatal(err)
		}
	}
	keys, err := rdb.Keys(ctx, "*").Result()
	if err != nil || len(keys) < 10 {
		t.Fatal(len(keys), err)
	}
	var dump strings.Builder
	for _, key := range keys {
		dump.WriteString(key + "\n")
		kind, err := rdb.Type(ctx, key).Result()
		if err != nil {
			t.Fatal(err)
		}
		switch kind {
		case "string":
			dump.WriteString(rdb.Get(ctx, key).Val())
		case "hash":
			for f, v := range rdb.HGetAll(ctx, key).Val() {
				dump.WriteString(f + "\n" + v + "\n")
			}
		case "set":
			dump.WriteString(strings.Join(rdb.SMembers(ctx, key).Val(), "\n"))
		default:
			t.Fatalf("%s is a %s, which this test does not read", key, kind)
		}
	}
	text := strings.ToLower(dump.String())
	if !strings.Contains(text, "sms_stop") {
		t.Fatal("the dump lacks what should be there")
	}
	packed := packNumber(nil, "+821012345678")
	for _, plain := range []string{
		"namename", "orgorg", "mailbox", "domain.example", "12345678", "7882001", "secretfield", "valuevalue", "agreedwords", "stranger", strings.ToLower(string(packed)),
	} {
		if strings.Contains(text, plain) {
			t.Errorf("%q stands in Redis in clear", plain)
		}
	}
}

func TestContactMasksItself(t *testing.T) {
	t.Parallel()
	c := Contact{Number: 7, Name: "Secret", Email: mail(t, "secret@example.org"), Fields: map[string]string{"x": "Secret"}}
	asJSON, err := json.Marshal(c)
	if err != nil || string(asJSON) != `{"number":7}` {
		t.Errorf("%s, %v", asJSON, err)
	}
	if r, err := json.Marshal(c.Reveal()); err != nil || string(r) != `{"number":7,"name":"Secret","addresses":{"email":"secret@example.org"},"tags":[],"fields":{"x":"Secret"},"consent":null,"created":"0001-01-01T00:00:00Z"}` {
		t.Errorf("%s, %v", r, err)
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "c", c, "p", &c)
	for _, s := range []string{fmt.Sprint(c), fmt.Sprintf("%+v %#v %v %s %d", c, c, &c, []Contact{c}, c), log.String()} {
		if strings.Contains(s, "ecret") || !strings.Contains(s, "contact 7") {
			t.Errorf("prints as %s", s)
		}
	}
}

func TestReadsAreInOrder(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		const last = 3*bucketSize + 50
		s.batchRows = 50 // the in-process Redis is slow at scripts, more so on a busy machine
		importCSV(t, s, ImportOptions{List: "all"}, people(0, last))
		if _, err := s.Suppress(ctx, address.Email, s.Key(mail(t, "p199@example.org")), Suppression{Reason: Blocked}); err != nil {
			t.Fatal(err)
		}
		numbers := []uint32{3, 1, bucketSize, bucketSize - 1, last, 4000, 200, 201, 0, 2}
		var reused []Contact
		for range 2 {
			pipe := s.rdb.Pipeline()
			read, ok := s.QueueRead(ctx, pipe, numbers), s.QueueEligible(ctx, pipe, address.Email, numbers)
			if _, err := pipe.Exec(ctx); err != nil {
				t.Fatal(err)
			}
			contacts, err := read.Contacts(reused)
			if err != nil || len(contacts) != len(numbers) || ok.Err() != nil {
				t.Fatal(len(contacts), err, ok.Err())
			}
			for i, n := range numbers {
				there := n >= 1 && n <= last
				if there && (contacts[i].Number != n || contacts[i].Name != fmt.Sprintf("사람%d", n-1)) || !there && contacts[i].Number != 0 {
					t.Errorf("at %d is %v, want %d", i, contacts[i], n)
				}
				if want := there && n != 200; ok.At(i) != want {
					t.Errorf("contact %d is eligible: %v", n, !want)
				}
			}
			reused = contacts
		}
	})
}

func TestSuppressions(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		clk := s.clk.(*clock.Manual)
		set := func(a address.Address, sup Suppression) {
			t.Helper()
			if _, err := s.Suppress(ctx, a.Channel(), s.Key(a), sup); err != nil {
				t.Fatal(err)
			}
		}
		importCSV(t, s, ImportOptions{List: "all"}, people(0, 20))
		for i := range 10 {
			set(mail(t, fmt.Sprintf("p%d@example.org", i)), Suppression{Reason: Bounced, Source: "bounce", Call: "c1"})
		}
		clk.Advance(3600e9)
		set(mail(t, "p3@example.org"), Suppression{Reason: OptedOut, Source: "one\tclick\n"})
		set(phone(t, address.SMS, "010-2000-0003"), Suppression{Reason: OptedOut, Source: "sms_stop"})
		count := func(f SuppressionFilter) (n int) {
			t.Helper()
			if err := s.Suppressions(ctx, f, func(Suppressed) error { n++; return nil }); err != nil {
				t.Fatal(err)
			}
			return n
		}
		for _, c := range []struct {
			want int
			f    SuppressionFilter
		}{
			{12, SuppressionFilter{}}, {11, SuppressionFilter{Channel: address.Email}}, {2, SuppressionFilter{Reason: OptedOut}},
			{10, SuppressionFilter{Until: clk.Now()}}, {2, SuppressionFilter{From: clk.Now()}}, {10, SuppressionFilter{Call: "c1"}},
			{1, SuppressionFilter{Source: "sms_stop"}}, {1, SuppressionFilter{Source: "one\tclick\n"}},
		} {
			if got := count(c.f); got != c.want {
				t.Errorf("%+v selects %d, want %d", c.f, got, c.want)
			}
		}
		takeBack := func(f SuppressionFilter) (n int, err error) {
			var all []Suppressed
			err = s.Suppressions(ctx, f, func(x Suppressed) error { all = append(all, x); return nil })
			for _, x := range all {
				ok, rerr := s.Restore(ctx, x.Channel, x.Key, f)
				if err = errors.Join(err, rerr); ok {
					n++
				}
			}
			return n, err
		}
		if n, err := takeBack(SuppressionFilter{Reason: Bounced, Until: clk.Now()}); err != nil || n != 10 {
			t.Fatalf("amnesty for %d, %v", n, err)
		}
		c, err := s.Count(ctx, Audience{Lists: []string{"all"}, Channels: []address.Channel{address.Email}})
		if err != nil || c.Channel[address.Email] != 19 {
			t.Errorf("%+v, %v", c, err)
		}
		// The one who opted out as well stays out, also of what the worker reads.
		pipe := s.rdb.Pipeline()
		ok := s.QueueEligible(ctx, pipe, address.Email, []uint32{4, 5})
		if _, err := pipe.Exec(ctx); err != nil || ok.At(0) || !ok.At(1) {
			t.Errorf("eligible: %v %v, %v", ok.At(0), ok.At(1), err)
		}
		// What people asked for stands.
		if n, err := takeBack(SuppressionFilter{Reason: Bounced}); err != nil || n != 0 || count(SuppressionFilter{}) != 2 {
			t.Errorf("taken back: %d, %v", n, err)
		}
		boom := errors.New("enough")
		if err := s.Suppressions(ctx, SuppressionFilter{}, func(Suppressed) error { return boom }); !errors.Is(err, boom) {
			t.Error(err)
		}
		if _, err := s.Suppress(ctx, address.Email, AddressKey{}, Suppression{}); err == nil {
			t.Error("suppressed for no reason")
		}
	})
}

// Another process may add a word after this one has opened the store.
func TestWordsOfAnotherProcess(t *testing.T) {
	t.Parallel()
	rdb := redistest.New(t)
	one, other := opened(t, rdb), opened(t, rdb)
	importCSV(t, one, ImportOptions{List: "all", Consent: "a long sentence"}, "email,Favourite colour\na@example.org,blue\n")
	c, err := other.Read(context.Background(), []uint32{1})
	if err != nil || c[0].Consent[address.Email].Words != "a long sentence" || c[0].Fields["favourite_colour"] != "blue" {
		t.Errorf("%+v %q, %v", c[0].Consent, c[0].Fields, err)
	}
}

func TestSuppressionsOf(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := opened(t, redistest.New(t))
	key := s.Key(mail(t, "kim@example.org"))
	if all, err := s.SuppressionsOf(ctx, address.Email, key); err != nil || len(all) != 0 {
		t.Fatal(all, err)
	}
	for _, r := range []Reason{Blocked, Bounced, OptedOut, Blocked} {
		if _, err := s.Suppress(ctx, address.Email, key, Suppression{Reason: r, Source: "staff"}); err != nil {
			t.Fatal(err)
		}
	}
	all, err := s.SuppressionsOf(ctx, address.Email, key)
	if err != nil || len(all) != 3 || all[0].Reason != OptedOut || all[1].Reason != Bounced || all[2].Reason != Blocked {
		t.Errorf("want one for each reason, the one that weighs most first: %+v, %v", all, err)
	}
}
