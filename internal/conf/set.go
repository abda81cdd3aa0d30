package conf

import (
	"fmt"
	"strings"
)

// Set returns a TOML text in which a key has another value, with all comments and
// the order of the rest left as they were. path is the key with the tables that it
// stands in, value is written as TOML (see Strings). A key that is not there yet is
// put at the end of its table, and a table that is not there at the end of the text.
// The text must be one that Decode accepts.
func Set(text string, value string, path ...string) string {
	at := read(text)
	key, table := strings.Join(path, separator), strings.Join(path[:len(path)-1], separator)
	if v, ok := at.values[key]; ok {
		return text[:v.from] + value + text[v.to:]
	}
	pair := path[len(path)-1] + " = " + value + "\n"
	end, ok := at.last[table]
	if !ok {
		if text != "" && !strings.HasSuffix(text, "\n") {
			text += "\n"
		}
		return fmt.Sprintf("%s\n[%s]\n%s", text, strings.Join(path[:len(path)-1], "."), pair)
	}
	line := strings.IndexByte(text[end:], '\n')
	switch {
	case end == 0:
		return pair + text // before all else: a table would take it
	case line < 0:
		return text + "\n" + pair
	}
	return text[:end+line+1] + pair + text[end+line+1:]
}

// Unset returns a TOML text without a key, its value, and what else stands on their
// lines. A text without the key is returned as it is.
func Unset(text string, path ...string) string {
	v, ok := read(text).values[strings.Join(path, separator)]
	if !ok {
		return text
	}
	from := strings.LastIndexByte(text[:v.from], '\n') + 1
	to := len(text)
	if end := strings.IndexByte(text[v.to:], '\n'); end >= 0 {
		to = v.to + end + 1
	}
	return text[:from] + text[to:]
}

// String writes a TOML string (TOML 1.0, basic string).
func String(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < 0x20 || r == 0x7f:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// Strings writes a TOML list of strings.
func Strings(all []string) string {
	quoted := make([]string, len(all))
	for i, s := range all {
		quoted[i] = String(s)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}
