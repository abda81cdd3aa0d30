package conf

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/BurntSushi/toml"
)

// A Doc is a file that was read: it knows where everything stands in it.
type Doc struct {
	file  string
	lines map[string]int
}

// File returns the name of the file.
func (d *Doc) File() string { return d.file }

// Line returns the line, from 1, where a key, a table or an element of a list
// (its index, from 0, as the last piece) first stands; 0 when it does not.
// Line("email", "subject", "ko"), Line("gateway", "1", "url").
func (d *Doc) Line(key ...string) int {
	if d == nil {
		return 0
	}
	return d.lines[strings.Join(key, separator)]
}

// Has reports whether a key, a table or an element is written in the file.
func (d *Doc) Has(key ...string) bool { return d.Line(key...) > 0 }

// Decode reads TOML into v, a pointer to a struct with `toml:"key"` tags or to
// a map. It is strict: a key that v has no place for is a problem, and so is
// every value of another kind than v wants. Whatever is right is set
// nevertheless, so that a caller can go on and find more. The Doc is nil only
// when data is no TOML at all.
//
// Values of keys called password, secret, token or key are in no message.
func Decode(file string, data []byte, v any) (*Doc, []Problem) {
	raw := map[string]any{}
	if _, err := toml.Decode(string(data), &raw); err != nil {
		return nil, []Problem{syntaxProblem(file, data, err)}
	}
	d := &Doc{file: file, lines: scan(string(data))}
	a := &assigner{doc: d, dir: filepath.Dir(file)}
	a.root(v, raw)
	return d, Sort(a.problems)
}

func syntaxProblem(file string, data []byte, err error) Problem {
	p := Problem{File: file, Message: "this is no TOML: " + err.Error()}
	var parse toml.ParseError
	if !errors.As(err, &parse) {
		return p
	}
	p.Line = parse.Position.Line
	p.Message = strings.TrimSuffix(parse.Message, ".")
	key := parse.LastKey
	key = key[strings.LastIndexByte(key, '.')+1:]
	lines := strings.Split(string(data), "\n")
	if p.Line >= 1 && p.Line <= len(lines) {
		if before, _, ok := strings.Cut(lines[p.Line-1], "="); ok {
			key += "_" + strings.TrimSpace(before)
		}
	}
	if secretKey(key) { // the message may quote what stands there
		p.Message = "the value of this key is not written as TOML: put it between quotes"
	}
	return p
}

var secretWord = regexp.MustCompile(`(?i)password|passwd|passphrase|secret|token|(^|[^a-z])key([^a-z]|$)`)

// secretKey reports whether the value of a key must not be shown.
func secretKey(name string) bool { return secretWord.MatchString(name) }

// listOf is "a", "b" and "c" for a message.
func listOf(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = fmt.Sprintf("%q", w)
	}
	if len(quoted) < 2 {
		return strings.Join(quoted, "")
	}
	last := len(quoted) - 1
	return strings.Join(quoted[:last], ", ") + " and " + quoted[last]
}
