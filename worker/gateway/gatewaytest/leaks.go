package gatewaytest

import (
	"bytes"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"clarion/lists/address"
)

// canaries are the strings that must not be seen: recipients however spelt,
// the text of the messages, the secrets.
func (h Harness) canaries() []string {
	list := append([]string{Marker}, h.Secrets...)
	if h.Channel == address.Email {
		return append(list, "leak.canary", "recipient.example")
	}
	return append(list, "10777") // the number's beginning, with or without +82 or 0
}

func (h Harness) leaks(t testing.TB, where, text string) {
	t.Helper()
	for _, c := range h.canaries() {
		if strings.Contains(strings.ToLower(text), strings.ToLower(c)) {
			t.Errorf("%s shows %q: %s", where, c, text)
		}
	}
}

// errorLeaks looks through err, its whole chain, in every way it may be printed.
func (h Harness) errorLeaks(t testing.TB, err error) {
	t.Helper()
	for e := err; e != nil; e = errors.Unwrap(e) {
		for _, verb := range []string{"%v", "%+v", "%#v", "%q"} {
			h.leaks(t, "the error", fmt.Sprintf(verb, e))
		}
	}
}

// logBuffer is what the program logs, through slog and log alike.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func captureLog(t testing.TB) *logBuffer {
	b := new(logBuffer)
	old, out, flags := slog.Default(), log.Writer(), log.Flags()
	slog.SetDefault(slog.New(slog.NewJSONHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug})))
	t.Cleanup(func() {
		slog.SetDefault(old)
		log.SetOutput(out)
		log.SetFlags(flags)
	})
	return b
}
