package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing/fstest"
	"time"

	"clarion/broadcast"
	"clarion/internal/clock"
	"clarion/internal/conf"
	"clarion/internal/dkim"
	"clarion/internal/redisdb"
	"clarion/internal/seal"
	"clarion/lists"
	"clarion/lists/address"
	"clarion/lists/tabular"
	"clarion/templates"
	"clarion/worker"
	"clarion/worker/gateway/smtp"
)

//go:embed call text
var callFolders embed.FS

// product is Clarion as clarion serve puts it together, in this process, with
// its own redis-server that syncs every write. Programs on the same folder are
// its guests.
type product struct {
	dir    string
	db     *redisdb.DB
	keys   *seal.Keyring
	people *lists.Store
	ledger *broadcast.Ledger
	queue  *worker.Queue
	log    *slog.Logger
	text   *templates.Call // by email

	signers dkim.Domains // who signs what this process sends, nil for nobody
}

// everyone is the list that all contacts are on.
const everyone = "supporters"

const relayName = "relay"

func openProduct(ctx context.Context, dir string) (*product, error) {
	p := &product{dir: dir, log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))}
	redisdb.LogTo(p.log)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make a data folder: %w", err)
	}
	var err error
	if p.text, err = readCall("call", ""); err != nil {
		return nil, err
	}
	if p.keys, err = seal.LoadOrCreate(filepath.Join(dir, "clarion.key")); err != nil {
		return nil, err
	}
	if p.db, err = redisdb.Open(ctx, redisdb.Config{DataDir: dir}, p.log); err != nil {
		return nil, err
	}
	if p.people, err = lists.Open(ctx, p.db.Client(), p.keys, clock.System{}); err != nil {
		return nil, errors.Join(err, p.db.Close())
	}
	p.ledger = broadcast.Open(p.db.Client(), clock.System{})
	p.queue = worker.NewQueue(p.db.Client())
	return p, nil
}

// readCall reads one of our calls, with lines that its call.toml ends with.
func readCall(folder, more string) (*templates.Call, error) {
	files := fstest.MapFS{}
	entries, err := callFolders.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		data, err := callFolders.ReadFile(folder + "/" + e.Name())
		if err != nil {
			return nil, err
		}
		if e.Name() == templates.CallFile {
			data = append(data, "\n"+more...)
		}
		files[e.Name()] = &fstest.MapFile{Data: data}
	}
	text, problems, err := templates.LoadFS(files)
	if err != nil {
		return nil, err
	}
	if len(problems) > 0 {
		return nil, fmt.Errorf("read the call: %s", problems[0])
	}
	return text, nil
}

func (p *product) links() worker.Links {
	return worker.Links{Organisation: "Save 9 Campaign", Public: "https://act.example.org", BounceDomain: bounceDomain, Region: "KR", Signers: p.signers}
}

const bounceDomain = "bounce.example.org"

// relay is the gateway to a relay on a port of this machine.
func relay(port, connections int) (*watched, error) {
	g, err := smtp.New(smtp.Config{Host: "127.0.0.1", Port: port, TLS: "none", Hello: "bench.example.org", Connections: connections, Timeout: conf.Duration(time.Minute)}, relayName)
	return &watched{Gateway: g}, err
}

// load imports n contacts.
func (p *product) load(ctx context.Context, list string, n int) error {
	r := contacts(n)
	defer r.Close()
	report, err := p.take(ctx, list, "캠페인 소식을 이메일로 받는 데 동의합니다", r)
	if err != nil {
		return err
	}
	if report.Accepted != n {
		return fmt.Errorf("import: %d of %d contacts were taken", report.Accepted, n)
	}
	return nil
}

// take imports a table.
func (p *product) take(ctx context.Context, list, consent string, table io.Reader) (*lists.Report, error) {
	t, err := tabular.Open(table)
	if err != nil {
		return nil, fmt.Errorf("read contacts: %w", err)
	}
	return p.people.Import(ctx, t, lists.ImportOptions{List: list, Consent: consent, Region: "KR"}, func(int64, int) {})
}

// startWorker starts a worker in this process.
func (p *product) startWorker(ctx context.Context, g worker.Gate) (*worker.Worker, error) {
	w, err := worker.New(worker.Config{Channels: []address.Channel{g.Channel}, Links: p.links(), Journal: filepath.Join(p.dir, "journal")}, worker.Parts{
		Redis: p.db.Client(), Ledger: p.ledger, People: p.people, Keys: p.keys, Clock: clock.System{}, Log: p.log, Gates: []worker.Gate{g},
	})
	if err != nil {
		return nil, err
	}
	return w, w.Start(ctx)
}

