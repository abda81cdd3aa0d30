package smtp

import (
	"strings"
	"testing"
	"time"

	"clarion/lists/address"
	"clarion/worker/gateway"
	"clarion/worker/gateway/gatewaytest"
)

const minute = time.Minute

// answers are scenes of one reply each, with the step at which it comes. The
// text quotes what the client sent.
var answers = map[string]struct{ step, reply string }{
	"unknown":       {"rcpt", "550 5.1.1 %s: user unknown"},
	"unknown_plain": {"rcpt", "550 %s: no such user here"},
	"no_domain":     {"rcpt", "550 5.1.2 %s: host not found"},
	"disabled":      {"rcpt", "550 5.2.1 %s is disabled"},
	"full":          {"rcpt", "552 5.2.2 %s is full"},
	"full_later":    {"rcpt", "452 4.2.2 %s is full"},
	"greylisted":    {"rcpt", "451 4.7.1 Greylisted %s, try again in 300 seconds"},
	"throttled":     {"mail", "450 4.7.1 too many messages from %s, slow down"},
	"shutdown":      {"rcpt", "421 4.3.2 service shutting down %s"},
	"sender":        {"mail", "553 5.7.1 Sender address rejected: not owned by user %s"},
	"no_relay":      {"rcpt", "554 5.7.1 %s: Relay access denied"},
	"no_data":       {"data", "451 4.3.0 not now %s"},
	"spam":          {"dot", "550 5.7.1 this looks like spam: %s"},
	"policy":        {"dot", "554 5.7.1 local policy: %s"},
	"later":         {"dot", "451 4.3.0 queue file write error %s"},
	"busy":          {"connect", "421 4.3.2 too many connections"},
	"banned":        {"connect", "554 5.7.1 your ip is on a blocklist"},
}

func scene(name string) func(step string, n int, arg string) string {
	return func(step string, n int, arg string) string {
		quote := strings.Join(strings.Fields(arg), " ")
		if a, ok := answers[name]; ok && a.step == step {
			return strings.ReplaceAll(a.reply, "%s", quote)
		}
		switch name + "/" + step {
		case gatewaytest.CutBefore + "/connect", gatewaytest.CutAfter + "/dot":
			return cut
		case gatewaytest.Hang + "/dot":
			return hang
		case gatewaytest.SecondDead + "/rcpt":
			if n == 1 {
				return "550 5.1.1 " + quote + ": user unknown"
			}
		}
		return ""
	}
}

func TestConformance(t *testing.T) {
	for name, offers := range map[string][]string{
		"pipelined": {"PIPELINING", "8BITMIME", "SIZE 10240000", "ENHANCEDSTATUSCODES"},
		"stepwise":  {"8BITMIME"},
	} {
		t.Run(name, func(t *testing.T) {
			gatewaytest.Run(t, gatewaytest.Harness{
				Channel: address.Email,
				Start: func(t testing.TB, name string) gatewaytest.Rig {
					f := startFarSide(t, scene(name), offers...)
					g := newGateway(t, f.config())
					return gatewaytest.Rig{Gateway: g, Taken: func() int { return int(f.Taken.Load()) }, Reached: f.Reached}
				},
				Answers: []gatewaytest.Answer{
					{Scene: "unknown", Kind: gateway.Dead, Reason: gateway.MailboxUnknown, Code: "5.1.1"},
					{Scene: "unknown_plain", Kind: gateway.Dead, Reason: gateway.MailboxUnknown, Code: "550"},
					{Scene: "no_domain", Kind: gateway.Dead, Reason: gateway.DomainUnknown, Code: "5.1.2"},
					{Scene: "disabled", Kind: gateway.Failed, Reason: gateway.MailboxDisabled, Code: "5.2.1"},
					{Scene: "full", Kind: gateway.Failed, Reason: gateway.MailboxFull, Code: "5.2.2"},
					{Scene: "full_later", Kind: gateway.Temporary, Reason: gateway.MailboxFull, Code: "4.2.2"},
					{Scene: "greylisted", Kind: gateway.Temporary, Reason: gateway.Greylisted, Code: "4.7.1", RetryAfter: 5 * time.Minute},
					{Scene: "throttled", Kind: gateway.Throttled, Reason: gateway.RateLimited, Code: "4.7.1"},
					{Scene: "shutdown", Kind: gateway.Temporary, Reason: gateway.Network, Code: "4.3.2"},
					{Scene: "sender", Kind: gateway.Misconfigured, Reason: gateway.SenderBlocked, Code: "5.7.1"},
					{Scene: "no_relay", Kind: gateway.Misconfigured, Reason: gateway.Policy, Code: "5.7.1"},
					{Scene: "no_data", Kind: gateway.Temporary, Reason: gateway.OtherReason, Code: "4.3.0"},
					{Scene: "spam", Kind: gateway.Refused, Reason: gateway.Spam, Code: "5.7.1"},
					{Scene: "policy", Kind: gateway.Refused, Reason: gateway.Policy, Code: "5.7.1"},
					{Scene: "later", Kind: gateway.Temporary, Reason: gateway.OtherReason, Code: "4.3.0"},
					{Scene: "busy", Kind: gateway.Throttled, Reason: gateway.RateLimited, Code: "4.3.2"},
					{Scene: "banned", Kind: gateway.Refused, Reason: gateway.SenderBlocked, Code: "5.7.1"},
				},
			})
		})
	}
}

func newGateway(t testing.TB, c Config) *Gateway {
	t.Helper()
	g, err := New(c, "relay")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	return g
}
