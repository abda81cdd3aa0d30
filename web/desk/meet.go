package desk

import (
	"context"

	"clarion/lists"
	"clarion/lists/address"
	"clarion/lists/tabular"
)

// Import takes the contacts of a table onto a list, as lists.Store.Import says, and
// has it asked ahead who receives for their mail domains.
func (d *Desk) Import(ctx context.Context, t *tabular.Table, o lists.ImportOptions, progress func(bytesRead int64, rows int)) (*lists.Report, error) {
	r, err := d.People.Import(ctx, t, o, progress)
	if err == nil && !o.DryRun {
		d.meet(ctx, lists.Audience{Lists: []string{o.List}})
	}
	return r, err
}

// meet asks ahead who receives for the mail domains of an audience, so that its
// first call is in its right lanes. Nothing hangs on it: what could not be asked for
// now is when the call is planned.
func (d *Desk) meet(ctx context.Context, who lists.Audience) {
	if d.Systems == nil {
		return
	}
	who.Channels = []address.Channel{address.Email}
	if r, err := d.People.Resolve(ctx, who); err == nil {
		_ = d.Systems.Meet(ctx, d.People, r.Bitmaps[address.Email])
	}
}
