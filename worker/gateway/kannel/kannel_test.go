package kannel_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"clarion/internal/conf"
	"clarion/lists/address"
	"clarion/worker/gateway"
	"clarion/worker/gateway/gatewaytest"
	"clarion/worker/gateway/kannel"
)

const (
	password = "sendsms-Password-99"
	secret   = "callback-Secret-1234567"
	hookURL  = "http://127.0.0.1:8081/hook/kannel"
)

// An answer that a smsbox, or what stands before it, may give.
type reply struct {
	status int
	text   string
	retry  string
}

var replies = map[string]reply{
	"queued":         {202, "3: Queued for later delivery", ""},
	"authorization":  {403, "Authorization failed for sendsms", ""},
	"no_sender":      {400, "Sender missing and no global set, rejected", ""},
	"denied":         {400, "Number(s) has/have been denied by white- and/or black-lists. Denied receivers are:", ""},
	"not_routable":   {403, "Not routable. Do not try again.", ""},
	"body":           {400, "Charset or body misformed, rejected", ""},
	"receiver":       {400, "Missing receiver number, rejected", ""},
	"field":          {400, "DLR-URL field misformed, rejected", ""},
	"temporal":       {503, "Temporal failure, try again later.", ""},
	"unavailable":    {503, "busy", "7"},
	"slow_down":      {429, "", "30"},
	"too_large":      {413, "", ""},
	"wrong_path":     {404, "Not found", ""},
	"elsewhere":      {302, "", ""},
	"unauthorised":   {401, "", ""},
	"teapot":         {418, "", ""},
	"bad_gateway":    {502, "", ""},
	"welcome_page":   {200, "<html>0: Accepted", ""},
	"internal_error": {500, "", ""},
}

// smsbox plays a scene as a smsbox would, and quotes what it was told.
func smsbox(t testing.TB, scene string) gatewaytest.Rig {
	var taken atomic.Int64
	reached := make(chan struct{}, 16)
	ended := make(chan struct{})
	handler := func(w http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(r.Body)
		if err != nil || r.URL.RawQuery != "" || r.Header.Get("X-Kannel-Username") != "campaign" || r.Header.Get("X-Kannel-Password") != password {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, "Authorization failed for sendsms")
			return
		}
		if r.Header.Get("X-Kannel-To") == "" {
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, "Missing receiver number, rejected")
			return
		}
		quote := " " + r.Header.Get("X-Kannel-To") + " " + string(text) + " " + password
		switch scene {
		case gatewaytest.Accept:
			taken.Add(1)
			w.WriteHeader(http.StatusAccepted)
			fmt.Fprint(w, "0: Accepted for delivery"+quote)
		case gatewaytest.CutAfter:
			panic(http.ErrAbortHandler)
		case gatewaytest.Hang:
			reached <- struct{}{}
			<-ended
		default:
			a := replies[scene]
			if a.retry != "" {
				w.Header().Set("Retry-After", a.retry)
			}
			if a.status == http.StatusFound {
				w.Header().Set("Location", "http://192.0.2.1/")
			}
			w.WriteHeader(a.status)
			fmt.Fprint(w, a.text+quote)
		}
	}
	server := httptest.NewServer(http.HandlerFunc(handler))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(ended) })
	if scene == gatewaytest.CutBefore {
		server.Listener.Close()
	}
	return gatewaytest.Rig{
		Gateway: open(t, kannel.Config{URL: server.URL + "/cgi-bin/sendsms"}),
		Taken:   func() int { return int(taken.Load()) }, Reached: reached,
	}
}

func open(t testing.TB, c kannel.Config) *kannel.Gateway {
	t.Helper()
	if c.URL == "" {
		c.URL = "http://127.0.0.1:9/cgi-bin/sendsms"
	}
	c.Username, c.Password = "campaign", conf.NewSecret(password)
	c.CallbackURL, c.CallbackSecret = hookURL, conf.NewSecret(secret)
	g, err := kannel.New(c)
	if err != nil {
		t.Fatalf("new gateway: %v", err)
	}
	return g
}

