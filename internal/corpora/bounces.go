package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

type bounceAnswer struct {
	Kind       string `json:"kind"`
	Recipients []struct {
		Address string `json:"address"`
		Status  string `json:"status"`
		Kind    string `json:"kind"`
	} `json:"recipients"`
	Reason string `json:"reason"`
}

// expected is one row of truth.tsv: what a mail says of one recipient.
type expected struct {
	path, status, kind, reason, conf string
	recipients                       []string
}

func truth(b *board) ([]expected, error) {
	data, err := os.ReadFile(filepath.Join(b.dir, "bounces/truth.tsv"))
	if err != nil {
		return nil, fmt.Errorf("read a corpus: %w", err)
	}
	lines := strings.Split(strings.TrimRight(string(data), "\n"), "\n")
	column := map[string]int{}
	for i, name := range strings.Split(lines[0], "\t") {
		column[name] = i
	}
	var out []expected
	for _, line := range lines[1:] {
		f := strings.Split(line, "\t")
		e := expected{path: f[column["path"]], status: f[column["status"]], kind: f[column["kind"]], reason: f[column["reason"]], conf: f[column["conf"]]}
		for _, r := range append([]string{f[column["recipient"]]}, strings.FieldsFunc(f[column["recipient_alt"]], func(r rune) bool { return r == ',' || r == ' ' || r == ';' || r == '|' })...) {
			if r != "" {
				e.recipients = append(e.recipients, strings.ToLower(r))
			}
		}
		if (e.conf == "A" || e.conf == "B") && b.inHalf(e.path) {
			out = append(out, e)
		}
	}
	return out, nil
}

// scoreBounces asks about every mail and compares each recipient.
func scoreBounces(b *board) error {
	rows, err := truth(b)
	if err != nil {
		return err
	}
	args := []string{"bounce"}
	at := map[string]int{}
	for _, e := range rows {
		if _, again := at[e.path]; !again {
			at[e.path] = len(args) - 1
			name, err := filepath.Abs(filepath.Join(b.dir, "bounces", e.path))
			if err != nil {
				return fmt.Errorf("find a case: %w", err)
			}
			args = append(args, name)
		}
	}
	answers, err := ask[bounceAnswer](b, nil, args...)
	if err != nil {
		return err
	}
	kind, recipient := b.row("bounces", "kind", 0.95), b.row("bounces", "recipient", 0.95)
	status, living := b.row("bounces", "status", 0.9), b.row("bounces", "living, called hard", 0.01)
	living.atMost = true
	for _, e := range rows {
		a := answers[at[e.path]]
		gotKind, gotStatus, found := a.Kind, "", false
		for _, r := range a.Recipients {
			if slices.Contains(e.recipients, strings.ToLower(r.Address)) {
				gotKind, gotStatus, found = r.Kind, r.Status, true
				break
			}
		}
		if !found && len(a.Recipients) == 1 {
			gotStatus = a.Recipients[0].Status
		}
		kind.note(gotKind == e.kind || e.kind == "bounce" && (gotKind == "hard" || gotKind == "soft"), e.path, gotKind+" "+gotStatus+" "+a.Reason, e.kind+" "+e.status+" "+e.reason)
		if len(e.recipients) > 0 {
			recipient.note(found, e.path, a.Recipients, e.recipients)
		}
		if e.status != "" {
			status.note(gotStatus == e.status, e.path, gotStatus, e.status+" "+e.reason)
		}
		if e.kind != "hard" && e.kind != "bounce" && e.kind != "complaint" {
			living.note(gotKind == "hard", e.path, a.Kind+" "+a.Reason, e.kind+" "+e.reason)
		}
	}
	return nil
}

type replyCase struct {
	Reply  string  `json:"reply"`
	Code   any     `json:"smtp_code"`
	Status *string `json:"status"`
	Reason string  `json:"reason"`
	Kind   string  `json:"kind"`
	Path   string  `json:"path"`
}

// scoreReplies asks about refusals as servers word them.
func scoreReplies(b *board) error {
	all, err := cases[replyCase](b, "bounces/smtp_replies.jsonl")
	if err != nil {
		return err
	}
	type question struct {
		Reply string `json:"reply"`
		Code  any    `json:"smtp_code"`
	}
	var kept []replyCase
	var lines []any
	for _, c := range all {
		if b.inHalf(strings.TrimPrefix(c.Path, "open/")) {
			kept, lines = append(kept, c), append(lines, question{c.Reply, c.Code})
		}
	}
	answers, err := ask[struct{ Kind, Status, Reason string }](b, lines, "reply", "-")
	if err != nil {
		return err
	}
	kind, status, reason := b.row("replies", "kind", 0.95), b.row("replies", "status", 0.9), b.row("replies", "reason", 0.88)
	living := b.row("replies", "living, called hard", 0.01)
	living.atMost = true
	for i, c := range kept {
		a := answers[i]
		name := fmt.Sprintf("%s %v %s", c.Path, c.Code, c.Reply[:min(len(c.Reply), 300)])
		kind.note(a.Kind == c.Kind, name, a.Kind+" "+a.Reason, c.Kind+" "+c.Reason)
		if c.Status != nil && strings.Contains(c.Reply, *c.Status) { // the rest stood elsewhere in the mail
			status.note(a.Status == *c.Status, name, a.Status, *c.Status)
		}
		if want, ok := ourReason[c.Reason]; ok {
			reason.note(slices.Contains(want, a.Reason), name, a.Reason, c.Reason)
		}
		if c.Kind != "hard" && c.Kind != "complaint" {
			living.note(a.Kind == "hard", name, a.Kind+" "+a.Reason, c.Kind+" "+c.Reason)
		}
	}
	return nil
}

// ourReason are our words for the reasons of the labels; several where theirs
// are wider.
var ourReason = map[string][]string{
	"userunknown": {"mailbox_unknown"}, "filtered": {"policy", "mailbox_unknown", "mailbox_disabled", "other"}, "suspend": {"mailbox_disabled"}, "mailboxfull": {"mailbox_full"},
	"hostunknown": {"domain_unknown"}, "notaccept": {"domain_unknown"}, "hasmoved": {"moved"}, "expired": {"expired", "network"}, "networkerror": {"network", "expired"},
	"blocked": {"sender_blocked", "policy"}, "badreputation": {"sender_blocked"}, "requireptr": {"sender_blocked", "authentication"}, "rejected": {"sender_blocked", "policy"}, "authfailure": {"authentication"},
	"securityerror": {"policy", "authentication", "content"}, "policyviolation": {"policy", "content"}, "norelaying": {"policy"}, "spamdetected": {"spam"}, "contenterror": {"content"}, "virusdetected": {"content"},
	"mesgtoobig": {"too_large"}, "exceedlimit": {"too_large"}, "speeding": {"rate_limited"}, "toomanyconn": {"rate_limited"}, "ratelimited": {"rate_limited"},
	"notcompliantrfc": {"content", "policy"}, "failedstarttls": {"network", "policy", "authentication"}, "systemfull": {"mailbox_full", "other"},
}
