package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"time"

	"clarion/internal/rkey"
	"clarion/internal/seal"
	"clarion/web"
)

// keyHeader names a request that may come again
// (draft-ietf-httpapi-idempotency-key-header-07). againHeader says that an answer
// is the one that was given before.
const (
	keyHeader   = "Idempotency-Key"
	againHeader = "Idempotent-Replayed"
)

const (
	answerKept = 24 * time.Hour
	answerMost = 1 << 20          // bytes of an answer that is kept
	answerWait = 10 * time.Minute // a request that takes longer was broken off
	keyMost    = 255
)

// Keyed hashes stand for keys and bodies, and answers are sealed: they may hold addresses.
var keyAnswer = rkey.Key{Pattern: "api:answer:<request>", Type: rkey.String, Expiry: "24 hours", Personal: true, Doc: "what a request with an Idempotency-Key was answered, or that it is being done, sealed; by the keyed hash of caller, route and key"}

// Keys declares every key that the package keeps in Redis.
func Keys() []rkey.Key { return []rkey.Key{keyAnswer} }

// A doing is a request with a key: at first what it is, and at last also what it
// was answered.
type doing struct {
	Print  string      `json:"print"` // keyed hash of all that it asks
	Until  int64       `json:"until"` // Unix milliseconds; without an answer by then it was broken off
	Status int         `json:"status,omitempty"`
	Header http.Header `json:"header,omitempty"`
	Body   []byte      `json:"body,omitempty"`
	Large  bool        `json:"large,omitempty"` // the body was too large to keep
}

// once does a request once: a second one with its key is given the first one's
// answer. What was answered by 5xx is forgotten, since it tells its caller to come again.
func (a *api) once(rt route, by string, w http.ResponseWriter, r *http.Request, act http.Handler) {
	d, name, err := a.begin(rt, by, r)
	if err != nil {
		if web.ProblemOf(err).Status >= http.StatusInternalServerError {
			a.Log.Error("a request failed", "route", r.Pattern, "error", err)
		}
		fail(w, r, err)
		return
	}
	answer := &recorder{ResponseWriter: w, header: http.Header{}}
	if d.Status == 0 {
		// Once begun it is finished, whether or not its caller waits.
		ctx := context.WithoutCancel(r.Context())
		act.ServeHTTP(answer, r.WithContext(ctx))
		if err := a.finish(ctx, name, d, answer); err != nil {
			a.Log.Error("the answer to a request was not kept", "route", r.Pattern, "error", err)
		}
	} else {
		maps.Copy(answer.header, d.Header)
		answer.header.Set(againHeader, "true")
		answer.status = d.Status
		answer.body.Write(d.Body)
	}
	maps.Copy(w.Header(), answer.header)
	w.WriteHeader(answer.status)
	_, _ = w.Write(answer.body.Bytes()) // who has gone needs no answer
}

// begin notes that a request is being done, and returns it with the name that it is
// kept under; one that was done before comes with its answer.
func (a *api) begin(rt route, by string, r *http.Request) (*doing, string, error) {
	key := strings.Trim(r.Header.Get(keyHeader), `"`) // a String of RFC 9651, or bare as most send it
	if key == "" || len(key) > keyMost || strings.ContainsFunc(key, func(c rune) bool { return c < ' ' || c > '~' }) {
		return nil, "", web.ErrKey
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, "", fmt.Errorf("%w: %w", web.ErrUnreadable, err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	sum := sha256.Sum256(body)
	print := a.sum(r.URL.RequestURI(), r.Header.Get("If-Match"), string(sum[:]))
	name := keyAnswer.Name(a.sum(by, rt.id(), key))
	for {
		d := &doing{Print: print, Until: a.Clock.Now().Add(answerWait).UnixMilli()}
		fresh, err := a.keep(r.Context(), name, d, true)
		if err != nil || fresh {
			return d, name, err
		}
		d, err = a.kept(r.Context(), name)
		switch {
		case err != nil:
			return nil, "", err
		case d == nil:
			continue // forgotten since
		case d.Print != print:
			return nil, "", web.ErrKeyOther
		case d.Status == 0 && a.Clock.Now().UnixMilli() < d.Until:
			return nil, "", web.ErrKeyBusy
		case d.Status == 0:
			return nil, "", web.ErrKeyLost
		case d.Large:
			return nil, "", web.ErrKeyLarge
		}
		return d, name, nil
	}
}

func (a *api) finish(ctx context.Context, name string, d *doing, answer *recorder) error {
	if answer.status >= http.StatusInternalServerError {
		return a.forget(ctx, name)
	}
	d.Status, d.Header, d.Body = answer.status, answer.header, answer.body.Bytes()
	if len(d.Body) > answerMost {
		d.Body, d.Large = nil, true
	}
	_, err := a.keep(ctx, name, d, false)
	return err
}

// sum is a keyed hash of words, as keys in Redis spell it.
func (a *api) sum(words ...string) string {
	parts := make([][]byte, len(words))
	for i, w := range words {
		parts[i] = []byte(w)
	}
	sum := a.Desk.Keys.Sum(seal.Repeated, parts...)
	return hex.EncodeToString(sum[:])
}

func (a *api) sealDoing(name string, d *doing) ([]byte, error) {
	text, err := json.Marshal(d)
	if err != nil {
		return nil, err
	}
	return a.Desk.Keys.Seal(nil, text, []byte(name)), nil
}

func (a *api) openDoing(name, sealed string) (*doing, error) {
	text, err := a.Desk.Keys.Open(nil, []byte(sealed), []byte(name))
	if err != nil {
		return nil, err
	}
	d := &doing{}
	return d, json.Unmarshal(text, d)
}

// A recorder keeps an answer until it is whole.
type recorder struct {
	http.ResponseWriter
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header { return r.header }

// Unwrap leads http.ResponseController to the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
}

func (r *recorder) Write(b []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(b)
}
