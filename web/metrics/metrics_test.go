package metrics_test

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"clarion/broadcast"
	"clarion/internal/clock"
	"clarion/internal/redisdb"
	"clarion/internal/redistest"
	"clarion/internal/seal"
	"clarion/lists"
	"clarion/lists/address"
	"clarion/lists/tabular"
	"clarion/templates"
	"clarion/web"
	"clarion/web/desk"
	"clarion/web/metrics"
	"clarion/worker"
	"clarion/worker/alarm"
)

// A plant is a Clarion without a worker, and where its metrics stand.
type plant struct {
	t      *testing.T
	redis  *redistest.Instance
	desk   *desk.Desk
	people *lists.Store
	m      *metrics.Metrics
	url    string
}

func open(t *testing.T) *plant {
	t.Helper()
	p := &plant{t: t, redis: redistest.Server(t, "--appendonly", "yes")}
	log := slog.New(slog.DiscardHandler)
	db, err := redisdb.Open(t.Context(), redisdb.Config{URL: p.redis.URL(), AllowLossy: true}, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	keys, err := seal.New(bytes.Repeat([]byte{9}, 32))
	if err != nil {
		t.Fatal(err)
	}
	clk := clock.NewManual(time.Date(2013, 6, 10, 1, 0, 0, 0, time.UTC))
	if p.people, err = lists.Open(t.Context(), db.Client(), keys, clk); err != nil {
		t.Fatal(err)
	}
	ledger, queue := broadcast.Open(db.Client(), clk), worker.NewQueue(db.Client())
	p.desk = desk.New(desk.Parts{Redis: db.Client(), Ledger: ledger, People: p.people, Queue: queue, Keys: keys, Clock: clk,
		Links: worker.Links{Organisation: "Save 9", Public: "https://act.example.org", BounceDomain: "mail.example.org", Region: "KR"}})
	p.m = metrics.New(metrics.Parts{DB: db, Ledger: ledger, People: p.people, Queue: queue, Alarms: alarm.Open(db.Client()), Clock: clk, Log: log})
	s, err := web.Listen("127.0.0.1:0", p.m.Handler(), log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Shutdown(); err != nil {
			t.Error(err)
		}
	})
	p.url = "http://" + s.Addr() + "/metrics"
	return p
}

// scrape asks as Prometheus does.
func (p *plant) scrape() string {
	p.t.Helper()
	answer, err := http.Get(p.url)
	if err != nil {
		p.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		p.t.Fatalf("a scrape is answered %d, %v", answer.StatusCode, err)
	}
	return string(text)
}

// tells says that a scrape has each of some lines.
func (p *plant) tells(text string, lines ...string) {
	p.t.Helper()
	for _, line := range lines {
		if !strings.Contains("\n"+text, "\n"+line+"\n") {
			name, _, _ := strings.Cut(line, "{")
			name, _, _ = strings.Cut(name, " ")
			var like []string
			for l := range strings.Lines(text) {
				if strings.HasPrefix(l, name) {
					like = append(like, l)
				}
			}
			p.t.Errorf("no line %s, but\n%s", line, strings.Join(like, ""))
		}
	}
}

