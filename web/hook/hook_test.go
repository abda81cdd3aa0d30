package hook_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"clarion/broadcast"
	"clarion/internal/clock"
	"clarion/internal/conf"
	"clarion/internal/redistest"
	"clarion/internal/seal"
	"clarion/lists"
	"clarion/lists/address"
	"clarion/web"
	"clarion/web/hook"
	"clarion/worker"
	"clarion/worker/gateway"
	"clarion/worker/gateway/kannel"
	"clarion/worker/gateway/webhook"
)

const secret = "0123456789abcdef-callback"

// sources are a gateway that reports by itself, and a provider that reports on
// the mail of another.
func sources(t *testing.T) map[string]hook.Source {
	t.Helper()
	k, err := kannel.New(kannel.Config{
		URL: "http://127.0.0.1:13013/cgi-bin/sendsms", Username: "campaign", Password: conf.NewSecret("x"),
		CallbackURL: "http://127.0.0.1:8081/hook/sms", CallbackSecret: conf.NewSecret(secret),
	})
	if err != nil {
		t.Fatal(err)
	}
	p, err := webhook.New("postmark", webhook.Config{Gateway: "relay", Logins: []conf.Secret{conf.NewSecret("post:" + secret)}}, clock.System{})
	if err != nil {
		t.Fatal(err)
	}
	return map[string]hook.Source{"sms": {Gateway: "sms", Purpose: seal.Report, Reporter: k}, "post": {Gateway: "relay", Purpose: seal.Bounce, Reporter: p}}
}

// A sink notes what comes in, or fails.
type sink struct {
	err     error
	reports []gateway.Report
	texts   []gateway.Inbound
	purpose seal.Purpose
	from    string
}

func (s *sink) Report(_ context.Context, from string, p seal.Purpose, r []gateway.Report) error {
	s.reports, s.purpose, s.from = append(s.reports, r...), p, from
	return s.err
}

func (s *sink) Text(_ context.Context, _ string, t gateway.Inbound) error {
	s.texts = append(s.texts, t)
	return s.err
}

// listen serves the hook as serve does, and returns its address.
func listen(t *testing.T, in hook.Inbound, log io.Writer) string {
	t.Helper()
	l := slog.New(slog.NewTextHandler(log, nil))
	s, err := web.Listen("127.0.0.1:0", hook.New(sources(t), in, l), l)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Shutdown(); err != nil {
			t.Error(err)
		}
	})
	return "http://" + s.Addr()
}

// ask makes a request and reads the problem in the answer, if it is one.
func ask(t *testing.T, method, url, body string) (*http.Response, web.Problem) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	var p web.Problem
	if answer.StatusCode != http.StatusOK {
		if got := answer.Header.Get("Content-Type"); got != "application/problem+json" {
			t.Errorf("%s: content type %q", answer.Status, got)
		}
		if err := json.Unmarshal(text, &p); err != nil || p.Status != answer.StatusCode {
			t.Errorf("%s with %s", answer.Status, text)
		}
	} else if len(text) > 0 {
		t.Errorf("the answer holds %q: Kannel would text that to the person", text)
	}
	return answer, p
}

func TestRequests(t *testing.T) {
	t.Parallel()
	key := "key=" + url.QueryEscape(secret)
	for _, c := range []struct {
		name, path, method string
		status             int
		reports, texts     int
		body               string
	}{
		{name: "a report", path: "/hook/sms?" + key + "&delivery=abc&status=1&id=7&answer=", status: 200, reports: 1},
		{name: "a report by POST", method: "POST", path: "/hook/sms?" + key + "&delivery=abc&status=2&id=7&answer=", status: 200, reports: 1},
		{name: "a text", path: "/hook/sms?" + key + "&from=01012345678&to=0212345678&charset=UTF-8&coding=0&text=STOP", status: 200, texts: 1},
		{name: "a picture", path: "/hook/sms?" + key + "&from=01012345678&to=0212345678&coding=1&text=%00%01", status: 200},
		{name: "no key", path: "/hook/sms?delivery=abc&status=1", status: 403},
		{name: "a wrong key", path: "/hook/sms?key=0123456789abcdef-guessed!&delivery=abc&status=1", status: 403},
		{name: "a key too short", path: "/hook/sms?key=0123456789abcdef-callbac&delivery=abc&status=1", status: 403},
		{name: "the key in the body", method: "POST", path: "/hook/sms", body: key + "&delivery=abc&status=1", status: 403},
		{name: "an unknown gateway", path: "/hook/nobody?" + key + "&delivery=abc&status=1", status: 404},
		{name: "a provider without its login", method: "POST", path: "/hook/post", body: "{}", status: 403},
		{name: "a report that says nothing", path: "/hook/sms?" + key + "&delivery=abc&status=gone", status: 400},
		{name: "a text of nobody", path: "/hook/sms?" + key + "&text=STOP", status: 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			in, log := &sink{}, &bytes.Buffer{}
			base := listen(t, in, log)
			method := c.method
			if method == "" {
				method = "GET"
			}
			answer, _ := ask(t, method, base+c.path, c.body)
			if answer.StatusCode != c.status || len(in.reports) != c.reports || len(in.texts) != c.texts {
				t.Errorf("answered %d with %d reports and %d texts kept; want %d, %d, %d", answer.StatusCode, len(in.reports), len(in.texts), c.status, c.reports, c.texts)
			}
			if c.reports > 0 && (in.reports[0].Delivery != "abc" || in.purpose != seal.Report) {
				t.Errorf("kept %+v for %s", in.reports[0], in.purpose)
			}
			if c.status == 400 && !strings.Contains(log.String(), "cause=\"the request cannot be read: ") {
				t.Errorf("the log does not say what was wrong: %s", log)
			}
			for _, said := range []string{secret, "abc", "01012345678", "STOP"} {
				if strings.Contains(log.String(), said) {
					t.Errorf("the log holds %q: %s", said, log)
				}
			}
		})
	}
}

