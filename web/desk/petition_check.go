package desk

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"clarion/internal/audit"
	"clarion/petition"
)

// mostNumbers are named in one filter.
const mostNumbers = 10_000

// checkFilter refuses a filter that chooses everything, which nobody means.
func checkFilter(f petition.Filter) error {
	if f.Way == "" && f.From.IsZero() && f.Before.IsZero() && f.Volunteer == 0 && f.Numbers == nil {
		return Mistake("say which: a way, a time, a volunteer or numbers")
	}
	return nil
}

// SurveyInvalid counts what a filter would make invalid, and changes nothing.
func (d *Desk) SurveyInvalid(ctx context.Context, f petition.Filter) (int, error) {
	roll, err := d.signatures()
	if err == nil {
		err = checkFilter(f)
	}
	if err != nil {
		return 0, err
	}
	return roll.Chosen(ctx, f)
}

// MakeInvalid makes the signatures of a filter invalid, noted first, and returns the
// number under which RestoreInvalid undoes that.
func (d *Desk) MakeInvalid(ctx context.Context, f petition.Filter, reason string, by uint32, note Note) (uint32, error) {
	n, err := d.SurveyInvalid(ctx, f)
	if err != nil {
		return 0, err
	}
	if strings.Contains(reason, "@") {
		return 0, Mistake("reason: it is kept in the record and names no address")
	}
	if strings.TrimSpace(reason) == "" {
		return 0, petition.ErrReason
	}
	if n == 0 {
		return 0, Mistake("no signature fits: nothing was made invalid")
	}
	if err := note(audit.Invalidated, petitionObject(d.Roll), map[string]string{"signatures": strconv.Itoa(n)}); err != nil {
		return 0, err
	}
	return d.Roll.Invalidate(ctx, f, reason, by)
}

// Bulks are what was made invalid, the last first.
func (d *Desk) Bulks(ctx context.Context) ([]petition.Bulk, error) {
	roll, err := d.signatures()
	if err != nil {
		return nil, err
	}
	return roll.Bulks(ctx)
}

// RestoreInvalid undoes what was made invalid under a number, noted first.
func (d *Desk) RestoreInvalid(ctx context.Context, id uint32, note Note) error {
	bulks, err := d.Bulks(ctx)
	if err != nil {
		return err
	}
	for _, b := range bulks {
		if b.ID != id {
			continue
		}
		if err := note(audit.InvalidUndone, fmt.Sprintf("bulk:%s/%d", d.Roll.ID, id), map[string]string{"signatures": strconv.Itoa(b.Invalid)}); err != nil {
			return err
		}
		return d.Roll.Restore(ctx, id)
	}
	return petition.ErrNoBulk
}

// ParseNumbers reads numbers of signatures as people write them, such as "7, 12-20"; nil
// for none.
func ParseNumbers(text string) ([]uint32, error) {
	var out []uint32
	for _, part := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(", ;\t\r\n", r) }) {
		first, last, ranged := strings.Cut(part, "-")
		from, err := strconv.ParseUint(first, 10, 32)
		to := from
		if err == nil && ranged {
			to, err = strconv.ParseUint(last, 10, 32)
		}
		switch {
		case err != nil || from == 0:
			return nil, Mistake("numbers: %q is none; write them as 7, 12-20", part)
		case to < from:
			return nil, Mistake("numbers: %q: a range goes up, as 12-20", part)
		}
		if to-from >= mostNumbers || len(out)+int(to-from) >= mostNumbers {
			return nil, Mistake("numbers: at most %d at once", mostNumbers)
		}
		for n := from; n <= to; n++ {
			out = append(out, uint32(n))
		}
	}
	return out, nil
}
