package smtpreply

import (
	"strings"
	"testing"
	"time"

	"clarion/worker/gateway"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		stage  Stage
		code   int
		text   string
		kind   gateway.Kind
		reason gateway.Reason
		wire   string
		retry  time.Duration
	}{
		// Nobody there.
		{Recipient, 550, "5.1.1 <who@host.example>: Recipient address rejected: User unknown in virtual mailbox table", gateway.Dead, gateway.MailboxUnknown, "5.1.1", 0},
		{Recipient, 550, "No such user here", gateway.Dead, gateway.MailboxUnknown, "550", 0},
		{Unknown, 550, "550 <who@host.example>: User unknown (in reply to RCPT TO command)", gateway.Dead, gateway.MailboxUnknown, "550", 0},
		{Unknown, 550, "550 <who@host.example>... User unknown 503 Need RCPT (recipient)", gateway.Dead, gateway.MailboxUnknown, "550", 0},
		{Unknown, 550, "550 5.1.1 unknown user", gateway.Dead, gateway.MailboxUnknown, "5.1.1", 0},
		// Who says so, and of what, is not known: a filter may, of a person who is there.
		{Unknown, 550, "550 Unknown user who@host.example", gateway.Failed, gateway.MailboxUnknown, "550", 0},
		{Unknown, 550, "550 5.2.1 <who@host.example>... User Unknown", gateway.Failed, gateway.MailboxUnknown, "5.2.1", 0},
		{Recipient, 550, "5.7.1 <who@host.example>: user unknown", gateway.Refused, gateway.Policy, "5.7.1", 0},
		{Recipient, 550, "5.4.1 Recipient address rejected: Access denied. [x.prod.protection.outlook.com]", gateway.Dead, gateway.MailboxUnknown, "5.4.1", 0},
		{Recipient, 550, "5.1.2 no such system", gateway.Dead, gateway.DomainUnknown, "5.1.2", 0},
		{Recipient, 550, "5.4.4 unable to route", gateway.Dead, gateway.DomainUnknown, "5.4.4", 0},
		{Recipient, 556, "5.1.10 recipient address has null MX", gateway.Dead, gateway.DomainUnknown, "5.1.10", 0},
		{Recipient, 550, "5.2.1 the mailbox is switched off", gateway.Failed, gateway.MailboxDisabled, "5.2.1", 0},
		{Recipient, 550, "5.2.1 <who@host.example>... User Unknown", gateway.Dead, gateway.MailboxUnknown, "5.2.1", 0},
		{Recipient, 551, "5.1.6 gone elsewhere", gateway.Dead, gateway.Moved, "5.1.6", 0},
		{Unknown, 550, "host mx.example[192.0.2.1] said: 550 5.1.1 no mailbox (in reply to RCPT TO command)", gateway.Dead, gateway.MailboxUnknown, "5.1.1", 0},
		{Recipient, 550, "존재하지 않는 계정입니다", gateway.Dead, gateway.MailboxUnknown, "550", 0},
		// Full: this delivery only.
		{Recipient, 552, "5.2.2 mailbox full", gateway.Failed, gateway.MailboxFull, "5.2.2", 0},
		{Body, 552, "requested mail action aborted: exceeded storage allocation", gateway.Failed, gateway.MailboxFull, "552", 0},
		{Recipient, 452, "4.2.2 over quota, try later", gateway.Temporary, gateway.MailboxFull, "4.2.2", 0},
		// Later.
		{Recipient, 451, "4.7.1 Greylisted, try again in 5 minutes", gateway.Temporary, gateway.Greylisted, "4.7.1", 5 * time.Minute},
		{Recipient, 450, "4.2.0 <a@b.example>: Recipient address rejected: Greylisted for 300 seconds", gateway.Temporary, gateway.Greylisted, "4.2.0", 300 * time.Second},
		{Recipient, 451, "Greylisting in action, please come back in 00:04:30", gateway.Temporary, gateway.Greylisted, "451", 270 * time.Second},
		{Recipient, 450, "4.1.1 user unknown, for now", gateway.Temporary, gateway.MailboxUnknown, "4.1.1", 0},
		{Connect, 421, "service not available", gateway.Temporary, gateway.Network, "421", 0},
		{Body, 421, "4.7.28 our system has detected an unusual rate of mail", gateway.Throttled, gateway.RateLimited, "4.7.28", 0},
		{Recipient, 450, "4.3.2 connection rate limit exceeded, retry after 60s", gateway.Throttled, gateway.RateLimited, "4.3.2", time.Minute},
		// About us or about the message.
		{Body, 554, "5.7.1 Message rejected as spam by content policy", gateway.Refused, gateway.Policy, "5.7.1", 0},
		{Body, 550, "5.7.1 this looks like spam", gateway.Refused, gateway.Spam, "5.7.1", 0},
		{Body, 550, "5.7.26 neither SPF nor DKIM passed", gateway.Refused, gateway.Authentication, "5.7.26", 0},
		{Body, 550, "5.7.515 access denied, sending domain does not meet the level", gateway.Refused, gateway.Authentication, "5.7.515", 0},
		{Connect, 554, "5.7.1 client host [192.0.2.1] blocked using list.example", gateway.Refused, gateway.SenderBlocked, "5.7.1", 0},
		{Recipient, 550, "5.7.606 Access denied, banned sending IP [192.0.2.1]", gateway.Refused, gateway.SenderBlocked, "5.7.606", 0},
		{Body, 552, "5.3.4 message too large", gateway.Refused, gateway.TooLarge, "5.3.4", 0},
		{Body, 554, "transaction failed", gateway.Refused, gateway.OtherReason, "554", 0},
		{Recipient, 550, "something else", gateway.Failed, gateway.OtherReason, "550", 0},
		{Body, 550, "unknown user", gateway.Refused, gateway.Policy, "550", 0},
		// Said of the sender: the recipient is not condemned.
		{Sender, 550, "5.1.1 user unknown", gateway.Refused, gateway.SenderBlocked, "5.1.1", 0},
		{Sender, 553, "5.7.1 sender address rejected: not owned by user", gateway.Misconfigured, gateway.SenderBlocked, "5.7.1", 0},
		{Sender, 550, "5.1.8 the domain of the sender does not resolve", gateway.Misconfigured, gateway.SenderBlocked, "5.1.8", 0},
		{Unknown, 553, "553 5.1.8 domain of sender address does not exist (in reply to MAIL FROM command)", gateway.Misconfigured, gateway.SenderBlocked, "5.1.8", 0},
		// Login and set-up.
		{Login, 535, "5.7.8 authentication credentials invalid", gateway.Misconfigured, gateway.Authentication, "5.7.8", 0},
		{Sender, 530, "5.7.0 authentication required", gateway.Misconfigured, gateway.Authentication, "5.7.0", 0},
		{Sender, 502, "5.7.0 Please authenticate first", gateway.Misconfigured, gateway.Authentication, "5.7.0", 0},
		{Login, 454, "4.7.0 temporary authentication failure", gateway.Temporary, gateway.Authentication, "4.7.0", 0},
		{Recipient, 554, "5.7.1 <a@b.example>: Relay access denied", gateway.Misconfigured, gateway.Policy, "5.7.1", 0},
		// Japanese carriers: what their filters say is no proof, what their directories say is.
		{Unknown, 550, "550 <a@docomo.ne.jp>: User unknown (in reply to RCPT TO command)", gateway.Failed, gateway.MailboxUnknown, "550", 0},
		{Recipient, 550, "Unknown user a@docomo.ne.jp", gateway.Failed, gateway.MailboxUnknown, "550", 0},
		{Unknown, 550, "550 5.1.1 <a@mineo.jp>... User unknown 503 Need RCPT (recipient)", gateway.Failed, gateway.MailboxUnknown, "5.1.1", 0},
		{Unknown, 550, "550 <a@au.com>: User unknown 554 Error: no valid recipients", gateway.Dead, gateway.MailboxUnknown, "550", 0},
		{Unknown, 550, "550 Invalid recipient: <a@softbank.ne.jp>", gateway.Dead, gateway.MailboxUnknown, "550", 0},
		{Unknown, 550, "550 a@docomo.ne.jp... No such user", gateway.Failed, gateway.MailboxUnknown, "550", 0},
		{Unknown, 550, "550 a@host.example... No such user", gateway.Dead, gateway.MailboxUnknown, "550", 0},
		{Body, 552, "552 Too much mail data", gateway.Failed, gateway.MailboxFull, "552", 0},
		{Body, 552, "552 Error: Too much mail data", gateway.Refused, gateway.TooLarge, "552", 0},
		{Body, 553, "553 ngo.example does not exist", gateway.Refused, gateway.SenderBlocked, "553", 0},
		// Korea.
		{Body, 554, "5.7.1 DAS51 x1: Your mail is blocked automatically by anti-spam system. (E06)", gateway.Refused, gateway.Spam, "5.7.1", 0},
		{Recipient, 550, "5.1.1 DAS20 x1: Inactive mbox", gateway.Failed, gateway.MailboxDisabled, "5.1.1", 0},
		{Recipient, 550, "5.1.1 DAS20 x1: Suspended user", gateway.Failed, gateway.MailboxDisabled, "5.1.1", 0},
		{Recipient, 554, "You are registered as spammer (by user's reject list)", gateway.Refused, gateway.Policy, "554", 0},
		{Connect, 554, "5.7.1 Your IP(192.0.2.1) is filtered", gateway.Refused, gateway.SenderBlocked, "5.7.1", 0},
		{Connect, 421, "4.7.1 blocked for a while since you sent too many e-mails", gateway.Throttled, gateway.RateLimited, "4.7.1", 0},
		{Recipient, 550, "5.1.1 RUSR x1 - nsmtp: No such user", gateway.Dead, gateway.MailboxUnknown, "5.1.1", 0},
		{Connect, 421, "4.4.1 CHIC x1 - nsmtp", gateway.Temporary, gateway.Network, "4.4.1", 0},
		{Connect, 421, "4.4.5 CCRT x1 - nsmtp", gateway.Temporary, gateway.Network, "4.4.5", 0},
		// One of several causes is no proof.
		{Recipient, 550, "The mail server could not deliver mail to a@host.example. The account or domain may not exist, they may be blacklisted, or missing the proper dns entries.", gateway.Failed, gateway.DomainUnknown, "550", 0},
		// Large providers, each in its own words.
		{Recipient, 550, "5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; Authentication required; Delivery restriction check failed", gateway.Refused, gateway.Policy, "5.7.133", 0},
		{Unknown, 550, "5.7.124 Sender not in allowed-senders list", gateway.Refused, gateway.Policy, "5.7.124", 0},
		{Body, 552, "5.7.0 This message was blocked because its content presents a potential security issue.", gateway.Refused, gateway.Content, "5.7.0", 0},
		{Body, 421, "4.7.0 This message does not have authentication information or fails to pass authentication checks", gateway.Temporary, gateway.Authentication, "4.7.0", 0},
		{Body, 550, "5.4.5 Daily SMTP relay limit exceeded for user", gateway.Throttled, gateway.RateLimited, "5.4.5", 0},
		{Recipient, 525, "5.7.13 <a@host.example>: Recipient address rejected: User account disabled", gateway.Failed, gateway.MailboxDisabled, "5.7.13", 0},
		{Unknown, 550, "Message was not accepted -- invalid mailbox. Local mailbox a@mail.ru is unavailable: user not found", gateway.Dead, gateway.MailboxUnknown, "550", 0},
		{Recipient, 550, "The recipient may contain a non-existent account, please check the recipient address.", gateway.Dead, gateway.MailboxUnknown, "550", 0},
		{Body, 550, "Domain may not exist or DNS check failed", gateway.Refused, gateway.SenderBlocked, "550", 0},
		{Body, 550, "Mail is rejected by recipients", gateway.Refused, gateway.Policy, "550", 0},
		{Recipient, 550, "Envelope blocked - User Entry", gateway.Refused, gateway.Policy, "550", 0},
		{Body, 550, "Rejected by header based manually Blocked Senders", gateway.Refused, gateway.Policy, "550", 0},
		{Body, 550, "permanent failure for one or more recipients (a@host.example:blocked)", gateway.Refused, gateway.Policy, "550", 0},
		{Connect, 554, "554 Blocked - see https://ipcheck.proofpoint.com/?ip=192.0.2.1", gateway.Refused, gateway.SenderBlocked, "554", 0},
		{Connect, 554, "No SMTP service. IP address is block listed.", gateway.Refused, gateway.SenderBlocked, "554", 0},
		{Body, 541, "Mail rejected by destination domain", gateway.Refused, gateway.Policy, "541", 0},
		// Names in addresses and links prove nothing.
		{Recipient, 550, "5.0.0 <user-unknown@host.example> rejected, see https://host.example/mailbox-full", gateway.Failed, gateway.OtherReason, "5.0.0", 0},
		// A relay that gave up.
		{Unknown, 554, "4.4.7 message expired after 840 minutes", gateway.Failed, gateway.Expired, "4.4.7", 0},
		{Unknown, 0, "550-5.1.1 nobody of that name 503 5.5.1 RCPT first", gateway.Dead, gateway.MailboxUnknown, "5.1.1", 0},
	} {
		e := Parse(c.stage, c.code, c.text)
		if e.Kind != c.kind || e.Reason != c.reason || e.Code != c.wire || e.RetryAfter != c.retry {
			t.Errorf("stage %d, %d %s:\n got %s %s %s %s\nwant %s %s %s %s", c.stage, c.code, c.text,
				e.Kind, e.Reason, e.Code, e.RetryAfter, c.kind, c.reason, c.wire, c.retry)
		}
	}
}

