package bounce

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"clarion/worker/gateway"
)

var update = flag.Bool("update", false, "write the golden files anew")

// crlf gives a text the line ends of a mail.
func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

// dsn makes a notification about one recipient.
func dsn(fields string) string {
	return crlf(`Return-Path: <>
From: Mail Delivery System <MAILER-DAEMON@mta.ngo.example>
To: B+ABCDEFGHIJKLMNOPQRSTUVWXYZ@bounce.ngo.example
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="x/y"

This is a MIME-encapsulated message.

--x/y
Content-Type: text/plain; charset=us-ascii

It did not arrive.

--x/y
Content-Type: message/delivery-status

Reporting-MTA: dns; mta.ngo.example
Arrival-Date: Tue, 24 Nov 2026 09:00:00 +0900 (KST)

` + fields + `

--x/y
Content-Type: text/rfc822-headers

Return-Path: <b+abcdefghijklmnopqrstuvwxyz@bounce.ngo.example>
Subject: Write to the minister

--x/y--
`)
}

func TestDeliveryStatus(t *testing.T) {
	t.Parallel()
	const to = "Final-Recipient: rfc822; a@gov.example\n"
	for name, c := range map[string]struct {
		fields string
		kind   Kind
		status string
		reason gateway.Reason
		err    gateway.Kind // 0: no error
	}{
		"unknown user": {to + "Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 <a@gov.example>: Recipient address\n    rejected: User unknown",
			Hard, "5.1.1", gateway.MailboxUnknown, gateway.Dead},
		"disabled":                    {to + "Action: failed\nStatus: 5.2.1\nDiagnostic-Code: smtp; 550 5.2.1 Mailbox disabled", Soft, "5.2.1", gateway.MailboxDisabled, gateway.Failed},
		"full":                        {to + "Action: failed\nStatus: 5.2.2\nDiagnostic-Code: smtp; 552 5.2.2 Mailbox full", Soft, "5.2.2", gateway.MailboxFull, gateway.Failed},
		"policy":                      {to + "Action: failed\nStatus: 5.7.1\nDiagnostic-Code: smtp; 554 5.7.1 Not accepted for policy reasons", Soft, "5.7.1", gateway.Policy, gateway.Refused},
		"policy that names the user":  {to + "Action: failed\nStatus: 5.7.1\nDiagnostic-Code: smtp; 550 5.7.1 User unknown to our policy", Soft, "5.7.1", gateway.Policy, gateway.Refused},
		"host not found":              {to + "Action: failed\nStatus: 5.4.4\nDiagnostic-Code: X-Postfix; Host or domain name not found. Name service error\n    for name=gov.example type=A: Host not found", Hard, "5.4.4", gateway.DomainUnknown, gateway.Dead},
		"null MX of Postfix":          {to + "Action: failed\nStatus: 5.1.0\nDiagnostic-Code: X-Postfix; Domain gov.example does not accept mail (nullMX)", Hard, "5.1.0", gateway.DomainUnknown, gateway.Dead},
		"null MX, RFC 7505":           {to + "Action: failed\nStatus: 5.1.10", Hard, "5.1.10", gateway.DomainUnknown, gateway.Dead},
		"nobody says who refused":     {to + "Action: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 550 No such user here", Soft, "5.0.0", gateway.MailboxUnknown, gateway.Failed},
		"RCPT was refused":            {to + "Action: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 550 No such user here (in reply to RCPT TO\n    command)", Hard, "5.0.0", gateway.MailboxUnknown, gateway.Dead},
		"code in the diagnostic":      {to + "Action: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 552 5.2.2 over limit", Soft, "5.2.2", gateway.MailboxFull, gateway.Failed},
		"deferral that ran out":       {to + "Action: failed\nStatus: 4.4.1\nDiagnostic-Code: X-Postfix; connect to mx.gov.example[127.0.0.9]:25: Connection\n    refused", Soft, "4.4.1", gateway.Expired, gateway.Failed},
		"451 to the end":              {to + "Action: failed\nStatus: 4.3.0\nDiagnostic-Code: smtp; 451 4.3.0 Temporary failure", Soft, "4.3.0", gateway.Expired, gateway.Failed},
		"not in the table to the end": {to + "Action: failed\nStatus: 4.1.1\nDiagnostic-Code: smtp; 450 4.1.1 <a@gov.example>: Recipient address\n    rejected: User unknown in virtual alias table (in reply to RCPT TO command)", Hard, "4.1.1", gateway.MailboxUnknown, gateway.Dead},
		"not in the table as yet":     {to + "Action: delayed\nStatus: 4.1.1\nDiagnostic-Code: smtp; 450 4.1.1 <a@gov.example>: Recipient address\n    rejected: User unknown in virtual alias table (in reply to RCPT TO command)", Delay, "4.1.1", gateway.MailboxUnknown, gateway.Temporary},
		"unknown for now, to the end": {to + "Action: failed\nStatus: 4.1.1\nDiagnostic-Code: smtp; 450 4.1.1 user unknown (in reply to RCPT TO command)", Soft, "4.1.1", gateway.Expired, gateway.Failed},
		"full to the end":             {to + "Action: failed\nStatus: 4.2.2\nDiagnostic-Code: smtp; 452 4.2.2 Mailbox full, try later", Soft, "4.2.2", gateway.MailboxFull, gateway.Failed},
		"delayed":                     {to + "Action: delayed\nStatus: 4.2.2\nDiagnostic-Code: smtp; 452 4.2.2 Mailbox full", Delay, "4.2.2", gateway.MailboxFull, gateway.Temporary},
		"delayed with a wrong class":  {to + "Action: delayed\nStatus: 5.1.1", Delay, "5.1.1", gateway.MailboxUnknown, gateway.Temporary},
		"relayed":                     {to + "Action: relayed\nStatus: 2.0.0", Other, "2.0.0", 0, 0},
		"delivered":                   {to + "Action: delivered\nStatus: 2.1.5", Other, "2.1.5", 0, 0},
		"expanded":                    {to + "Action: expanded\nStatus: 2.0.0", Other, "2.0.0", 0, 0},
		"action with a comment":       {to + "Action: FAILED (smtp)\nStatus: 5.1.1 (bad destination mailbox address)", Hard, "5.1.1", gateway.MailboxUnknown, gateway.Dead},
		"no action":                   {to + "Status: 5.1.1", Hard, "5.1.1", gateway.MailboxUnknown, gateway.Dead},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			res, err := Read(strings.NewReader(dsn(c.fields)))
			if err != nil {
				t.Fatal(err)
			}
			if res.Kind != c.kind || res.Reason != c.reason || res.Delivery != "abcdefghijklmnopqrstuvwxyz" {
				t.Errorf("got %v, %v, %q", res.Kind, res.Reason, res.Delivery)
			}
			if len(res.Recipients) != 1 {
				t.Fatalf("%d recipients", len(res.Recipients))
			}
			r := res.Recipients[0]
			if r.Address != "a@gov.example" || r.Status != c.status || r.Kind != c.kind {
				t.Errorf("recipient %q %q %v", r.Address, r.Status, r.Kind)
			}
			if c.err == 0 && r.Err == nil {
				return
			}
			if r.Err == nil || r.Err.Kind != c.err || r.Err.Code != c.status || strings.Contains(r.Err.Error(), "@") {
				t.Errorf("error %v, want %v", r.Err, c.err)
			}
		})
	}
}

