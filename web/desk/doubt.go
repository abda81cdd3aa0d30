package desk

import (
	"context"

	"clarion/broadcast"
	"clarion/lists/address"
)

// A DoubtRow is one delivery in doubt. It names a contact by number, not by address.
type DoubtRow struct {
	Delivery string          `json:"delivery"`
	Channel  address.Channel `json:"channel"`
	Contact  uint32          `json:"contact"`
	Attempt  uint8           `json:"attempt"`
	Action   DoubtAction     `json:"action"`
}

// A DoubtAction is what a person makes of what is in doubt.
type DoubtAction string

// The actions.
const (
	DoubtList   DoubtAction = "listed"  // nothing: a person looks
	DoubtResend DoubtAction = "resend"  // sent again; who got it then gets it twice
	DoubtSettle DoubtAction = "settled" // taken for sent
)

// Doubt walks the deliveries of a call that are in doubt, does to each what action
// says, and calls yield with it until that returns an error. A call that has ended
// is opened again by DoubtResend.
func (d *Desk) Doubt(ctx context.Context, id broadcast.ID, action DoubtAction, yield func(DoubtRow) error) error {
	call, err := d.Ledger.Call(ctx, id)
	if err != nil {
		return err
	}
	if action == DoubtResend && call.State != broadcast.Running && call.State != broadcast.Paused {
		if _, err := d.Ledger.Do(ctx, id, broadcast.ActReopen); err != nil {
			return err
		}
	}
	err = d.Ledger.Entries(ctx, id, func(e broadcast.Entry) error {
		if e.State != broadcast.InDoubt {
			return nil
		}
		if action != DoubtList {
			says := broadcast.Says{Change: broadcast.Settle}
			if action == DoubtResend {
				says = broadcast.Says{Change: broadcast.SendAgain, Due: d.Clock.Now()}
			}
			done, err := d.Ledger.Apply(ctx, id, e.Ref, says)
			if err != nil || !done.Moved {
				return err
			}
		}
		return yield(DoubtRow{e.Ref.String(), e.Work.Channel, e.Contact, e.Attempt, action})
	})
	if err != nil {
		return err
	}
	_, err = d.Ledger.Settle(ctx, id)
	return err
}
