package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"clarion/broadcast"
	"clarion/internal/conf"
	"clarion/internal/seal"
	"clarion/lists"
	"clarion/web/desk"
	"clarion/worker/gateway"
)

// discard logs nothing.
var discard = slog.New(slog.DiscardHandler)

// start starts a listener that ends with the test.
func start(t *testing.T, h http.Handler, log *slog.Logger) *Server {
	t.Helper()
	s, err := Listen("127.0.0.1:0", h, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Shutdown(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestProblems(t *testing.T) {
	t.Parallel()
	unknown := errors.New("dial unix /var/lib/secret.sock: refused for kim@example.org")
	for _, c := range []struct {
		err    error
		status int
		says   string
	}{
		{seal.ErrToken, 404, "link"},
		{broadcast.ErrNoCall, 404, "no such thing"},
		{broadcast.ErrNoDelivery, 404, "no such thing"},
		{ErrNotFound, 404, "no such thing"},
		{&broadcast.StateError{Call: "c1", State: broadcast.Done, Action: broadcast.ActPause}, 409, "call c1 is done and cannot be paused"},
		{gateway.ErrForged, 403, "does not come from the gateway"},
		{&http.MaxBytesError{Limit: 1}, 413, "too large"},
		{ErrUnreadable, 400, "cannot be read"},
		{ErrTooMany, 429, "Too many"},
		{ErrMethod, 405, "Allow"},
		{ErrMedia, 415, "Content-Type"},
		{ErrNoVersion, 428, "If-Match"},
		{ErrVersion, 412, "another version"},
		{desk.ErrNoDraft, 404, "no such thing"},
		{desk.ErrConflict, 409, "Read it again"},
		{desk.ErrOut, 409, "went out already"},
		{lists.ErrUnknownName, 422, lists.ErrUnknownName.Error()},
		{conf.Problems{{File: "call.toml", Line: 7, Message: "wrong"}}, 422, "mend"},
		{ErrKey, 400, "1 to 255"},
		{ErrKeyOther, 422, "another request"},
		{ErrKeyBusy, 409, "being done"},
		{ErrKeyLost, 409, "nobody knows"},
		{ErrKeyLarge, 409, "too large to be kept"},
		{unknown, 503, "try again"},
		// What a body was too large for matters more than that it was not read.
		{fmt.Errorf("%w: %w", ErrUnreadable, &http.MaxBytesError{Limit: 1}), 413, "too large"},
	} {
		w := httptest.NewRecorder()
		Fail(w, httptest.NewRequest("GET", "/", nil), fmt.Errorf("do something: %w", c.err))
		var p Problem
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
			t.Fatalf("%v: %v", c.err, err)
		}
		if w.Code != c.status || p.Status != c.status || p.Type != "about:blank" || !strings.Contains(p.Title, c.says) {
			t.Errorf("%v is told as %d %+v, want %d with %q", c.err, w.Code, p, c.status, c.says)
		}
		if _, wrong := c.err.(conf.Problems); wrong != (len(p.Problems) == 1 && p.Problems[0].Line == 7) {
			t.Errorf("%v: problems %v", c.err, p.Problems)
		}
		if got := w.Header().Get("Content-Type"); got != "application/problem+json" {
			t.Errorf("%v: content type %q", c.err, got)
		}
		if again := w.Header().Get("Retry-After") != ""; again != (c.status == 503 || c.status == 429 || c.err == ErrKeyBusy) {
			t.Errorf("%v: Retry-After is there: %v", c.err, again)
		}
		if strings.Contains(w.Body.String(), "secret") || strings.Contains(w.Body.String(), "kim@") {
			t.Errorf("an error that is not known tells of itself: %s", w.Body)
		}
	}
}

func TestGuard(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/panic":
			panic("the link of kim@example.org")
		case "/abort":
			panic(http.ErrAbortHandler)
		}
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			Fail(w, r, err)
		}
	}), slog.New(slog.NewTextHandler(&log, nil)))
	base := "http://" + s.Addr()

	get, err := http.Get(base + "/")
	if err != nil {
		t.Fatal(err)
	}
	get.Body.Close()
	for header, want := range map[string]string{
		"Content-Security-Policy":    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
		"X-Content-Type-Options":     "nosniff",
		"Referrer-Policy":            "no-referrer",
		"Cache-Control":              "no-store",
		"Cross-Origin-Opener-Policy": "same-origin",
	} {
		if got := get.Header.Get(header); got != want {
			t.Errorf("%s is %q, want %q", header, got, want)
		}
	}

	for _, c := range []struct {
		size, status int
	}{{MaxBody, 200}, {MaxBody + 1, 413}} {
		post, err := http.Post(base+"/", "text/plain", bytes.NewReader(make([]byte, c.size)))
		if err != nil {
			t.Fatal(err)
		}
		post.Body.Close()
		if post.StatusCode != c.status {
			t.Errorf("a body of %d bytes is answered %d, want %d", c.size, post.StatusCode, c.status)
		}
	}

	bad, err := http.Get(base + "/panic")
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(bad.Body)
	bad.Body.Close()
	if err != nil || bad.StatusCode != 503 {
		t.Errorf("a handler that panics is answered %d, %v", bad.StatusCode, err)
	}
	if _, err := http.Get(base + "/abort"); err == nil {
		t.Error("an answer that was broken off looks whole")
	}
	if said := log.String(); strings.Contains(said+string(text), "kim@") || !strings.Contains(said, "ended badly") {
		t.Errorf("of a panic is told: %s; %s", said, text)
	}
}

