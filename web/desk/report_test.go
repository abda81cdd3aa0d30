package desk

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"clarion/broadcast"
	"clarion/lists/address"
)

// A report is told in words, and of a handful of people nothing but that they are few.
func TestReportOnPaper(t *testing.T) {
	t.Parallel()
	r := &CallReport{Status: &StatusReport{ID: "c1", Name: "Save 9", State: broadcast.Done, Audience: 104}, At: time.Date(2013, 6, 10, 9, 0, 0, 0, time.UTC), Rows: []ReportRow{
		newReportRow("channel", address.Email, "email", broadcast.Counts{broadcast.Sent: 90, broadcast.Bounced: 10, broadcast.Pending: 4}),
		newReportRow("language", address.Email, "ko", broadcast.Counts{broadcast.Sent: 90, broadcast.Bounced: 6, broadcast.Pending: 4}),
		newReportRow("language", address.Email, "en", broadcast.Counts{broadcast.Bounced: 4}),
	}}
	tables := r.Tables("ko")
	if len(tables) != 2 || tables[1].Title != "언어별" {
		t.Fatalf("%+v", tables)
	}
	if l := tables[1].Rows[0]; l.Name != "한국어" || l.Few || l.Reached != 90 || l.Ended() != 96 || l.Waiting != 4 {
		t.Errorf("%+v", l)
	}
	if row := tables[1].onPaper("en").Rows[1]; !tables[1].Rows[1].Few || row[2] != "fewer than 5" || row[3]+row[4]+row[5]+row[6]+row[7] != "" {
		t.Errorf("four people are told as %q", row)
	}
	var table bytes.Buffer
	if err := r.CSV(&table); err != nil || !strings.Contains(table.String(), "language,email,en,,,,,,,,,,,,,,\n") || !strings.Contains(table.String(), "language,email,ko,100,") {
		t.Errorf("%v\n%s", err, &table)
	}
	if line, err := json.Marshal(r.Rows[2]); err != nil || !bytes.HasPrefix(line, []byte(`{"by":"language","channel":"email","name":"en","few":true,"total":null,"states":{},`)) {
		t.Errorf("%v: %s", err, line)
	}
	if row := newReportRow("gateway", address.Fax, "fax", broadcast.Counts{broadcast.Failed: 4}); !row.Few {
		t.Error("the four people of a gateway are told of")
	}
	for _, lang := range []string{"ko", "en"} {
		paper, err := r.PDF(lang, time.UTC)
		again, err2 := r.PDF(lang, time.UTC)
		if err != nil || err2 != nil || !bytes.HasPrefix(paper, []byte("%PDF-")) || !bytes.Equal(paper, again) {
			t.Errorf("in %s: %v, %v, %d bytes and %d", lang, err, err2, len(paper), len(again))
		}
	}
}
