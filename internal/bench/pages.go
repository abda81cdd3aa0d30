package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"clarion/broadcast"
	"clarion/internal/audit"
	"clarion/internal/clock"
	"clarion/petition"
	"clarion/web/access"
	"clarion/web/console"
	"clarion/web/desk"
	"clarion/webhooks"
)

// pages has people read the console while a call to the largest list goes out: its
// live page, most of all, and the board, the comparison and the report beside it.
func pages(ctx context.Context, b *bench) error {
	return b.watched(ctx, watch{"a page of the console while a call to " + thousands(b.many) + " goes out", fivePeople, 50, 0.98, 0, refreshEvery / watchers,
		func(p *product, id broadcast.ID) (look, func(), error) {
			site, err := p.console()
			if err != nil {
				return nil, nil, err
			}
			s := httptest.NewServer(site)
			call := "/calls/" + string(id)
			paths := []string{call, call + "/live", call + "/live", call + "/live", "/calls", "/calls/board", "/calls/compare", call + "/report"}
			n := 0
			return func(ctx context.Context) error {
				path := paths[n%len(paths)]
				n++
				return read(ctx, s.Client(), s.URL+path)
			}, s.Close, nil
		}})
}

func read(ctx context.Context, c *http.Client, url string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	a, err := c.Do(r)
	if err != nil {
		return err
	}
	defer a.Body.Close()
	if _, err := io.Copy(io.Discard, a.Body); err != nil {
		return err
	}
	if a.StatusCode != http.StatusOK {
		return fmt.Errorf("the page at %s is answered %s", r.URL.Path, a.Status)
	}
	return nil
}

// console is the staff's pages, open to everyone as in the demo.
func (p *product) console() (http.Handler, error) {
	rdb, clk := p.db.Client(), clock.System{}
	trail := audit.Open(rdb, p.keys, clk, "", p.log)
	hooks := webhooks.Open(webhooks.Config{}, webhooks.Parts{Redis: rdb, Ledger: p.ledger, Keys: p.keys, Trail: trail, Clock: clk, Log: p.log})
	d := desk.New(desk.Parts{Redis: rdb, Ledger: p.ledger, People: p.people, Queue: p.queue, Keys: p.keys, Clock: clk, Settings: "clarion.toml", Petition: petition.Open(rdb, p.keys, clk)})
	return console.New(console.Parts{
		Desk: d, Trail: trail, Clock: clk, Zone: time.UTC, Log: p.log, Webhooks: hooks,
		Guard: func(deny func(http.ResponseWriter, *http.Request, error)) (console.Guard, error) {
			return access.NewOpenHouse("Save 9", p.keys, deny), nil
		},
	})
}