// A sending is one call, from its launch to its end.
type sending struct {
	id    broadcast.ID
	took  time.Duration // from the launch to the last message sent and entered
	first time.Duration // from the launch until the relay had taken the first message
	octets, from,
	to int // means over all messages
	own, redis time.Duration // processor time
}

// send launches a call by email to an audience of n, with a worker of its own in
// this process, and waits for its end.
func (p *product) send(ctx context.Context, relay *watched, who lists.Audience, n, connections int) (s sending, err error) {
	w, err := p.startWorker(ctx, worker.Gate{Name: relayName, Channel: address.Email, Gateway: relay, Connections: connections})
	if err != nil {
		return s, err
	}
	defer w.Shutdown()
	relay.reset()
	debug.FreeOSMemory() // what the import, or the recount of the last call, leaves behind is no part of sending
	own, err := ownTime()
	if err != nil {
		return s, err
	}
	redis, err := p.redisTime(ctx)
	if err != nil {
		return s, err
	}
	began := time.Now()
	if s.id, err = p.launch(ctx, p.text, who); err != nil {
		return s, err
	}
	finished, err := p.await(ctx, s.id)
	if err != nil {
		return s, err
	}
	s.took = finished.Sub(began)
	if s.own, err = ownTime(); err != nil {
		return s, err
	}
	if s.redis, err = p.redisTime(ctx); err != nil {
		return s, err
	}
	s.own, s.redis = s.own-own, s.redis-redis
	s.first = time.Unix(0, relay.first.Load()).Sub(began)
	s.octets, s.from, s.to = int(relay.octets.Load())/n, int(relay.from.Load())/n, int(relay.to.Load())/n
	return s, p.verify(ctx, s.id, n)
}

// launch does what clarion call launch does. What the audience leaves open the
// call says.
func (p *product) launch(ctx context.Context, text *templates.Call, a lists.Audience) (broadcast.ID, error) {
	if a.Channels = text.Channels; len(a.Lists) == 0 {
		a.Lists = text.Audience.Lists
	}
	who, err := p.people.Resolve(ctx, a)
	if err != nil {
		return "", err
	}
	c := broadcast.Call{Name: text.Name, Campaign: text.Campaign, Gateways: []string{"", relayName}}
	if _, err := worker.Compile(&c, text, p.links()); err != nil {
		return "", err
	}
	id, err := p.ledger.New(ctx, c, text.Files())
	if err != nil {
		return "", err
	}
	if err := p.ledger.Freeze(ctx, id, who); err != nil {
		return "", err
	}
	return id, worker.Begin(ctx, p.ledger, p.queue, id)
}

// stop ends a call before its time, and returns when it has left the queue too:
// the next one is not to find its remains.
func (p *product) stop(ctx context.Context, id broadcast.ID) error {
	state, err := p.ledger.Do(ctx, id, broadcast.ActStop)
	if err == nil && state == broadcast.Stopping {
		_, err = p.ledger.Wind(ctx, id)
	}
	if err != nil {
		return err
	}
	return until(ctx, 20*time.Millisecond, func() (bool, error) {
		c, err := p.ledger.Call(ctx, id)
		if err != nil || c.State != broadcast.Stopped {
			return false, err
		}
		waiting, err := p.queued(ctx)
		return !waiting, err
	})
}

// until asks again and again until what it asks for is there.
func until(ctx context.Context, every time.Duration, there func() (bool, error)) error {
	poll := time.NewTicker(every)
	defer poll.Stop()
	for {
		if ok, err := there(); ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-poll.C:
		}
	}
}

// await returns when the call ended by the ledger's own word, to the millisecond.
func (p *product) await(ctx context.Context, id broadcast.ID) (finished time.Time, err error) {
	return finished, until(ctx, 20*time.Millisecond, func() (bool, error) {
		c, err := p.ledger.Call(ctx, id)
		if err != nil {
			return false, err
		}
		finished = c.Finished
		if c.State != broadcast.Running && c.State != broadcast.Done {
			return false, fmt.Errorf("call %s is %s: %s", id, c.State, c.Note.Sentence("en"))
		}
		return c.State == broadcast.Done, nil
	})
}

// verify recounts the ledger: a rate counts only if everyone got their message.
func (p *product) verify(ctx context.Context, id broadcast.ID, n int) error {
	audit, err := p.ledger.Audit(ctx, id)
	if err != nil {
		return err
	}
	if !audit.OK() || audit.States[broadcast.Sent] != n {
		return fmt.Errorf("call %s: %d of %d sent; %s", id, audit.States[broadcast.Sent], n, strings.Join(audit.Differences, "; "))
	}
	return nil
}
