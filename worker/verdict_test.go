package worker

import (
	"testing"
	"time"

	"clarion/broadcast"
	"clarion/lists"
	"clarion/worker/gateway"
)

func TestVerdictsAreTotal(t *testing.T) {
	t.Parallel()
	if len(verdicts) != len(gateway.Kinds) {
		t.Errorf("%d verdicts for %d kinds", len(verdicts), len(gateway.Kinds))
	}
	reports := map[broadcast.Change]bool{broadcast.SaysFail: true, broadcast.SaysDead: true, broadcast.SaysNo: true}
	for _, k := range gateway.Kinds {
		v, ok := verdicts[k]
		if !ok {
			t.Errorf("%s has no verdict", k)
			continue
		}
		if v.state == broadcast.Pending || v.state == broadcast.Sending || v.state == broadcast.Cancelled {
			t.Errorf("%s ends in %s", k, v.state)
		}
		if !reports[v.report] {
			t.Errorf("%s, told by a report, is change %d", k, v.report)
		}
		if Sentence(k, "en") == "" || Sentence(k, "ko") == "" || Sentence(k, "en") == Sentence(k, "ko") {
			t.Errorf("%s has no sentence of its own in each language", k)
		}
		// What is our own fault suppresses nobody.
		if v.suppress != 0 && k != gateway.Dead && k != gateway.OptedOut {
			t.Errorf("%s suppresses", k)
		}
	}
	if v := verdicts[gateway.Indeterminate]; v.retry || v.state != broadcast.InDoubt {
		t.Error("what may have gone must never be tried again by itself")
	}
	if verdicts[gateway.Dead].suppress != lists.Bounced || verdicts[gateway.OptedOut].suppress != lists.OptedOut {
		t.Error("the dead and the opted-out are suppressed for another reason than that")
	}
}

// The rule, told anew: proven and of the mailbox itself, at once; of the mailbox
// otherwise, in a run; about us, the message, the line or the hour, never.
func TestConsequenceGoesByReason(t *testing.T) {
	t.Parallel()
	of := map[gateway.Reason]string{
		gateway.MailboxUnknown: "at once", gateway.DomainUnknown: "at once", gateway.Moved: "at once",
		gateway.MailboxFull: "in a run", gateway.MailboxDisabled: "in a run",
	}
	for _, k := range gateway.Kinds {
		for _, r := range gateway.Reasons {
			want := of[r]
			if want == "at once" && k != gateway.Dead {
				want = "in a run"
			}
			if k == gateway.OptedOut {
				want = "said stop"
			}
			got := ""
			switch suppress, run := consequence(k, r); {
			case suppress == lists.Bounced && !run:
				got = "at once"
			case suppress == lists.OptedOut && !run:
				got = "said stop"
			case suppress != 0:
				got = "both"
			case run:
				got = "in a run"
			}
			if got != want {
				t.Errorf("%s for %s: %q, want %q", k, r, got, want)
			}
		}
	}
}

func TestReasonsHaveSentences(t *testing.T) {
	t.Parallel()
	said := map[string]bool{}
	for _, r := range gateway.Reasons {
		for _, lang := range []string{"en", "ko"} {
			if s := r.Sentence(lang); s == "" || said[s] {
				t.Errorf("%s has no sentence of its own in %s: %q", r, lang, s)
			} else {
				said[s] = true
			}
		}
	}
}

func TestRetryBacksOff(t *testing.T) {
	t.Parallel()
	now := time.Date(2013, 6, 10, 9, 0, 0, 0, time.UTC)
	r := Retry{First: 5 * time.Minute, Most: time.Hour, Attempts: 8}
	want := []time.Duration{5, 10, 20, 40, 60, 60, 60}
	for i, minutes := range want {
		at, ok := r.next(now, i+1, 0, time.Time{})
		if !ok || at.Sub(now) != minutes*time.Minute {
			t.Errorf("after %d attempts: %s, %v", i+1, at.Sub(now), ok)
		}
	}
	if _, ok := r.next(now, 8, 0, time.Time{}); ok {
		t.Error("a ninth attempt")
	}
	if at, _ := r.next(now, 1, 30*time.Minute, time.Time{}); at.Sub(now) != 30*time.Minute {
		t.Error("what the far side asks for is not heeded")
	}
	if _, ok := r.next(now, 1, 0, now.Add(time.Minute)); ok {
		t.Error("an attempt after the call's end")
	}
}
