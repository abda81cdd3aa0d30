package main

import (
	"fmt"
	"strconv"
	"strings"

	"clarion/broadcast"
	"clarion/lists"
	"clarion/lists/address"
	"clarion/lists/tabular"
	"clarion/petition"
	"clarion/worker/bounce"
	"clarion/worker/gateway"
)

// cliValues lists every value of a closed set that the commands print as JSON.
func cliValues() (string, error) {
	t := &text{}
	t.say("# Values in the JSON of the commands\n\nEvery closed set of values that a command prints with `--json`, and where it stands. States of calls and deliveries, with what follows what, are in [states.md](states.md); what follows from a failure is in [verdicts.md](verdicts.md), the `rule` of what `call check` finds in a mail in [mail-rules.md](mail-rules.md).\n\n")
	for _, part := range []func(t *text) error{exits, deliveries, people, tables, inspected, checks, alarmed, trail, signatures} {
		if err := part(t); err != nil {
			return "", err
		}
	}
	return strings.TrimRight(t.String(), "\n") + "\n", nil
}

// section writes a heading, where the values stand, and the values.
func (t *text) section(title, where string, rows [][]string) {
	t.say("## %s\n\n%s\n\n", title, where)
	t.table([]string{"value", "what it means"}, rows)
}

// literals are the rows of constants that are texts; each must say what it means.
func literals(of []constant) ([][]string, error) {
	var rows [][]string
	for _, c := range of {
		if c.comment == "" {
			return nil, fmt.Errorf("constant %s does not say what it means", c.name)
		}
		value := code(c.value)
		if c.value == "" {
			value = `""`
		}
		rows = append(rows, []string{value, c.comment})
	}
	return rows, nil
}

// counted are the rows of constants that are numbers with a name: values are
// those names, in the order of the declaration.
func counted[T fmt.Stringer](of []constant, values []T) ([][]string, error) {
	if len(of) < len(values) {
		return nil, fmt.Errorf("%d constants for %d values", len(of), len(values))
	}
	for i, v := range values {
		of[i].value = v.String()
	}
	return literals(of[:len(values)])
}

func exits(t *text) error {
	all, err := untyped("cmd/clarion", func(name string) bool { return strings.HasPrefix(name, "exit") })
	if err != nil {
		return err
	}
	for i := range all {
		if all[i].comment == "" {
			all[i].comment = map[string]string{"exitDone": "done", "exitFailed": "it failed"}[all[i].name]
		}
	}
	rows, err := literals(all)
	t.section("Exit statuses", "Of every command.", rows)
	return err
}

func deliveries(t *text) error {
	var rows [][]string
	for _, s := range broadcast.CallStates {
		rows = append(rows, []string{code(string(s))})
	}
	t.say("## States of a call\n\n`state` of `call launch`, `call status`, `call list`, `call pause`, `call resume` and `call stop`.\n\n")
	t.table([]string{"value"}, rows)
	rows = nil
	for _, s := range broadcast.States {
		rows = append(rows, []string{code(s.String()), s.Sentence("en")})
	}
	t.section("States of a delivery", "Keys of `states` in `call status`, `call audit` and `call report`; `state` in the `history` of `contact show`.", rows)

	all, err := constants("broadcast", "CanaryPhase")
	if err != nil {
		return err
	}
	phases, err := literals(all)
	if err != nil {
		return err
	}
	t.section("Phases of a canary", "`phase` in `canary` of `call status`: where the part of a channel stands that goes first.", phases)

	if all, err = constants("web/desk", "DoubtAction"); err != nil {
		return err
	}
	if rows, err = literals(all); err != nil {
		return err
	}
	t.section("What becomes of a delivery in doubt", "`action` of `call doubt`.", rows)

	if all, err = constants("broadcast", "Flag"); err != nil {
		return err
	}
	for i := range all {
		all[i].value = map[string]string{"Replied": "replied", "Complained": "complained", "OptedOut": "opted_out"}[all[i].name]
	}
	if rows, err = literals(all); err != nil {
		return err
	}
	t.section("Flags of a delivery", "Beside its state: `flags` in the `history` of `contact show`, and counts in `call status`.", rows)

	if all, err = constants("worker/gateway", "Reason"); err != nil {
		return err
	}
	if rows, err = counted(all, gateway.Reasons[:]); err != nil {
		return err
	}
	t.section("Why a delivery failed", "`reason` of `inspect bounce`, `inspect reply`, the `events` of `inspect webhook` and the `history` of `contact show`; `name` of the rows by reason of `call report`; `--reason` of `suppress amnesty`. `\"\"` is none.", rows)
	return nil
}

func people(t *text) error {
	var rows [][]string
	for _, ch := range address.Channels {
		rows = append(rows, []string{code(ch.String())})
	}
	t.say("## Channels\n\n`channel`, `address_kind`, and keys of `channels`.\n\n")
	t.table([]string{"value"}, rows)

	all, err := untyped("lists", func(name string) bool {
		switch name {
		case "OtherChannel", "NoAddress", "NoConsent", "SameAddress", "Excluded":
			return true
		}
		return false
	})
	if err != nil {
		return err
	}
	for i := range all {
		if all[i].name == "Excluded" {
			all[i].comment = "the contact is on a list that the call leaves out; on no channel"
		}
	}
	if rows, err = literals(all); err != nil {
		return err
	}
	suppression, err := constants("lists", "Reason")
	if err != nil {
		return err
	}
	reasons, err := counted(suppression, lists.Reasons[:])
	if err != nil {
		return err
	}
	t.section("Why an address is suppressed", "`reason` of the `suppress` commands and of `suppression` in `contact show`; `--reason`.", reasons)
	t.section("Why somebody is left out", "`reason` in `left_out` of `call check`, `call report` and `lists show`.", append(rows, reasons...))
	return nil
}