// What a provider says of a mail is kept as said of the gateway that sent it.
func TestProvider(t *testing.T) {
	t.Parallel()
	in := &sink{}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, listen(t, in, io.Discard)+"/hook/post",
		strings.NewReader(`{"RecordType":"SpamComplaint","Email":"a@gov.example","Metadata":{"clarion_delivery":"abcdefghijklmnopqrstuvwxyz"}}`))
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth("post", secret)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	want := gateway.Report{Delivery: "abcdefghijklmnopqrstuvwxyz", Event: gateway.EventComplaint}
	if answer.StatusCode != http.StatusOK || len(in.reports) != 1 || in.reports[0] != want || in.purpose != seal.Bounce || in.from != "relay" {
		t.Errorf("answered %s, kept %+v for %s from %s", answer.Status, in.reports, in.purpose, in.from)
	}
}

// What could not be kept is asked for again.
func TestSinkFails(t *testing.T) {
	t.Parallel()
	in := &sink{err: errors.New("write to Redis: 01012345678 was lost")}
	base, log := "", &bytes.Buffer{}
	base = listen(t, in, log)
	for _, path := range []string{"&delivery=abc&status=1", "&from=01012345678&to=02&text=STOP"} {
		answer, p := ask(t, "GET", base+"/hook/sms?key="+secret+path, "")
		if answer.StatusCode != http.StatusServiceUnavailable || answer.Header.Get("Retry-After") == "" {
			t.Errorf("answered %s %v", answer.Status, answer.Header)
		}
		if strings.Contains(p.Title+log.String(), "0101234") {
			t.Errorf("the number is told: %s; %s", p.Title, log)
		}
	}
}

// An opt-out that meets a dead Redis is not lost, and not taken twice: Kannel
// hears 503, comes again, and is answered 200.
func TestRedisDies(t *testing.T) {
	t.Parallel()
	redis := redistest.Server(t)
	keys, err := seal.New(bytes.Repeat([]byte("k"), 32))
	if err != nil {
		t.Fatal(err)
	}
	people, err := lists.Open(t.Context(), redis.Client(), keys, clock.System{})
	if err != nil {
		t.Fatal(err)
	}
	in := worker.NewInbound(worker.Parts{
		Redis: redis.Client(), Ledger: broadcast.Open(redis.Client(), clock.System{}), People: people, Keys: keys, Clock: clock.System{}, Log: slog.New(slog.DiscardHandler),
	}, worker.Links{Organisation: "Save 9", Region: "KR"})
	stop := listen(t, in, io.Discard) + "/hook/sms?key=" + secret + "&from=01012345678&to=0212345678&charset=UTF-8&coding=0&text=STOP"

	redis.Kill()
	if answer, _ := ask(t, "GET", stop, ""); answer.StatusCode != http.StatusServiceUnavailable {
		t.Fatalf("with Redis dead the text is answered %s", answer.Status)
	}
	redis.Restart()
	to, err := address.ParsePhone("010-1234-5678", "KR", address.SMS)
	if err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(2 * time.Minute)
	for {
		answer, _ := ask(t, "GET", stop, "")
		if answer.StatusCode == http.StatusOK {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("with Redis back the text is answered %s", answer.Status)
		}
		time.Sleep(20 * time.Millisecond)
	}
	sup, err := people.SuppressionOf(t.Context(), address.SMS, people.Key(to))
	if err != nil || sup == nil || sup.Reason != lists.OptedOut {
		t.Errorf("the number stands as %+v, %v", sup, err)
	}
	if answer, _ := ask(t, "GET", stop, ""); answer.StatusCode != http.StatusOK {
		t.Errorf("said again it is answered %s", answer.Status)
	}
}