func TestFigures(t *testing.T) {
	t.Parallel()
	p := open(t)
	ctx := t.Context()
	table, err := tabular.Open(strings.NewReader("name,email,sms\n김영희,kim@example.org,010-2345-6789\nJohn,john@example.com,\nMary,mary@example.com,\n"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.people.Import(ctx, table, lists.ImportOptions{List: "supporters", Consent: "yes", Region: "KR"}, func(int64, int) {}); err != nil {
		t.Fatal(err)
	}
	mary, err := address.ParseEmail("mary@example.com")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.people.Suppress(ctx, address.Email, p.people.Key(mary), lists.Suppression{Reason: lists.Complained, Source: "test"}); err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, f := range must(fs.ReadDir(templates.Example(), ".")) {
		files[f.Name()] = must(fs.ReadFile(templates.Example(), f.Name()))
	}
	d := desk.ReadFiles(files)
	who, err := p.desk.Audience(ctx, d)
	if err != nil {
		t.Fatal(err)
	}
	id, err := p.desk.Launch(ctx, d, desk.LaunchOptions{Rehearsal: true, To: who})
	if err != nil {
		t.Fatal(err)
	}

	if _, err := alarm.Open(p.desk.Redis).Change(ctx, func(b *alarm.Book) error {
		b.Enter([]alarm.Finding{{Kind: alarm.GatewayDown, Object: "relay", Level: alarm.Critical}}, time.Now(), time.Minute)
		return nil
	}); err != nil {
		t.Fatal(err)
	}

	text := p.scrape()
	p.tells(text, "clarion_up 1",
		`clarion_alarms{kind="gateway_down",level="critical"} 1`, `clarion_alarms{kind="gateway_down",level="warning"} 0`,
		fmt.Sprintf(`clarion_call_state{call="%s",rehearsal="true",state="running"} 1`, id),
		fmt.Sprintf(`clarion_call_deliveries{call="%s",channel="email",state="pending"} 2`, id),
		fmt.Sprintf(`clarion_call_deliveries{call="%s",channel="sms",state="in_doubt"} 0`, id),
		fmt.Sprintf(`clarion_call_receipts{call="%s",channel="email",said="complained"} 0`, id),
		fmt.Sprintf(`clarion_call_works{call="%s",set="open"} 1`, id), // the plan
		fmt.Sprintf(`clarion_call_due_deliveries{call="%s"} 0`, id),
		fmt.Sprintf(`clarion_call_overdue_seconds{call="%s"} 0`, id),
		`clarion_queue_tasks{queue="control",state="waiting"} 1`, `clarion_queue_tasks{queue="control",state="archived"} 0`,
		`clarion_queue_paused{queue="control"} 0`, `clarion_queue_processed_total{queue="control"} 0`,
		`clarion_workers{channel="email"} 0`, "clarion_workers_silent 0", `clarion_messages_per_second{channel="fax"} 0`,
		`clarion_suppressed_contacts{channel="email",reason="complained"} 1`, `clarion_suppressed_contacts{channel="sms",reason="complained"} 0`,
		`clarion_redis_persistent{node=""} 1`, `clarion_redis_replicas{node=""} 0`, `clarion_redis_disk_share{node=""} 0`)
	for _, some := range []string{"clarion_redis_memory_bytes{", "clarion_redis_memory_share{", "go_goroutines ", "process_open_fds "} {
		if i := strings.Index(text, "\n"+some); i < 0 || strings.HasSuffix(strings.SplitN(text[i+1:], "\n", 2)[0], " 0") {
			t.Errorf("%s tells nothing", some)
		}
	}
	for _, person := range []string{"example.org", "example.com", "2345", "김영희", "John", "Save 9"} {
		if strings.Contains(text, person) {
			t.Errorf("the metrics hold %q", person)
		}
	}
}

// Without Redis a scrape is answered all the same, and says so.
func TestWithoutRedis(t *testing.T) {
	t.Parallel()
	p := open(t)
	p.tells(p.scrape(), "clarion_up 1")
	p.redis.Kill()
	text := p.scrape()
	p.tells(text, "clarion_up 0")
	if !strings.Contains(text, "go_goroutines ") {
		t.Error("what needs no Redis is not told without it")
	}
}

// Answers are counted by the pattern of their route: what stands in an address
// never is, and what nobody serves makes no series of its own.
func TestAnswers(t *testing.T) {
	t.Parallel()
	p := open(t)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /u/{token}", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "page") })
	mux.HandleFunc("POST /u/{token}", func(w http.ResponseWriter, r *http.Request) { web.Fail(w, r, web.ErrUnreadable) })
	mux.HandleFunc("GET /silent", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /panic", func(http.ResponseWriter, *http.Request) { panic("x") })
	s, err := web.Listen("127.0.0.1:0", p.m.Watch("pages", mux), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/u/secret1", "/u/secret2", "/silent", "/panic", "/wp-login.php", "/.env"} {
		must(http.Get("http://" + s.Addr() + path)).Body.Close()
	}
	must(http.Post("http://"+s.Addr()+"/u/secret3", "text/plain", nil)).Body.Close()
	if err := s.Shutdown(); err != nil { // now all are counted
		t.Fatal(err)
	}
	text := p.scrape()
	p.tells(text, `clarion_http_requests_total{listener="pages",route="GET /u/{token}",status="200"} 2`,
		`clarion_http_requests_total{listener="pages",route="POST /u/{token}",status="400"} 1`,
		`clarion_http_requests_total{listener="pages",route="GET /silent",status="200"} 1`,
		`clarion_http_requests_total{listener="pages",route="GET /panic",status="503"} 1`,
		`clarion_http_requests_total{listener="pages",route="none",status="404"} 2`,
		`clarion_http_request_duration_seconds_count{listener="pages",route="GET /u/{token}"} 2`)
	for _, word := range []string{"secret", "wp-login", ".env"} {
		if strings.Contains(text, word) {
			t.Errorf("the metrics hold %q", word)
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
