package webhook

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"clarion/internal/conf"
	"clarion/worker/gateway"
)

const tokenText = "abcdefghijklmnopqrstuvwxyz"

// open makes a hook that a login alone opens.
func open(t testing.TB, kind string) *Hook {
	t.Helper()
	c := Config{Logins: []conf.Secret{conf.NewSecret("clarion:old"), conf.NewSecret("clarion:new")}}
	if kind == "mailgun" {
		c.SigningKey = conf.NewSecret("mailgun-key")
	}
	h, err := New(kind, c, nil)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// post makes a request with a login.
func post(contentType, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/hook/x", strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	r.SetBasicAuth("clarion", "new")
	return r
}

// sns wraps a message of SES as SNS posts it.
func sns(message string) string {
	b, err := json.Marshal(map[string]string{"Type": "Notification", "MessageId": "event-1", "TopicArn": "arn:aws:sns:x:1:bounces", "Message": message, "Timestamp": "2026-11-24T09:00:00.000Z"})
	if err != nil {
		panic(err)
	}
	return string(b)
}

const mail = `"mail":{"source":"b+` + tokenText + `@bounce.ngo.example","destination":["a@gov.example"]}`

// Bodies are written after each provider's documentation.
func TestEvents(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind, body string
		want       string // kind recipient id delivery, and the failure
	}{
		"ses: permanent":       {"amazon_ses", sns(`{"notificationType":"Bounce","bounce":{"bounceType":"Permanent","bounceSubType":"General","bouncedRecipients":[{"emailAddress":"a@gov.example","status":"5.1.1","diagnosticCode":"smtp; 550 5.1.1 user unknown"}]},` + mail + `}`), "bounced a@gov.example event-1 token dead mailbox_unknown 5.1.1"},
		"ses: our fault":       {"amazon_ses", sns(`{"eventType":"Bounce","bounce":{"bounceType":"Permanent","bounceSubType":"General","bouncedRecipients":[{"emailAddress":"a@gov.example","status":"5.7.1","diagnosticCode":"smtp; 550 5.7.1 rejected by policy"}]},` + mail + `}`), "bounced a@gov.example event-1 token refused policy 5.7.1"},
		"ses: no words":        {"amazon_ses", sns(`{"eventType":"Bounce","bounce":{"bounceType":"Permanent","bounceSubType":"NoEmail","bouncedRecipients":[{"emailAddress":"a@gov.example"}]},` + mail + `}`), "bounced a@gov.example event-1 token dead mailbox_unknown"},
		"ses: full":            {"amazon_ses", sns(`{"eventType":"Bounce","bounce":{"bounceType":"Transient","bounceSubType":"MailboxFull","bouncedRecipients":[{"emailAddress":"a@gov.example"}]},` + mail + `}`), "bounced a@gov.example event-1 token failed mailbox_full"},
		"ses: its own list":    {"amazon_ses", sns(`{"eventType":"Bounce","bounce":{"bounceType":"Permanent","bounceSubType":"OnAccountSuppressionList","bouncedRecipients":[{"emailAddress":"a@gov.example"}]},` + mail + `}`), "bounced a@gov.example event-1 token failed mailbox_unknown"},
		"ses: complaint":       {"amazon_ses", sns(`{"notificationType":"Complaint","complaint":{"complainedRecipients":[{"emailAddress":"a@gov.example"}]},` + mail + `}`), "complained a@gov.example event-1 token"},
		"ses: delivery":        {"amazon_ses", sns(`{"eventType":"Delivery","delivery":{"recipients":["a@gov.example"]},` + mail + `}`), "delivered a@gov.example event-1 token"},
		"ses: delay":           {"amazon_ses", sns(`{"eventType":"DeliveryDelay","deliveryDelay":{"delayType":"IPFailure","delayedRecipients":[{"emailAddress":"a@gov.example"}]},` + mail + `}`), "deferred a@gov.example event-1 token temporary sender_blocked"},
		"ses: somebody else's": {"amazon_ses", sns(`{"eventType":"Send","mail":{"source":"news@ngo.example","destination":["a@gov.example"]}}`), "sent a@gov.example event-1"},
		"sendgrid: bounce":     {"sendgrid", `[{"event":"bounce","type":"bounce","email":"a@gov.example","sg_event_id":"e1","reason":"550 5.1.1 no such user","status":"5.1.1","clarion_delivery":"` + tokenText + `"}]`, "bounced a@gov.example e1 token dead mailbox_unknown 5.1.1"},
		"sendgrid: blocked":    {"sendgrid", `[{"event":"bounce","type":"blocked","email":"a@gov.example","sg_event_id":"e1","reason":"550 5.7.1 listed at a blocklist","status":"5.7.1","clarion_delivery":"` + tokenText + `"}]`, "bounced a@gov.example e1 token refused sender_blocked 5.7.1"},
		"sendgrid: dropped":    {"sendgrid", `[{"event":"dropped","email":"a@gov.example","sg_event_id":"e1","reason":"Unsubscribed Address","clarion_delivery":"` + tokenText + `"}]`, "rejected a@gov.example e1 token opted_out opt_out"},
		"sendgrid: two":        {"sendgrid", `[{"event":"processed","email":"a@gov.example","sg_event_id":"e1"},{"event":"group_unsubscribe","email":"b@gov.example","sg_event_id":"e2"}]`, "queued a@gov.example e1; unsubscribed b@gov.example e2"},
		"postmark: hard":       {"postmark", `{"RecordType":"Bounce","Type":"HardBounce","ID":42,"Email":"a@gov.example","Details":"smtp;550 5.1.1 no such user","Metadata":{"clarion_delivery":"` + tokenText + `"}}`, "bounced a@gov.example 42 token dead mailbox_unknown 5.1.1"},
		"postmark: blocked":    {"postmark", `{"RecordType":"Bounce","Type":"Blocked","ID":42,"Email":"a@gov.example"}`, "rejected a@gov.example 42 failed sender_blocked"},
		"postmark: stop":       {"postmark", `{"RecordType":"SubscriptionChange","Recipient":"a@gov.example","MessageID":"m","SuppressSending":true,"SuppressionReason":"ManualSuppression"}`, "unsubscribed a@gov.example m"},
		"postmark: away":       {"postmark", `{"RecordType":"Bounce","Type":"AutoResponder","ID":42,"Email":"a@gov.example"}`, "autoresponded a@gov.example 42"},
		"brevo: hard":          {"brevo", `{"event":"hard_bounce","email":"a@gov.example","message-id":"<m>","reason":"550 5.1.1 no such user","X-Mailin-custom":"clarion_delivery=` + tokenText + `"}`, "bounced a@gov.example <m> token dead mailbox_unknown 5.1.1"},
		"brevo: soft":          {"brevo", `{"event":"soft_bounce","email":"a@gov.example","message-id":"<m>","reason":"550 5.1.1 no such user"}`, "bounced a@gov.example <m> failed mailbox_unknown 5.1.1"},
		"brevo: blocked":       {"brevo", `{"event":"blocked","email":"a@gov.example","message-id":"<m>"}`, "rejected a@gov.example <m> refused policy"},
		"mailjet: hard":        {"mailjet", `{"event":"bounce","email":"a@gov.example","MessageID":7,"CustomID":"` + tokenText + `","hard_bounce":true,"error":"user unknown"}`, "bounced a@gov.example 7 token dead mailbox_unknown"},
		"mailjet: soft":        {"mailjet", `[{"event":"bounce","email":"a@gov.example","MessageID":7,"hard_bounce":false,"error":"quota exceeded"}]`, "deferred a@gov.example 7 temporary mailbox_full"},
		"mailjet: reported":    {"mailjet", `[{"event":"blocked","email":"a@gov.example","MessageID":7,"error":"spam reporter"}]`, "rejected a@gov.example 7 opted_out opt_out"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			events, err := open(t, c.kind).Read(post("application/json", c.body))
			if err != nil {
				t.Fatal(err)
			}
			if got := describe(events); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func describe(events []Event) string {
	var all []string
	for _, e := range events {
		s := fmt.Sprintf("%s %s %s", e.Kind, e.Recipient, e.ID)
		if e.Delivery == tokenText {
			s += " token"
		}
		if e.Err != nil {
			s += fmt.Sprintf(" %s %s %s", e.Err.Kind, e.Err.Reason, e.Err.Code)
		}
		all = append(all, strings.TrimRight(s, " "))
	}
	return strings.Join(all, "; ")
}

// What ends no delivery of ours is no report.
func TestReports(t *testing.T) {
	t.Parallel()
	body := `[{"event":"open","clarion_delivery":"` + tokenText + `"},{"event":"delivered","email":"x@gov.example"},
		{"event":"delivered","email":"a@gov.example","sg_event_id":"e","clarion_delivery":"` + tokenText + `"}]`
	reports, texts, err := open(t, "sendgrid").ParseRequest(post("application/json", body))
	want := gateway.Report{Delivery: tokenText, Event: gateway.EventDelivered, ID: "e"}
	if err != nil || len(texts) != 0 || len(reports) != 1 || reports[0] != want {
		t.Errorf("%+v, %v, %v", reports, texts, err)
	}
}

// A request without a valid proof is forged, and its error tells nothing of it.
func TestForged(t *testing.T) {
	t.Parallel()
	for _, kind := range Kinds() {
		for name, change := range map[string]func(*http.Request){
			"no login":      func(r *http.Request) { r.Header.Del("Authorization") },
			"wrong login":   func(r *http.Request) { r.SetBasicAuth("clarion", "guess") },
			"empty login":   func(r *http.Request) { r.SetBasicAuth("", "") },
			"other scheme":  func(r *http.Request) { r.Header.Set("Authorization", "Digest clarion:new") },
			"broken base64": func(r *http.Request) { r.Header.Set("Authorization", "Basic !") },
		} {
			r := post("application/json", `{"email":"a@gov.example"}`)
			change(r)
			events, err := open(t, kind).Read(r)
			if !errors.Is(err, gateway.ErrForged) || len(events) != 0 || strings.Contains(err.Error(), "@") || strings.Contains(err.Error(), "guess") {
				t.Errorf("%s, %s: %v, %v", kind, name, events, err)
			}
		}
	}
	h, err := New("brevo", Config{Logins: []conf.Secret{conf.NewSecret("a-bearer-token")}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for value, right := range map[string]bool{"Bearer a-bearer-token": true, "Bearer a-bearer-toke": false, "Basic a-bearer-token": false} {
		r := post("application/json", `{"event":"delivered"}`)
		r.Header.Set("Authorization", value)
		if _, err := h.Read(r); (err == nil) != right {
			t.Errorf("%s: %v", value, err)
		}
	}
}

// Settings under which anybody could report are refused, as are those that
// would check nothing.
func TestSettings(t *testing.T) {
	t.Parallel()
	login := []conf.Secret{conf.NewSecret("a:b")}
	for name, c := range map[string]Config{
		"an unknown provider":      {Kind: "pigeon", Logins: login},
		"no proof":                 {Kind: "postmark"},
		"Mailgun without its key":  {Kind: "mailgun", Logins: login},
		"a key that signs nothing": {Kind: "brevo", SigningKey: conf.NewSecret("k")},
		"a topic of nobody":        {Kind: "sendgrid", Topic: "arn:aws:sns:x:1:y"},
		"a key that is none":       {Kind: "sendgrid", SigningKey: conf.NewSecret("not base64!")},
		"a certificate of words":   {Kind: "amazon_ses", Topic: "arn:aws:sns:x:1:y", Certificate: "words"},
	} {
		if _, err := New("x", c, nil); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(0, "text/plain", sns(`{"eventType":"Bounce","bounce":{"bounceType":"Permanent","bouncedRecipients":[{"emailAddress":"a@gov.example"}]},`+mail+`}`))
	f.Add(1, "application/json", `{"event":"hard_bounce","email":"a@gov.example","reason":"550 no"}`)
	f.Add(2, "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"event\"\r\n\r\nbounced\r\n--x--\r\n")
	f.Add(3, "application/json", `[{"event":"bounce","error":"user unknown","hard_bounce":true}]`)
	f.Add(4, "application/json", `{"RecordType":"Bounce","Type":"HardBounce","Details":"550 5.1.1"}`)
	f.Add(5, "application/x-www-form-urlencoded", "envelope=%7B%7D&to=a%40b.example")
	kinds := Kinds()
	f.Fuzz(func(t *testing.T, which int, contentType, body string) {
		h, err := Unchecked(kinds[uint(which)%uint(len(kinds))])
		if err != nil {
			t.Fatal(err)
		}
		events, err := h.Read(post(contentType, body))
		if err != nil && len(events) > 0 {
			t.Fatalf("%d events with %v", len(events), err)
		}
		for _, e := range events {
			if e.Kind == "" || e.Err != nil && (e.Err.Kind == 0 || e.Err.Reason == 0 || strings.Contains(e.Err.Error(), "@")) {
				t.Fatalf("event %+v with %v", e.Kind, e.Err)
			}
			if e.Kind == Deferred && e.Err != nil && e.Err.Kind == gateway.Dead {
				t.Fatal("a delay condemned")
			}
			if e.Delivery != "" && delivery(e.Delivery) != e.Delivery {
				t.Fatalf("token %q", e.Delivery)
			}
		}
	})
}
