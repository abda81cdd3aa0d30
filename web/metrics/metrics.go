// Package metrics owns what Prometheus is told: how calls, queues, gateways,
// workers and Redis stand, read from counters when it asks, and what each listener
// answers. Nothing in it names a person; which values a label may have is bounded.
package metrics

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"clarion/broadcast"
	"clarion/internal/clock"
	"clarion/internal/redisdb"
	"clarion/lists"
	"clarion/worker"
	"clarion/worker/alarm"
)

// Parts are what is measured.
type Parts struct {
	DB     *redisdb.DB
	Ledger *broadcast.Ledger
	People *lists.Store
	Queue  *worker.Queue
	Alarms *alarm.Store
	Clock  clock.Clock
	Log    *slog.Logger
}

// Metrics are all that is told.
type Metrics struct {
	registry *prometheus.Registry
	answers  *answers
	own      []prometheus.Collector // of Go, and of this process
	log      *slog.Logger
}

// New returns the metrics of this process, and of all that stands in its Redis.
func New(p Parts) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry(), answers: newAnswers(), log: p.Log,
		own: []prometheus.Collector{collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{})}}
	m.registry.MustRegister(&figures{p}, m.answers.count, m.answers.took)
	m.registry.MustRegister(m.own...)
	return m
}

// patience is how long Redis may take to answer all that one scrape asks.
const patience = 10 * time.Second

// Handler serves GET /metrics, to at most two who ask at once.
func (m *Metrics) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorLog: slog.NewLogLogger(m.log.Handler(), slog.LevelWarn), ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: 2,
	}))
	return mux
}
