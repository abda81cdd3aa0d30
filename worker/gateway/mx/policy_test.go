package mx

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"clarion/e2e/rig"
	"clarion/internal/redistest"
	"clarion/internal/seal"
)

// publish serves the policy of strict.example, and counts who fetches it.
func publish(t *testing.T, n *rig.Network, ca *ca) (fetched *atomic.Int64, srv *http.Server) {
	t.Helper()
	fetched = &atomic.Int64{}
	srv = &http.Server{TLSConfig: ca.issue(t, "mta-sts.strict.example"), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fetched.Add(1)
		w.Header().Set("Content-Type", "text/plain")
		fmt.Fprint(w, "version: STSv1\r\nmode: enforce\r\nmx: mx.strict.example\r\nmax_age: 604800\r\n")
	})}
	l := n.Listen(t, 4)
	served := make(chan error, 1)
	go func() { served <- srv.ServeTLS(l, "", "") }()
	t.Cleanup(func() { srv.Close(); <-served })
	return fetched, srv
}

// A policy that one process fetched all know, until it is a day old; then whoever
// comes first fetches it anew, and where that fails it holds all the same.
func TestPoliciesAreShared(t *testing.T) {
	t.Parallel()
	const domain = "strict.example"
	n := rig.StartNetwork(t, "txt-record=_mta-sts.strict.example,\"v=STSv1; id=1;\"\nhost-record=mta-sts.strict.example,NET.4\n")
	ca := newCA(t)
	fetched, srv := publish(t, n, ca)
	keys, err := seal.New(bytes.Repeat([]byte{9}, 32))
	if err != nil {
		t.Fatal(err)
	}
	redis := redistest.Server(t)
	rdb := redis.Client()
	process := func() *policies {
		g := open(t, n, Config{CAFile: ca.file})
		g.Share(rdb, keys)
		return g.finder.policies
	}
	enforced := func(what string, p *policies, times int64) {
		t.Helper()
		if got := p.of(t.Context(), domain); got == nil || strings.Join(got.mx, " ") != "mx.strict.example" {
			t.Errorf("%s: the policy is %+v", what, got)
		}
		if fetched.Load() != times {
			t.Errorf("%s: it was fetched %d times, want %d", what, fetched.Load(), times)
		}
	}
	first := process()
	enforced("the first process", first, 1)
	enforced("another", process(), 1)
	if p := first.of(t.Context(), "none.example"); p != nil {
		t.Errorf("a domain without a policy has %+v", p)
	}

	redistest.Undeclared(t, rdb, Keys())
	store := redisPolicies{rdb, keys}
	key := store.key(domain)
	if value := rdb.Get(t.Context(), key).Val(); value == "" || strings.Contains(key+value, "strict") {
		t.Errorf("who reads Redis sees %q at %q", value, key)
	}
	if left := rdb.TTL(t.Context(), key).Val(); left <= 6*24*time.Hour || left > 7*24*time.Hour {
		t.Errorf("it is kept for %v, and says a week", left)
	}

	age := func(by time.Duration) {
		t.Helper()
		h, err := store.load(t.Context(), domain)
		if err == nil {
			h.fetched = time.Now().Add(-by)
			err = store.save(t.Context(), domain, h)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	age(23 * time.Hour)
	enforced("before a day", process(), 1)
	age(25 * time.Hour)
	enforced("after a day", process(), 2)
	enforced("once it was fetched anew", process(), 2)

	redis.Kill()
	enforced("without Redis", first, 2)
	enforced("a process that never knew it, without Redis", process(), 3)
	redis.Restart()

	srv.Close()
	if err := store.save(t.Context(), domain, heldPolicy{policy: &policy{maxAge: 7 * 24 * time.Hour}, id: "1", fetched: time.Now().Add(-25 * time.Hour),
		text: "version: STSv1\nmode: enforce\nmx: mx.strict.example\nmax_age: 604800\n"}); err != nil {
		t.Fatal(err)
	}
	enforced("old, and nobody answers", process(), 3)
}
