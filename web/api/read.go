package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"reflect"
	"strconv"
	"strings"

	"clarion/web"
	"clarion/web/desk"
)

// readJSON reads the body into *in. A field that there is not, or that is of another
// kind, is named.
func readJSON(q *request, in any) error {
	body, err := io.ReadAll(q.Body)
	if err != nil {
		return fmt.Errorf("%w: %w", web.ErrUnreadable, err)
	}
	if len(body) == 0 {
		return nil
	}
	if kind, _, err := mime.ParseMediaType(q.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return web.ErrMedia
	}
	d := json.NewDecoder(strings.NewReader(string(body)))
	d.DisallowUnknownFields()
	err = d.Decode(in)
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &kind) && kind.Field != "":
		return desk.Mistake("the field %q holds a JSON %s, which does not belong there", kind.Field, kind.Value)
	case err != nil:
		// The one error of encoding/json that has no type of its own.
		if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
			return desk.Mistake("there is no field %s: %s", name, oneOf(in))
		}
		return fmt.Errorf("%w: %w", web.ErrUnreadable, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: more than one JSON value", web.ErrUnreadable)
	}
	return nil
}

// oneOf says which fields there are.
func oneOf(in any) string {
	var names []string
	for _, f := range fields(reflect.TypeOf(in).Elem()) {
		names = append(names, f.name)
	}
	if len(names) == 0 {
		return "none is taken here"
	}
	return "those taken here are " + strings.Join(names, ", ")
}

// readQuery reads the parameters behind the path into the fields of *in: texts, lists
// of them, and yes or no.
func readQuery(q *request, in any) error {
	v := reflect.ValueOf(in).Elem()
	known := map[string]bool{}
	for _, f := range fields(v.Type()) {
		known[f.name] = true
		given, ok := q.URL.Query()[f.name]
		if !ok {
			continue
		}
		switch field := v.FieldByIndex(f.index); field.Kind() {
		case reflect.Slice:
			field.Set(reflect.ValueOf(given))
		case reflect.Bool:
			yes, err := strconv.ParseBool(given[0])
			if err != nil {
				return desk.Mistake("the parameter %q is true or false", f.name)
			}
			field.SetBool(yes)
		default:
			field.SetString(given[0])
		}
	}
	for name := range q.URL.Query() {
		if !known[name] {
			return desk.Mistake("there is no parameter %q: %s", name, oneOf(in))
		}
	}
	return nil
}

// file is the body of a request that is a table.
func file(q *request) (io.Reader, error) {
	kind, _, err := mime.ParseMediaType(q.Header.Get("Content-Type"))
	if err != nil || kind != csvType {
		return nil, web.ErrMedia
	}
	return q.Body, nil
}
