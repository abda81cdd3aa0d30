package desk

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

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
	if l := tables[1].Rows[0]; l.Name != "한국어" || l.Untold != "" || l.Reached != 90 || l.Ended() != 96 || l.Waiting != 4 {
		t.Errorf("%+v", l)
	}
	if row := tables[1].onPaper("ko").Rows[1]; row[2] != "5명 미만" || row[3]+row[4]+row[5]+row[6]+row[7] != "" {
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

// Whatever the groups of a call are, those of few people cannot be worked out from
// what is told of the others and of their channel.
func TestFewAreNotWorkedOut(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := &broadcast.Progress{Call: &broadcast.Call{Gateways: []string{""}}, Counters: &broadcast.Counters{Channels: map[address.Channel]broadcast.Counts{}}}
		for _, ch := range address.Channels {
			p.Channels[ch] = broadcast.Counts{}
			for i, people := range rapid.SliceOfN(rapid.IntRange(0, 12), 0, 5).Draw(t, ch.String()) {
				failed := rapid.IntRange(0, people).Draw(t, "failed")
				n := broadcast.Counts{broadcast.Sent: people - failed, broadcast.Failed: failed}
				p.Langs = append(p.Langs, broadcast.Slice{Channel: ch, Name: string(rune('a' + i)), Counts: n})
				p.Channels[ch][broadcast.Sent] += people - failed
				p.Channels[ch][broadcast.Failed] += failed
			}
		}
		rows := reportRows(p)
		for _, ch := range address.Channels {
			all, people, untold, few, told := 0, 0, 0, 0, 0
			smallest, withheld := 1<<30, 0
			for _, row := range rows {
				n := row.counts.Sum()
				switch {
				case row.Channel != ch.String():
				case row.By == "channel":
					all = *row.Total
				case row.Told():
					told, all, smallest = told+1, all-*row.Total, min(smallest, n)
					if isFew(n) {
						t.Errorf("%d people of %s are told of", n, row.Name)
					}
				default:
					people, untold = people+n, untold+1
					if row.Few {
						few++
					} else {
						withheld = max(withheld, n)
					}
					if row.Total != nil || len(row.States) > 0 || row.DeliveryRate != nil || row.Untold("ko") == "" {
						t.Errorf("what is not told of %s: %+v", row.Name, row)
					}
				}
			}
			if all != people {
				t.Fatalf("%s: the rest is %d, and not %d", ch, all, people)
			}
			if told > 0 && few > 0 && (untold < 2 || isFew(all)) {
				t.Errorf("%s: that %d people are in %d groups can be worked out: %+v", ch, all, untold, rows)
			}
			if few == 0 && untold > 0 || withheld > smallest {
				t.Errorf("%s: more is withheld than has to be: %+v", ch, rows)
			}
		}
	})
}
