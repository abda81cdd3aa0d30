package alarm

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"clarion/broadcast"
	"clarion/internal/clock"
	"clarion/internal/dkim"
	"clarion/internal/redisdb"
	"clarion/internal/seal"
	"clarion/lists/address"
	"clarion/worker"
)

// Parts are what a Watcher looks at, and tells people by.
type Parts struct {
	Redis   worker.Redis
	Ledger  *broadcast.Ledger
	Queue   *worker.Queue
	Figures func(context.Context) ([]redisdb.Figures, error) // of Redis
	Gates   []worker.Gate                                    // of the settings, without those of rehearsals
	Inbound *worker.Inbound                                  // knows what came back
	Reply   func(context.Context) (time.Time, error)         // until when a petition's addressee is to answer, zero for no clock; nil: there is no petition
	Keys    *seal.Keyring
	Signers dkim.Domains
	Clock   clock.Clock
	Zone    *time.Location // in which notices tell the time
	Log     *slog.Logger
	Told    Listener // is told of each alarm too; nil: nobody is

	Organisation string
	Domain       string // of the sender of notices, and where they come back to; "" only while no person has an email address
	Public       string // address of the console
}

// A Listener is shown every alarm, open or over, at each look, and tells machines of
// what is new to it.
type Listener interface {
	Alarm(ctx context.Context, a *Alarm) error
}

// A Watcher looks, now and then, if it is its turn, and tells people what is wrong.
type Watcher struct {
	cfg    Config
	parts  Parts
	store  *Store
	turn   *worker.Turn
	window window
}

// NewWatcher makes a watcher; cfg has passed its Check.
func NewWatcher(cfg Config, p Parts) *Watcher {
	for i := range cfg.Person {
		who := &cfg.Person[i]
		sum := p.Keys.Sum(seal.AlarmPerson, []byte(who.email.Reveal()), []byte(who.phone.Reveal()))
		who.key = hex.EncodeToString(sum[:8])
	}
	return &Watcher{cfg: cfg, parts: p, store: Open(p.Redis), turn: worker.NewTurn(p.Redis, "alarms"), window: newWindow(cfg.Window)}
}

// turnFor is how long a turn holds: longer than what one notice may take, so that
// nobody else says it meanwhile.
func (w *Watcher) turnFor() time.Duration { return max(2*w.cfg.Every, time.Minute) }

// noticeTime bounds how long the gateways may take to take one notice.
const noticeTime = 45 * time.Second

// Run looks until ctx ends. Every is not 0.
func (w *Watcher) Run(ctx context.Context) {
	defer func() {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		if err := w.turn.Leave(last); err != nil {
			w.parts.Log.Warn("alarms: another worker looks only when our turn has run out", "error", err)
		}
	}()
	tick := time.NewTicker(w.cfg.Every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := w.Look(ctx); err != nil && ctx.Err() == nil {
				w.parts.Log.Warn("alarms: a look was not complete", "error", err)
			}
		}
	}
}

// Look looks once, if it is our turn. A notice goes out before it is entered: who is
// killed in between has it said once more by the next, and never keeps it unsaid.
func (w *Watcher) Look(ctx context.Context) error {
	if ours, err := w.turn.Take(ctx, w.turnFor()); err != nil || !ours {
		return err
	}
	s, err := w.snapshot(ctx)
	if err != nil {
		return err
	}
	back, err := w.cameBack(ctx)
	if err != nil {
		return err
	}
	book, err := w.store.Change(ctx, func(b *Book) error {
		for i := range w.cfg.Person {
			if r := b.People[w.cfg.Person[i].key]; r != nil {
				if back[i] {
					r.Lost = s.At
				}
				if !r.Lost.IsZero() {
					s.Lost = append(s.Lost, i+1)
				}
			}
		}
		b.Enter(Find(s, w.cfg.Limits), s.At, w.cfg.Calm)
		s.Lost = nil // it may be done again
		return nil
	})
	if err != nil {
		return err
	}
	var errs []error
	for _, a := range book.Alarms {
		if w.parts.Told != nil {
			errs = append(errs, w.parts.Told.Alarm(ctx, a))
		}
	}
	for i := range w.cfg.Person {
		if n := book.Due(&w.cfg.Person[i], s.At, &w.cfg); n != nil {
			errs = append(errs, w.tell(ctx, i, n))
		}
	}
	return errors.Join(errs...)
}

// tell brings a person a notice and enters that it went.
func (w *Watcher) tell(ctx context.Context, i int, n *Notice) error {
	if ours, err := w.turn.Take(ctx, w.turnFor()); err != nil || !ours {
		return err
	}
	sent := w.bring(ctx, n)
	lost := sent != nil && worker.ForGood(sent)
	if sent != nil {
		w.parts.Log.Warn("alarms: a notice was not sent", "person", i+1, "error", sent)
		if !lost {
			return nil // the next look tries again
		}
	}
	_, err := w.store.Change(ctx, func(b *Book) error {
		b.Told(n, w.parts.Clock.Now(), lost)
		return nil
	})
	return err
}

// bring sends a notice to each address of its person. It has come if one took it;
// what may have gone counts as gone.
func (w *Watcher) bring(ctx context.Context, n *Notice) error {
	ctx, cancel := context.WithTimeout(ctx, noticeTime)
	defer cancel()
	var failed error
	took := false
	for _, to := range []address.Address{n.To.email, n.To.phone} {
		if to.IsZero() {
			continue
		}
		m, err := w.message(n, to)
		if err == nil {
			err = worker.SendOne(ctx, w.parts.Gates, m)
		}
		switch {
		case err == nil, worker.Uncertain(err):
			took = true
		case failed == nil || worker.ForGood(failed):
			failed = err // one that may take it later outweighs one that never will
		}
	}
	if took {
		return nil
	}
	return failed
}

// cameBack says of which people a notice came back as undeliverable.
func (w *Watcher) cameBack(ctx context.Context) (map[int]bool, error) {
	back := map[int]bool{}
	for i := range w.cfg.Person {
		if w.cfg.Person[i].email.IsZero() {
			continue
		}
		came, err := w.parts.Inbound.TestCame(ctx, w.delivery(&w.cfg.Person[i]))
		if err != nil {
			return nil, fmt.Errorf("look whether a notice came back: %w", err)
		}
		back[i] = came
	}
	return back, nil
}

// delivery is what returned notices to a person go by.
func (w *Watcher) delivery(p *Person) broadcast.Delivery {
	d := broadcast.Delivery{Call: broadcast.TestCall, Channel: address.Email}
	copy(d.Key[:], p.key)
	return d
}
