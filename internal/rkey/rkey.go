// Package rkey owns how Redis keys are declared: each key family is said once,
// with pattern, type, expiry and whether it holds personal data. Documentation,
// erasure, backup and the test that a scan finds no undeclared key all read
// these declarations.
package rkey

import (
	"fmt"
	"strings"
)

// Type is the Redis type of a key.
type Type string

// The Redis types in use.
const (
	String Type = "string"
	Hash   Type = "hash"
	Set    Type = "set"
	ZSet   Type = "zset"
	List   Type = "list"
	Stream Type = "stream"
)

// Key declares a family of keys. In Pattern each <name> stands for a run of
// characters without ':' (the last one may hold colons), as in
// "{call:<id>}:batch:<number>".
type Key struct {
	Pattern  string
	Type     Type
	Expiry   string // in words: "kept", "14 days after the call is done"
	Personal bool   // holds data of a person, sealed or hashed
	Doc      string // what it holds, in a sentence
}

// Name fills the pattern's placeholders in order. It panics when their number
// is wrong: that is a mistake in the program, not in its input.
func (k Key) Name(args ...any) string {
	var b strings.Builder
	rest := k.Pattern
	for i := 0; ; i++ {
		open := strings.IndexByte(rest, '<')
		if open < 0 {
			if i != len(args) {
				panic(fmt.Sprintf("rkey: %q takes %d values, got %d", k.Pattern, i, len(args)))
			}
			b.WriteString(rest)
			return b.String()
		}
		if i >= len(args) {
			panic(fmt.Sprintf("rkey: %q takes more than %d values", k.Pattern, len(args)))
		}
		end := open + strings.IndexByte(rest[open:], '>')
		b.WriteString(rest[:open])
		fmt.Fprint(&b, args[i])
		rest = rest[end+1:]
	}
}

// Matches reports whether name belongs to the family.
func (k Key) Matches(name string) bool {
	pattern := k.Pattern
	for {
		open := strings.IndexByte(pattern, '<')
		if open < 0 {
			return name == pattern
		}
		if len(name) < open || name[:open] != pattern[:open] {
			return false
		}
		name, pattern = name[open:], pattern[open:]
		pattern = pattern[strings.IndexByte(pattern, '>')+1:]
		if pattern == "" {
			return name != ""
		}
		next := strings.IndexByte(pattern, '<')
		literal := pattern
		if next >= 0 {
			literal = pattern[:next]
		}
		at := strings.Index(name, literal)
		if at <= 0 || strings.ContainsRune(name[:at], ':') {
			return false
		}
		name = name[at:]
	}
}

// Find returns the declaration that name belongs to.
func Find(keys []Key, name string) (Key, bool) {
	for _, k := range keys {
		if k.Matches(name) {
			return k, true
		}
	}
	return Key{}, false
}
