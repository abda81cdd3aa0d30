package main

import (
	"strings"

	"clarion/worker/alarm"
)

// alarms says what alarms there are, and what becomes of one.
func alarms() string {
	t := &text{}
	t.say("# Alarms\n\nOf all workers one looks, every `alarm.every`, at counters that stand in Redis, and scans nothing. When it dies another goes on within a minute. What it finds is an alarm, on the page `/alarms` of the console and, for those who stand under `[[alarm.person]]` in `clarion.toml`, a mail and a text message. From where on something is wrong is set in `[alarm]`. Rehearsals raise none.\n\n")
	var rows [][]string
	for _, k := range alarm.Kinds {
		rows = append(rows, []string{code(string(k)), k.Word("en"), k.Word("ko"), k.Do("en")})
	}
	t.table([]string{"kind", "what it is", "", "what to do"}, rows)
	rows = rows[:0]
	for _, l := range alarm.Levels {
		rows = append(rows, []string{code(string(l)), l.Word("en"), l.Word("ko")})
	}
	t.table([]string{"level", "", ""}, rows)
	t.say("%s", `## What becomes of one

- *Raised*: a look found it. What is about the same thing is the same alarm until it is over.
- *Worse*: it went from warning to critical. It never goes back while it is open, so that what goes to and fro is told once.
- *Acknowledged*: somebody has said that they see to it. Nobody is reminded, unless it becomes worse.
- *Quiet until a time*: nothing is said of it till then, unless it becomes worse. What is still wrong then is said once more.
- *Over*: nothing was found of it for `+"`alarm.calm`"+`. It stays on the page for a week.

Who acknowledged or quieted it, and when, is in the audit trail.

## Who is told, and how often

What is due to a person at one time is one notice: what is new, what is worse, what is critical, told over `+"`alarm.remind`"+` ago and not acknowledged, and what is over of which they were told. After `+"`alarm.notices`"+` within an hour the rest waits, and comes together with the next.

Mail goes out through the gateways of the settings in their order, a standby last, from `+"`alarm@`"+` the domain of `+"`[inbox]`"+`; a text through those for SMS, from `+"`alarm.sms_from`"+`. One that no gateway takes is tried again at the next look. A notice goes out before it is noted: a process that is killed in between has it said once more, and never kept unsaid.

Notices go to people of the team, whom the settings name: an opt-out or a suppression of the same address does not hold them back. One that is refused for good, or comes back, is not repeated; it raises an alarm of its own, which names the person by their place in the settings alone. No notice holds an address or a name of a supporter. Redis keeps people as keyed hashes.

While Redis cannot be reached nothing is found: that is for [Prometheus](monitoring/README.md) to say, which asks from outside.
`)
	return strings.TrimRight(t.String(), "\n") + "\n"
}
