package lists

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"clarion/internal/clock"
	"clarion/internal/redisdb"
	"clarion/internal/redistest"
	"clarion/internal/seal"
	"clarion/lists/address"
)

var start = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)

// failer is what *testing.T and *rapid.T have in common.
type failer interface{ Fatal(args ...any) }

func keyring(t failer, b byte) *seal.Keyring {
	k, err := seal.New(bytes.Repeat([]byte{b}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func opened(t failer, rdb redis.UniversalClient) *Store {
	s, err := Open(context.Background(), rdb, keyring(t, 1), clock.NewManual(start))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func inProcess(t testing.TB) redis.UniversalClient {
	t.Helper()
	db, err := redisdb.Open(t.Context(), redisdb.Config{InProcess: true}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db.Client()
}

// both runs a test on redis-server and on the in-process Redis, and at its end
// looks for undeclared keys.
func both(t *testing.T, test func(t *testing.T, s *Store)) {
	t.Helper()
	for name, client := range map[string]func(testing.TB) redis.UniversalClient{"server": redistest.New, "in process": inProcess} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rdb := client(t)
			test(t, opened(t, rdb))
			redistest.Undeclared(t, rdb, Keys())
		})
	}
}

// cells are the rows of a test: field, value, field, value.
type cells struct {
	rows [][]string
	o    *ImportOptions
	at   int
}

func (c *cells) bytesRead() int64 { return int64(c.at) }

func (c *cells) next() (*entry, error) {
	if c.at == len(c.rows) {
		return nil, io.EOF
	}
	c.at++
	e := &entry{row: c.at + 1}
	for row := c.rows[c.at-1]; len(row) > 1; row = row[2:] {
		e.take(row[0], row[1], c.o)
	}
	e.finish(c.o)
	return e, nil
}

func imports(t testing.TB, s *Store, o ImportOptions, rows ...[]string) *Report {
	t.Helper()
	o.Region = "KR"
	r := &Report{}
	if err := s.run(context.Background(), &cells{rows: rows, o: &o}, o, r, nil); err != nil {
		t.Fatal(err)
	}
	return r
}

func mail(t testing.TB, s string) address.Address {
	t.Helper()
	a, err := address.ParseEmail(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func phone(t testing.TB, ch address.Channel, s string) address.Address {
	t.Helper()
	a, err := address.ParsePhone(s, "KR", ch)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestImportAndRead(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		o := ImportOptions{List: "supporters", Consent: "소식을 받겠습니다", Language: "ko"}
		r := imports(t, s, o,
			[]string{"name", "김영희", "email", "Kim@example.org", "sms", "010-1234-5678", "tags", "서울, donor", "nickname", "영"},
			[]string{"name", "Lee", "email", "lee@example.org", "language", "English", "consent", "아니오"},
			[]string{"name", "박", "email", "not an address"},
			[]string{"name", "의원실", "fax", "02-788-2001", "email", "bad@"},
			[]string{"name", "김영희", "email", "kim@example.org", "fax", "02-788-2002"},
		)
		if r.Records != 5 || r.Accepted != 3 || r.New != 3 || r.Updated != 0 || r.Duplicates != 1 || r.RejectedRows != 1 || len(r.Rejected) != 2 {
			t.Fatalf("report %+v", *r)
		}
		c, err := s.Read(ctx, []uint32{1, 2, 3, 4})
		if err != nil {
			t.Fatal(err)
		}
		kim := c[0]
		if kim.Name != "김영희" || kim.Email.Reveal() != "kim@example.org" || kim.SMS.Reveal() != "+821012345678" || kim.Fax.Reveal() != "+8227882002" ||
			kim.Language != "ko" || fmt.Sprint(kim.Tags) != "[서울 donor]" || kim.Fields["nickname"] != "영" || !kim.Created.Equal(start) {
			t.Fatalf("contact 1 is %q %q %q %q %q %q %q %v", kim.Name, kim.Email.Reveal(), kim.SMS.Reveal(), kim.Fax.Reveal(), kim.Language, kim.Tags, kim.Fields, kim.Created)
		}
		if a := kim.Consent[address.Email]; !a.Given || !a.Recorded || a.Words != o.Consent || !a.At.Equal(start) {
			t.Errorf("consent of contact 1: %+v", a)
		}
		if a := c[1].Consent[address.Email]; a.Given || !a.Recorded || a.Words != "아니오" {
			t.Errorf("consent of contact 2: %+v", a)
		}
		if c[3].Number != 0 {
			t.Errorf("contact 4 is there")
		}
		counts, err := s.Count(ctx, Audience{Lists: []string{"supporters"}, Channels: address.Channels[:]})
		if err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(counts.Channel) != "map[email:1 sms:1 fax:2]" || counts.Contacts != 2 || counts.Selected != 3 {
			t.Errorf("counts %+v", counts)
		}
		again := imports(t, s, o, []string{"name", "Lee", "email", "lee@example.org"}, []string{"email", "new@example.org"})
		if again.New != 1 || again.Updated != 1 {
			t.Errorf("again: %+v", *again)
		}
	})
}
