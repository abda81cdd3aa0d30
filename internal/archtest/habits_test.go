package archtest

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// nameless are folders that say nothing of what is in them.
var nameless = []string{"util", "utils", "common", "model", "models", "type", "types", "helper", "helpers", "base", "misc", "shared", "lib"}

func TestPackageNames(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		for part := range strings.SplitSeq(p.name, "/") {
			if slices.Contains(nameless, part) {
				t.Errorf("%s: %q does not say what the package is about", p.name, part)
			}
		}
	}
}

// Each package says in one place what it owns.
func TestPackageComments(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		begins := "Package " + p.Name + " "
		if p.Name == "main" {
			begins = "Command "
			if !strings.HasPrefix(p.name, "cmd/") {
				begins += p.name[strings.LastIndexByte(p.name, '/')+1:] + " "
			}
		}
		var said []string
		for _, file := range p.files(true) {
			f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.PackageClauseOnly|parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			if f.Doc == nil {
				continue
			}
			said = append(said, filepath.Base(file))
			if !strings.HasPrefix(f.Doc.Text(), begins) {
				t.Errorf("%s: the comment in %s does not begin with %q", p.name, filepath.Base(file), begins)
			}
		}
		if len(said) != 1 {
			t.Errorf("%s has %d package comments, want one: %v", p.name, len(said), said)
		}
	}
}

// Nothing runs before main, and no test waits by the clock or is skipped.
func TestForbiddenCalls(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		for _, file := range p.files(true) {
			set := token.NewFileSet()
			f, err := parser.ParseFile(set, file, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			test := strings.HasSuffix(file, "_test.go")
			for _, found := range forbidden(f, test) {
				at := set.Position(found.pos)
				t.Errorf("%s/%s:%d: %s", p.name, filepath.Base(file), at.Line, found.what)
			}
		}
	}
}

type finding struct {
	pos  token.Pos
	what string
}

// forbidden finds func init in any file, and in a test's also skipping, and
// sleeping outside of a loop: a loop that asks again until a deadline is how a
// test waits for another process.
func forbidden(f *ast.File, test bool) (found []finding) {
	var loops []token.Pos // the ends of the loops that were met
	var draws []ast.Node  // functions of a *rapid.T, whose Skip passes over one draw and skips no test
	drawn := func(n ast.Node, params *ast.FieldList) {
		for _, p := range params.List {
			if star, ok := p.Type.(*ast.StarExpr); ok {
				if s, ok := star.X.(*ast.SelectorExpr); ok && s.Sel.Name == "T" {
					if x, ok := s.X.(*ast.Ident); ok && x.Name == "rapid" {
						draws = append(draws, n)
					}
				}
			}
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ForStmt:
			loops = append(loops, n.End())
		case *ast.RangeStmt:
			loops = append(loops, n.End())
		case *ast.FuncLit:
			drawn(n, n.Type.Params)
		case *ast.FuncDecl:
			drawn(n, n.Type.Params)
			if n.Recv == nil && n.Name.Name == "init" {
				found = append(found, finding{n.Pos(), "func init: say it where it is used"})
			}
		case *ast.CallExpr:
			s, ok := n.Fun.(*ast.SelectorExpr)
			if !ok || !test {
				break
			}
			if x, ok := s.X.(*ast.Ident); ok && x.Name == "time" && s.Sel.Name == "Sleep" && !slices.ContainsFunc(loops, func(end token.Pos) bool { return n.Pos() < end }) {
				found = append(found, finding{n.Pos(), "a test sleeps: ask for what it waits for, again and again until a deadline"})
			}
			if slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, s.Sel.Name) && !slices.ContainsFunc(draws, func(f ast.Node) bool { return f.Pos() <= n.Pos() && n.End() <= f.End() }) {
				found = append(found, finding{n.Pos(), "a test is skipped: let it run, or take it out"})
			}
		}
		return true
	})
	return found
}

func TestForbiddenIsFound(t *testing.T) {
	t.Parallel()
	const source = `package p
func init() {}
func (x) init() {}
func TestX(t *testing.T) { for { time.Sleep(1) }; time.Sleep(1); t.Skip(); t.Skipf(""); sleep(1) }
`
	f, err := parser.ParseFile(token.NewFileSet(), "p_test.go", source, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(forbidden(f, true)); n != 4 {
		t.Errorf("%d findings, want 4", n)
	}
	if n := len(forbidden(f, false)); n != 1 {
		t.Errorf("%d findings outside of tests, want 1", n)
	}
}

// A script says what it is given and what it answers, above its first line.
func TestScriptHeaders(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		scripts, err := filepath.Glob(filepath.Join(p.Dir, "*.lua"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range scripts {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var header []byte
			for line := range bytes.Lines(text) {
				if !bytes.HasPrefix(line, []byte("--")) {
					break
				}
				header = append(header, line...)
			}
			code := text[len(header):]
			for _, word := range []string{"KEYS", "ARGV", "Returns"} {
				needed := word == "Returns" || bytes.Contains(code, []byte(word))
				if needed && !bytes.Contains(header, []byte(word)) {
					t.Errorf("%s/%s: the header does not say %s", p.name, filepath.Base(file), word)
				}
			}
		}
	}
}
