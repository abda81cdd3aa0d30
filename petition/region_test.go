package petition

import (
	"slices"
	"testing"
)

// Who signed in a region that was taken out of the folder since is still counted there,
// under its id.
func TestRegionTakenOut(t *testing.T) {
	r, _ := openRoll(t)
	add(t, r, signing("김영희"))
	there := tally(t, r)
	id := r.Regions[slices.IndexFunc(there.Regions, func(s Share) bool { return s.Count == 1 })].ID
	c := *r.Campaign
	c.Regions = slices.DeleteFunc(slices.Clone(c.Regions), func(r Region) bool { return r.ID == id })
	got := tally(t, OpenRoll(&c, r.rdb, r.keys, r.clk))
	if n := len(got.Regions); n != len(there.Regions) || got.Regions[n-1] != (Share{id, 1}) {
		t.Errorf("without %s the regions are %+v", id, got.Regions)
	}
	if c.Region(id).Name("ko") != id || c.Region(id).Name("en") != id || r.Region(id).Name("en") == id {
		t.Errorf("it is called %+v, was %+v", c.Region(id), r.Region(id))
	}
}
