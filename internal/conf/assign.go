package conf

import (
	"encoding"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// assigner sets a Go value from what TOML says, and gathers every mistake
// instead of stopping at the first, as the library does.
type assigner struct {
	doc      *Doc
	dir      string // of the file: secrets in files are named from there
	problems []Problem
}

func (a *assigner) root(v any, raw map[string]any) {
	rv := reflect.ValueOf(v)
	if rv.Kind() != reflect.Pointer || rv.IsNil() {
		panic(fmt.Sprintf("conf: Decode into %T, which is no pointer", v))
	}
	a.set(rv.Elem(), raw, nil)
}

func (a *assigner) tell(path []string, format string, args ...any) {
	a.problems = append(a.problems, Problem{File: a.doc.file, Line: a.doc.Line(path...), Message: fmt.Sprintf(format, args...)})
}

var (
	timeType     = reflect.TypeFor[time.Time]()
	durationType = reflect.TypeFor[time.Duration]()
	secretType   = reflect.TypeFor[Secret]()
	textType     = reflect.TypeFor[SecretText]()
)

// set sets rv, which is addressable, from raw, which stands at path.
func (a *assigner) set(rv reflect.Value, raw any, path []string) {
	if rv.Kind() == reflect.Pointer {
		fresh := reflect.New(rv.Type().Elem())
		before := len(a.problems)
		a.set(fresh.Elem(), raw, path)
		if len(a.problems) == before {
			rv.Set(fresh)
		}
		return
	}
	switch rv.Type() {
	case sectionType:
		a.section(rv, raw, path)
		return
	case timeType:
		a.time(rv, raw, path)
		return
	case momentType:
		a.moment(rv, raw, path)
		return
	case durationType:
		if s, ok := a.text(raw, path, `a span of time such as "90s", "2h" or "5d"`); ok {
			d, err := parseDuration(s)
			a.done(rv, reflect.ValueOf(d), err, path)
		}
		return
	case secretType:
		if s, ok := a.text(raw, path, `a text: the secret itself, "file:PATH" or "env:NAME"`); ok {
			secret, err := readLine(s, a.dir)
			a.done(rv, reflect.ValueOf(secret), err, path)
		}
		return
	case textType:
		if s, ok := a.text(raw, path, `a text: "file:PATH" or "env:NAME"`); ok {
			secret, err := readSecret(s, a.dir, wholeFile)
			a.done(rv, reflect.ValueOf(SecretText{secret}), err, path)
		}
		return
	}
	if u, ok := rv.Addr().Interface().(encoding.TextUnmarshaler); ok {
		if s, ok := a.text(raw, path, "a text in quotes"); ok {
			err := u.UnmarshalText([]byte(s))
			if err != nil && secretKey(last(path)) {
				err = errors.New("the value cannot be read")
			}
			if err != nil {
				a.tell(path, "%s: %v", name(path), err)
			}
		}
		return
	}
	switch rv.Kind() {
	case reflect.Struct:
		a.table(rv, raw, path)
	case reflect.Map:
		a.mapping(rv, raw, path)
	case reflect.Slice:
		a.list(rv, raw, path)
	case reflect.Interface:
		if raw != nil {
			rv.Set(reflect.ValueOf(raw))
		}
	default:
		a.scalar(rv, raw, path)
	}
}

func (a *assigner) done(rv, value reflect.Value, err error, path []string) {
	if err != nil {
		a.tell(path, "%s: %v", name(path), err)
		return
	}
	rv.Set(value)
}

func (a *assigner) wrong(raw any, path []string, right string) {
	a.tell(path, "%s is %s: %s is right", name(path), kindOf(raw), right)
}

func (a *assigner) text(raw any, path []string, right string) (string, bool) {
	s, ok := raw.(string)
	if !ok {
		a.wrong(raw, path, right)
	}
	return s, ok
}

func (a *assigner) time(rv reflect.Value, raw any, path []string) {
	const right = "a time with its offset from UTC, as 2013-06-10T09:00:00+09:00,"
	t, ok := raw.(time.Time)
	if !ok {
		a.wrong(raw, path, right)
		return
	}
	// The library marks times without an offset by the name of their location.
	if strings.HasSuffix(t.Location().String(), "-local") {
		a.tell(path, "%s has no offset from UTC: %s is right", name(path), right)
		return
	}
	rv.Set(reflect.ValueOf(t.UTC()))
}

func (a *assigner) scalar(rv reflect.Value, raw any, path []string) {
	switch rv.Kind() {
	case reflect.String:
		if s, ok := a.text(raw, path, "a text in quotes"); ok {
			rv.SetString(s)
		}
	case reflect.Bool:
		b, ok := raw.(bool)
		if !ok {
			a.wrong(raw, path, "true or false")
			return
		}
		rv.SetBool(b)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n, ok := raw.(int64)
		if !ok {
			a.wrong(raw, path, "a whole number")
		} else if rv.OverflowInt(n) {
			a.tell(path, "%s is too large a number", name(path))
		} else {
			rv.SetInt(n)
		}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		n, ok := raw.(int64)
		if !ok {
			a.wrong(raw, path, "a whole number")
		} else if n < 0 || rv.OverflowUint(uint64(n)) {
			a.tell(path, "%s is negative or too large a number", name(path))
		} else {
			rv.SetUint(uint64(n))
		}
	case reflect.Float32, reflect.Float64:
		switch n := raw.(type) {
		case float64:
			rv.SetFloat(n)
		case int64:
			rv.SetFloat(float64(n))
		default:
			a.wrong(raw, path, "a number")
		}
	default:
		panic(fmt.Sprintf("conf: no TOML goes into a %s", rv.Type()))
	}
}

func (a *assigner) list(rv reflect.Value, raw any, path []string) {
	items := reflect.ValueOf(raw)
	if items.Kind() != reflect.Slice {
		right := "a list in square brackets"
		switch rv.Type().Elem().Kind() {
		case reflect.String:
			right = `a list of texts, as ["…", "…"],`
		case reflect.Struct:
			right = fmt.Sprintf("a list of tables, each under [[%s]],", name(path))
		}
		a.wrong(raw, path, right)
		return
	}
	out := reflect.MakeSlice(rv.Type(), items.Len(), items.Len())
	for i := range items.Len() {
		a.set(out.Index(i), items.Index(i).Interface(), join(path, strconv.Itoa(i)))
	}
	rv.Set(out)
}

func (a *assigner) mapping(rv reflect.Value, raw any, path []string) {
	table, ok := raw.(map[string]any)
	if !ok {
		a.wrong(raw, path, "a table")
		return
	}
	out := reflect.MakeMapWithSize(rv.Type(), len(table))
	for _, key := range slices.Sorted(maps.Keys(table)) {
		value := reflect.New(rv.Type().Elem()).Elem()
		before := len(a.problems)
		a.set(value, table[key], join(path, key))
		if len(a.problems) == before {
			out.SetMapIndex(reflect.ValueOf(key).Convert(rv.Type().Key()), value)
		}
	}
	rv.Set(out)
}

func (a *assigner) table(rv reflect.Value, raw any, path []string) {
	table, ok := raw.(map[string]any)
	if !ok {
		a.wrong(raw, path, fmt.Sprintf("a table, under [%s],", name(path)))
		return
	}
	fields := map[string]reflect.Value{}
	fieldsOf(rv, fields)
	known := slices.Sorted(maps.Keys(fields))
	for _, key := range slices.Sorted(maps.Keys(table)) {
		if field, ok := fields[key]; ok {
			a.set(field, table[key], join(path, key))
		} else {
			a.unknown(key, known, path)
		}
	}
}

func (a *assigner) unknown(key string, known, path []string) {
	place := ""
	if len(path) > 0 {
		place = fmt.Sprintf(" in [%s]", name(path))
	}
	hint := ""
	if near, ok := Nearest(key, known); ok {
		hint = fmt.Sprintf(": did you mean %q?", near)
	} else if len(known) > 0 {
		hint = ": known here are " + listOf(known)
	}
	a.tell(join(path, key), "unknown key %q%s%s", key, place, hint)
}

// fieldsOf gathers the fields of a struct by key; those of an embedded struct
// without a tag stand beside its own.
func fieldsOf(rv reflect.Value, into map[string]reflect.Value) {
	for i := range rv.NumField() {
		f := rv.Type().Field(i)
		tag, _, _ := strings.Cut(f.Tag.Get("toml"), ",")
		switch {
		case tag == "-":
		case f.Anonymous && tag == "" && f.Type.Kind() == reflect.Struct:
			fieldsOf(rv.Field(i), into)
		case !f.IsExported():
		case tag != "":
			into[tag] = rv.Field(i)
		default:
			into[strings.ToLower(f.Name)] = rv.Field(i)
		}
	}
}

func kindOf(raw any) string {
	switch raw.(type) {
	case string:
		return "a text"
	case bool:
		return "true or false"
	case int64:
		return "a whole number"
	case float64:
		return "a number"
	case time.Time:
		return "a date or time"
	case map[string]any:
		return "a table"
	}
	return "a list"
}

// join is append that never shares memory with another path.
func join(path []string, piece string) []string {
	return append(slices.Clone(path), piece)
}

func last(path []string) string {
	if len(path) == 0 {
		return ""
	}
	return path[len(path)-1]
}

// name is a path as people write it: email.subject.ko, and for an element of a
// list languages[2], counted from 1.
func name(path []string) string {
	var b strings.Builder
	for i, piece := range path {
		if n, err := strconv.Atoi(piece); err == nil && i > 0 {
			fmt.Fprintf(&b, "[%d]", n+1)
			continue
		}
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(piece)
	}
	return b.String()
}