func TestConformance(t *testing.T) {
	gatewaytest.Run(t, gatewaytest.Harness{
		Channel: address.SMS,
		Start:   smsbox,
		Secrets: []string{password, secret},
		Answers: []gatewaytest.Answer{
			{Scene: "queued"},
			{Scene: "authorization", Kind: gateway.Misconfigured, Reason: gateway.Authentication, Code: "403"},
			{Scene: "no_sender", Kind: gateway.Misconfigured, Reason: gateway.OtherReason},
			{Scene: "denied", Kind: gateway.Failed, Reason: gateway.Policy},
			{Scene: "not_routable", Kind: gateway.Failed, Reason: gateway.Policy},
			{Scene: "body", Kind: gateway.Refused, Reason: gateway.Content},
			{Scene: "receiver", Kind: gateway.Failed, Reason: gateway.OtherReason},
			{Scene: "field", Kind: gateway.Misconfigured, Reason: gateway.OtherReason},
			{Scene: "temporal", Kind: gateway.Temporary, Reason: gateway.OtherReason, Code: "503"},
			{Scene: "unavailable", Kind: gateway.Temporary, Reason: gateway.OtherReason, RetryAfter: 7 * time.Second},
			{Scene: "slow_down", Kind: gateway.Throttled, Reason: gateway.RateLimited, RetryAfter: 30 * time.Second},
			{Scene: "too_large", Kind: gateway.Refused, Reason: gateway.TooLarge},
			{Scene: "wrong_path", Kind: gateway.Misconfigured, Reason: gateway.OtherReason},
			{Scene: "elsewhere", Kind: gateway.Misconfigured, Reason: gateway.OtherReason, Code: "302"},
			{Scene: "unauthorised", Kind: gateway.Misconfigured, Reason: gateway.Authentication},
			{Scene: "teapot", Kind: gateway.Failed, Reason: gateway.OtherReason},
			{Scene: "bad_gateway", Kind: gateway.Indeterminate, Reason: gateway.Network},
			{Scene: "internal_error", Kind: gateway.Indeterminate, Reason: gateway.Network},
			{Scene: "welcome_page", Kind: gateway.Indeterminate, Reason: gateway.Network},
		},
		Forged: func() []*http.Request {
			return []*http.Request{
				request("delivery=t&status=1"),
				request("key=&delivery=t&status=1"),
				request("key=" + secret[1:] + "&from=0107770000&text=STOP"),
				request("KEY=" + secret + "&delivery=t&status=1"),
			}
		},
	})
}

func request(query string) *http.Request {
	return httptest.NewRequest(http.MethodGet, hookURL+"?"+query, nil)
}

// A request that nobody answers in time is in doubt, since Kannel may have read it.
func TestTimeoutAfterTheRequestIsInDoubt(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	g := open(t, kannel.Config{URL: "http://" + l.Addr().String() + "/", Timeout: conf.Duration(2 * time.Second)})
	_, err = g.Send(t.Context(), gateway.Message{To: address.Canonical(address.SMS, "+821011110000"), Body: []byte("x")})
	if e := gateway.Classify(err, false); e == nil || e.Kind != gateway.Indeterminate {
		t.Errorf("send: %v, want it in doubt", err)
	}
}

func TestNewNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	good := kannel.Config{URL: "http://127.0.0.1:13013/cgi-bin/sendsms", Username: "u", Password: conf.NewSecret("hush-hush"), CallbackURL: hookURL, CallbackSecret: conf.NewSecret(secret)}
	for name, c := range map[string]struct {
		spoil func(*kannel.Config)
		want  string
	}{
		"url":             {func(c *kannel.Config) { c.URL = "127.0.0.1:13013" }, "url must"},
		"url scheme":      {func(c *kannel.Config) { c.URL = "ftp://hush-hush@host/" }, "url must"},
		"login":           {func(c *kannel.Config) { c.Username = "" }, "username and password"},
		"callback":        {func(c *kannel.Config) { c.CallbackURL = "/hook" }, "callback_url"},
		"callback secret": {func(c *kannel.Config) { c.CallbackSecret = conf.NewSecret("hush") }, "callback_secret"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bad := good
			c.spoil(&bad)
			_, err := kannel.New(bad)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hush") {
				t.Errorf("new: %v, want a sentence with %q", err, c.want)
			}
		})
	}
}

