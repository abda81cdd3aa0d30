package lists

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"clarion/lists/address"
	"clarion/lists/tabular"
)

const importBatch = 500 // rows written by one script: some 5 ms of Redis

// A rowReader yields the rows of a table, as they are understood, until io.EOF.
type rowReader interface {
	next() (*entry, error)
	bytesRead() int64
}

type portion struct {
	rows  []*entry
	bytes int64
	err   error // that ended the reading; io.EOF at the table's end
}

// run imports the rows: one goroutine reads and parses while this one writes.
func (s *Store) run(ctx context.Context, rows rowReader, o ImportOptions, report *Report, progress func(bytesRead int64, rows int)) error {
	im := &importer{store: s, options: o, report: report, now: s.clk.Now().UTC().Truncate(time.Second)}
	if o.DryRun {
		last, err := s.rdb.Get(ctx, keyNext.Name()).Uint64()
		if err != nil && !missing(err) {
			return fmt.Errorf("number new contacts: %w", err)
		}
		im.dry = &overlay{index: map[AddressKey][]uint32{}, contacts: map[uint32]string{}, next: uint32(last)}
	}
	portions := make(chan portion)
	reading, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	defer func() { stop(); <-done }()
	go func() {
		defer close(done)
		s.parse(reading, rows, portions)
	}()
	for {
		var p portion
		select {
		case p = <-portions:
		case <-ctx.Done():
			return im.stopped(ctx.Err())
		}
		usable := p.rows[:0:0]
		for _, e := range p.rows {
			if e.usable() {
				usable = append(usable, e)
			}
		}
		if err := ctx.Err(); err != nil {
			return im.stopped(err)
		}
		if len(usable) > 0 {
			if err := im.take(ctx, usable); err != nil {
				return im.stopped(err)
			}
		}
		im.note(p.rows)
		if progress != nil {
			progress(p.bytes, report.Records)
		}
		switch {
		case errors.Is(p.err, io.EOF):
			return nil
		case p.err != nil:
			return im.stopped(p.err)
		}
	}
}

// parse sends the rows in portions until they end or ctx does.
func (s *Store) parse(ctx context.Context, rows rowReader, portions chan<- portion) {
	for {
		p := portion{rows: make([]*entry, 0, s.batchRows)}
		for len(p.rows) < s.batchRows && p.err == nil {
			var e *entry
			if e, p.err = rows.next(); p.err == nil {
				for i, ch := range address.Channels {
					if a := e.Address(ch); !a.IsZero() {
						e.keys[i] = s.Key(a)
					}
				}
				p.rows = append(p.rows, e)
			}
		}
		p.bytes = rows.bytesRead()
		select {
		case portions <- p:
		case <-ctx.Done():
			return
		}
		if p.err != nil {
			return
		}
	}
}

// note adds the rows, imported as far as they are usable, to the report.
func (im *importer) note(rows []*entry) {
	for _, e := range rows {
		im.report.Records++
		if !e.usable() {
			im.report.RejectedRows++
		}
		for _, r := range e.rejected {
			if im.options.MaxRejected == 0 || len(im.report.Rejected) < im.options.MaxRejected {
				im.report.Rejected = append(im.report.Rejected, r)
			}
		}
	}
}

// stopped says how far the import got.
func (im *importer) stopped(err error) error {
	if im.options.DryRun {
		return fmt.Errorf("the trial run stopped after %d rows, and changed nothing: %w", im.report.Records, err)
	}
	return fmt.Errorf("the import into %q stopped after %d rows, which are in: run it again, no contact is taken twice: %w", im.options.List, im.report.Records, err)
}

// Import takes the contacts of a table onto a list. It streams: the table may be
// of any size. progress, if not nil, is called after each portion with the bytes
// and rows read so far. A row is matched to a known contact by its email
// address, else by its mobile number, else, where it has neither, by its fax
// number; what the row lacks stays as it was. No suppression is lifted by it.
//
// The import can be cancelled at any moment and run again, also beside others:
// each contact is written whole or not at all, and none is taken twice. The
// Report says how far it got, also when there is an error.
func (s *Store) Import(ctx context.Context, t *tabular.Table, o ImportOptions, progress func(bytesRead int64, rows int)) (*Report, error) {
	began := s.clk.Now()
	report := &Report{Rejected: []Rejected{}, Columns: map[string]string{}, Encoding: t.Encoding, Delimiter: t.Delimiter}
	name, err := listName(o.List)
	if err != nil {
		return report, err
	}
	o.List, o.Consent = name, tidy(o.Consent)
	if o.Region == "" {
		o.Region = "KR"
	}
	if o.Language != "" {
		code, ok := parseLanguage(o.Language)
		if !ok {
			return report, fmt.Errorf("import contacts: %q is no language: ko and en are", o.Language)
		}
		o.Language = code
	}
	rows, err := newTableReader(t, &o)
	if err != nil {
		return report, err
	}
	report.Columns = rows.columns()
	if !o.DryRun {
		if err := s.share(ctx, append(rows.shared(), importSource, o.Consent)...); err != nil {
			return report, err
		}
	}
	err = s.run(ctx, rows, o, report, progress)
	report.Encoding, report.Seconds = t.Encoding, s.clk.Now().Sub(began).Seconds()
	return report, err
}
