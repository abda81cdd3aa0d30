// Package lists owns who can be reached: contacts sealed in Redis, the lists,
// tags and languages they are filed under, their consent, and the suppression
// of addresses that must not be written to. What a call sends to an audience,
// and when, is left to broadcast.
package lists

import "errors"

// Errors that callers tell apart.
var (
	// ErrWrongKey means that the contacts in this Redis were sealed with another key.
	ErrWrongKey = errors.New("the contacts in this Redis were sealed with another key: put back the key file that was in use when they were imported (it stands in the last backup), or name an empty Redis")
	// ErrUnknownName means that an audience names a list, tag or language that is not there.
	ErrUnknownName = errors.New("no such list, tag or language")
	// ErrBadName means that a name cannot be given to a list.
	ErrBadName = errors.New("a list's name has 1 to 64 characters and no control characters")
	// ErrBusy means that other imports changed the same contacts again and again.
	ErrBusy = errors.New("other imports keep changing the same contacts: run it again when they are done")
)
