package lists

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"clarion/internal/redistest"
	"clarion/lists/address"
	"clarion/lists/tabular"
)

// supporters is a table of n contacts as a supporters' list has them: all have
// an email address and a mobile number, every tenth a fax.
func supporters(n int) string {
	var b strings.Builder
	b.WriteString("이름,이메일,휴대폰,팩스,언어,태그\n")
	for i := range n {
		fax := ""
		if i%10 == 0 {
			fax = fmt.Sprintf("02-2%03d-%04d", i/10000, i%10000)
		}
		fmt.Fprintf(&b, "김지지%d,supporter%d@naver.com,010-%04d-%04d,%s,%s,%s\n", i%1000, i, 2000+i/10000, i%10000, fax, []string{"ko", "ko", "ko", "en"}[i%4], []string{"서울", "부산", "후원"}[i%3])
	}
	return b.String()
}

// made yields n contacts like those of supporters, without the cost of parsing.
type made struct{ n, at int }

func (m *made) bytesRead() int64 { return int64(m.at) }

func (m *made) next() (*entry, error) {
	if m.at == m.n {
		return nil, io.EOF
	}
	i := m.at
	m.at++
	e := &entry{row: i + 2}
	e.Name, e.Language, e.Tags = fmt.Sprintf("김지지%d", i%1000), []string{"ko", "ko", "ko", "en"}[i%4], []string{[]string{"서울", "부산", "후원"}[i%3]}
	e.setAddress(address.Canonical(address.Email, fmt.Sprintf("supporter%d@naver.com", i)))
	e.setAddress(address.Canonical(address.SMS, fmt.Sprintf("+821020%06d", i)))
	if i%10 == 0 {
		e.setAddress(address.Canonical(address.Fax, fmt.Sprintf("+8222%07d", i)))
	}
	return e, nil
}

func fill(t testing.TB, s *Store, n int) {
	t.Helper()
	o := ImportOptions{List: "supporters", Consent: "캠페인 소식을 이메일과 문자로 받는 데 동의합니다"}
	if err := s.share(context.Background(), o.Consent, importSource); err != nil {
		t.Fatal(err)
	}
	if err := s.run(context.Background(), &made{n: n}, o, &Report{}, nil); err != nil {
		t.Fatal(err)
	}
}

func used(t *testing.T, rdb redis.UniversalClient) int {
	t.Helper()
	info := rdb.InfoMap(context.Background(), "memory").Val()["Memory"]["used_memory"]
	var n int
	if _, err := fmt.Sscan(info, &n); err != nil {
		t.Fatalf("used_memory %q: %v", info, err)
	}
	return n
}

// A contact may take 180 bytes of Redis, all in: sealed record, index and
// bitmaps (FIGURES: memory).
func TestMemoryPerContact(t *testing.T) {
	t.Parallel()
	const contacts = 100_000
	rdb := redistest.New(t)
	s := opened(t, rdb)
	before := used(t, rdb)
	fill(t, s, contacts)
	each := float64(used(t, rdb)-before) / contacts
	t.Logf("%.1f bytes a contact", each)
	if each > 180 {
		t.Errorf("a contact takes %.1f bytes, more than 180", each)
	}
}

func BenchmarkImport(b *testing.B) {
	text := supporters(20_000)
	for b.Loop() {
		b.StopTimer()
		s := opened(b, redistest.New(b))
		table, err := tabular.Open(strings.NewReader(text))
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		if _, err := s.Import(context.Background(), table, ImportOptions{List: "all", Consent: "words"}, nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(20_000*b.N)/b.Elapsed().Seconds(), "contacts/s")
}

// BenchmarkRead reads groups of 16, with eligibility, as the worker does.
func BenchmarkRead(b *testing.B) {
	ctx := context.Background()
	s := opened(b, redistest.New(b))
	fill(b, s, 10_000)
	var (
		contacts []Contact
		numbers  = make([]uint32, 16)
		first    uint32
	)
	b.ReportAllocs()
	for b.Loop() {
		for i := range numbers {
			numbers[i] = (first+uint32(i))%10_000 + 1
		}
		first += 16
		pipe := s.rdb.Pipeline()
		read, ok := s.QueueRead(ctx, pipe, numbers), s.QueueEligible(ctx, pipe, address.Email, numbers)
		if _, err := pipe.Exec(ctx); err != nil {
			b.Fatal(err)
		}
		var err error
		if contacts, err = read.Contacts(contacts); err != nil || !ok.At(0) {
			b.Fatal(err, ok.At(0))
		}
	}
	b.ReportMetric(16*float64(b.N)/b.Elapsed().Seconds(), "contacts/s")
}

// BenchmarkDecode opens and unpacks a group of 16, without Redis.
func BenchmarkDecode(b *testing.B) {
	s := opened(b, redistest.New(b))
	fill(b, s, 100)
	pipe := s.rdb.Pipeline()
	numbers := make([]uint32, 16)
	for i := range numbers {
		numbers[i] = uint32(i) + 1
	}
	read := s.QueueRead(context.Background(), pipe, numbers)
	if _, err := pipe.Exec(context.Background()); err != nil {
		b.Fatal(err)
	}
	var contacts []Contact
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if contacts, err = read.Contacts(contacts); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(16*b.N), "ns/contact")
}

// BenchmarkCount counts an audience of a million, some of whom share an address.
func BenchmarkCount(b *testing.B) {
	s := opened(b, redistest.New(b))
	fill(b, s, 1_000_000)
	importCSV(b, s, ImportOptions{List: "supporters"}, people(0, 1000))
	for b.Loop() {
		c, err := s.Count(context.Background(), Audience{Lists: []string{"supporters"}, Channels: address.Channels[:], First: true})
		if err != nil || c.Contacts != 1_001_000 {
			b.Fatal(c, err)
		}
	}
}
