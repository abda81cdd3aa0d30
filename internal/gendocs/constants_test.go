package main

import (
	"strings"
	"testing"
)

// A value without a meaning is no documentation.
func TestConstantsMustSpeak(t *testing.T) {
	t.Parallel()
	if _, err := literals([]constant{{"Full", "full", "no room"}, {"Gone", "gone", ""}}); err == nil || !strings.Contains(err.Error(), "Gone") {
		t.Errorf("a constant without a comment: %v", err)
	}
	rows, err := literals([]constant{{"None", "", "nothing"}})
	if err != nil || rows[0][0] != `""` {
		t.Errorf("an empty value: %v, %v", rows, err)
	}
}

func TestConstantsAreFound(t *testing.T) {
	t.Parallel()
	all, err := constants("worker/gateway", "Reason")
	if err != nil {
		t.Fatal(err)
	}
	if first, last := all[0].name, all[len(all)-1].name; first != "MailboxUnknown" || last != "OtherReason" {
		t.Errorf("reasons from %s to %s", first, last)
	}
	all, err = constants("templates/sms", "Class")
	if err != nil || len(all) != 2 || all[0].value != "SMS" {
		t.Errorf("classes: %+v, %v", all, err)
	}
	for _, wrong := range []struct{ dir, typ string }{{"templates/sms", "Klass"}, {"templates/nothing", "Class"}} {
		if _, err := constants(wrong.dir, wrong.typ); err == nil {
			t.Errorf("%v: no error", wrong)
		}
	}
}
