package main

import (
	"slices"
	"strings"

	"clarion/broadcast"
)

// states describes the states of calls and deliveries, and how one leads to
// another.
func states() string {
	t := &text{}
	t.say("# States\n\nThe two tables are `callTable` and `deliveryTable` in [broadcast/state.go](../broadcast/state.go); nothing else decides what may follow what.\n\n")
	t.say("## A call\n\n")
	rows := make([][]string, len(broadcast.CallStates))
	for i, s := range broadcast.CallStates {
		rows[i] = []string{code(string(s)), s.Sentence("en"), s.Sentence("ko")}
	}
	t.table([]string{"state", "what it means", ""}, rows)
	t.say("%s", diagram(string(broadcast.Draft), callEdges()))
	t.say("`finish` is done by the ledger itself, when nothing is pending, sending or deferred. Every other action is a person's, or for `pause` the call's own, when it passes its limits.\n\n`withdraw` is what stopping comes to for a call that is done, while a gateway that can give back what it has not sent on (HylaFAX) holds messages of it. What was given back is `failed`; what was on the wire already ends as it ends.\n\n")

	t.say("## A delivery\n\n")
	rows = make([][]string, len(broadcast.States))
	for i, s := range broadcast.States {
		rows[i] = []string{code(s.String()), s.Sentence("en"), s.Sentence("ko")}
	}
	t.table([]string{"state", "what it means", ""}, rows)
	t.say("Beside its state a delivery has three flags, which no change of state takes away: `replied`, `complained`, `opted_out`.\n\n")

	byWorker, byWord := deliveryEdges()
	t.say("### What workers do\n\n%s", diagram(broadcast.Pending.String(), byWorker))
	t.say("A commit also finds `in_doubt`, when the owner of a batch that was taken over comes to its end after all: such a late commit settles what is in doubt, and changes nothing that was claimed anew, since the number of the attempt must fit. A delivery that was handed back unsent goes back to `pending`, or to `deferred` where it was tried before.\n\n")
	t.say("### What reports and people say\n\n%s", diagram("", byWord))

	t.say("### The table\n\nA change that finds another state leaves it alone: a commit never overwrites a report that came first, and an arrival is taken back by a returned mail alone.\n\n")
	rows = rows[:0]
	for _, m := range broadcast.Moves() {
		rows = append(rows, []string{m.Change.String(), names(m.From), names(m.To)})
	}
	t.table([]string{"change", "may find", "leads to"}, rows)
	return strings.TrimRight(t.String(), "\n") + "\n"
}

// An edge leads from one state to another.
type edge struct{ from, to, label string }

func callEdges() []edge {
	var out []edge
	for _, from := range broadcast.CallStates {
		for _, a := range broadcast.Actions {
			if to, err := from.Next("", a); err == nil {
				out = join(out, edge{string(from), string(to), string(a)})
			}
		}
	}
	return out
}

// deliveryEdges are the changes that workers make, and those that are said of a
// delivery. What a late commit does is told in words: it would hide the rest.
func deliveryEdges() (byWorker, byWord []edge) {
	for _, m := range broadcast.Moves() {
		for _, from := range m.From {
			for _, to := range m.To {
				e := edge{from.String(), to.String(), m.Change.String()}
				switch {
				case m.Change == broadcast.Commit && from == broadcast.InDoubt:
				case m.Change <= broadcast.Cancel:
					byWorker = join(byWorker, e)
				default:
					byWord = join(byWord, e)
				}
			}
		}
	}
	return byWorker, byWord
}

// join adds an edge, or its label to one that is there.
func join(edges []edge, e edge) []edge {
	for i := range edges {
		if edges[i].from == e.from && edges[i].to == e.to {
			edges[i].label += ", " + e.label
			return edges
		}
	}
	return append(edges, e)
}

// diagram draws edges as Mermaid does, from the state where all begins, if there
// is one, to those that nothing follows.
func diagram(first string, edges []edge) string {
	t := &text{}
	t.say("```mermaid\nstateDiagram-v2\n")
	if first != "" {
		t.say("    [*] --> %s\n", first)
	}
	var seen []string
	for _, e := range edges {
		for _, s := range []string{e.from, e.to} {
			if !slices.Contains(seen, s) {
				seen = append(seen, s)
			}
		}
	}
	for _, e := range edges {
		t.say("    %s --> %s: %s\n", e.from, e.to, e.label)
	}
	for _, s := range seen {
		if !slices.ContainsFunc(edges, func(e edge) bool { return e.from == s }) {
			t.say("    %s --> [*]\n", s)
		}
	}
	t.say("```\n\n")
	return t.String()
}
