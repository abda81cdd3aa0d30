package desk

import "clarion/lists/address"

// cost is what a call costs at most at the prices of the gateways that it would go
// through, shared by their weights: every text as long as the longest, every fax too.
// It is nil where no price is told.
func (d *Desk) cost(draft *Draft, r *CheckReport) *float64 {
	units := map[address.Channel]int{
		address.Email: r.Audience.Email,
		address.SMS:   r.Audience.SMS * max(r.Parts.SMSSegments, 1),
		address.Fax:   r.Audience.Fax * max(r.Parts.FaxPages, 1),
	}
	total, told := 0.0, false
	for _, ch := range draft.Text.Channels {
		price, weights := 0.0, 0.0
		for _, g := range d.Gates {
			if g.Channel != ch || g.Standby || !g.MaySendFrom(draft.Text.Email.Domain()) {
				continue
			}
			w := g.Weight
			if w == 0 {
				w = 1
			}
			price, weights, told = price+w*g.Price, weights+w, told || g.Price > 0
		}
		if weights > 0 {
			total += float64(units[ch]) * price / weights
		}
	}
	if !told {
		return nil
	}
	return &total
}
