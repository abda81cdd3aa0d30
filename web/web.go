// Package web owns the two listeners, one for supporters and one for gateways,
// what every request passes through, and the one mapping of domain errors to
// HTTP (RFC 9457, problem+json). What is on the pages belongs to the packages
// below.
package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"clarion/broadcast"
	"clarion/internal/seal"
	"clarion/worker/gateway"
)

// Bounds of a request. A page of ours is small, a provider's report too.
const (
	maxBody       = 1 << 20 // bytes
	headerTimeout = 5 * time.Second
	bodyTimeout   = 20 * time.Second
	idleTimeout   = time.Minute
	drainTimeout  = 10 * time.Second
)

// A Server listens for HTTP.
type Server struct {
	listener net.Listener
	http     *http.Server
	ended    chan error
}

// Listen opens a listener on address ("127.0.0.1:8080") and serves handler.
func Listen(address string, handler http.Handler, log *slog.Logger) (*Server, error) {
	return listen(address, handler, log, patience{headerTimeout, bodyTimeout, idleTimeout})
}

// patience is how long a client may take over the head of a request, over its
// body or the answer, and between two requests.
type patience struct{ header, body, idle time.Duration }

func listen(address string, handler http.Handler, log *slog.Logger, p patience) (*Server, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", address, err)
	}
	s := &Server{listener: l, ended: make(chan error, 1), http: &http.Server{
		Handler:           guard(handler, log),
		ReadHeaderTimeout: p.header,
		ReadTimeout:       p.body,
		WriteTimeout:      p.body,
		IdleTimeout:       p.idle,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}}
	go func() { s.ended <- s.http.Serve(l) }()
	return s, nil
}

// Addr is where the server listens.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Shutdown ends the server; requests in hand are answered first.
func (s *Server) Shutdown() error {
	ctx, cancel := context.WithTimeout(context.Background(), drainTimeout)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if serr := <-s.ended; !errors.Is(serr, http.ErrServerClosed) {
		err = errors.Join(err, serr)
	}
	return err
}

// guard is what every request passes through: bounds, headers that keep a
// browser safe, and an end for a handler that panics. Neither URLs nor bodies
// are logged: a link of ours is a key.
func guard(next http.Handler, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if v := recover(); v == http.ErrAbortHandler {
				panic(v) // the answer is broken off, as the handler wished
			} else if v != nil {
				log.Error("a request ended badly", "method", r.Method, "error", fmt.Sprintf("%T", v))
				Fail(w, errors.New("internal"))
			}
		}()
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		next.ServeHTTP(w, r)
	})
}

// A Problem is an error as HTTP tells it (RFC 9457).
type Problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
}

// Errors of the packages below, told by ProblemOf.
var (
	// ErrNotFound means that nothing of ours stands at the address.
	ErrNotFound = errors.New("there is nothing here")
	// ErrUnreadable means that a request cannot be read, and would not be the
	// next time either.
	ErrUnreadable = errors.New("the request cannot be read")
	// ErrTooMany means that one client asks faster than is good for the others.
	ErrTooMany = errors.New("too many requests from one client")
)

// ProblemOf is the one mapping from domain errors to HTTP. An error that it does
// not know tells nothing of itself.
func ProblemOf(err error) Problem {
	var state *broadcast.StateError
	var size *http.MaxBytesError
	switch {
	case errors.Is(err, seal.ErrToken):
		return Problem{"about:blank", "This link is not valid.", http.StatusNotFound}
	case errors.Is(err, broadcast.ErrNoCall), errors.Is(err, broadcast.ErrNoDelivery), errors.Is(err, ErrNotFound):
		return Problem{"about:blank", "There is no such thing.", http.StatusNotFound}
	case errors.As(err, &state):
		return Problem{"about:blank", state.Error(), http.StatusConflict}
	case errors.Is(err, gateway.ErrForged):
		return Problem{"about:blank", "This request does not come from the gateway.", http.StatusForbidden}
	case errors.As(err, &size):
		return Problem{"about:blank", "The request is too large.", http.StatusRequestEntityTooLarge}
	case errors.Is(err, ErrUnreadable):
		return Problem{"about:blank", "The request cannot be read.", http.StatusBadRequest}
	case errors.Is(err, ErrTooMany):
		return Problem{"about:blank", "Too many requests; wait a moment.", http.StatusTooManyRequests}
	}
	return Problem{"about:blank", "It did not work; try again in a moment.", http.StatusServiceUnavailable}
}

// Fail answers with a problem.
func Fail(w http.ResponseWriter, err error) {
	p := ProblemOf(err)
	w.Header().Set("Content-Type", "application/problem+json")
	if p.Status == http.StatusServiceUnavailable || p.Status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", "5")
	}
	w.WriteHeader(p.Status)
	// The status is out; what is left to do when the far side is gone is nothing.
	_ = json.NewEncoder(w).Encode(p)
}