// What is sent: the alphabet, the number's spelling, the sender, the callback.
func TestRequest(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		config   kannel.Config
		to, from string
		body     string
		want     map[string]string
	}{
		"gsm":           {kannel.Config{}, "+821012345678", "0212345678", "Sign now: 5 € [~]", map[string]string{"to": "+821012345678", "from": "0212345678", "coding": "0"}},
		"korean":        {kannel.Config{Country: "82", SMSC: "op1"}, "+821012345678", "", "서명", map[string]string{"to": "01012345678", "coding": "2", "smsc": "op1"}},
		"abroad":        {kannel.Config{Country: "82", InternationalPrefix: "00"}, "+447700900123", "", "x", map[string]string{"to": "00447700900123"}},
		"no prefix":     {kannel.Config{Country: "1", NationalPrefix: "1"}, "+12025550123", "+12025550100", "x", map[string]string{"to": "12025550123", "from": "12025550100"}},
		"own sender":    {kannel.Config{Sender: "+82212345678", Country: "82"}, "+821012345678", "", "x", map[string]string{"from": "0212345678"}},
		"spaced sender": {kannel.Config{Country: "82"}, "+821012345678", "+82 2-1234 5678", "x", map[string]string{"from": "0212345678"}},
		"national":      {kannel.Config{Country: "82"}, "+821012345678", "02-1234-5678", "x", map[string]string{"from": "0212345678"}},
		"sender's name": {kannel.Config{Country: "82"}, "+821012345678", "NGO", "x", map[string]string{"from": "NGO"}},
		"callback":      {kannel.Config{}, "+821012345678", "", "x", map[string]string{"dlr-mask": "31", "dlr-url": hookURL + "?key=" + secret + "&delivery=a%%25b%%26&status=%d&id=%F&answer=%A"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var header http.Header
			var text string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				header, text = r.Header, string(body)
				w.WriteHeader(http.StatusAccepted)
			}))
			t.Cleanup(server.Close)
			c.config.URL = server.URL
			_, err := open(t, c.config).Send(t.Context(), gateway.Message{
				Delivery: "a%b&", To: address.Canonical(address.SMS, c.to), From: c.from, Body: []byte(c.body)})
			if err != nil {
				t.Fatalf("send: %v", err)
			}
			if text != c.body || header.Get("Content-Type") != "text/plain; charset=UTF-8" {
				t.Errorf("body %q as %q, want %q", text, header.Get("Content-Type"), c.body)
			}
			for name, want := range c.want {
				if got := header.Get("X-Kannel-" + name); got != want {
					t.Errorf("%s is %q, want %q", name, got, want)
				}
			}
		})
	}
}

// A service text is no delivery of a call, so no report on it is asked for.
func TestNoReportWithoutDelivery(t *testing.T) {
	t.Parallel()
	var header http.Header
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header = r.Header
		w.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(server.Close)
	_, err := open(t, kannel.Config{URL: server.URL}).Send(t.Context(), gateway.Message{To: address.Canonical(address.SMS, "+821012345678"), Body: []byte("x")})
	if err != nil || header.Get("X-Kannel-DLR-Url") != "" || header.Get("X-Kannel-DLR-Mask") != "" {
		t.Errorf("send: %v, asking for reports at %q", err, header.Get("X-Kannel-DLR-Url"))
	}
}

func TestNoTextIsRefused(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", " \n", "\xff\xfe"} {
		_, err := open(t, kannel.Config{}).Send(t.Context(), gateway.Message{To: address.Canonical(address.SMS, "+821011110000"), Body: []byte(body)})
		if e := gateway.Classify(err, false); e == nil || e.Kind != gateway.Refused || e.Reason != gateway.Content {
			t.Errorf("send %q: %v, want it refused for its content", body, err)
		}
	}
}

