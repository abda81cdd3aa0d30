package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// root is the folder of the module, seen from this one.
const root = "../.."

// A constant is a value as its package declares it: the literal, "" for one that
// is counted, and the comment beside it.
type constant struct{ name, value, comment string }

// constants returns the constants of a type that a package declares, in order.
func constants(dir, typ string) ([]constant, error) {
	all, err := declared(dir)
	if err != nil {
		return nil, err
	}
	if len(all[typ]) == 0 {
		return nil, fmt.Errorf("%s declares no constant of type %s", dir, typ)
	}
	return all[typ], nil
}

// untyped returns the constants without a type whose names keep says.
func untyped(dir string, keep func(name string) bool) ([]constant, error) {
	all, err := declared(dir)
	if err != nil {
		return nil, err
	}
	var out []constant
	for _, c := range all[""] {
		if keep(c.name) {
			out = append(out, c)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s declares none of these constants", dir)
	}
	return out, nil
}

// declared returns a package's constants by the name of their type.
func declared(dir string) (map[string][]constant, error) {
	files, err := os.ReadDir(filepath.Join(root, dir))
	if err != nil {
		return nil, fmt.Errorf("read the constants of %s: %w", dir, err)
	}
	out := map[string][]constant{}
	for _, entry := range files {
		if name := entry.Name(); !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, dir, entry.Name()), nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, fmt.Errorf("read the constants of %s: %w", dir, err)
		}
		for _, d := range f.Decls {
			if group, ok := d.(*ast.GenDecl); ok && group.Tok == token.CONST {
				gather(group, out)
			}
		}
	}
	return out, nil
}

// gather adds the constants of one declaration. One that says neither type nor
// value has those of the one before.
func gather(group *ast.GenDecl, out map[string][]constant) {
	typ := ""
	for _, s := range group.Specs {
		spec, ok := s.(*ast.ValueSpec)
		if !ok {
			continue
		}
		if len(spec.Values) > 0 {
			typ = ""
			if id, ok := spec.Type.(*ast.Ident); ok {
				typ = id.Name
			}
		}
		for i, name := range spec.Names {
			c := constant{name: name.Name, comment: strings.TrimSpace(spec.Comment.Text())}
			if i < len(spec.Values) {
				if lit, ok := spec.Values[i].(*ast.BasicLit); ok {
					c.value = lit.Value
					if text, err := strconv.Unquote(lit.Value); err == nil {
						c.value = text
					}
				}
			}
			out[typ] = append(out[typ], c)
		}
	}
}
