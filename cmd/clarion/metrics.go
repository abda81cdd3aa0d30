package main

import (
	"net/http"
	"net/netip"

	"clarion/internal/clock"
	"clarion/web"
	"clarion/web/metrics"
	"clarion/worker/alarm"
)

// checkMetrics keeps the metrics away from the outside.
func (c *config) checkMetrics(wrong func(key []string, format string, args ...any)) {
	listen := c.Metrics.Listen
	if listen == "" {
		return
	}
	at, err := netip.ParseAddrPort(listen)
	switch ip := at.Addr().Unmap(); {
	case err != nil || !ip.IsLoopback() && !ip.IsPrivate():
		wrong([]string{"metrics", "listen"}, `listen is %q: an address of this machine's loopback or of a private network and a port are right, such as "127.0.0.1:9464"`, listen)
	case at.Port() != 0 && (listen == c.Web.Listen || listen == c.Hook.Listen):
		wrong([]string{"metrics", "listen"}, "listen is %s, where something else listens already: metrics have a port of their own", listen)
	}
}

// measure serves the metrics, if they are to be served, and counts what the other
// listeners answer.
func (e *engine) measure() (watch func(listener string, h http.Handler) http.Handler, err error) {
	a := e.app
	if a.cfg.Metrics.Listen == "" {
		return func(_ string, h http.Handler) http.Handler { return h }, nil
	}
	m := metrics.New(metrics.Parts{DB: a.db, Ledger: a.ledger, People: a.people, Queue: a.queue, Alarms: alarm.Open(a.db.Client()), Clock: clock.System{}, Log: a.log})
	server, err := web.Listen(a.cfg.Metrics.Listen, m.Handler(), a.log)
	if err != nil {
		return nil, err
	}
	e.servers = append(e.servers, server)
	return m.Watch, nil
}