// The mails in testdata were written for these tests, each after a form that
// servers are known to send; beside each stands what is to be read.
func TestMails(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.eml")
	if err != nil || len(files) < 5 {
		t.Fatalf("test mails: %d, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, mail := range [][]byte{data, []byte(crlf(string(data)))} {
				res, err := Read(bytes.NewReader(mail))
				if err != nil {
					t.Fatal(err)
				}
				golden := strings.TrimSuffix(file, ".eml") + ".txt"
				if *update {
					if err := os.WriteFile(golden, []byte(describe(res)), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(golden)
				if err != nil {
					t.Fatal(err)
				}
				if got := describe(res); got != string(want) {
					t.Errorf("read:\n%swant:\n%s", got, want)
				}
			}
		})
	}
}

// describe writes a result as the golden files hold it.
func describe(res *Result) string {
	var b strings.Builder
	line := func(words ...string) {
		b.WriteString(strings.Join(strings.Fields(strings.Join(words, " ")), " ") + "\n")
	}
	automatic := map[bool]string{true: "automatic"}
	line("mail", res.Kind.String(), res.Reason.String(), res.Delivery, automatic[res.Automatic])
	for _, r := range res.Recipients {
		delivered := map[bool]string{true: "arrived"}
		line(r.Address, r.Kind.String(), r.Status, r.Reason.String(), delivered[r.Delivered])
	}
	return b.String()
}