// A pipes is a listener without a network, whose clients are goroutines.
type pipes struct {
	conns chan net.Conn
	ended chan struct{}
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.ended:
		return nil, net.ErrClosed
	}
}

func (p pipes) Close() error   { close(p.ended); return nil }
func (p pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipes", Net: "unix"} }

func (p pipes) dial(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	p.conns <- server
	return client, nil
}

// A client that takes its time is let go, and meanwhile nobody waits for it. The
// time is that of the bubble: it stands while anybody has something to do.
func TestSlowClients(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		sent  string
		after time.Duration
	}{
		"nothing":              {"", headerTimeout},
		"half of the head":     {"POST / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ", headerTimeout},
		"half of the body":     {"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nList-", bodyTimeout},
		"nothing after one":    {"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", idleTimeout},
		"a head that is large": {"GET / HTTP/1.1\r\nHost: localhost\r\nX-Large: " + strings.Repeat("x", 64<<10), 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := pipes{make(chan net.Conn), make(chan struct{})}
				s := serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if _, err := io.Copy(io.Discard, r.Body); err != nil {
						Fail(w, r, err)
					}
				}), discard)
				defer func() {
					if err := s.Shutdown(); err != nil {
						t.Error(err)
					}
				}()
				began := time.Now()
				slow, _ := l.dial(t.Context(), "", "")
				defer slow.Close()
				go io.WriteString(slow, c.sent) // the server may have enough of it before its end
				synctest.Wait()

				client := http.Client{Transport: &http.Transport{DialContext: l.dial}}
				defer client.CloseIdleConnections()
				quick, err := client.Get("http://localhost")
				if err != nil {
					t.Fatal(err)
				}
				quick.Body.Close()
				if waited := time.Since(began); waited > 0 {
					t.Errorf("another client waited %v", waited)
				}
				if err := slow.SetReadDeadline(began.Add(time.Hour)); err != nil {
					t.Fatal(err)
				}
				_, err = io.Copy(io.Discard, slow)
				// The server lingers half a second over an answer to what it has not read.
				if after := time.Since(began); errors.Is(err, os.ErrDeadlineExceeded) || after < c.after || after > c.after+time.Second {
					t.Errorf("the connection was kept for %v, want %v; %v", after, c.after, err)
				}
			})
		})
	}
}

func TestShutdownAnswersWhatIsInHand(t *testing.T) {
	t.Parallel()
	begun, finish := make(chan bool), make(chan bool)
	s, err := Listen("127.0.0.1:0", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(begun)
		<-finish
		fmt.Fprint(w, "whole")
	}), discard)
	if err != nil {
		t.Fatal(err)
	}
	answer := make(chan string)
	go func() {
		r, err := http.Get("http://" + s.Addr())
		if err != nil {
			answer <- err.Error()
			return
		}
		defer r.Body.Close()
		b, _ := io.ReadAll(r.Body)
		answer <- string(b)
	}()
	<-begun
	ended := make(chan error)
	go func() { ended <- s.Shutdown() }()
	close(finish)
	if got := <-answer; got != "whole" {
		t.Errorf("the request in hand is answered %q", got)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	next, err := Listen(s.Addr(), http.NotFoundHandler(), discard)
	if err != nil {
		t.Fatalf("the address is still taken: %v", err)
	}
	if err := next.Shutdown(); err != nil {
		t.Error(err)
	}
}

func TestListenSaysWhere(t *testing.T) {
	t.Parallel()
	s := start(t, http.NotFoundHandler(), discard)
	if _, err := Listen(s.Addr(), http.NotFoundHandler(), discard); err == nil || !strings.Contains(err.Error(), "listen on "+s.Addr()) {
		t.Errorf("an address that is taken: %v", err)
	}
}
