package conf

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// A Section is a table whose keys depend on what it is for: it is kept as it
// stands, and the package that it is for decodes it.
type Section struct {
	doc  *Doc
	dir  string
	path []string
	raw  map[string]any
}

var sectionType = reflect.TypeFor[Section]()

func (a *assigner) section(rv reflect.Value, raw any, path []string) {
	table, ok := raw.(map[string]any)
	if !ok {
		a.wrong(raw, path, fmt.Sprintf("a table, under [%s],", name(path)))
		return
	}
	rv.Set(reflect.ValueOf(Section{a.doc, a.dir, path, table}))
}

// Text returns the text of a key, "" when it is not there or is no text.
func (s Section) Text(key string) string {
	text, _ := s.raw[key].(string)
	return text
}

// Problem says something of a key of the section, or of the section itself when
// key is "".
func (s Section) Problem(key, format string, args ...any) Problem {
	path := s.path
	if key != "" && s.doc.Has(join(s.path, key)...) {
		path = join(s.path, key)
	}
	return Problem{File: s.doc.File(), Line: s.doc.Line(path...), Message: fmt.Sprintf(format, args...)}
}

// Decode reads the section into structs, as the function Decode reads a file:
// each key goes to the first that has a place for it.
func (s Section) Decode(into ...any) []Problem {
	a := &assigner{doc: s.doc, dir: s.dir}
	fields := map[string]reflect.Value{}
	for _, v := range slices.Backward(into) {
		fieldsOf(reflect.ValueOf(v).Elem(), fields)
	}
	known := slices.Sorted(maps.Keys(fields))
	for _, key := range slices.Sorted(maps.Keys(s.raw)) {
		if field, ok := fields[key]; ok {
			a.set(field, s.raw[key], join(s.path, key))
		} else {
			a.unknown(key, known, s.path)
		}
	}
	return Sort(a.problems)
}
