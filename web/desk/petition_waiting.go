package desk

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"time"

	"clarion/internal/audit"
	"clarion/petition"
	"clarion/petition/incoming"
)

// A WaitingRow is a fax, or a reply in which no name could be read, that waits for a person.
type WaitingRow struct {
	ID      string       `json:"id"`
	Way     petition.Way `json:"way"` // fax or reply
	At      time.Time    `json:"at"`
	From    string       `json:"from,omitempty"`  // who replied, or the number that the line named
	Text    string       `json:"text,omitempty"`  // of a reply
	Pages   int          `json:"pages,omitempty"` // of a fax
	Entered int          `json:"entered"`         // signatures that were entered from it so far; acts name it, so that two people never settle one twice
}

func newWaitingRow(w petition.Waiting) WaitingRow {
	return WaitingRow{w.ID, w.Way, w.At, cmp.Or(w.From.Reveal(), w.Number), w.Text, w.Pages, w.Entered}
}

// AllWaiting is all that waits for a person, the oldest first.
func (d *Desk) AllWaiting(ctx context.Context) ([]WaitingRow, error) {
	roll, err := d.signatures()
	if err != nil {
		return nil, err
	}
	all, err := roll.AllWaiting(ctx)
	rows := make([]WaitingRow, 0, len(all))
	for _, w := range all {
		rows = append(rows, newWaitingRow(w))
	}
	return rows, err
}

// Waiting is one of them.
func (d *Desk) Waiting(ctx context.Context, id string) (*WaitingRow, error) {
	roll, err := d.signatures()
	if err != nil {
		return nil, err
	}
	w, err := roll.Waiting(ctx, id)
	if err != nil {
		return nil, err
	}
	row := newWaitingRow(*w)
	return &row, nil
}

// FaxPage is a page, from 1, of a fax that waits, as a PNG.
func (d *Desk) FaxPage(ctx context.Context, id string, page int) ([]byte, error) {
	roll, err := d.signatures()
	if err != nil {
		return nil, err
	}
	file, err := roll.Fax(ctx, id)
	if err != nil {
		return nil, err
	}
	return incoming.Picture(file, page)
}

// A WaitingForm is a signature that somebody reads in what waits.
type WaitingForm struct {
	SignerForm
	Entered int  `json:"entered"`        // of what waits, as it was read
	More    bool `json:"more,omitempty"` // others have signed on it too: it goes on waiting
}

// EnterWaiting enters a signature out of what waits, noted first.
func (d *Desk) EnterWaiting(ctx context.Context, id string, f WaitingForm, by uint32, note Note) (*Entered, error) {
	roll, err := d.signatures()
	if err != nil {
		return nil, err
	}
	w, err := roll.Waiting(ctx, id)
	if err != nil {
		return nil, err
	}
	s, err := d.signingOf(w.Way, f.SignerForm)
	if err == nil {
		err = roll.MayEnterWaiting(ctx, id, f.Entered, s)
	}
	if err == nil {
		err = note(audit.SignatureEntered, petitionObject(roll), map[string]string{"way": string(w.Way), "waiting": id})
	}
	if err != nil {
		return nil, err
	}
	added, err := roll.EnterWaiting(ctx, id, f.Entered, s, f.More, by)
	if err != nil {
		return nil, err
	}
	return d.entered(ctx, added)
}

// A WaitingSheet says which sheet a fax is.
type WaitingSheet struct {
	Sheet      uint32 `json:"sheet"`
	Signatures int    `json:"signatures"` // that the person counts on it
	Entered    int    `json:"entered"`    // of what waits, as it was read
}

// CountWaiting counts a fax as the sheet that it is, noted first.
func (d *Desk) CountWaiting(ctx context.Context, id string, f WaitingSheet, by uint32, note Note) (*SheetRow, error) {
	roll, err := d.signatures()
	if err != nil {
		return nil, err
	}
	if err := roll.MaySettle(ctx, id, f.Entered, petition.WayFax); err != nil {
		return nil, err
	}
	return d.onSheet(ctx, f.Sheet, func(s *petition.Sheet) error { return s.MayCount(f.Signatures, by, false) },
		audit.SheetCounted, map[string]string{"count": "first", "signatures": strconv.Itoa(f.Signatures), "waiting": id}, note,
		func(r *petition.Roll) error { return r.SettleSheet(ctx, id, f.Entered, f.Sheet, f.Signatures, by) })
}

// A WaitingAside says why something that waits counts nothing.
type WaitingAside struct {
	Reason  petition.Aside `json:"reason"`
	Entered int            `json:"entered"` // of what waits, as it was read
}

// SetAside settles what counts nothing, or nothing more, noted first.
func (d *Desk) SetAside(ctx context.Context, id string, f WaitingAside, by uint32, note Note) error {
	roll, err := d.signatures()
	if err != nil {
		return err
	}
	if err := petition.MaySetAside(f.Reason); err != nil {
		return err
	}
	if err := roll.MaySettle(ctx, id, f.Entered, ""); err != nil {
		return err
	}
	if err := note(audit.SetAside, fmt.Sprintf("waiting:%s/%s", roll.ID, id), map[string]string{"reason": string(f.Reason)}); err != nil {
		return err
	}
	return roll.SetAside(ctx, id, f.Entered, f.Reason, by)
}
