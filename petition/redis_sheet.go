package petition

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"clarion/internal/redisdb"
	"clarion/internal/seal"
)

// Issue makes n new sheets like s, of which Lines, Print, Volunteer, Label and Due are
// taken. The error is a *Refusal where the person can mend it.
func (r *Roll) Issue(ctx context.Context, n int, s Sheet) ([]Sheet, error) {
	if err := MayIssue(n, s); err != nil {
		return nil, err
	}
	s.Label, _ = line(s.Label)
	for {
		last, err := r.rdb.HLen(ctx, keySheets.Name(r.ID)).Uint64()
		if err != nil {
			return nil, fmt.Errorf("issue sheets: %w", err)
		}
		var changes []sheetChange
		out := make([]Sheet, n)
		now := r.clk.Now().UTC().Truncate(time.Second)
		for i := range out {
			out[i] = Sheet{Number: uint32(last) + 1 + uint32(i), Lines: s.Lines, Print: s.Print, Volunteer: s.Volunteer, Label: s.Label,
				State: SheetIssued, Times: map[SheetState]time.Time{SheetIssued: now}, Due: s.Due}
			changes = append(changes, sheetChange{to: &out[i], label: s.Label})
		}
		if done, err := r.saveSheets(ctx, changes); err != nil || done {
			return out, err
		}
	}
}

// Mark brings a sheet to a state: out, back, scanned, lost; back finds a lost one.
// It is done once however often it is said.
func (r *Roll) Mark(ctx context.Context, number uint32, to SheetState) error {
	return r.changeSheet(ctx, number, func(s *Sheet, now time.Time) (bool, error) { return s.enter(to, now) })
}

// Count enters how many signatures somebody of the team counted on a sheet, which
// counts from then on. They may mend their number until somebody else counts again.
func (r *Roll) Count(ctx context.Context, number uint32, signatures int, by uint32) error {
	return r.changeSheet(ctx, number, func(s *Sheet, now time.Time) (bool, error) { return s.count(SheetCount{signatures, by, now}, false) })
}

// CountAgain enters a second person's count of a sheet; the first person's is refused.
func (r *Roll) CountAgain(ctx context.Context, number uint32, signatures int, by uint32) error {
	return r.changeSheet(ctx, number, func(s *Sheet, now time.Time) (bool, error) { return s.count(SheetCount{signatures, by, now}, true) })
}

// Box notes that a counted sheet lies in a box, from 1. It may be moved to another
// until it is handed over.
func (r *Roll) Box(ctx context.Context, number, box uint32) error {
	if box == 0 {
		return fmt.Errorf("boxes have numbers from 1")
	}
	return r.changeSheet(ctx, number, func(s *Sheet, _ time.Time) (bool, error) {
		switch {
		case s.State != SheetCounted:
			return false, ErrNotCounted
		case s.Box == box:
			return false, nil
		case s.Stage >= HandedOver:
			return false, ErrSheetForward
		}
		s.Box, s.Stage = box, Boxed
		return true, nil
	})
}

// AdvanceSheets brings all sheets that are in a box to HandedOver, and those that were
// handed over to Acknowledged. It says how many went; after an error, run it again.
func (r *Roll) AdvanceSheets(ctx context.Context, to Stage) (int, error) {
	if to != HandedOver && to != Acknowledged {
		return 0, fmt.Errorf("no sheets can go to stage %q together", to)
	}
	sheets, err := r.Sheets(ctx)
	if err != nil {
		return 0, err
	}
	went := 0
	for _, s := range sheets {
		forward := false
		err := r.changeSheet(ctx, s.Number, func(s *Sheet, _ time.Time) (bool, error) {
			if forward = s.State == SheetCounted && s.Stage == to-1; forward {
				s.Stage = to
			}
			return forward, nil
		})
		if err != nil {
			return went, err
		}
		if forward {
			went++
		}
	}
	return went, nil
}

// Sheet returns a sheet. The error is ErrNoSheet where there is none.
func (r *Roll) Sheet(ctx context.Context, number uint32) (*Sheet, error) {
	_, s, err := r.readSheet(ctx, number)
	return s, err
}

// Sheets returns all sheets, in order of number.
func (r *Roll) Sheets(ctx context.Context) ([]Sheet, error) {
	var sheets, labels *redis.MapStringStringCmd
	_, err := r.rdb.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
		sheets, labels = pipe.HGetAll(ctx, keySheets.Name(r.ID)), pipe.HGetAll(ctx, keyLabels.Name(r.ID))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read sheets: %w", err)
	}
	return r.openSheets(sheets.Val(), labels.Val())
}

