package bounce

import (
	"regexp"
	"strconv"
	"strings"

	"clarion/worker/gateway"
	"clarion/worker/gateway/smtpreply"
)

// judge makes a recipient of what a report says of it. The action counts
// before the code (RFC 3464 §2.3.3): "failed" with a 4.x.x status is a deferral
// that has run out, "delayed" is no failure at all. An action that is missing or
// not of the standard is taken from the class of the code.
func judge(address, action, status, diagnostic string, stage smtpreply.Stage) Recipient {
	diagnostic = diagnostic[:min(len(diagnostic), maxWords)]
	status, reply := codes(status, diagnostic)
	r := Recipient{Address: address, Status: status}
	switch action {
	case "delivered", "relayed", "expanded":
		r.Delivered = action == "delivered"
		return r
	case "delayed":
		r.Kind = Delay
	case "failed":
		r.Kind = Soft
	default:
		switch class(status, reply) {
		case '2':
			return r
		case '4':
			r.Kind = Delay
		default:
			r.Kind = Soft
		}
	}
	at := smtpreply.Unknown
	if stage == smtpreply.Recipient {
		at = stage
	}
	v := smtpreply.Parse(at, reply, status+" "+diagnostic)
	v.Code, v.RetryAfter = code(status, reply), 0
	if r.Kind == Delay {
		v.Kind = gateway.Temporary
	} else {
		settle(v, status, reply, diagnostic, stage)
		if smtpreply.Hardness(v) == "hard" {
			r.Kind = Hard
		}
	}
	r.Reason, r.Err = v.Reason, v
	return r
}

// settle makes the verdict on a reply that of a failure which is final.
func settle(v *gateway.Error, status string, reply int, words string, stage smtpreply.Stage) {
	switch {
	case status == "4.1.1" && stage == smtpreply.Recipient && notInTable.MatchString(words):
		v.Kind, v.Reason = gateway.Dead, gateway.MailboxUnknown
		return
	case stage == smtpreply.Body && v.Reason == gateway.MailboxUnknown && !strings.Contains(status, ".1."):
		// The recipient had been accepted: "unknown user" after the text is how
		// some providers put the refusal of a filter that the person has set.
		v.Kind, v.Reason = gateway.Refused, gateway.Policy
	case v.Reason == gateway.DomainUnknown && resolverTrouble.MatchString(words):
		v.Kind, v.Reason = gateway.Failed, gateway.Network
	case v.Kind == gateway.Dead, v.Kind == gateway.Refused:
	default: // what was temporary has run out; our setup is not judged by a mail that anybody can send
		v.Kind = gateway.Failed
	}
	if class(status, reply) == '4' {
		switch v.Reason {
		case 0, gateway.OtherReason, gateway.Network, gateway.Greylisted, gateway.MailboxUnknown, gateway.DomainUnknown:
			v.Reason = gateway.Expired
		}
	}
}

// An enhanced status code (RFC 3463 §2) and a reply code (RFC 5321 §4.2).
var (
	enhanced  = regexp.MustCompile(`\b([245]\.\d{1,3}\.\d{1,3})\b`)
	replyCode = regexp.MustCompile(`(?:^|[^\d.\w-])([245][0-5]\d)(?:[ -]|$)`)
)

// remoteStatus is a status that stands right after a reply code: the far server's
// own, where others around it are the reporter's.
var remoteStatus = regexp.MustCompile(`\b[245][0-5]\d[ -]'?([245]\.\d{1,3}\.\d{1,3})\b`)

// vague are the statuses with which a reporter says that it gave up, or nothing.
var vague = map[string]bool{".0.0": true, ".1.0": true, ".4.7": true, ".5.0": true}

// codes returns the status and the reply code that a report gives. A status
// that the far server wrote after its reply code is believed before another of
// its class that the reporter chose; one that says no more than its class gives
// way to any in the diagnostic of that class.
func codes(status, diagnostic string) (string, int) {
	status = enhanced.FindString(status)
	if m := remoteStatus.FindStringSubmatch(diagnostic); m != nil && (status == "" || vague[status[1:]] || status[0] == m[1][0] && !vague[m[1][1:]]) {
		status = m[1]
	}
	if inner := enhanced.FindString(diagnostic); inner != "" {
		if status == "" || strings.HasSuffix(status, ".0.0") && inner[0] == status[0] {
			status = inner
		}
	}
	reply := 0
	if m := replyCode.FindStringSubmatch(diagnostic); m != nil {
		reply, _ = strconv.Atoi(m[1])
	}
	return status, reply
}

// class returns the first digit of the status, else of the reply; 0 if neither is known.
func class(status string, reply int) byte {
	if status != "" {
		return status[0]
	}
	if reply != 0 {
		return byte('0' + reply/100)
	}
	return 0
}

// code returns the most exact code there is, for the operator.
func code(status string, reply int) string {
	if status == "" && reply != 0 {
		return strconv.Itoa(reply)
	}
	return status
}

// The command that a quoted reply answers, as Postfix, Exim, Sendmail, Courier
// and others note it.
var (
	afterText      = regexp.MustCompile(`(?i)in reply to (?:end of )?data|after (?:end of )?data|>>> ?data\b|body of message generated response|our final data|after I sent the message|after end of message|smtp command\s+data\b`)
	afterRecipient = regexp.MustCompile(`(?i)in reply to rcpt|(?:>>>|<<<|-->) ?rcpt to|rcpt to generated|after rcpt (?:to|command)|our rcpt to|smtp:rcpt|\[rcpt_to\]|following rcpt command|does not like recipient|rejected recipient|no valid recipients?|need rcpt`)
)

// notInTable is Postfix without the address in any of its tables. An operator may
// have it answer 450 (unknown_local_recipient_reject_code); when the queue has run
// out the address is missing still.
var notInTable = regexp.MustCompile(`(?i)user unknown in [a-z ]{0,40}table`)

// resolverTrouble is a name server that does not answer, which says nothing of
// whether the domain exists.
var resolverTrouble = regexp.MustCompile(`(?i)malformed or unexpected name server|servfail|server failure|dns (?:query|lookup) (?:timed? ?out|timeout)|try again`)

// stageOf finds the command that was refused in the words on a recipient, else in
// the transcript of the session, where RCPT TO names the address, else in the
// whole notice.
func stageOf(address, words, all string) smtpreply.Stage {
	if stage := commandIn(words); stage != smtpreply.Unknown {
		return stage
	}
	lower := strings.ToLower(all[:min(len(all), maxText)])
	for rest := lower; address != ""; {
		_, after, ok := strings.Cut(rest, ">>> rcpt to:")
		if !ok {
			break
		}
		if strings.HasPrefix(strings.TrimLeft(after, " <"), strings.ToLower(address)) {
			return smtpreply.Recipient
		}
		rest = after
	}
	return commandIn(all)
}

func commandIn(words string) smtpreply.Stage {
	words = strings.Join(strings.Fields(words[:min(len(words), maxWords)]), " ")
	switch {
	case afterRecipient.MatchString(words):
		return smtpreply.Recipient
	case afterText.MatchString(words):
		return smtpreply.Body
	}
	return smtpreply.Unknown
}
