package desk

import (
	"testing"

	"clarion/lists/address"
)

func TestCostIsThatOfTheGateways(t *testing.T) {
	d := withGates(t, open(t))
	draft := ReadFiles(sample(t))
	r, err := d.Check(t.Context(), draft)
	if err != nil || r.Cost != nil {
		t.Fatalf("without prices the cost is %v, %v", r.Cost, err)
	}
	for i := range d.Gates {
		if d.Gates[i].Channel == address.SMS {
			d.Gates[i].Price = 10
		}
	}
	second := d.Gates[1]
	second.Name, second.Price, second.Weight = "dear", 40, 2
	spare := second
	spare.Name, spare.Price, spare.Standby = "spare", 1000, true
	d.Gates = append(d.Gates, second, spare)
	if r, err = d.Check(t.Context(), draft); err != nil {
		t.Fatal(err)
	}
	// One part in three goes for 10, two for 40: 30 a part.
	if want := float64(30 * r.Audience.SMS * r.Parts.SMSSegments); r.Cost == nil || *r.Cost != want || want == 0 {
		t.Errorf("the cost is %v, want %v: %+v", r.Cost, want, r)
	}
}
