package petition

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"clarion/lists/address"
)

// A Signature is one of a person, whose name is here.
type Signature struct {
	Number    uint32 // from 1, in the order in which they came, none left out
	Way       Way
	Stage     Stage
	Confirmed bool
	Withdrawn bool
	Invalid   bool
	Bulk      uint32    // by which it is invalid, 0 for none
	At        time.Time // when it was signed, in UTC
	Day       string    // the same as a date where the petition is, as "2013-06-10"
	Volunteer uint32    // by whom they came, 0 for nobody
	Region    string

	// Of the sealed record; all empty once it was withdrawn, or the names were purged.
	Name      string
	District  string
	Contact   address.Address
	Language  string
	Agreed    Agreed
	Agreement string // version of the words that were agreed to
	Passed    int    // generation in which they came by the volunteer; 0 or 1 for straight
}

// Certain says whether it counts in "at least": confirmed, not withdrawn, not invalid.
func (s *Signature) Certain() bool { return s.Confirmed && !s.Withdrawn && !s.Invalid }

// Named says whether it is of the name, however it is spelt; false once nobody knows.
func (s *Signature) Named(name string) bool {
	return s.Name != "" && bytes.Equal(folded(s.Name), folded(name))
}

var errState = errors.New("the state of a signature cannot be read")

// By is by whom they came, as far as it is known.
func (s *Signature) By() By { return By{s.Volunteer, max(s.Passed, 1)} }

// state is what lua/common.lua parses.
func (s *Signature) state() string {
	flags := "-"
	for _, f := range s.flags() {
		if *f.set {
			flags += f.letter
		}
	}
	return fmt.Sprintf("%s %d %s %d %s %d %d %s", s.Way, s.Stage, flags, s.At.Unix(), s.Day, s.Volunteer, s.Bulk, s.Region)
}

type stateFlag struct {
	letter string
	set    *bool
}

func (s *Signature) flags() []stateFlag {
	return []stateFlag{{"c", &s.Confirmed}, {"w", &s.Withdrawn}, {"i", &s.Invalid}}
}

// parseState reads what state writes.
func (s *Signature) parseState(text string) error {
	var flags string
	var at int64
	if _, err := fmt.Sscan(text, &s.Way, &s.Stage, &flags, &at, &s.Day, &s.Volunteer, &s.Bulk, &s.Region); err != nil {
		return errState
	}
	s.At = time.Unix(at, 0).UTC()
	for _, f := range s.flags() {
		*f.set = strings.Contains(flags, f.letter)
	}
	return nil
}

// record is what is sealed of a signature.
type record struct {
	Name      string          `json:"n"`
	District  string          `json:"d,omitempty"`
	Channel   address.Channel `json:"h,omitempty"`
	Contact   string          `json:"c,omitempty"`
	Language  string          `json:"l"`
	Agreed    Agreed          `json:"a"`
	Agreement string          `json:"v"`
	Passed    int             `json:"g,omitempty"`
}

func (s *Signature) record() ([]byte, error) {
	return json.Marshal(record{s.Name, s.District, s.Contact.Channel(), s.Contact.Reveal(), s.Language, s.Agreed, s.Agreement, s.Passed})
}

func (s *Signature) parseRecord(data []byte) error {
	var r record
	if err := json.Unmarshal(data, &r); err != nil {
		return fmt.Errorf("the record of signature %d cannot be read", s.Number) // the cause would quote it
	}
	s.Name, s.District, s.Contact, s.Language, s.Agreed, s.Agreement, s.Passed = r.Name, r.District, address.Canonical(r.Channel, r.Contact), r.Language, r.Agreed, r.Agreement, r.Passed
	return nil
}
