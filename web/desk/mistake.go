package desk

import (
	"errors"
	"fmt"

	"clarion/broadcast"
	"clarion/internal/conf"
	"clarion/lists"
	"clarion/lists/address"
	"clarion/lists/tabular"
	"clarion/petition"
	"clarion/petition/texting"
	"clarion/worker/alarm"
)

// An InputError is a person's mistake, told to that person.
type InputError struct{ err error }

func (e *InputError) Error() string { return e.err.Error() }

// Unwrap returns what it wraps.
func (e *InputError) Unwrap() error { return e.err }

// Mistake is an InputError in these words.
func Mistake(format string, args ...any) error { return &InputError{fmt.Errorf(format, args...)} }

// Mistaken reports whether err tells of something that the person who asked can
// mend, so that its text is for that person: an InputError, problems in files, a
// call that does not exist or does not bear the action, a list, a table or an
// address that cannot be as named, what a petition refuses.
func Mistaken(err error) bool {
	var input *InputError
	var problems conf.Problems
	var state *broadcast.StateError
	var table *tabular.Error
	var refusal *petition.Refusal
	if errors.As(err, &refusal) || errors.As(err, &input) || errors.As(err, &problems) || errors.As(err, &state) || errors.As(err, &table) {
		return true
	}
	for _, known := range []error{broadcast.ErrNoCall, lists.ErrUnknownName, lists.ErrBadName, lists.ErrMap, alarm.ErrNone, alarm.ErrOver, texting.ErrNoRound, texting.ErrClosed, texting.ErrNobody, texting.ErrAsleep, texting.ErrNotYours} {
		if errors.Is(err, known) {
			return true
		}
	}
	return false
}

// notAnAddress says why not, without repeating what was written.
func notAnAddress(err error) error {
	var why *address.Error
	if errors.As(err, &why) {
		return Mistake("this is no email address and no number: %s", why.Message("en"))
	}
	return &InputError{err}
}
