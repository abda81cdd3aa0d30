package metrics

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"clarion/web"
)

// answers are what the listeners answered. A route is the pattern that a request
// came to, never its address: that may hold somebody's link.
type answers struct {
	count *prometheus.CounterVec
	took  *prometheus.HistogramVec
}

func newAnswers() *answers {
	return &answers{
		count: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "clarion_http_requests_total",
			Help: "Requests answered, by listener, pattern of the route and status."}, []string{"listener", "route", "status"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "clarion_http_request_duration_seconds",
			Help: "How long answers took, by listener and pattern of the route.", Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 5}}, []string{"listener", "route"}),
	}
}

// noRoute is the route of what no pattern fits, and of who is turned away before.
const noRoute = "none"

// Watch counts what next answers; listener names it: "pages" or "hook".
func (m *Metrics) Watch(listener string, next http.Handler) http.Handler {
	return &watched{next, m.answers, listener}
}

type watched struct {
	http.Handler
	answers  *answers
	listener string
}

// ServeHTTP counts an answer when it has ended, also one that panicked.
func (h *watched) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	s := &status{ResponseWriter: w, code: http.StatusServiceUnavailable} // what a handler that breaks off is answered with
	defer func() {
		route := r.Pattern
		if route == "" {
			route = noRoute
		}
		h.answers.count.WithLabelValues(h.listener, route, strconv.Itoa(s.code)).Inc()
		h.answers.took.WithLabelValues(h.listener, route).Observe(time.Since(began).Seconds())
	}()
	h.Handler.ServeHTTP(s, r)
	if !s.said {
		s.code = http.StatusOK
	}
}

// MaxBody is the most that a request's body may have, in bytes.
func (h *watched) MaxBody(r *http.Request) int64 {
	if b, ok := h.Handler.(web.Bounder); ok {
		return b.MaxBody(r)
	}
	return web.MaxBody
}

// status notes with which status an answer goes out.
type status struct {
	http.ResponseWriter
	code int
	said bool
}

func (s *status) WriteHeader(code int) {
	if !s.said && code >= http.StatusOK { // 1xx are no answer yet
		s.code, s.said = code, true
	}
	s.ResponseWriter.WriteHeader(code)
}

func (s *status) Write(b []byte) (int, error) {
	if !s.said {
		s.code, s.said = http.StatusOK, true
	}
	return s.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach what is underneath.
func (s *status) Unwrap() http.ResponseWriter { return s.ResponseWriter }
