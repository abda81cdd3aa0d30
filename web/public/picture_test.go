package public_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"clarion/broadcast"
	"clarion/internal/clock"
	"clarion/internal/redistest"
	"clarion/web"
	"clarion/web/public"
)

// hang serves pictures as serve does, and returns where.
func hang(t *testing.T, from public.Pictures) string {
	t.Helper()
	s, err := web.Listen("127.0.0.1:0", public.NewPictures(from, slog.New(slog.DiscardHandler)), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Shutdown(); err != nil {
			t.Error(err)
		}
	})
	return "http://" + s.Addr() + "/p/"
}

func TestPictures(t *testing.T) {
	t.Parallel()
	const data = "\x89PNG the bytes of a picture"
	rdb := redistest.New(t)
	ledger := broadcast.Open(rdb, clock.System{})
	sum := fmt.Sprintf("%x", sha256.Sum256([]byte(data)))
	name := sum + ".png"
	at := hang(t, ledger)
	if a := ask(t, "GET", at+name, "", ""); a.StatusCode != http.StatusNotFound || a.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("before a call shows it the picture is %s, %v", a.Status, a.Header)
	}
	var last broadcast.ID
	for range 2 { // calls that show the same picture under names of their own
		id, err := ledger.New(t.Context(), broadcast.Call{Name: "launch"}, map[string][]byte{"a.png": []byte(data), "secret.md": []byte("x")})
		if err != nil {
			t.Fatal(err)
		}
		if err := ledger.Publish(t.Context(), id, map[string]string{name: "a.png"}); err != nil {
			t.Fatal(err)
		}
		last = id
	}
	redistest.Undeclared(t, rdb, broadcast.Keys())
	rdb.Del(t.Context(), "{call:"+string(last)+"}:files") // one of them goes: the other still shows it
	a := ask(t, "GET", at+name, "", "")
	if a.StatusCode != 200 || a.body != data {
		t.Fatalf("the picture is %s, %q", a.Status, a.body)
	}
	for header, want := range map[string]string{
		"Content-Type": "image/png", "ETag": `"` + sum + `"`, "Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff", "Set-Cookie": "",
	} {
		if got := a.Header.Get(header); got != want {
			t.Errorf("%s: %q, want %q", header, got, want)
		}
	}
	if a := ask(t, "GET", at+name, "", "", "If-None-Match", `"`+sum+`"`); a.StatusCode != http.StatusNotModified || a.body != "" {
		t.Errorf("who has it already is answered %s, %q", a.Status, a.body)
	}
	if a := ask(t, "HEAD", at+name, "", ""); a.StatusCode != 200 || a.ContentLength != int64(len(data)) {
		t.Errorf("HEAD is answered %s, %d bytes", a.Status, a.ContentLength)
	}
	if a := ask(t, "POST", at+name, "text/plain", "x"); a.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST is answered %s", a.Status)
	}
	for _, wrong := range []string{"", sum, sum + ".jpeg", sum + ".svg", strings.ToUpper(sum) + ".png", "secret.md", "..%2f..%2fsecret.md", strings.Repeat("0", 64) + ".png"} {
		if a := ask(t, "GET", at+wrong, "", ""); a.StatusCode != http.StatusNotFound || a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%q is answered %s, %v", wrong, a.Status, a.Header)
		}
	}
}

// A gone returns no picture, for a reason of its own.
type gone struct{ err error }

func (g gone) Picture(context.Context, string) ([]byte, error) { return nil, g.err }

func TestPicturesWithoutRedis(t *testing.T) {
	t.Parallel()
	a := ask(t, "GET", hang(t, gone{errors.New("dial unix /secret.sock: refused")})+strings.Repeat("0", 64)+".gif", "", "")
	if a.StatusCode != http.StatusServiceUnavailable || a.Header.Get("Retry-After") == "" || a.Header.Get("Cache-Control") != "no-store" || strings.Contains(a.body, "secret") {
		t.Errorf("without Redis: %s %v %q", a.Status, a.Header, a.body)
	}
}

// A many has a picture of a megabyte under each name, and counts who asks it.
type many struct{ asked int }

func (m *many) Picture(_ context.Context, name string) ([]byte, error) {
	m.asked++
	return []byte(strings.Repeat(name[:1], 1<<20)), nil
}

// A provider that fetches for all of its users is never held up, and Redis is not
// asked for each of them; what is kept has a bound.
func TestPicturesForMany(t *testing.T) {
	t.Parallel()
	m := &many{}
	at := hang(t, m)
	name := strings.Repeat("0", 64) + ".png"
	for i := range 300 { // more than web.PerClient lets one client have at once
		if a := ask(t, "HEAD", at+name, "", "", "X-Forwarded-For", "203.0.113.1"); a.StatusCode != 200 {
			t.Fatalf("request %d is answered %s", i, a.Status)
		}
	}
	if m.asked != 1 {
		t.Errorf("Redis was asked %d times for one picture", m.asked)
	}
	for i := range 40 { // with the first more than 32 MB
		ask(t, "HEAD", at+fmt.Sprintf("%064x.gif", i+1), "", "")
	}
	if ask(t, "HEAD", at+name, "", ""); m.asked != 42 {
		t.Errorf("Redis was asked %d times for 41 pictures and one that was forgotten, want 42", m.asked)
	}
}