func TestReports(t *testing.T) {
	t.Parallel()
	receipt := func(stat, err string) string {
		return "id:1 sub:001 dlvrd:000 submit date:2601010000 done date:2601010000 stat:" + stat + " err:" + err + " text:stat:DELIVRD err:000"
	}
	for name, c := range map[string]struct {
		status int
		answer string
		event  gateway.Event
		kind   gateway.Kind
		reason gateway.Reason
		code   string
	}{
		"delivered":          {1, receipt("DELIVRD", "000"), gateway.EventDelivered, 0, 0, ""},
		"taken":              {8, "ACK/", gateway.EventAccepted, 0, 0, ""},
		"buffered":           {4, receipt("ACCEPTD", "000"), gateway.EventAccepted, 0, 0, ""},
		"switched off":       {2, receipt("UNDELIV", "027"), gateway.EventFailed, gateway.Failed, gateway.OtherReason, "UNDELIV/027"},
		"unknown subscriber": {2, receipt("UNDELIV", "001"), gateway.EventFailed, gateway.Dead, gateway.MailboxUnknown, "UNDELIV/001"},
		"no words":           {2, "", gateway.EventFailed, gateway.Failed, gateway.OtherReason, ""},
		"expired":            {34, receipt("EXPIRED", "002"), gateway.EventFailed, gateway.Failed, gateway.Expired, "EXPIRED/002"},
		"expired, plain":     {2, receipt("EXPIRED", "002"), gateway.EventFailed, gateway.Failed, gateway.Expired, "EXPIRED/002"},
		"rejected":           {2, receipt("REJECTD", "003"), gateway.EventFailed, gateway.Refused, gateway.Policy, "REJECTD/003"},
		"no such number":     {16, "NACK/0x0000000b/Invalid Destination Address", gateway.EventFailed, gateway.Dead, gateway.MailboxUnknown, "0x0000000b"},
		"throttled":          {16, "NACK/0x00000058/Throttling error", gateway.EventFailed, gateway.Failed, gateway.RateLimited, "0x00000058"},
		"given up":           {16, "NACK/Retries Exceeded", gateway.EventFailed, gateway.Failed, gateway.RateLimited, "retries_exceeded"},
		"bad sender":         {16, "NACK/0x0000000a/Invalid Source Address", gateway.EventFailed, gateway.Misconfigured, gateway.SenderBlocked, "0x0000000a"},
		"too long":           {16, "NACK/0x00000001/Message Length is invalid", gateway.EventFailed, gateway.Refused, gateway.TooLarge, "0x00000001"},
		"system error":       {16, "NACK/0x00000008/System Error", gateway.EventFailed, gateway.Failed, gateway.OtherReason, "0x00000008"},
		"refused, no words":  {16, "", gateway.EventFailed, gateway.Failed, gateway.OtherReason, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := url.Values{"key": {secret}, "delivery": {"token"}, "status": {strconv.Itoa(c.status)}, "id": {"77"}, "answer": {c.answer}}
			reports, inbound, err := open(t, kannel.Config{UnknownCodes: []string{"001"}}).ParseRequest(request(q.Encode()))
			if err != nil || len(reports) != 1 || len(inbound) != 0 {
				t.Fatalf("parse: %d reports, %d texts, %v", len(reports), len(inbound), err)
			}
			r := reports[0]
			if r.Delivery != "token" || r.ID != "77" || r.Event != c.event || (r.Err != nil) != (c.kind != 0) {
				t.Errorf("report %+v, want event %d", r, c.event)
			}
			if r.Err != nil && (r.Err.Kind != c.kind || r.Err.Reason != c.reason || r.Err.Code != c.code) {
				t.Errorf("verdict %v, want %v %v %q", r.Err, c.kind, c.reason, c.code)
			}
		})
	}
}