func (r *Roll) openSheets(sheets, labels map[string]string) ([]Sheet, error) {
	out := make([]Sheet, 0, len(sheets))
	for field, text := range sheets {
		s, err := r.openSheet(text, labels[field])
		if err != nil {
			return nil, err
		}
		out = append(out, *s)
	}
	slices.SortFunc(out, func(a, b Sheet) int { return int(a.Number) - int(b.Number) })
	return out, nil
}

// LateSheets are those that should have been back by now, in order of number.
func (r *Roll) LateSheets(ctx context.Context) ([]Sheet, error) {
	all, err := r.Sheets(ctx)
	now := r.clk.Now()
	return slices.DeleteFunc(all, func(s Sheet) bool { return !s.Late(now) }), err
}

// SheetToken is what a sheet's QR says, so that nobody makes up numbers.
func (r *Roll) SheetToken(number uint32) string { return r.token(seal.Sheet, number) }

// OpenSheetToken returns the number of a sheet by what was scanned of it: its token, or
// a link that has it as its parameter sheet. The error is ErrSheetCode.
func (r *Roll) OpenSheetToken(scanned string) (uint32, error) {
	token := strings.TrimSpace(scanned)
	if link, err := url.Parse(token); err == nil && link.Query().Has("sheet") {
		token = link.Query().Get("sheet")
	}
	number, err := r.openToken(seal.Sheet, token)
	if err != nil {
		return 0, ErrSheetCode
	}
	return number, nil
}

func (r *Roll) readSheet(ctx context.Context, number uint32) (text string, s *Sheet, err error) {
	field := strconv.FormatUint(uint64(number), 10)
	var sheet, label *redis.StringCmd
	_, err = r.rdb.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
		sheet, label = pipe.HGet(ctx, keySheets.Name(r.ID), field), pipe.HGet(ctx, keyLabels.Name(r.ID), field)
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return "", nil, fmt.Errorf("read a sheet: %w", err)
	}
	if sheet.Val() == "" {
		return "", nil, ErrNoSheet
	}
	s, err = r.openSheet(sheet.Val(), label.Val())
	return sheet.Val(), s, err
}

func (r *Roll) sheetPlace(number uint32) []byte {
	return append([]byte("sheet:"+r.ID+":"), number4(number)...)
}

func (r *Roll) openSheet(text, label string) (*Sheet, error) {
	s := &Sheet{}
	if err := json.Unmarshal([]byte(text), s); err != nil {
		return nil, fmt.Errorf("read a sheet: %w", err)
	}
	if label == "" {
		return s, nil
	}
	data, err := r.keys.Open(nil, []byte(label), r.sheetPlace(s.Number))
	if err != nil {
		return nil, fmt.Errorf("sheet %d: %w", s.Number, err)
	}
	s.Label = string(data)
	return s, nil
}

// changeSheet reads a sheet, lets do change it, and saves it if nobody else has
// meanwhile; else it begins anew.
func (r *Roll) changeSheet(ctx context.Context, number uint32, do func(s *Sheet, now time.Time) (bool, error)) error {
	for {
		text, s, err := r.readSheet(ctx, number)
		if err != nil {
			return err
		}
		old, err := r.openSheet(text, "")
		if err != nil {
			return err
		}
		if changed, err := do(s, r.clk.Now().UTC().Truncate(time.Second)); err != nil || !changed {
			return err
		}
		if done, err := r.saveSheets(ctx, []sheetChange{{read: text, from: old, to: s}}); err != nil || done {
			return err
		}
	}
}

// A sheetChange is a sheet as it was read and as it shall be.
type sheetChange struct {
	read  string // "" for a new one
	from  *Sheet // nil for a new one
	to    *Sheet
	label string // to be sealed, "" to leave it
}

func (r *Roll) saveSheets(ctx context.Context, changes []sheetChange) (bool, error) {
	args := []any{len(changes)}
	counts := map[string]int{}
	for _, c := range changes {
		text, err := json.Marshal(c.to)
		if err != nil {
			return false, fmt.Errorf("save sheets: %w", err)
		}
		label := ""
		if c.label != "" {
			label = string(r.keys.Seal(nil, []byte(c.label), r.sheetPlace(c.to.Number)))
		}
		args = append(args, c.to.Number, c.read, text, label)
		if c.from != nil {
			c.from.weigh(counts, -1)
		}
		c.to.weigh(counts, 1)
	}
	for field, n := range counts {
		if n != 0 {
			args = append(args, field, n)
		}
	}
	keys := []string{keyCertificate.Name(r.ID), keyCounts.Name(r.ID), keySheets.Name(r.ID), keyLabels.Name(r.ID)}
	n, err := sheetsScript.Run(redisdb.Kept(ctx), r.rdb, keys, args...).Int()
	if err != nil {
		return false, fmt.Errorf("save sheets: %w", err)
	}
	if n == purged {
		return false, ErrPurged
	}
	return n == 1, nil
}
