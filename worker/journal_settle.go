package worker

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"clarion/broadcast"
)

// settleJournals enters what workers of this machine that are dead had noted, and
// tells everyone that they are dead. It comes before the takeover, or after: then
// what it says settles what is in doubt, unless that was claimed anew.
func (w *Worker) settleJournals(ctx context.Context) error {
	if w.cfg.Journal == "" {
		return nil
	}
	entries, err := os.ReadDir(w.cfg.Journal)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return fmt.Errorf("look for journals: %w", err)
	}
	var errs []error
	for _, e := range entries {
		if e.Name() == w.id || strings.HasPrefix(e.Name(), hidden) {
			continue
		}
		if err := w.settleJournal(ctx, e.Name()); err != nil {
			errs = append(errs, fmt.Errorf("settle the journal of worker %s: %w", e.Name(), err))
		}
	}
	return errors.Join(errs...)
}

func (w *Worker) settleJournal(ctx context.Context, dead string) error {
	path := filepath.Join(w.cfg.Journal, dead)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // another was quicker
	} else if err != nil {
		return err
	}
	defer f.Close()
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); errors.Is(err, unix.EWOULDBLOCK) {
		return nil // its worker lives, or another settles it
	} else if err != nil {
		return err
	}
	data, err := io.ReadAll(f)
	if err != nil {
		return err
	}
	sheets := readJournal(data)
	known := 0
	for _, s := range sheets {
		n, err := w.settleSheet(ctx, dead, s)
		if err != nil {
			return err // it stays, for the next look
		}
		known += n
	}
	w.goodbye(ctx, dead)
	w.log.Info("the journal of a dead worker of this machine was read", "settled", known)
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// readJournal returns the sheets of a journal that say something; none when it is
// of another boot of the machine, or damaged.
func readJournal(data []byte) []sheet {
	boot, err := bootID()
	if err != nil || len(data) < journalHead || string(data[:bootSize]) != boot {
		return nil
	}
	size := int(binary.LittleEndian.Uint32(data[bootSize:]))
	if size < sheetHead || size%4 != 0 {
		return nil
	}
	var out []sheet
	for rest := data[journalHead:]; len(rest) >= size; rest = rest[size:] {
		if s := sheet(rest[:size]); s.len() > 0 && sheetHead+4*s.len() <= size {
			out = append(out, s)
		}
	}
	return out
}

// settleSheet enters what is known of a dead worker's group, and returns of how
// many deliveries that changed something. What is not known stays as it is: the
// takeover puts it in doubt.
func (w *Worker) settleSheet(ctx context.Context, dead string, s sheet) (int, error) {
	lease, from := s.lease()
	lease.Worker = dead
	work, err := w.ledger.Work(ctx, lease.Call, lease.Work)
	if errors.Is(err, broadcast.ErrNoWork) {
		return 0, nil // it is over
	} else if err != nil {
		return 0, err
	}
	if from+s.len() > work.Len() {
		return 0, nil
	}
	sent := broadcast.Outcome{
		Group:    broadcast.Group{Call: lease.Call, Work: work, From: from, To: from + s.len()},
		Attempts: make([]byte, s.len()), Results: make([]broadcast.Result, s.len()),
	}
	for i := range s.len() {
		sent.Attempts[i], sent.Results[i] = s.at(i)
		if sent.Results[i].State == broadcast.Deferred {
			// When exactly is not noted; the far side asked for no less than our first wait, most likely.
			sent.Results[i].Due = w.clk.Now().Add(w.cfg.Retry[work.Channel].First)
		}
	}
	var turning *broadcast.Turning
	if err := w.trips.do(ctx, func(tx queueTx) {
		turning = w.ledger.QueueTurn(ctx, tx, sent, lease, broadcast.Group{}, 0)
	}); err != nil {
		return 0, err
	}
	return turning.Committed()
}