func TestInspect(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		code int
		text string
		want Inspection
	}{
		{550, "550 5.1.1 no such user", Inspection{"hard", "5.1.1", "mailbox_unknown"}},
		{550, "550 5.2.1 The account is disabled", Inspection{"soft", "5.2.1", "mailbox_disabled"}},
		{552, "552 5.2.2 mailbox full", Inspection{"soft", "5.2.2", "mailbox_full"}},
		{250, "250 2.0.0 queued", Inspection{"other", "2.0.0", ""}},
		{0, "4.4.1 connection timed out; message still undelivered after 4 hours", Inspection{"delay", "4.4.1", "network"}},
		{0, "This is an email abuse report for a message received from 192.0.2.1", Inspection{"complaint", "", "spam"}},
	} {
		if got := Inspect(c.code, c.text); got != c.want {
			t.Errorf("%d %s: got %v, want %v", c.code, c.text, got, c.want)
		}
	}
}

func TestFindStatus(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]status{
		"550 5.1.1 x": {5, 1, 1}, "#5.1.0 x": {5, 1, 0}, "from 5.1.1.1 x": {}, "15.1.1": {}, "5.1": {}, "5.1.": {}, "5.1.1234": {},
		"5.1.1.": {5, 1, 1}, "v5.1.1": {}, "192.0.2.5.1.1": {}, "5.0.0 then 5.7.26": {5, 7, 26}, "5.5.1 5.1.1": {5, 1, 1}, "3.1.1": {},
	} {
		if got := findStatus(text, 0); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

// Whatever a server says, the verdict is one of the vocabulary, repeats nothing
// of the text, is not final for a 4xx, and never condemns a recipient for what
// was said before one was named.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"5.1.1 user unknown", "4.7.1 greylisted, retry in 5 minutes", "", "\x00\xff", "5.7.1 <a@b> " + strings.Repeat("x", 5000)} {
		f.Add(uint8(0), 550, s)
		f.Add(uint8(3), 451, s)
	}
	f.Fuzz(func(t *testing.T, stage uint8, code int, text string) {
		s := Stage(stage % 6)
		e := Parse(s, code, text)
		if e.Kind == 0 || e.Reason == 0 || int(e.Kind) > len(gateway.Kinds) || int(e.Reason) > len(gateway.Reasons) || e.Err != nil {
			t.Fatalf("verdict %#v", e)
		}
		if len(e.Code) > len("5.999.999") || strings.Trim(e.Code, "0123456789.") != "" {
			t.Fatalf("code %q", e.Code)
		}
		if e.RetryAfter < 0 || e.RetryAfter > maxRetry {
			t.Fatalf("retry after %s", e.RetryAfter)
		}
		if code >= 400 && code < 500 && e.Kind != gateway.Temporary && e.Kind != gateway.Throttled && e.Kind != gateway.Misconfigured {
			t.Fatalf("%d became %s", code, e.Kind)
		}
		if (s == Connect || s == Login || s == Sender) && e.Kind == gateway.Dead {
			t.Fatalf("condemned at stage %d", s)
		}
		Inspect(code, text)
	})
}