// It runs alone, since what others allocate would count.
func TestReadIsBounded(t *testing.T) {
	compile(t)
	for name, mail := range map[string]string{
		"many parts":       "Content-Type: multipart/mixed; boundary=a\n\n" + strings.Repeat("--a\n\nx\n", 100_000),
		"deep":             nested(2000),
		"many recipients":  dsn(strings.Repeat("Final-Recipient: rfc822; a@b.example\nAction: failed\n\n", 50_000)),
		"a long field":     dsn("Final-Recipient: rfc822; a@b.example\n" + strings.Repeat(" more\n", 200_000)),
		"one long line":    strings.Repeat("a@b.example ", 300_000),
		"a long header":    strings.Repeat("X-A: b\n", 200_000),
		"only delimiters":  "Content-Type: multipart/mixed; boundary=\"\"\n\n" + strings.Repeat("--\n", 100_000),
		"empty":            "",
		"many listed":      "From: MAILER-DAEMON@a.example\nSubject: Undelivered\nX-Failed-Recipients: " + strings.Repeat("a@b.example, ", 20_000) + "\n\n" + strings.Repeat("a@b.example: 550 no\n", 20_000),
		"many named":       "From: MAILER-DAEMON@a.example\nSubject: Undelivered\n\n" + strings.Repeat("c@b.example d@b.example 550 >>> DATA\n", 50_000),
		"angle brackets":   "From: MAILER-DAEMON@a.example\nSubject: Undelivered\nContent-Type: text/html\n\n" + strings.Repeat("<style", 200_000),
		"many reports":     "Content-Type: multipart/report; boundary=a\n\n" + strings.Repeat("--a\nContent-Type: message/delivery-status\n\nFinal-Recipient: rfc822; a@b.example\nAction: failed\n\n", 10_000),
		"a lone delimiter": "Content-Type: multipart/report; boundary=a\n\n--a",
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		res, err := Read(strings.NewReader(mail))
		runtime.ReadMemStats(&after)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if taken := after.TotalAlloc - before.TotalAlloc; taken > mostTaken {
			t.Errorf("%s: %d bytes were taken", name, taken)
		}
		if len(res.Recipients) > maxRecipients {
			t.Errorf("%s: %d recipients", name, len(res.Recipients))
		}
	}
}

func nested(depth int) string {
	var b strings.Builder
	for range depth {
		b.WriteString("Content-Type: multipart/mixed; boundary=a\n\n--a\n")
	}
	return b.String()
}

func FuzzRead(f *testing.F) {
	files, err := filepath.Glob("testdata/*.eml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(dsn("Final-Recipient: rfc822; a@gov.example\nAction: failed\nStatus: 5.1.1")))
	f.Fuzz(func(t *testing.T, mail []byte) {
		res, err := Read(bytes.NewReader(mail))
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range res.Recipients {
			failed := r.Kind == Hard || r.Kind == Soft || r.Kind == Delay
			if failed != (r.Err != nil) {
				t.Fatalf("kind %v with error %v", r.Kind, r.Err)
			}
			if r.Err != nil && strings.ContainsRune(r.Err.Error(), '@') {
				t.Fatalf("an address in the error: %v", r.Err)
			}
			if strings.Contains(r.Status, ".7.") && r.Kind == Hard {
				t.Fatalf("hard with status %s", r.Status)
			}
		}
		if res.Delivery != "" && findToken("b+"+res.Delivery+"@x") != res.Delivery {
			t.Fatalf("token %q", res.Delivery)
		}
	})
}
