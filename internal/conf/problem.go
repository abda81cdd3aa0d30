// Package conf owns configuration as people write it: TOML read strictly, with
// the file and line of every mistake, the nearest known key for a misspelt one,
// and secrets that never print. What a section means belongs to the package
// that decodes it.
package conf

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A Problem is one mistake in a file that a person wrote, told to that person:
// what is wrong and what would be right. It never holds a secret's value.
type Problem struct {
	File    string `json:"file"`
	Line    int    `json:"line"` // from 1; 0 when no line is to blame
	Message string `json:"message"`
	Korean  string `json:"message_ko,omitempty"` // the same in Korean, where a rule has it
	Rule    string `json:"rule,omitempty"`       // code of the rule that is broken, where there is a list of them
}

// String returns "file:line: message [rule]", without the line and the rule when
// there is none.
func (p Problem) String() string {
	s := p.File
	if p.Line != 0 {
		s = fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	s += ": " + p.Message
	if p.Rule != "" {
		s += " [" + p.Rule + "]"
	}
	return s
}

// Error returns what String does, so that a Problem can be an error.
func (p Problem) Error() string { return p.String() }

// Sort orders problems by file and line and leaves out what is told twice.
func Sort(ps []Problem) []Problem {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return slices.Compact(ps)
}

// Problems are mistakes in files as one error, a line each.
type Problems []Problem

func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Err returns the problems as an error, nil when there is none.
func (ps Problems) Err() error {
	if len(ps) == 0 {
		return nil
	}
	return ps
}
