package desk

import (
	"bytes"
	"fmt"
	"testing"

	"clarion/internal/clock"
	"clarion/internal/conf"
	"clarion/internal/redistest"
	"clarion/internal/seal"
	"clarion/petition"
)

// Who came by a volunteer and signed is told from five on, and never before.
func TestSignedByVolunteers(t *testing.T) {
	keys, err := seal.New(bytes.Repeat([]byte{9}, 32))
	if err != nil {
		t.Fatal(err)
	}
	campaign, problems, err := petition.LoadFS(petition.Example())
	if err != nil || len(problems) > 0 {
		t.Fatal(err, conf.Problems(problems))
	}
	rdb, clk := redistest.New(t), clock.NewManual(campaign.Opens)
	d := New(Parts{Redis: rdb, Keys: keys, Petition: petition.Open(rdb, keys, clk), Roll: petition.OpenRoll(campaign, rdb, keys, clk)})
	for i := range 9 {
		_, err := d.Roll.Add(t.Context(), petition.Signing{Way: petition.WayPost, Name: fmt.Sprint("사람", i), Region: "seoul", Language: "ko",
			Agreed: petition.Agreed{Opinion: true}, Age: true, Volunteer: uint32(1 + i/5)})
		if err != nil {
			t.Fatal(err)
		}
	}
	for volunteer, want := range map[uint32]int{1: 5, 2: 0, 3: 0} {
		f, err := d.Forwarding(t.Context(), volunteer)
		if err != nil || f.Signed != want {
			t.Errorf("by volunteer %d signed %+v, %v", volunteer, f, err)
		}
	}
	all, _, err := d.Carriers(t.Context(), map[uint32]string{1: "김영희"})
	if err != nil || len(all) != 1 || all[0].Signed != 5 {
		t.Errorf("the volunteers are %+v, %v", all, err)
	}
	if err := d.Roll.Confirm(t.Context(), 99); !Mistaken(err) {
		t.Errorf("what the petition refuses is no mistake: %v", err)
	}
}
