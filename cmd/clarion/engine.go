package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"clarion/lists/address"
	"clarion/web"
	"clarion/web/hook"
	"clarion/worker"
	"clarion/worker/inbox"
)

// An engine is all that runs: a worker, and with listeners also what comes in.
type engine struct {
	app     *app
	worker  *worker.Worker
	servers []*web.Server
	stop    context.CancelFunc
	running int        // beside the worker and the servers
	ended   chan error // the end of one of them
	Public  string     // where the pages listen
}

// startEngine starts a worker for channels, and with listeners the pages, the
// gateways' hook and the inbox. What is listening already in another process
// (serve, beside a call launch --wait) is left to it.
func (a *app) startEngine(ctx context.Context, channels []address.Channel, listeners bool) (*engine, error) {
	e := &engine{app: a, ended: make(chan error, 8)}
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	e.stop = stop
	in := worker.NewInbound(a.parts(), a.cfg.links())
	var err error
	if listeners {
		err = e.listen(run, in)
	}
	if err == nil {
		e.worker, err = a.startWorker(ctx, channels)
	}
	if err == nil {
		e.run(func() error { return a.hooks.Serve(run) })
		if a.roll != nil {
			e.run(func() error { return a.roll.Serve(run, a.log) })
		}
		if a.cfg.Alarm.Every > 0 {
			e.watchAlarms(run, in)
		}
	}
	if err != nil {
		return nil, errors.Join(err, e.shutdown())
	}
	return e, nil
}

func (e *engine) listen(ctx context.Context, in *worker.Inbound) error {
	a := e.app
	pages, err := a.site(in)
	if err != nil {
		return err
	}
	watch, err := e.measure()
	if err != nil {
		return err
	}
	for i, s := range []struct {
		address string
		handler http.Handler
	}{{a.cfg.Web.Listen, watch("pages", pages)}, {a.cfg.Hook.Listen, watch("hook", hook.New(a.cfg.hooks, in, a.log))}} {
		if s.address == "" {
			continue
		}
		server, err := web.Listen(s.address, s.handler, a.log)
		if err != nil {
			return err
		}
		e.servers = append(e.servers, server)
		if i == 0 {
			e.Public = server.Addr()
		}
	}
	return e.takeMail(ctx, in)
}

// takeMail starts what reads returned mail: the listener, the mailbox, or both.
func (e *engine) takeMail(ctx context.Context, in *worker.Inbound) error {
	c := &e.app.cfg.Inbox
	sink, err := e.app.mailSink(in)
	if err != nil {
		return err
	}
	if c.Listen != "" {
		server, err := inbox.New(inbox.Config{Listen: c.Listen, Protocol: inbox.Protocol(c.Protocol), Domains: []string{c.Domain}}, sink, e.app.log)
		if err != nil {
			return err
		}
		e.run(func() error { return server.Serve(ctx) })
	}
	if c.IMAP.Host != "" {
		mailbox, err := inbox.OpenMailbox(c.IMAP, []string{c.Domain}, sink, in.MailTurn(), e.app.log)
		if err != nil {
			return err
		}
		e.run(func() error { return mailbox.Serve(ctx) })
	}
	return nil
}

// run runs one thing beside the others: a way in, what tells webhooks,
// or what looks for alarms.
func (e *engine) run(serve func() error) {
	e.running++
	go func() { e.ended <- serve() }()
}

// shutdown ends all: first what begins work, then what comes in.
func (e *engine) shutdown() error {
	if e.worker != nil {
		e.worker.Shutdown()
	}
	var err error
	for _, s := range e.servers {
		err = errors.Join(err, s.Shutdown())
	}
	e.stop()
	late := time.After(e.app.cfg.Worker.Drain)
	for range e.running {
		select {
		case ierr := <-e.ended:
			err = errors.Join(err, ierr)
		case <-late:
			return errors.Join(err, fmt.Errorf("what runs beside the worker did not end in %s", e.app.cfg.Worker.Drain))
		}
	}
	return err
}