func TestInboundTexts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ query, want string }{
		"gsm":               {"charset=UTF-8&coding=0&text=STOP+now", "STOP now"},
		"korean":            {"charset=UTF-16BE&coding=2&text=%C2%18%C2%E0%AC%70%BD%80", "수신거부"},
		"emoji":             {"charset=UTF-16BE&coding=2&text=%D8%3D%DE%4F", "🙏"},
		"no charset":        {"charset=&coding=2&text=%AD%F8%B9%CC", "그만"},
		"korean, recoded":   {"charset=UTF-8&coding=2&text=%EC%A4%91%EC%A7%80", "중지"},
		"euc-kr":            {"charset=EUC-KR&coding=0&text=%B0%C5%BA%CE", "거부"},
		"latin":             {"charset=ISO-8859-1&coding=0&text=arr%EAt", "arrêt"},
		"half a character":  {"charset=UTF-16BE&coding=2&text=%AD%F8%B9", "그\uFFFD"},
		"broken UTF-8":      {"charset=UTF-8&coding=0&text=a%FF", "a\uFFFD"},
		"nothing":           {"charset=UTF-8&coding=0&text=", ""},
		"no text in theirs": {"charset=UTF-8&coding=0", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reports, inbound, err := open(t, kannel.Config{}).ParseRequest(request("key=" + secret + "&from=01011110000&to=0212345678&" + c.query))
			if err != nil || len(inbound) != 1 || len(reports) != 0 {
				t.Fatalf("parse: %d texts, %v", len(inbound), err)
			}
			if got := inbound[0]; got.Text != c.want || got.From != "01011110000" || got.To != "0212345678" || got.Channel != address.SMS {
				t.Errorf("got %+v, want the text %q", got, c.want)
			}
		})
	}
}

func TestBadCallbacks(t *testing.T) {
	t.Parallel()
	for _, query := range []string{
		"delivery=&status=1", "delivery=t", "delivery=t&status=x", "delivery=t&status=-1", "delivery=t&status=0", "delivery=t&status=99999999999",
		"text=STOP", "from=010&charset=klingon&text=x",
	} {
		reports, inbound, err := open(t, kannel.Config{}).ParseRequest(request("key=" + secret + "&" + query))
		if err == nil || len(reports)+len(inbound) != 0 || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %d reports, %d texts, %v; want an error", query, len(reports), len(inbound), err)
		}
	}
	if _, texts, err := open(t, kannel.Config{}).ParseRequest(request("key=" + secret + "&from=010&coding=1&text=%00")); err != nil || len(texts) != 0 {
		t.Errorf("binary message: %d texts, %v; want it passed over", len(texts), err)
	}
}

func FuzzParseRequest(f *testing.F) {
	f.Add("delivery=t&status=34&answer=id:1+stat:EXPIRED+err:002+text:")
	f.Add("delivery=t&status=16&answer=NACK%2F0x0000000b%2FInvalid")
	f.Add("from=010&charset=UTF-16BE&coding=2&text=%C2%18%C2")
	f.Add("from=010&charset=UTF-7&coding=0&text=%2B")
	f.Fuzz(func(t *testing.T, query string) {
		r := request("key=" + secret)
		r.URL.RawQuery += "&" + query
		reports, inbound, err := open(t, kannel.Config{UnknownCodes: []string{"001"}}).ParseRequest(r)
		if err != nil && len(reports)+len(inbound) != 0 {
			t.Errorf("%d reports and %d texts with the error %v", len(reports), len(inbound), err)
		}
		for _, r := range reports {
			if r.Delivery == "" || r.Event == 0 || (r.Err != nil) != (r.Event == gateway.EventFailed) {
				t.Errorf("report %+v", r)
			}
			if r.Err != nil && len(r.Err.Code) > 32 {
				t.Errorf("code %q is not short", r.Err.Code)
			}
		}
		for _, in := range inbound {
			if in.From == "" {
				t.Error("a text without a sender")
			}
		}
	})
}
