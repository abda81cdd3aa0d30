package conf

import (
	"strconv"
	"strings"
)

// The TOML library keeps no lines of what it read (MetaData has none), so scan
// finds them in the text, by the grammar of TOML 1.1. It runs on text that the
// library has accepted, and so need not tell right from wrong.

// separator joins the pieces of a key; TOML allows no NUL in a text.
const separator = "\x00"

type scanner struct {
	s      string
	i      int
	line   int
	lines  map[string]int  // joined key to line
	values map[string]span // joined key to where its value stands
	last   map[string]int  // joined table to where its last pair ends, or its header
	tables map[string]int  // joined key of [[tables]] to how many so far
}

// A span is a stretch of the text, in bytes.
type span struct{ from, to int }

// scan returns the line (from 1) of every key, table and list element; elements
// of lists and of [[tables]] have their index, from 0, as a piece.
func scan(s string) map[string]int { return read(strings.TrimPrefix(s, "\ufeff")).lines }

// read finds where everything in s stands.
func read(s string) *scanner {
	sc := &scanner{s: s, line: 1, lines: map[string]int{}, tables: map[string]int{}, values: map[string]span{}, last: map[string]int{"": 0}}
	var table []string
	for {
		sc.skip(true)
		switch {
		case sc.done():
			return sc
		case sc.has("[["):
			sc.i += 2
			table = sc.header(true)
			sc.i += 2
		case sc.has("["):
			sc.i++
			table = sc.header(false)
			sc.i++
		default:
			sc.pair(table)
		}
		sc.last[strings.Join(table, separator)] = min(sc.i, len(s))
	}
}

func (sc *scanner) done() bool { return sc.i >= len(sc.s) }

func (sc *scanner) has(prefix string) bool {
	return !sc.done() && strings.HasPrefix(sc.s[sc.i:], prefix)
}

// skip passes blanks and, if lines is set, line ends and comments.
func (sc *scanner) skip(lines bool) {
	for !sc.done() {
		switch c := sc.s[sc.i]; {
		case c == ' ' || c == '\t' || c == '\r':
		case lines && c == '\n':
			sc.line++
		case lines && c == '#':
			for sc.i+1 < len(sc.s) && sc.s[sc.i+1] != '\n' {
				sc.i++
			}
		default:
			return
		}
		sc.i++
	}
}

// header reads the name of a table, and returns where its keys stand.
func (sc *scanner) header(array bool) []string {
	line := sc.line
	names := sc.key()
	var path []string
	for n, name := range names {
		path = append(path, name)
		sc.record(path, line)
		joined := strings.Join(path, separator)
		if array && n == len(names)-1 {
			sc.tables[joined]++
		}
		if count := sc.tables[joined]; count > 0 {
			path = append(path, strconv.Itoa(count-1))
			sc.record(path, line)
		}
	}
	return path
}

// pair reads key = value under table.
func (sc *scanner) pair(table []string) {
	path := append([]string{}, table...)
	line := sc.line
	for _, name := range sc.key() {
		path = append(path, name)
		sc.record(path, line)
	}
	if sc.has("=") {
		sc.i++
	} else if !sc.done() { // no TOML: get on
		sc.i++
		return
	}
	sc.skip(false)
	from := sc.i
	sc.value(path)
	sc.values[strings.Join(path, separator)] = span{from, min(sc.i, len(sc.s))}
}

func (sc *scanner) record(path []string, line int) {
	joined := strings.Join(path, separator)
	if _, ok := sc.lines[joined]; !ok {
		sc.lines[joined] = line
	}
}

// key reads a dotted key and the blanks after it.
func (sc *scanner) key() []string {
	var names []string
	for {
		sc.skip(false)
		switch {
		case sc.has(`"`), sc.has("'"):
			names = append(names, sc.quoted())
		default:
			start := sc.i
			for !sc.done() && !strings.ContainsRune(" \t\r\n.=]#{}[,\"'", rune(sc.s[sc.i])) {
				sc.i++
			}
			names = append(names, sc.s[start:sc.i])
		}
		sc.skip(false)
		if !sc.has(".") {
			return names
		}
		sc.i++
	}
}

// quoted reads a text on one line, and returns what it says.
func (sc *scanner) quoted() string {
	quote := sc.s[sc.i]
	start := sc.i + 1
	for sc.i++; !sc.done() && sc.s[sc.i] != quote && sc.s[sc.i] != '\n'; sc.i++ {
		if quote == '"' && sc.s[sc.i] == '\\' {
			sc.i++
		}
	}
	end := min(sc.i, len(sc.s))
	if sc.has(string(quote)) {
		sc.i++
	}
	if quote == '\'' {
		return sc.s[start:end]
	}
	return unescape(sc.s[start:end])
}

// unescape resolves the escapes of a basic string (TOML 1.1, "String").
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	plain := map[byte]string{'b': "\b", 't': "\t", 'n': "\n", 'f': "\f", 'r': "\r", 'e': "\x1b", '"': `"`, '\\': `\`}
	digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		if n := digits[s[i]]; n > 0 && i+n < len(s) {
			if r, err := strconv.ParseUint(s[i+1:i+1+n], 16, 32); err == nil {
				b.WriteRune(rune(r))
			}
			i += n
			continue
		}
		b.WriteString(plain[s[i]])
	}
	return b.String()
}

// value passes a value, and records what is in it.
func (sc *scanner) value(path []string) {
	sc.skip(false)
	switch {
	case sc.has(`"""`), sc.has("'''"):
		sc.long(sc.s[sc.i : sc.i+3])
	case sc.has(`"`), sc.has("'"):
		sc.quoted()
	case sc.has("["):
		sc.i++
		for n := 0; ; n++ {
			if sc.ends("]") {
				return
			}
			element := append(append([]string{}, path...), strconv.Itoa(n))
			sc.record(element, sc.line)
			sc.value(element)
			sc.comma()
		}
	case sc.has("{"):
		sc.i++
		for !sc.ends("}") {
			sc.pair(path)
			sc.comma()
		}
	default:
		for !sc.done() && !strings.ContainsRune(",]}#\n", rune(sc.s[sc.i])) {
			sc.i++
		}
	}
}

// ends passes blanks and reports whether what was opened ends here.
func (sc *scanner) ends(closing string) bool {
	sc.skip(true)
	if sc.has(closing) {
		sc.i++
		return true
	}
	return sc.done()
}

func (sc *scanner) comma() {
	sc.skip(true)
	if sc.has(",") {
		sc.i++
	}
}

// long passes a text over several lines. Up to two quotes may stand before the
// three that end it.
func (sc *scanner) long(quotes string) {
	for sc.i += 3; !sc.done() && !sc.has(quotes); sc.i++ {
		switch sc.s[sc.i] {
		case '\n':
			sc.line++
		case '\\':
			if quotes == `"""` && sc.i+1 < len(sc.s) && sc.s[sc.i+1] != '\n' {
				sc.i++
			}
		}
	}
	sc.i = min(sc.i+3, len(sc.s))
	for n := 0; n < 2 && sc.has(quotes[:1]); n++ {
		sc.i++
	}
}
