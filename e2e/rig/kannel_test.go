package rig_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"clarion/e2e/rig"
	"clarion/internal/conf"
	"clarion/lists/address"
	"clarion/worker/gateway"
	"clarion/worker/gateway/kannel"
)

const hookSecret = "hook secret with % and &"

// A hook is our side of Kannel's callbacks: what they were, and what became of them.
type hook struct {
	mu      sync.Mutex
	gateway *kannel.Gateway
	reports map[string][]gateway.Report
	texts   []gateway.Inbound
	errs    []error
}

func (h *hook) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	reports, texts, err := h.gateway.ParseRequest(r)
	if err != nil {
		h.errs = append(h.errs, err)
	}
	for _, r := range reports {
		h.reports[r.Delivery] = append(h.reports[r.Delivery], r)
	}
	h.texts = append(h.texts, texts...)
}

// end returns the report that ended a delivery, nil while there is none.
func (h *hook) end(delivery string) *gateway.Report {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, r := range h.reports[delivery] {
		if r.Event == gateway.EventDelivered || r.Event == gateway.EventFailed {
			return &r
		}
	}
	return nil
}

func (h *hook) text(want string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, in := range h.texts {
		if in.Text == want && in.From == "01055550000" && in.To == "0212345678" {
			return true
		}
	}
	return false
}

func startKannel(t *testing.T) (*rig.Kannel, *kannel.Gateway, *hook) {
	h := &hook{reports: map[string][]gateway.Report{}}
	h.mu.Lock()
	defer h.mu.Unlock()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	k := rig.StartKannel(t, rig.KannelOptions{InboundURL: kannel.InboundURL(server.URL+"/hook/kannel", hookSecret)})
	g, err := kannel.New(kannel.Config{
		URL: k.SendURL, Username: k.Username, Password: conf.NewSecret(k.Password), Sender: "0212345678", Country: "82",
		CallbackURL: server.URL + "/hook/kannel", CallbackSecret: conf.NewSecret(hookSecret), UnknownCodes: []string{"001"},
	})
	if err != nil {
		t.Fatalf("new gateway: %v", err)
	}
	h.gateway = g
	return k, g, h
}

func text(delivery, to, body string) gateway.Message {
	return gateway.Message{Delivery: delivery, To: address.Canonical(address.SMS, to), Body: []byte(body)}
}

