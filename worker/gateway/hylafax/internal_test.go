package hylafax

import (
	"strings"
	"testing"
	"time"

	"clarion/worker/gateway"
)

func TestVerdicts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status       string
		pages, total int
		kind         gateway.Kind
		reason       gateway.Reason
	}{
		{"Busy signal detected; too many attempts to dial", 0, 1, gateway.Failed, gateway.Busy},
		{"No answer from remote; too many attempts to dial", 0, 1, gateway.Failed, gateway.NoAnswer},
		{"Ringback detected, no answer without CED", 0, 1, gateway.Failed, gateway.NoAnswer},
		{"No local dialtone; too many attempts to dial", 0, 1, gateway.Misconfigured, gateway.OtherReason},
		{"No carrier detected; too many attempts to dial", 0, 1, gateway.Failed, gateway.PersonAnswered},
		{"No receiver protocol (T.30 T1 timeout)", 0, 1, gateway.Failed, gateway.PersonAnswered},
		{"Kill time expired", 0, 1, gateway.Failed, gateway.Expired},
		{"Job aborted by request", 0, 1, gateway.Failed, gateway.OtherReason},
		{"REJECT: Too many pages in submission: 60, max 50", 0, 60, gateway.Refused, gateway.TooLarge},
		{"REJECT: Requested modem x is not registered", 0, 1, gateway.Misconfigured, gateway.OtherReason},
		{"Document preparation failed: x", 0, 0, gateway.Refused, gateway.Content},
		{"Remote has no T.4 receiver capability", 0, 1, gateway.Failed, gateway.OtherReason},
		{"Stop and wait failure (modem on hook); too many attempts to send", 0, 1, gateway.Failed, gateway.Network},
		{"Stop and wait failure (modem on hook)", 1, 3, gateway.Failed, gateway.Network},
		{"No response to MPS repeated 3 tries", 0, 2, gateway.Failed, gateway.Network},
		{"No response to PPS repeated 3 times.", 1, 2, gateway.Indeterminate, gateway.Network},
		{"No response to EOP repeated 3 tries", 0, 1, gateway.Indeterminate, gateway.Network},
		{"Remote fax disconnected prematurely", 2, 2, gateway.Indeterminate, gateway.Network},
		{"", 0, 0, gateway.Failed, gateway.Network},
		{"words of a later version", 0, 1, gateway.Failed, gateway.Network},
	} {
		e := job{status: c.status, pages: c.pages, total: c.total, state: jobFailed}.verdict()
		if e.Kind != c.kind || e.Reason != c.reason || e.Code == "" {
			t.Errorf("%q after %d of %d pages: %v, want %v %v", c.status, c.pages, c.total, e, c.kind, c.reason)
		}
	}
}

func TestDialString(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		config     Config
		e164, want string
	}{
		{Config{Country: "82"}, "+82222220000", "0222220000"},
		{Config{Country: "82", DialPrefix: "9,"}, "+82222220000", "9,0222220000"},
		{Config{Country: "82"}, "+442071234567", "00442071234567"},
		{Config{Country: "82", InternationalPrefix: "001"}, "+442071234567", "001442071234567"},
		{Config{Country: "1", NationalPrefix: "1"}, "+12025550123", "12025550123"},
		{Config{Country: "82"}, "02-2222", ""},
		{Config{Country: "82"}, "+", ""},
		{Config{Country: "82"}, "+82 2", ""},
	} {
		c.config.Addr, c.config.User = "127.0.0.1", "clarion"
		g, err := New(c.config)
		if err != nil {
			t.Fatalf("new: %v", err)
		}
		if got, err := g.dialString(c.e164); got != c.want || (err != nil) != (c.want == "") {
			t.Errorf("%s under %+v: %q, %v; want %q", c.e164, c.config, got, err, c.want)
		}
	}
}

func TestLastTime(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{0: "000001", time.Hour: "000100", 12 * time.Hour: "001200", 25*time.Hour + 5*time.Minute: "010105", 99 * 24 * time.Hour: "990000"} {
		if got := lastTime(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}

func TestQuote(t *testing.T) {
	t.Parallel()
	if got, want := quote(`a"b\c`), `"a\"b\\c"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func FuzzParseJobs(f *testing.F) {
	f.Add("1|clarion|D|1|1|tag|\r\n2|clarion|F|0|1|tag|Busy signal detected; too many attempts to dial\r\n")
	f.Add("3|clarion|S|0|65535|t|a|b|c\n|||||||\n")
	f.Fuzz(func(t *testing.T, list string) {
		for _, j := range parseJobs(list, "clarion") {
			r := j.report()
			if r.Delivery == "" || r.ID == "" || (r.Err != nil) != (r.Event == gateway.EventFailed) {
				t.Errorf("job %+v became %+v", j, r)
			}
			if strings.ContainsAny(j.status, "\n") {
				t.Errorf("status %q has two lines", j.status)
			}
		}
	})
}

func FuzzPassivePort(f *testing.F) {
	f.Add("Entering passive mode (127,0,0,1,145,115)")
	f.Add("(,,,,,)")
	f.Fuzz(func(t *testing.T, text string) {
		if port, ok := passivePort(reply{227, text}); ok && (port < 1 || port > 65535) {
			t.Errorf("%q: port %d", text, port)
		}
	})
}
