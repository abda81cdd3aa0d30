package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"clarion/broadcast"
	"clarion/internal/clock"
	"clarion/internal/conf"
	"clarion/internal/quiet"
	"clarion/internal/redisdb"
	"clarion/internal/seal"
	"clarion/lists"
	"clarion/lists/address"
	"clarion/lists/tabular"
	"clarion/petition"
	"clarion/templates"
	"clarion/web/desk"
	"clarion/worker"
	"clarion/worker/gateway/builtin"
	"clarion/worker/gateway/rehearsal"
)

// A world is Clarion with a clock that moves when it is told. Its gateways send
// nothing, and answer as real ones do.
type world struct {
	clk    *clock.Manual
	zone   *time.Location
	db     *redisdb.DB
	people *lists.Store
	ledger *broadcast.Ledger
	desk   *desk.Desk
	carry  *petition.Desk
	roll   *petition.Roll
	worker *worker.Worker
	folder string
}

// organisation is whose campaign it is.
const organisation = "Save 9 Campaign"

func openWorld(ctx context.Context, began time.Time, campaign *petition.Campaign) (w *world, err error) {
	w = &world{clk: clock.NewManual(began), zone: campaign.Zone}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	redisdb.LogTo(log)
	if w.folder, err = os.MkdirTemp("", "clarion-story-"); err != nil {
		return nil, fmt.Errorf("make a data folder: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.close())
		}
	}()
	keys, err := seal.LoadOrCreate(filepath.Join(w.folder, "clarion.key"))
	if err != nil {
		return nil, err
	}
	if w.db, err = redisdb.Open(ctx, redisdb.Config{DataDir: w.folder}, log); err != nil {
		return nil, err
	}
	rdb := w.db.Client()
	if w.people, err = lists.Open(ctx, rdb, keys, w.clk); err != nil {
		return nil, err
	}
	w.ledger = broadcast.Open(rdb, w.clk)
	gates, err := builtin.Demos(rehearsal.Config{Seed: 9, Bounce: 0.02, Temporary: 0.03, Complaint: 0.0005, ReportAfter: conf.Duration(time.Second)}, w.clk)
	if err != nil {
		return nil, err
	}
	seen := make([]desk.Gate, len(gates))
	for i, g := range gates {
		seen[i] = desk.Gate{Gate: g}
	}
	links := worker.Links{Organisation: organisation, Public: "https://save9.example.org", BounceDomain: "bounce.example.org", OptOut: "https://save9.example.org/u/", Region: "KR"}
	rules := worker.Quiet{Zone: w.zone, Hours: map[address.Channel]quiet.Span{address.SMS: quiet.Law(), address.Fax: quiet.Law()}}
	w.carry, w.roll = petition.Open(rdb, keys, w.clk), petition.OpenRoll(campaign, rdb, keys, w.clk)
	w.desk = desk.New(desk.Parts{Redis: rdb, Ledger: w.ledger, People: w.people, Queue: worker.NewQueue(rdb), Keys: keys, Clock: w.clk, Gates: seen, Links: links,
		Quiet: rules, Bounces: true, Petition: w.carry, Appeal: campaign.Call(links.Public + "/sign"), Roll: w.roll, Figures: w.db.Figures})
	w.worker, err = worker.New(worker.Config{Sweep: 50 * time.Millisecond, Liveness: time.Minute, Quiet: rules, Links: links, Zone: w.zone, Samples: true},
		worker.Parts{Redis: rdb, Ledger: w.ledger, People: w.people, Keys: keys, Clock: w.clk, Log: log, Gates: gates, Lineage: w.db.Lineage()})
	if err != nil {
		return nil, err
	}
	return w, w.worker.Start(ctx)
}

func (w *world) close() (err error) {
	if w.worker != nil {
		w.worker.Shutdown()
	}
	if w.db != nil {
		err = w.db.Close()
	}
	return errors.Join(err, os.RemoveAll(w.folder))
}

// at moves the clock on to a time of a day of the campaign, from 1.
func (w *world) at(day, hour, minute int) {
	w.clk.Set(time.Date(2013, 6, 2+day, hour, minute, 0, 0, w.zone))
}

// load imports a table.
func (w *world) load(ctx context.Context, list string, table io.Reader) (*lists.Report, error) {
	t, err := tabular.Open(table)
	if err != nil {
		return nil, fmt.Errorf("read contacts: %w", err)
	}
	return w.desk.Import(ctx, t, lists.ImportOptions{List: list, Consent: "캠페인 소식을 받는 데 동의합니다", Region: "KR"}, func(int64, int) {})
}

// call launches a call to a list, and returns when it has ended.
func (w *world) call(ctx context.Context, files map[string][]byte) (*desk.CallReport, error) {
	draft := desk.ReadFiles(files)
	if len(draft.Problems) > 0 {
		return nil, draft.Problems
	}
	id, err := w.desk.Launch(ctx, draft, desk.LaunchOptions{})
	if err != nil {
		return nil, fmt.Errorf("launch the call: %w", err)
	}
	return w.ended(ctx, id)
}

// ended returns when a call has ended. The clock moves on meanwhile, so that what was put
// off is tried again.
func (w *world) ended(ctx context.Context, id broadcast.ID) (*desk.CallReport, error) {
	for {
		c, err := w.ledger.Call(ctx, id)
		if err != nil {
			return nil, err
		}
		if c.State != broadcast.Running && c.State != broadcast.Planned {
			break
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(20 * time.Millisecond):
			w.clk.Advance(2 * time.Second)
		}
	}
	audit, err := w.ledger.Audit(ctx, id)
	if err != nil {
		return nil, err
	}
	if !audit.OK() {
		return nil, fmt.Errorf("the call's audit: %s", strings.Join(audit.Differences, "; "))
	}
	return w.desk.Report(ctx, id)
}

// launchCall is the call that comes with Clarion, as fast as it goes.
func launchCall() (map[string][]byte, error) {
	files, err := readAll(templates.Example(), ".")
	if err != nil {
		return nil, err
	}
	toml, _, _ := strings.Cut(string(files[templates.CallFile]), "[pace]")
	_, rest, _ := strings.Cut(string(files[templates.CallFile]), "[limits]")
	files[templates.CallFile] = []byte(toml + "[limits]" + rest)
	return files, nil
}

// readAll reads the files of a folder.
func readAll(fsys fs.FS, dir string) (map[string][]byte, error) {
	files := map[string][]byte{}
	entries, err := fs.ReadDir(fsys, dir)
	for _, e := range entries {
		data, rerr := fs.ReadFile(fsys, filepath.Join(dir, e.Name()))
		err = errors.Join(err, rerr)
		files[e.Name()] = data
	}
	return files, err
}