func tables(t *text) error {
	all, err := untyped("lists", func(name string) bool {
		switch name {
		case "NoUsableAddress", "UnknownLanguage", "UnknownZone", "UnknownDate":
			return true
		}
		return false
	})
	if err != nil {
		return err
	}
	broken, err := untyped("lists/tabular", func(name string) bool { return name == "BrokenText" })
	if err != nil {
		return err
	}
	rows, err := literals(append(all, broken...))
	if err != nil {
		return err
	}
	for _, r := range address.Reasons() {
		rows = append(rows, []string{code(r), (&address.Error{Reason: r}).Message("en")})
	}
	t.section("Why a value is no address, or left out", "`reason` of `inspect email` and `inspect phone`; `reason` in `rejected` of `lists import`, where the first five stand too.", rows)
	rows = nil
	for _, r := range tabular.Reasons() {
		rows = append(rows, []string{code(r), (&tabular.Error{Reason: r}).Message("en")})
	}
	t.section("Why a file is no table", "`reason` of `inspect table`, beside `error`.", rows)
	rows = nil
	for _, e := range tabular.Encodings {
		rows = append(rows, []string{code(e)})
	}
	t.say("## Encodings of a file\n\n`encoding` of `lists import` and `inspect table`.\n\n")
	t.table([]string{"value"}, rows)
	return nil
}

func inspected(t *text) error {
	var kinds []bounce.Kind
	for k := bounce.Other; !strings.HasSuffix(k.String(), "("+strconv.Itoa(int(k))+")"); k++ {
		kinds = append(kinds, k)
	}
	all, err := constants("worker/bounce", "Kind")
	if err != nil {
		return err
	}
	rows, err := counted(all, kinds)
	if err != nil {
		return err
	}
	t.section("Kinds of returned mail", "`kind` of `inspect bounce` and `inspect reply`, where `autoreply` is not met.", rows)
	if err := t.vocabularies(
		vocabulary{"templates/sms", "Encoding", "How a text travels", "`encoding` of `inspect sms`."},
		vocabulary{"templates/sms", "Class", "What Korean carriers sell a text as", "`korean_class` of `inspect sms`; `null` when it cannot be sent."},
		vocabulary{"lists/optout", "Wish", "What a person asks for", "`intent` of `inspect optout`."},
		vocabulary{"worker/gateway/webhook", "Kind", "What a mail provider tells", "`kind` in `events` of `inspect webhook`."},
	); err != nil {
		return err
	}
	if all, err = untyped("templates/sms", func(name string) bool { return strings.HasPrefix(name, "Kind") }); err != nil {
		return err
	}
	if rows, err = literals(all); err != nil {
		return err
	}
	t.section("What to know about a text", "`kind` in `problems` of `inspect sms`.", rows)
	return nil
}

func checks(t *text) error {
	all, err := constants("cmd/clarion", "check")
	if err != nil {
		return err
	}
	rows, err := literals(all)
	t.section("What doctor looks at", "`check` of `doctor`.", rows)
	return err
}

func alarmed(t *text) error {
	return t.vocabularies(
		vocabulary{"worker/alarm", "Kind", "What an alarm is about", "`kind` of `alarm list`. [What to do about each](alarms.md)."},
		vocabulary{"worker/alarm", "Level", "How much an alarm matters", "`level` of `alarm list`."},
	)
}

func trail(t *text) error {
	return t.vocabularies(
		vocabulary{"internal/audit", "Action", "What the audit trail notes", "`action` of `audit list`."},
		vocabulary{"internal/audit", "Problem", "What is wrong with the audit trail", "`problem` in `breaks` of `audit verify`."},
	)
}

// A vocabulary is a type of words in a package, and where they are met.
type vocabulary struct{ dir, typ, title, where string }

func (t *text) vocabularies(all ...vocabulary) error {
	for _, v := range all {
		of, err := constants(v.dir, v.typ)
		if err != nil {
			return err
		}
		rows, err := literals(of)
		if err != nil {
			return err
		}
		t.section(v.title, v.where, rows)
	}
	return nil
}

func signatures(t *text) error {
	all, err := constants("petition", "Way")
	if err != nil {
		return err
	}
	rows, err := literals(all)
	if err != nil {
		return err
	}
	t.section("How a signature came", "`way` in `petition tally`, whose `stages` are in the order of the next table.", rows)
	if all, err = constants("petition", "Stage"); err != nil {
		return err
	}
	if rows, err = counted(all, petition.Stages); err != nil {
		return err
	}
	t.section("Stages of a signature", "It only goes forward.", rows)
	if all, err = constants("petition/pack", "Kind"); err != nil {
		return err
	}
	if rows, err = literals(all); err != nil {
		return err
	}
	t.section("How a delivery pack differs", "`kind` in `petition pack --check`.", rows)
	return nil
}
