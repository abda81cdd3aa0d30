package main

import (
	"strings"

	"clarion/broadcast"
	"clarion/broadcast/amnesty"
	"clarion/internal/audit"
	"clarion/internal/rkey"
	"clarion/lists"
	"clarion/petition"
	"clarion/petition/texting"
	"clarion/web/access"
	"clarion/web/api"
	"clarion/web/desk"
	"clarion/webhooks"
	"clarion/worker"
	"clarion/worker/alarm"
	"clarion/worker/gateway"
	"clarion/worker/gateway/mx"
)

// redisKeys lists every key that Clarion keeps in Redis.
func redisKeys() string {
	t := &text{}
	t.say("# Keys in Redis\n\nEach package declares its own, in `Keys()`; a test that ran scans Redis and fails on a key that is not declared. What stands between braces chooses the slot in a Cluster: keys with the same braces are changed in one script. Personal ones hold data of a person, sealed or as a keyed hash.\n\nThe queue's own keys begin with `asynq:`. Their payloads hold numbers and signed tokens only.\n")
	for _, owner := range []struct {
		name string
		keys []rkey.Key
	}{{"lists", lists.Keys()}, {"broadcast", broadcast.Keys()}, {"broadcast/amnesty", amnesty.Keys()}, {"worker", worker.Keys()}, {"worker/alarm", alarm.Keys()}, {"worker/gateway/mx", mx.Keys()}, {"internal/audit", audit.Keys()}, {"web/desk", desk.Keys()}, {"web/access", access.Keys()}, {"web/api", api.Keys()}, {"webhooks", webhooks.Keys()}, {"petition", petition.Keys()}, {"petition/texting", texting.Keys()}} {
		t.say("\n## %s\n\n", owner.name)
		var rows [][]string
		for _, k := range owner.keys {
			personal := ""
			if k.Personal {
				personal = "yes"
			}
			rows = append(rows, []string{code(k.Pattern), string(k.Type), k.Doc, k.Expiry, personal})
		}
		t.table([]string{"key", "type", "what it holds", "kept", "personal"}, rows)
	}
	return strings.TrimRight(t.String(), "\n") + "\n"
}

// verdicts lists what follows from each kind of failure.
func verdicts() string {
	t := &text{}
	t.say("# What follows from a failure\n\nA gateway turns what its wire says into one of eight kinds; what follows is the same for every gateway and stands in one table, `verdicts` in [worker/verdict.go](../worker/verdict.go).\n\n")
	var rows [][]string
	for _, c := range worker.Consequences() {
		state := code(c.State.String())
		if c.Retry {
			state = code(broadcast.Deferred.String()) + ", tried again; " + state + " when no try is left"
		}
		suppress, holds := "no", "nothing"
		if c.Suppress != 0 {
			suppress = "yes: " + code(c.Suppress.String())
			if c.Kind == gateway.Dead {
				suppress += ", if the reason says so"
			}
		}
		switch {
		case c.Kind == gateway.Refused:
			holds = "the lane, if half of a group is refused, and at least four"
		case c.HoldLane:
			holds = "the lane"
		case c.HoldGateway:
			holds, state = "the gateway", "as before: it counts as not begun"
		}
		rows = append(rows, []string{code(c.Kind.String()), worker.Sentence(c.Kind, "en"), state, suppress, holds, c.Report.String()})
	}
	t.table([]string{"kind", "what the operator reads", "the delivery", "is the address suppressed?", "what waits", "the same in a later report"}, rows)
	t.say("An email in doubt is sent again after `worker.grace`, with the same Message-ID, unless the call says `in_doubt = \"hold\"`. A text or a fax in doubt is never sent again blindly: where the gateway can be asked, it is; else a person decides (`clarion call doubt`).\n\n")
	t.say("A lane is the receiving domain, or the carrier of a number. A lane and a gateway that wait go on by themselves.\n\n")
	t.say("## What a failure says of the address\n\nWhether an address is suppressed goes by the reason; the kind only tells what is proven. A run is complete when such failures are met in `suppress.calls` calls in a row within `suppress.within`, with no message known to have arrived in between. What is about us, the message, the line or the hour never counts. A complaint suppresses at once, and so does a person who says stop:\n\n")
	rows = rows[:0]
	for _, r := range gateway.Reasons {
		counts := map[worker.Weight]string{worker.Nothing: "never", worker.InRun: "in a run", worker.AtOnce: "at once where it is proven (`dead`), else in a run"}[worker.WeightOf(r)]
		rows = append(rows, []string{code(r.String()), r.Sentence("en"), r.Sentence("ko"), counts})
	}
	t.table([]string{"reason", "what the operator reads", "", "does it suppress?"}, rows)
	t.say("## In Korean\n\n")
	rows = rows[:0]
	for _, k := range gateway.Kinds {
		rows = append(rows, []string{code(k.String()), worker.Sentence(k, "ko")})
	}
	t.table([]string{"kind", ""}, rows)
	return strings.TrimRight(t.String(), "\n") + "\n"
}

// rights lists who of the team may do what.
func rights() string {
	t := &text{}
	t.say("# Who may do what\n\nA person of the team has one role or several, and may do what any of them may. The table is `table` in [web/access/right.go](../web/access/right.go); each page of the console and each route of the API names one right of it. *Proof*: it takes a proof of who one is that is not older than %d minutes. *Token*: an API token can have the right as a scope, as long as its owner has it.\n\n", int(access.Freshness.Minutes()))
	head := []string{"right", "what one may do"}
	for _, role := range access.Roles {
		head = append(head, role.Word("en"))
	}
	mark := func(is bool) string {
		if is {
			return "yes"
		}
		return "·"
	}
	var rows [][]string
	for _, right := range access.Rights() {
		row := []string{code(string(right)), right.Sentence("en")}
		for _, role := range access.Roles {
			row = append(row, mark(role.Has(right)))
		}
		rows = append(rows, append(row, mark(right.Fresh()), mark(right.ForTokens())))
	}
	t.table(append(head, "proof", "token"), rows)
	rows = rows[:0]
	for _, role := range access.Roles {
		rows = append(rows, []string{code(string(role)), role.Word("en"), role.Word("ko")})
	}
	t.say("## Roles\n\nWhat a role is called in settings and JSON, and in both languages.\n\n")
	t.table([]string{"value", "role", ""}, rows)
	return strings.TrimRight(t.String(), "\n") + "\n"
}
