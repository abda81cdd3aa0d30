package lists

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/korean"

	"clarion/internal/redistest"
	"clarion/lists/address"
	"clarion/lists/tabular"
)

func importCSV(t testing.TB, s *Store, o ImportOptions, text string) *Report {
	t.Helper()
	r, err := tryCSV(s, o, text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func tryCSV(s *Store, o ImportOptions, text string) (*Report, error) {
	table, err := tabular.Open(strings.NewReader(text))
	if err != nil {
		return nil, err
	}
	return s.Import(context.Background(), table, o, nil)
}

const korea = "이름,소속,이메일,휴대폰,팩스,언어,태그,수신동의,지역구\r\n" +
	"김영희,,kim@example.org,010-1234-5678,,한국어,\"서울, 후원\",2026-03-02 서명지,종로구\r\n" +
	"홍길동 의원실,국회,hong@example.go.kr,,02-788-2001,,국회,,\r\n" +
	"Lee,,lee@example.org,+44 7911 123456,,English,,거부,\r\n" +
	"박,,park@@example.org,010-12,,,,,\r\n" +
	"최,,choi@example.org,010-99,,,,,\r\n" +
	"김영희,,KIM@example.org,,,,,,\r\n"

func TestImportKoreanTable(t *testing.T) {
	t.Parallel()
	cp949, err := korean.EUCKR.NewEncoder().String(korea)
	if err != nil {
		t.Fatal(err)
	}
	for encoding, text := range map[string]string{"utf-8": korea, "cp949": cp949} {
		t.Run(encoding, func(t *testing.T) {
			t.Parallel()
			s := opened(t, redistest.New(t))
			bounced := s.Key(mail(t, "hong@example.go.kr"))
			if _, err := s.Suppress(context.Background(), address.Email, bounced, Suppression{Reason: Bounced, Source: "bounce"}); err != nil {
				t.Fatal(err)
			}
			got := importCSV(t, s, ImportOptions{List: "지지자"}, text)
			want := &Report{
				Records: 6, Accepted: 4, New: 4, Duplicates: 1, Suppressed: 1, RejectedRows: 1, Who: []byte{0b0111_1000}, Encoding: encoding, Delimiter: ",",
				Columns: map[string]string{
					"name": "이름", "organisation": "소속", "email": "이메일", "sms": "휴대폰", "fax": "팩스", "language": "언어", "tags": "태그",
					"consent": "수신동의", "지역구": "지역구",
				},
				Rejected: []Rejected{
					{5, "email", "park@@example.org", address.InvalidLocalPart},
					{5, "sms", "010-12", address.NumberTooShort},
					{6, "sms", "010-99", address.NumberTooShort},
				},
			}
			for i := range got.Rejected { // which of its reasons package address gives is its own affair
				if i < len(want.Rejected) {
					want.Rejected[i].Reason = got.Rejected[i].Reason
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("report (- want + got):\n%s", diff)
			}
			kim, err := s.Lookup(context.Background(), mail(t, "kim@example.org"))
			if err != nil || len(kim) != 1 {
				t.Fatal(err, len(kim))
			}
			if a := kim[0].Consent[address.SMS]; kim[0].Name != "김영희" || a.Words != "2026-03-02 서명지" || !a.Recorded {
				t.Errorf("김영희: %q, %+v", kim[0].Name, a)
			}
			if v, ok := kim[0].Field("지역구"); !ok || v != "종로구" {
				t.Errorf("지역구 is %q", v)
			}
			info, err := s.List(context.Background(), "지지자")
			if err != nil {
				t.Fatal(err)
			}
			wantInfo := ListInfo{Name: "지지자", Contacts: 4, Channels: map[address.Channel]int{address.Email: 2, address.SMS: 1, address.Fax: 1}, LeftOut: []LeftOut{
				{address.Email, "bounced", 1}, {address.Email, NoConsent, 1}, {address.SMS, NoAddress, 2}, {address.SMS, NoConsent, 1}, {address.Fax, NoAddress, 3},
			}}
			if diff := cmp.Diff(wantInfo, info); diff != "" {
				t.Errorf("list (- want + got):\n%s", diff)
			}
		})
	}
}

// The names are a contract (CLI.md).
func TestReportJSON(t *testing.T) {
	t.Parallel()
	got, err := json.Marshal(Report{Rejected: []Rejected{{Row: 2, Field: "email", Value: "x", Reason: "no_at_sign"}}, Columns: map[string]string{"email": "메일"}})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"records":0,"accepted":0,"new":0,"updated":0,"duplicates":0,"suppressed":0,` +
		`"rejected":[{"row":2,"field":"email","value":"x","reason":"no_at_sign"}],"encoding":"","delimiter":"","columns":{"email":"메일"},"seconds":0}`
	if string(got) != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestNoImportRevives(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		stop, dead := phone(t, address.SMS, "010-1234-5678"), mail(t, "dead@example.org")
		for a, reason := range map[address.Address]Reason{stop: OptedOut, dead: Bounced} {
			if fresh, err := s.Suppress(ctx, a.Channel(), s.Key(a), Suppression{Reason: reason, Source: "test"}); err != nil || !fresh {
				t.Fatal(fresh, err)
			}
		}
		text := "name,email,mobile,consent\nA,a@example.org,010-1234-5678,yes\nB,Dead@Example.org,,yes\n"
		for round := range 2 {
			r := importCSV(t, s, ImportOptions{List: "all", Consent: "everything"}, text)
			if r.Suppressed != 2 || r.Accepted != 2 {
				t.Fatalf("round %d: %+v", round, *r)
			}
			c, err := s.Count(ctx, Audience{Lists: []string{"all"}, Channels: address.Channels[:]})
			if err != nil || c.Channel[address.Email] != 1 || c.Channel[address.SMS] != 0 {
				t.Fatalf("round %d: %+v, %v", round, c, err)
			}
		}
		// An erased contact that comes back is suppressed still.
		numbers, err := s.Find(ctx, stop)
		if err != nil || len(numbers) != 1 {
			t.Fatal(numbers, err)
		}
		if ok, err := s.Erase(ctx, numbers[0]); !ok || err != nil {
			t.Fatal(ok, err)
		}
		if r := importCSV(t, s, ImportOptions{List: "all"}, text); r.New != 1 || r.Suppressed != 2 {
			t.Fatalf("%+v", *r)
		}
		// START takes back what STOP took, and then the number is in again.
		if ok, err := s.Restore(ctx, address.SMS, s.Key(stop), SuppressionFilter{Reason: Bounced}); ok || err != nil {
			t.Fatal(ok, err)
		}
		if ok, err := s.Restore(ctx, address.SMS, s.Key(stop), SuppressionFilter{Reason: OptedOut}); !ok || err != nil {
			t.Fatal(ok, err)
		}
		if c, err := s.Count(ctx, Audience{Lists: []string{"all"}, Channels: []address.Channel{address.SMS}}); err != nil || c.Channel[address.SMS] != 1 {
			t.Fatalf("%+v, %v", c, err)
		}
	})
}

func TestSharedFax(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		r := importCSV(t, s, ImportOptions{List: "assembly"}, "name,email,fax\n"+
			"의원,member@example.go.kr,02-788-2001\n보좌관,aide@example.go.kr,02-788-2001\n대표실,,02-788-2001\n민원실,,02-788-2001\n대표실,,02-788-2001\n")
		if r.New != 4 || r.Duplicates != 1 {
			t.Fatalf("%+v", *r)
		}
		if n, err := s.Find(ctx, phone(t, address.Fax, "02-788-2001")); err != nil || fmt.Sprint(n) != "[1 2 3 4]" {
			t.Fatal(n, err)
		}
		got, err := s.Resolve(ctx, Audience{Lists: []string{"assembly"}, Channels: []address.Channel{address.Email, address.Fax}})
		if err != nil {
			t.Fatal(err)
		}
		want := []LeftOut{{address.Email, NoAddress, 2}, {address.Fax, SameAddress, 3}}
		if diff := cmp.Diff(want, got.LeftOut); diff != "" || got.Channel[address.Fax] != 1 {
			t.Errorf("%v\n%s", got.Channel, diff)
		}
		// With the first channel that reaches each, the fax is for those without email.
		got, err = s.Resolve(ctx, Audience{Lists: []string{"assembly"}, Channels: []address.Channel{address.Email, address.Fax}, First: true})
		if err != nil {
			t.Fatal(err)
		}
		if n := fmt.Sprint(collect(got.Bitmaps[address.Fax])); n != "[3]" {
			t.Errorf("fax goes to %s", n)
		}
		// A stop of the shared number stops it for all of them.
		if _, err := s.Suppress(ctx, address.Fax, s.Key(phone(t, address.Fax, "02-788-2001")), Suppression{Reason: OptedOut}); err != nil {
			t.Fatal(err)
		}
		if c, err := s.Count(ctx, Audience{Lists: []string{"assembly"}, Channels: []address.Channel{address.Fax}}); err != nil || c.Channel[address.Fax] != 0 {
			t.Errorf("%+v, %v", c, err)
		}
	})
}

func collect(bitmap []byte) (all []uint32) {
	for n := range Numbers(bitmap) {
		all = append(all, n)
	}
	return all
}

func TestTwoPeopleShareAMobile(t *testing.T) {
	t.Parallel()
	s := opened(t, redistest.New(t))
	r := importCSV(t, s, ImportOptions{List: "all"}, "email,mobile\na@example.org,010-1234-5678\nb@example.org,010-1234-5678\n,01012345678\n")
	if r.New != 2 || r.Duplicates != 1 {
		t.Fatalf("%+v", *r)
	}
	for _, a := range []string{"a@example.org", "b@example.org"} {
		if n, err := s.Find(context.Background(), mail(t, a)); err != nil || len(n) != 1 {
			t.Errorf("%s: %v, %v", a, n, err)
		}
	}
}

func TestUpdateKeepsWhatTheRowLacks(t *testing.T) {
	t.Parallel()
	s := opened(t, redistest.New(t))
	importCSV(t, s, ImportOptions{List: "a"}, "name,email,mobile,tags,consent,city\nKim,kim@example.org,010-1234-5678,red,no,Seoul\n")
	r := importCSV(t, s, ImportOptions{List: "b", Consent: "words"}, "name,email,fax,tags,language\n,kim@example.org,02-788-2001,blue,ko\n")
	if r.Updated != 1 || r.New != 0 {
		t.Fatalf("%+v", *r)
	}
	all, err := s.Lookup(context.Background(), phone(t, address.SMS, "010-1234-5678"))
	if err != nil || len(all) != 1 {
		t.Fatal(len(all), err)
	}
	c := all[0]
	if c.Name != "Kim" || c.Fax.IsZero() || fmt.Sprint(c.Tags) != "[red blue]" || c.Fields["city"] != "Seoul" || c.Language != "ko" {
		t.Errorf("%q %q %q %q", c.Name, c.Tags, c.Fields, c.Language)
	}
	// Words for a whole table do not overrule a recorded no.
	if c.Consent[address.Email].Given || c.Consent[address.Fax].Given {
		t.Errorf("consent %+v", c.Consent)
	}
	if on, err := s.ListsOf(context.Background(), c.Number); err != nil || fmt.Sprint(on) != "[a b]" {
		t.Error(on, err)
	}
	importCSV(t, s, ImportOptions{List: "b"}, "email,consent\nkim@example.org,yes\n")
	if c, err := s.Read(context.Background(), []uint32{c.Number}); err != nil || !c[0].Consent[address.Email].Given || c[0].Consent[address.SMS].Given {
		t.Errorf("consent %+v, %v", c[0].Consent, err)
	}
}

func TestConsentColumns(t *testing.T) {
	t.Parallel()
	s := opened(t, redistest.New(t))
	r := importCSV(t, s, ImportOptions{List: "a"}, "이메일,휴대폰,문자 수신동의,이메일 수신동의,동의일시,수신거부\n"+
		"a@example.org,010-1234-0001,동의,거부,2026. 3. 2.,\nb@example.org,010-1234-0002,동의,동의,soon,Y\n")
	if len(r.Rejected) != 1 || r.Rejected[0].Reason != UnknownDate {
		t.Errorf("rejected %+v", r.Rejected)
	}
	c, err := s.Read(context.Background(), []uint32{1, 2})
	if err != nil {
		t.Fatal(err)
	}
	if a := c[0].Consent; a[address.Email].Given || !a[address.SMS].Given || a[address.SMS].At.Format("2006-01-02") != "2026-03-02" {
		t.Errorf("contact 1: %+v", a)
	}
	if a := c[1].Consent; a[address.Email].Given || a[address.SMS].Given {
		t.Errorf("contact 2: %+v", a)
	}
}

func TestMap(t *testing.T) {
	t.Parallel()
	s := opened(t, redistest.New(t))
	text := "Who,Write to,Second mail\nKim,kim@example.org,k2@example.org\n"
	r := importCSV(t, s, ImportOptions{List: "a", Map: map[string]string{"name": "who", "email": "3", "role": "Write to"}}, text)
	want := map[string]string{"name": "Who", "email": "Second mail", "role": "Write to"}
	if diff := cmp.Diff(want, r.Columns); diff != "" {
		t.Error(diff)
	}
	if c, err := s.Lookup(context.Background(), mail(t, "k2@example.org")); err != nil || len(c) != 1 || c[0].Name != "Kim" || c[0].Fields["role"] != "kim@example.org" {
		t.Errorf("%d, %v", len(c), err)
	}
	_, err := tryCSV(s, ImportOptions{List: "a", Map: map[string]string{"email": "Wite to"}}, text)
	if !errors.Is(err, ErrMap) || !strings.Contains(err.Error(), `did you mean "Write to"?`) {
		t.Error(err)
	}
	if _, err := tryCSV(s, ImportOptions{List: "srotcarf\u202e"}, text); !errors.Is(err, ErrBadName) {
		t.Errorf("a name that turns around: %v", err)
	}
	if _, err := tryCSV(s, ImportOptions{List: " \n"}, text); !errors.Is(err, ErrBadName) {
		t.Error(err)
	}
}

func people(from, to int) string {
	var b strings.Builder
	b.WriteString("name,email,mobile,fax\n")
	for i := from; i < to; i++ {
		fmt.Fprintf(&b, "사람%d,p%d@example.org,010-%04d-%04d,02-788-%04d\n", i, i, 2000+i/10000, i%10000, 2000+i/1000*50+i%50) // twenty share a fax
	}
	return b.String()
}

func TestTwoImportsAtOnce(t *testing.T) {
	t.Parallel()
	s := opened(t, redistest.New(t))
	s.batchRows = 50
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			if _, err := tryCSV(s, ImportOptions{List: fmt.Sprint("list ", i%2)}, people(i*100, i*100+700)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	infos, err := s.Lists(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if len(infos) != 2 || infos[0].Contacts != 900 || infos[1].Contacts != 900 {
		t.Errorf("lists %+v", infos)
	}
	c, err := s.Count(context.Background(), Audience{Lists: []string{"list 0", "list 1"}, Channels: address.Channels[:]})
	if err != nil {
		t.Fatal(err)
	}
	if c.Selected != 1000 || c.Channel[address.Email] != 1000 || c.Channel[address.SMS] != 1000 || c.Channel[address.Fax] != 50 {
		t.Errorf("counts %+v", c)
	}
}

func TestCancelledImportGoesOn(t *testing.T) {
	t.Parallel()
	s := opened(t, redistest.New(t))
	s.batchRows = 100
	text := people(0, 6000)
	ctx, cancel := context.WithCancel(context.Background())
	table, err := tabular.Open(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	var told int
	r, err := s.Import(ctx, table, ImportOptions{List: "all"}, func(_ int64, rows int) {
		if told = rows; rows >= 3000 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), fmt.Sprintf("after %d rows", r.Records)) {
		t.Fatalf("%v, %d records", err, r.Records)
	}
	if r.Records != 3000 || told != r.Records || r.New != r.Records {
		t.Fatalf("told %d, %+v", told, *r)
	}
	info, err := s.List(context.Background(), "all")
	if err != nil || info.Contacts != r.New {
		t.Fatalf("%d on the list, %v", info.Contacts, err)
	}
	again := importCSV(t, s, ImportOptions{List: "all"}, text)
	if again.Updated != r.New || again.New != 6000-r.New || again.Duplicates != 0 {
		t.Fatalf("again %+v", *again)
	}
}

func TestExportComesBack(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		importCSV(t, s, ImportOptions{List: "a"}, "name,organisation,email,mobile,fax,language,timezone,tags,consent,role\n"+
			"\"=HYPERLINK(\"\"http://x\"\")\",@org,kim@example.org,010-1234-5678,02-788-2001,ko,Asia/Seoul,\"red, blue\",agreed on paper,-1\n"+
			"Lee,,lee@example.org,,,en,,,no,\n")
		if _, err := s.Suppress(ctx, address.SMS, s.Key(phone(t, address.SMS, "010-1234-5678")), Suppression{Reason: OptedOut}); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := s.Export(ctx, "a", &out); err != nil {
			t.Fatal(err)
		}
		want := "\ufeffname,organisation,email,sms,fax,language,timezone,tags,consent,suppressed,role\n" +
			"\"'=HYPERLINK(\"\"http://x\"\")\",'@org,kim@example.org,+821012345678,+8227882001,ko,Asia/Seoul,\"red, blue\",agreed on paper,sms: opted_out,'-1\n" +
			"Lee,,lee@example.org,,,en,,,no,,\n"
		if diff := cmp.Diff(want, out.String()); diff != "" {
			t.Fatal(diff)
		}
		before, err := s.Read(ctx, []uint32{1, 2})
		if err != nil {
			t.Fatal(err)
		}
		r := importCSV(t, s, ImportOptions{List: "a"}, out.String())
		after, err := s.Read(ctx, []uint32{1, 2})
		if err != nil || r.Updated != 2 || len(r.Rejected) > 0 {
			t.Fatal(err, *r)
		}
		for i := range before {
			a, b := pack(nil, &before[i], nil), pack(nil, &after[i], nil)
			if before[i].Consent[address.Email].Given && !bytes.Equal(a, b) {
				t.Errorf("contact %d: %q became %q", i+1, a, b)
			}
		}
		if err := s.Export(ctx, "b", &out); !errors.Is(err, ErrUnknownName) {
			t.Error(err)
		}
	})
}
