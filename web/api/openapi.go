package api

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"clarion/web"
	"clarion/web/access"
)

// An Operation is what documents tell of a route.
type Operation struct {
	Method, Path string // with Prefix
	Right        access.Right
	Summary      string
}

// Operations are all routes that take a right.
func Operations() []Operation {
	out := make([]Operation, len(table))
	for i, rt := range table {
		out[i] = Operation{rt.method, Prefix + rt.path, rt.right, rt.summary}
	}
	return out
}

var parameter = regexp.MustCompile(`\{(\w+)\}`)

// id names a route by its method and path: get_calls_call_report.
func (rt route) id() string {
	return strings.ToLower(rt.method) + regexp.MustCompile(`\W+`).ReplaceAllString(strings.TrimRight(rt.path, "}"), "_")
}

// about says what a route needs beside its address.
func (rt route) about() string {
	out := fmt.Sprintf("Takes the right `%s`: %s.", rt.right, rt.right.Sentence("en"))
	if !rt.right.ForTokens() {
		out += " No token can have it."
	}
	return out
}

// Document is the OpenAPI document of the interface, in version 3.1.
func Document() ([]byte, error) {
	all := schemas{}
	paths := schema{}
	for _, rt := range table {
		item, ok := paths[Prefix+rt.path].(schema)
		if !ok {
			item = schema{}
			paths[Prefix+rt.path] = item
		}
		item[strings.ToLower(rt.method)] = rt.operation(all)
	}
	all.named(reflect.TypeFor[web.Problem]())
	doc := schema{
		"openapi": "3.1.0",
		"info": schema{"title": "Clarion", "version": "1",
			"description": "What staff do on the console's pages, for programs. Each route takes one right, and a token has those of its scopes that its owner has at that moment. Errors are problems (RFC 9457). A field or a parameter that there is not is refused by name; take fields that you do not know as none of your business, since there will be more of them."},
		"paths": paths,
		"components": schema{
			"schemas": all,
			"parameters": schema{"IdempotencyKey": schema{"name": keyHeader, "in": "header", "schema": schema{"type": "string", "minLength": 1, "maxLength": keyMost},
				"description": "For a request that may come again: done once in 24 hours, a second time it is answered as the first. Another request with the key: 422. The first is being done, or was broken off: 409"}},
			"responses": schema{"Problem": schema{"description": "What is wrong, in a sentence (RFC 9457)",
				"content": schema{"application/problem+json": schema{"schema": schema{"$ref": "#/components/schemas/Problem"}}}}},
			"securitySchemes": schema{"token": schema{"type": "http", "scheme": "bearer", "description": "An API token of a person of the team, with scopes and an end"}},
		},
	}
	b, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the OpenAPI document: %w", err)
	}
	return b, nil
}

func (rt route) operation(all schemas) schema {
	parameters := []schema{}
	for _, m := range parameter.FindAllStringSubmatch(rt.path, -1) {
		parameters = append(parameters, schema{"name": m[1], "in": "path", "required": true, "schema": schema{"type": "string"}})
	}
	if rt.match {
		parameters = append(parameters, schema{"name": "If-Match", "in": "header", "required": true, "schema": schema{"type": "string"}, "description": "the ETag that was read"})
	}
	if rt.changes() {
		parameters = append(parameters, schema{"$ref": "#/components/parameters/IdempotencyKey"})
	}
	op := schema{"operationId": rt.id(), "summary": rt.summary, "description": rt.about(), "tags": []string{strings.Split(rt.path, "/")[1]}, "security": []schema{{"token": []string{string(rt.right)}}}}
	switch {
	case rt.byQuery():
		for _, f := range fields(rt.in) {
			parameters = append(parameters, schema{"name": f.name, "in": "query", "required": !f.optional, "schema": all.of(f.of)})
		}
		if rt.takes != "" {
			op["requestBody"] = body(rt.takes, schema{"type": "string"})
		}
	case rt.in.NumField() > 0:
		op["requestBody"] = body("application/json", all.named(rt.in))
	}
	op["parameters"] = parameters
	op["responses"] = schema{fmt.Sprint(rt.status()): rt.response(all), "4XX": schema{"$ref": "#/components/responses/Problem"}, "5XX": schema{"$ref": "#/components/responses/Problem"}}
	return op
}

func body(media string, s schema) schema {
	return schema{"required": true, "content": schema{media: schema{"schema": s}}}
}

func (rt route) response(all schemas) schema {
	out := schema{"description": "Done"}
	switch {
	case rt.answerless():
	case rt.answers == csvType:
		out["content"] = schema{csvType: schema{"schema": schema{"type": "string"}}}
	case rt.answers == pngType, rt.answers == zipType:
		out["content"] = schema{rt.answers: schema{"schema": schema{"type": "string", "contentMediaType": rt.answers}}}
	case rt.answers == lineType:
		out["description"] = "One object a line"
		out["content"] = schema{lineType: schema{"schema": all.of(rt.out)}}
	default:
		out["content"] = schema{"application/json": schema{"schema": all.of(rt.out)}}
	}
	headers := schema{}
	if rt.changes() {
		headers[againHeader] = schema{"description": "true: this is the answer that an earlier request with the Idempotency-Key was given", "schema": schema{"type": "string", "enum": []string{"true"}}}
	}
	if slices.ContainsFunc(fields(structOf(rt.out)), func(f field) bool { return f.name == "version" }) {
		headers["ETag"] = schema{"description": "the version, for If-Match", "schema": schema{"type": "string"}}
	}
	if len(headers) > 0 {
		out["headers"] = headers
	}
	return out
}

// structOf is what a pointer points at; of a stream it is nothing.
func structOf(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return reflect.TypeFor[none]()
	}
	return t
}
