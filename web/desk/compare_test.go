package desk

import (
	"testing"
	"time"

	"clarion/broadcast"
	"clarion/internal/clock"
)

// made puts a call there with counters as a run leaves them.
func made(t *testing.T, d *Desk, rehearsal bool, counts ...any) broadcast.ID {
	t.Helper()
	id, err := d.Ledger.New(t.Context(), broadcast.Call{Name: "call", Rehearsal: rehearsal, Gateways: []string{"", "relay"}}, map[string][]byte{"call.toml": nil})
	if err != nil {
		t.Fatal(err)
	}
	d.Clock.(*clock.Manual).Advance(time.Hour)
	key := "{call:" + string(id) + "}"
	if err := d.Redis.HSet(t.Context(), key, "started", d.Clock.Now().UnixMilli()).Err(); err != nil {
		t.Fatal(err)
	}
	if err := d.Redis.HSet(t.Context(), key+":counts", counts...).Err(); err != nil {
		t.Fatal(err)
	}
	return id
}

// Calls are held against those before them; rehearsals against rehearsals alone, and
// a handful of people is told as few.
func TestCallsBesideEachOther(t *testing.T) {
	t.Parallel()
	d := open(t)
	made(t, d, true, "c:email:2", 7)
	if c, err := d.Compare(t.Context(), "channel", "ko"); err != nil || !c.Rehearsals || len(c.Calls) != 1 || c.Lines[0].Name != "이메일" {
		t.Fatalf("%+v, %v", c, err)
	}
	made(t, d, false, "c:email:2", 90, "c:email:5", 10, "l:email:ko:2", 90, "l:email:ko:5", 10, "g:email:1:2", 90)
	second := made(t, d, false, "c:email:2", 99, "c:email:5", 1, "l:email:ko:2", 97, "l:email:en:2", 2, "l:email:en:5", 1)
	c, err := d.Compare(t.Context(), "language", "en")
	if err != nil || c.Rehearsals || len(c.Calls) != 2 || c.Calls[1].ID != second || len(c.Lines) != 2 {
		t.Fatalf("%+v, %v", c, err)
	}
	if l := c.Lines[0]; l.Name != "Korean" || l.Rates[0].Reached != 90 || l.Rates[0].Ended() != 100 || l.Rates[0].Untold != "" || l.Rates[1].Untold == "" || l.Rates[1].Untold == Few("en") {
		t.Errorf("%+v", l)
	}
	if l := c.Lines[1]; l.Name != "English" || l.Rates[0].Total != 0 || l.Rates[1].Untold != Few("en") {
		t.Errorf("%+v", l)
	}
	if c, err := d.Compare(t.Context(), "gateway", "en"); err != nil || len(c.Lines) != 1 || c.Lines[0].Name != "relay" {
		t.Errorf("%+v, %v", c, err)
	}
	if _, err := d.Compare(t.Context(), "reason", "en"); !Mistaken(err) {
		t.Errorf("by reason: %v", err)
	}
	r, err := d.Report(t.Context(), second)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range r.Rows {
		known := row.By == "channel" || row.Name == "ko"
		if known != (row.EarlierRate != nil) || known && *row.EarlierRate != 0.9 {
			t.Errorf("%s %s: earlier %v", row.By, row.Name, row.EarlierRate)
		}
	}
	if table := r.Tables("en")[0]; !table.Earlier || table.Rows[0].Earlier != "90.0 %" {
		t.Errorf("%+v", table)
	}
}
