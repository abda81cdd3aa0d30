package console

import (
	"strings"
	"testing"
	"time"

	"clarion/broadcast"
	"clarion/lists/address"
	"clarion/worker"
)

// Where connections to a receiving system are limited, people see how many are in use.
func TestConnectionsAreShown(t *testing.T) {
	t.Parallel()
	b := &worker.Board{
		Progress: &broadcast.Progress{Call: &broadcast.Call{}, Counters: &broadcast.Counters{Lanes: []broadcast.Slice{
			{Channel: address.Email, Name: "naver.com", Counts: broadcast.Counts{broadcast.Sent: 7}}, {Channel: address.Email, Name: broadcast.OtherLane}}}},
		Rows: []worker.Row{{Bears: 10, InUse: 2}, {}},
	}
	pages, err := readPages(time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	for lang, head := range map[string]string{"en": "Connections in use", "ko": "사용 중인 연결"} {
		for _, limited := range []bool{true, false} {
			b.Rows[0].Bears = map[bool]int{true: 10}[limited]
			v := &callView{ID: "c1", State: callState(broadcast.Running, lang), Lanes: laneLines(b, lang)}
			out, err := pages.render(lang, "call", "live", v)
			if err != nil {
				t.Fatal(err)
			}
			page := string(out)
			cell := map[string]string{"en": `<td class="n">2 of 10</td>`, "ko": `<td class="n">2/10</td>`}[lang]
			if got := strings.Contains(page, cell); got != limited || strings.Contains(page, head) != limited {
				t.Errorf("%s, limited %v:\n%s", lang, limited, page)
			}
		}
	}
}
