package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"clarion/web/desk"
)

func writePerson(w io.Writer, one *desk.Person) {
	if one.Number == nil {
		fmt.Fprintln(w, "No contact has this address. It is suppressed all the same:")
	} else {
		fmt.Fprintf(w, "Contact %d\n", *one.Number)
	}
	for _, f := range []struct{ label, value string }{{"name", one.Name}, {"organisation", one.Organisation}, {"email", one.Email}, {"sms", one.SMS}, {"fax", one.Fax},
		{"language", one.Language}, {"time zone", one.Timezone}, {"tags", strings.Join(one.Tags, ", ")}, {"lists", strings.Join(one.Lists, ", ")}} {
		if f.value != "" {
			fmt.Fprintf(w, "  %-13s %s\n", f.label, f.value)
		}
	}
	for _, name := range sortedKeys(one.Fields) {
		fmt.Fprintf(w, "  %-13s %s\n", name, one.Fields[name])
	}
	for _, name := range sortedKeys(one.Consent) {
		fmt.Fprintf(w, "  consent %-5s %s\n", name, consentWords(one.Consent[name]))
	}
	for _, s := range one.Suppression {
		fmt.Fprintf(w, "  suppressed    %s\n", suppressionWords(s))
	}
	if one.Number == nil {
		return
	}
	if len(one.History) == 0 {
		fmt.Fprintln(w, "  No call has written to this contact.")
	}
	for _, h := range one.History {
		fmt.Fprintf(w, "  %-6s %s  %-5s %-10s %s %s  %s\n", h.Call, h.Made.Local().Format("2006-01-02"), h.Channel, h.State, many(h.Attempts, "attempt", "attempts"),
			strings.Join(slices.DeleteFunc(append([]string{h.Reason, h.Detail}, h.Flags...), func(s string) bool { return s == "" }), " "), h.Name)
	}
}

func consentWords(k desk.ConsentLine) string {
	switch {
	case !k.Recorded:
		return "not on record"
	case !k.Given:
		return "refused " + when(k.At) + by(k.Source)
	}
	return "given " + when(k.At) + by(k.Source) + fmt.Sprintf(", %q", k.Words)
}

func when(t *time.Time) string {
	if t == nil {
		return "at an unknown time"
	}
	return t.Local().Format("2006-01-02 15:04")
}

func by(source string) string {
	if source == "" {
		return ""
	}
	return " (" + source + ")"
}