func TestKannel(t *testing.T) {
	t.Parallel()
	k, g, h := startKannel(t)
	if err := g.Probe(t.Context()); err != nil {
		t.Errorf("probe: %v", err)
	}

	long := strings.Repeat("서명해 주세요! ", 20) + "끝" // 181 characters: three parts of 67
	for name, c := range map[string]struct {
		to, body string
		coding   int
		parts    int
	}{
		"short":    {"+821020000010", "Sign now", 0, 1},
		"euro":     {"+821020000011", "5 € [a] {b} ~ ^ \\ | @", 0, 1},
		"escapes":  {"+821020000017", "100%41 + 1 & x=y %% %p\nsecond line", 0, 1},
		"spaces":   {"+821020000018", " \nSign\r\nnow \n", 0, 1},
		"korean":   {"+821020000012", "서명해 주세요", 8, 1},
		"emoji":    {"+821020000013", "고맙습니다 🙏🙏🏽", 8, 1},
		"long":     {"+821020000014", long, 8, 3},
		"long gsm": {"+821020000015", strings.Repeat("0123456789", 33), 0, 3},
		"token %&": {"+821020000016", "x", 0, 1},
		"0007":     {"+821020000007", "taken first, delivered later", 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := g.Send(t.Context(), text(name, c.to, c.body)); err != nil {
				t.Fatalf("send: %v", err)
			}
			rig.Eventually(t, 20*time.Second, "the delivery report", func() bool { return h.end(name) != nil })
			if r := h.end(name); r.Event != gateway.EventDelivered || r.ID == "" {
				t.Errorf("report %+v, want it delivered, with the SMSC's id", r)
			}
			var body strings.Builder
			parts := k.GotTo(t, c.to)
			for i, p := range parts {
				body.WriteString(p.Text)
				if p.DataCoding != c.coding || p.To != "0"+c.to[3:] || p.From != "0212345678" || p.ReceiptAsked != (i == 0) {
					t.Errorf("part %d: %+v, want data coding %d", i+1, p, c.coding)
				}
			}
			if len(parts) != c.parts || body.String() != c.body {
				t.Errorf("the SMSC got %q in %d parts, want %q in %d", body.String(), len(parts), c.body, c.parts)
			}
		})
	}
	for name, c := range map[string]struct {
		kind   gateway.Kind
		reason gateway.Reason
		code   string
	}{
		"0001": {gateway.Dead, gateway.MailboxUnknown, "0x0000000b"},
		"0002": {gateway.Failed, gateway.RateLimited, "retries_exceeded"},
		"0003": {gateway.Failed, gateway.OtherReason, "UNDELIV/027"},
		"0004": {gateway.Failed, gateway.Expired, "EXPIRED/002"},
		"0005": {gateway.Refused, gateway.Policy, "REJECTD/003"},
		"0008": {gateway.Dead, gateway.MailboxUnknown, "UNDELIV/001"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := g.Send(t.Context(), text(name, "+82103000"+name, "x")); err != nil {
				t.Fatalf("send: %v", err)
			}
			rig.Eventually(t, 30*time.Second, "the report of failure", func() bool { return h.end(name) != nil })
			e := h.end(name).Err
			if e == nil || e.Kind != c.kind || e.Reason != c.reason || e.Code != c.code {
				t.Errorf("verdict %v, want %v %v %q", e, c.kind, c.reason, c.code)
			}
		})
	}
	t.Run("inbound", func(t *testing.T) {
		t.Parallel()
		for _, body := range []string{"STOP", "수신거부 🙏", "arrêt"} {
			k.Text(t, "01055550000", "0212345678", body)
			rig.Eventually(t, 20*time.Second, "the text "+body, func() bool { return h.text(body) })
		}
	})
	t.Run("wrong login", func(t *testing.T) {
		t.Parallel()
		bad, err := kannel.New(kannel.Config{URL: k.SendURL, Username: k.Username, Password: conf.NewSecret("wrong")})
		if err != nil {
			t.Fatal(err)
		}
		_, err = bad.Send(t.Context(), text("bad", "+821020000010", "x"))
		for _, err := range []error{err, bad.Probe(t.Context())} {
			if e := gateway.Classify(err, false); e == nil || e.Kind != gateway.Misconfigured || e.Reason != gateway.Authentication {
				t.Errorf("verdict %v, want the login blamed", err)
			}
		}
	})
	t.Cleanup(func() { // after the parallel subtests
		h.mu.Lock()
		defer h.mu.Unlock()
		for _, err := range h.errs {
			t.Errorf("callback: %v", err)
		}
	})
}

// What Kannel has taken survives an outage of the carrier; what it cannot take
// is ours to send again.
func TestKannelOutages(t *testing.T) {
	t.Parallel()
	k, g, h := startKannel(t)

	k.SMSC.Stop()
	if _, err := g.Send(t.Context(), text("kept", "+821040000010", "x")); err != nil {
		t.Errorf("send while the carrier is down: %v, want Kannel to keep it", err)
	}
	k.StartSMSC(t)
	rig.Eventually(t, 30*time.Second, "the kept text to arrive", func() bool { return h.end("kept") != nil })

	k.Bearerbox.Kill()
	_, err := g.Send(t.Context(), text("boxless", "+821040000011", "x"))
	// The smsbox answers only what the bearerbox has kept; it hangs up, or is gone already.
	if e := gateway.Classify(err, false); e == nil || e.Kind != gateway.Temporary && e.Kind != gateway.Indeterminate {
		t.Errorf("send without a bearerbox: %v, want it temporary or in doubt", err)
	}
	k.Smsbox.Stop()
	_, err = g.Send(t.Context(), text("nobody", "+821040000012", "x"))
	if e := gateway.Classify(err, false); e == nil || e.Kind != gateway.Temporary {
		t.Errorf("send without a smsbox: %v, want it temporary", err)
	}
	if err := g.Probe(t.Context()); err == nil {
		t.Error("the probe found a stopped smsbox well")
	}
}
