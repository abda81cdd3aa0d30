package api

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"clarion/broadcast"
	"clarion/lists"
	"clarion/lists/address"
	"clarion/petition"
	"clarion/petition/texting"
	"clarion/web/desk"
	"clarion/webhooks"
)

// A field is one of a struct's as encoding/json sees it.
type field struct {
	name     string
	index    []int
	of       reflect.Type
	optional bool // left out when it is empty
}

// fields are those of a struct, with those of structs embedded in it.
func fields(t reflect.Type) (out []field) {
	for _, f := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || f.Anonymous && name == "" || name == "-" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		optional := strings.Contains(options, "omitempty") || strings.Contains(options, "omitzero")
		out = append(out, field{name, f.Index, f.Type, optional})
	}
	return out
}

// A schema is a JSON Schema (2020-12), as OpenAPI 3.1 takes it.
type schema map[string]any

// closed are the types whose values are a closed set.
var closed = map[reflect.Type][]string{
	reflect.TypeFor[broadcast.CallState]():   append(words(broadcast.CallStates[:]), desk.AwaitingRelease),
	reflect.TypeFor[address.Channel]():       words(address.Channels[:]),
	reflect.TypeFor[lists.Reason]():          words(lists.Reasons[:]),
	reflect.TypeFor[desk.DoubtAction]():      {string(desk.DoubtList), string(desk.DoubtResend), string(desk.DoubtSettle)},
	reflect.TypeFor[webhooks.Event]():        append(words(webhooks.Events[:]), string(webhooks.Test)),
	reflect.TypeFor[webhooks.Why]():          {string(webhooks.ByStaff), string(webhooks.Failures), string(webhooks.Gone)},
	reflect.TypeFor[webhooks.Result]():       words(webhooks.Results[:]),
	reflect.TypeFor[petition.Way]():          words(petition.Ways),
	reflect.TypeFor[petition.Stage]():        words(petition.Stages),
	reflect.TypeFor[petition.SheetState]():   words(petition.SheetStates),
	reflect.TypeFor[petition.Print]():        {string(petition.PrintNormal), string(petition.PrintLarge)},
	reflect.TypeFor[desk.MomentKind]():       words(desk.MomentKinds),
	reflect.TypeFor[broadcast.CanaryPhase](): words(broadcast.CanaryPhases[:]),
	reflect.TypeFor[texting.Outcome]():       words(append([]texting.Outcome{texting.Back}, texting.Outcomes...)),
}

// words are values as JSON has them.
func words[T any](values []T) (out []string) {
	for _, v := range values {
		out = append(out, fmt.Sprint(v))
	}
	return out
}

// schemas are the structs that were met, by name.
type schemas map[string]schema

// of is what encoding/json makes of a type. A struct has its place among the
// components, and is named here.
func (s schemas) of(t reflect.Type) schema {
	if values, ok := closed[t]; ok {
		return schema{"type": "string", "enum": values}
	}
	text, mute := reflect.TypeFor[encoding.TextMarshaler](), reflect.TypeFor[json.Marshaler]()
	switch {
	case t == reflect.TypeFor[time.Time]():
		return schema{"type": "string", "format": "date-time"}
	case t.Kind() != reflect.Pointer && t.Implements(text):
		return schema{"type": "string"}
	case t.Kind() != reflect.Pointer && t.Implements(mute):
		panic("api: " + t.String() + " writes its own JSON, of which nothing is known")
	}
	switch t.Kind() {
	case reflect.String:
		return schema{"type": "string"}
	case reflect.Bool:
		return schema{"type": "boolean"}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return schema{"type": "integer"}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return schema{"type": "integer", "minimum": 0}
	case reflect.Float32, reflect.Float64:
		return schema{"type": "number"}
	case reflect.Pointer:
		return s.of(t.Elem())
	case reflect.Slice, reflect.Array:
		if t.Elem().Kind() == reflect.Uint8 {
			return schema{"type": "string", "contentEncoding": "base64"}
		}
		return schema{"type": "array", "items": s.of(t.Elem())}
	case reflect.Map:
		out := schema{"type": "object", "additionalProperties": s.orNull(t.Elem())}
		if values, ok := closed[t.Key()]; ok {
			out["propertyNames"] = schema{"enum": values}
		}
		return out
	case reflect.Struct:
		return s.named(t)
	}
	panic("api: there is no schema of " + t.String())
}

// orNull is as of, or null where the Go value may be nil.
func (s schemas) orNull(t reflect.Type) schema {
	out := s.of(t)
	if !slices.Contains([]reflect.Kind{reflect.Pointer, reflect.Slice, reflect.Map}, t.Kind()) {
		return out
	}
	if kind, ok := out["type"].(string); ok && out["enum"] == nil {
		out["type"] = []string{kind, "null"}
		return out
	}
	return schema{"anyOf": []schema{out, {"type": "null"}}}
}

func (s schemas) named(t reflect.Type) schema {
	if t.Name() == "" {
		return s.object(t)
	}
	name := name(t)
	if _, ok := s[name]; !ok {
		s[name] = schema{} // for structs that hold themselves
		s[name] = s.object(t)
	}
	return schema{"$ref": "#/components/schemas/" + name}
}

func (s schemas) object(t reflect.Type) schema {
	properties, required := schema{}, []string{}
	for _, f := range fields(t) {
		if f.optional {
			properties[f.name] = s.of(f.of)
			continue
		}
		properties[f.name], required = s.orNull(f.of), append(required, f.name)
	}
	slices.Sort(required)
	return schema{"type": "object", "properties": properties, "required": required, "additionalProperties": false}
}

// name is a struct's among the components: with its package, unless that is one of
// those that answer.
func name(t reflect.Type) string {
	pkg, own, _ := strings.Cut(t.String(), ".")
	own = strings.ToUpper(own[:1]) + own[1:]
	if slices.Contains([]string{"api", "desk", "web", "webhooks"}, pkg) {
		return own
	}
	return strings.ToUpper(pkg[:1]) + pkg[1:] + own
}
