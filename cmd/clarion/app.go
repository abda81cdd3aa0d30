package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"clarion/broadcast"
	"clarion/internal/audit"
	"clarion/internal/clock"
	"clarion/internal/redisdb"
	"clarion/internal/seal"
	"clarion/lists"
	"clarion/lists/address"
	"clarion/petition"
	"clarion/petition/incoming"
	"clarion/web/desk"
	"clarion/webhooks"
	"clarion/worker"
	"clarion/worker/gateway/builtin"
	"clarion/worker/gateway/mx"
	"clarion/worker/gateway/rehearsal"
)

// An app is everything that a command works with, opened.
type app struct {
	*program
	cfg    *config
	log    *slog.Logger
	db     *redisdb.DB
	keys   *seal.Keyring
	people *lists.Store
	ledger *broadcast.Ledger
	queue  *worker.Queue
	trail  *audit.Trail
	gates  []worker.Gate
	desk   *desk.Desk
	hooks  *webhooks.Store
	roll   *petition.Roll // nil where no petition is set

	incoming *incoming.Desk // nil where no petition is set
}

// open opens the key, Redis, and the stores. The caller closes the app.
func (p *program) open(cmd *cobra.Command) (*app, error) {
	cfg, err := p.loadConfig(cmd)
	if err != nil {
		return nil, err
	}
	return p.openWith(cmd.Context(), cfg, cfg.redis(), rehearsal.Config{})
}

func (p *program) openWith(ctx context.Context, cfg *config, rc redisdb.Config, rehearse rehearsal.Config) (*app, error) {
	a := &app{program: p, cfg: cfg, log: p.logger(cfg)}
	redisdb.LogTo(a.log)
	time.Local = cfg.zone() // times are told by one clock, whichever machine tells them
	var err error
	if a.keys, err = a.loadKey(rc.InProcess); err != nil {
		return nil, err
	}
	if a.db, err = redisdb.Open(ctx, rc, a.log); err != nil {
		return nil, err
	}
	clk := clock.System{}
	if a.people, err = lists.Open(ctx, a.db.Client(), a.keys, clk); err != nil {
		if errors.Is(err, lists.ErrWrongKey) {
			err = fmt.Errorf("%w (the key file is %s)", err, a.keyFile())
		}
		return nil, errors.Join(err, a.db.Close())
	}
	a.ledger = broadcast.Open(a.db.Client(), clk)
	a.queue = worker.NewQueue(a.db.Client())
	anchor := ""
	if !rc.InProcess {
		anchor = filepath.Join(cfg.Data, "audit.anchor")
	}
	a.trail = audit.Open(a.db.Client(), a.keys, clk, anchor, a.log)
	rehearsals, err := builtin.Rehearsals(rehearse, clk)
	if err != nil {
		return nil, errors.Join(err, a.db.Close())
	}
	for _, g := range cfg.gates {
		if direct, ok := g.Gateway.(*mx.Gateway); ok {
			direct.Share(a.db.Client(), a.keys)
		}
	}
	a.gates = append(append([]worker.Gate{}, cfg.gates...), rehearsals...)
	if cfg.campaign != nil {
		a.roll = petition.OpenRoll(cfg.campaign, a.db.Client(), a.keys, clk)
	}
	a.incoming = a.openIncoming()
	a.hooks = webhooks.Open(webhooks.Config{Open: cfg.open}, webhooks.Parts{Redis: a.db.Client(), Ledger: a.ledger, Keys: a.keys, Trail: a.trail, Clock: clk, Log: a.log})
	a.desk = a.newDesk()
	return a, nil
}

func (a *app) newDesk() *desk.Desk {
	gates := make([]desk.Gate, len(a.cfg.gates))
	for i, g := range a.cfg.gates {
		gates[i] = desk.Gate{Gate: g}
		if s, ok := a.cfg.Gateway[g.Name]; ok { // those of the demo stand in no file
			gates[i].Line = s.Problem("", "").Line
		}
	}
	return desk.New(desk.Parts{
		Redis: a.db.Client(), Ledger: a.ledger, People: a.people, Queue: a.queue, Keys: a.keys, Gates: gates,
		Links: a.cfg.links(), Lanes: a.cfg.Lane.lanes(), Systems: a.systems(), Quiet: a.cfg.Quiet.rules(), Bounces: a.cfg.Inbox.Domain != "", Settings: a.configFile,
		Release: desk.ReleaseRule(a.cfg.Release), Petition: petition.Open(a.db.Client(), a.keys, clock.System{}), Appeal: a.cfg.appeal(), Roll: a.roll, Letters: a.letters(), Reach: a.reach(), Office: a.cfg.Inbox.RepliesTo, Zone: a.cfg.zone(), Figures: a.db.Figures,
	})
}

// letters keep what single people are told, until a worker sends it.
func (a *app) letters() *worker.Inbound {
	return worker.NewInbound(a.parts(), a.cfg.links())
}

// systems knows who receives for mail domains; nil where nobody is to be asked.
func (a *app) systems() *worker.Systems {
	if a.cfg.exchangers == nil || a.cfg.samples {
		return nil
	}
	return worker.NewSystems(a.db.Client(), a.keys, clock.System{})
}

func (a *app) keyFile() string { return filepath.Join(a.cfg.Data, "clarion.key") }

// loadKey reads the key file, or makes one at first start. What keeps nothing
// gets a key of the moment.
func (a *app) loadKey(ofTheMoment bool) (*seal.Keyring, error) {
	if !ofTheMoment {
		return seal.LoadOrCreate(a.keyFile())
	}
	dir, err := os.MkdirTemp("", "clarion-demo-")
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	defer os.RemoveAll(dir)
	return seal.LoadOrCreate(filepath.Join(dir, "clarion.key"))
}

// close closes Redis; one of our own is stopped last.
func (a *app) close() error { return a.db.Close() }

func (p *program) logger(cfg *config) *slog.Logger {
	level := slog.LevelWarn
	switch {
	case p.verbose:
		level = slog.LevelDebug
	case p.quiet:
		level = slog.LevelError
	}
	o := &slog.HandlerOptions{Level: level}
	if cfg.Log == "json" {
		return slog.New(slog.NewJSONHandler(p.err, o))
	}
	return slog.New(slog.NewTextHandler(p.err, o))
}

func (a *app) parts() worker.Parts {
	return worker.Parts{Redis: a.db.Client(), Ledger: a.ledger, People: a.people, Keys: a.keys, Clock: clock.System{}, Log: a.log, Gates: a.gates, Watcher: a.hooks, Lineage: a.db.Lineage(), Replies: a.replies()}
}

// startWorker starts a worker in this process.
func (a *app) startWorker(ctx context.Context, channels []address.Channel) (*worker.Worker, error) {
	w, err := worker.New(a.cfg.worker(channels), a.parts())
	if err != nil {
		return nil, err
	}
	return w, w.Start(ctx)
}

// with opens an app, does something with it, and closes it.
func (p *program) with(cmd *cobra.Command, do func(ctx context.Context, a *app) error) error {
	a, err := p.open(cmd)
	if err != nil {
		return err
	}
	return errors.Join(do(cmd.Context(), a), a.close())
}
