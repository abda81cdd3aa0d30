// Package web owns the two listeners, one for supporters and one for gateways,
// what every request passes through, and the one mapping of domain errors to
// HTTP (RFC 9457, problem+json). What is on the pages belongs to the packages
// below.
package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// MaxBody is the most that the body of a request has, in bytes, where a Bounder says
// nothing else: a page of ours is small, a provider's report too.
const MaxBody = 1 << 20

// How long a client may take.
const (
	headerTimeout = 5 * time.Second  // for the head of a request
	bodyTimeout   = 20 * time.Second // for all of it, and for the answer
	idleTimeout   = time.Minute      // between two requests
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
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", address, err)
	}
	return serve(l, handler, log), nil
}

func serve(l net.Listener, handler http.Handler, log *slog.Logger) *Server {
	s := &Server{listener: l, ended: make(chan error, 1), http: &http.Server{
		Handler:           guard(handler, log),
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       bodyTimeout,
		WriteTimeout:      bodyTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}}
	go func() { s.ended <- s.http.Serve(l) }()
	return s
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

// A Bounder is a handler some of whose requests may be larger than those of
// others: an editor's pictures, a list to import.
type Bounder interface {
	http.Handler
	// MaxBody is the most that the body of a request may have, in bytes.
	MaxBody(r *http.Request) int64
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
				Fail(w, r, errors.New("internal"))
			}
		}()
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		limit := int64(MaxBody)
		if b, ok := next.(Bounder); ok {
			limit = b.MaxBody(r)
		}
		r.Body = http.MaxBytesReader(w, r.Body, limit)
		next.ServeHTTP(w, r)
	})
}
