package docstest

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"clarion/templates"
)

// What a document shows is what the program takes.
func TestBlocks(t *testing.T) {
	t.Parallel()
	bin := program(t)

	t.Run("settings", func(t *testing.T) {
		t.Parallel()
		found := blocks(t, "toml")
		if len(found) == 0 {
			t.Fatal("no document shows any settings")
		}
		for _, b := range found {
			switch b.info {
			case "toml clarion.toml":
				settings(t, bin, b)
			case "toml call.toml":
				callSettings(t, b)
			default:
				t.Errorf("%s: say behind the fence which file this is: toml clarion.toml, or toml call.toml", b)
			}
		}
	})

	t.Run("commands", func(t *testing.T) {
		t.Parallel()
		if len(blocks(t, "sh test")) == 0 {
			t.Fatal("no document has a block that is run")
		}
		// The blocks of a document are run in one folder, one after another.
		dirs := map[string]string{}
		for _, b := range blocks(t, "sh test") {
			if dirs[b.file] == "" {
				dirs[b.file] = t.TempDir()
			}
			if out, err := command(dirs[b.file], bin, "bash", "-euo", "pipefail", "-c", b.text); err != nil {
				t.Errorf("%s: %v\n%s", b, err, out)
			}
		}
	})

	t.Run("usage", func(t *testing.T) {
		t.Parallel()
		for _, b := range blocks(t, "sh") {
			for line := range strings.Lines(b.text) {
				line, _, _ = strings.Cut(line, " #")
				if words := strings.Fields(strings.TrimRight(line, "&\n ")); len(words) > 0 && words[0] == "clarion" && !strings.ContainsAny(line, "\"'<>|$") {
					usage(t, bin, b, words)
				}
			}
		}
		// In running text a command stands between backticks.
		for _, file := range documents(t) {
			for _, m := range regexp.MustCompile("`clarion ([^`]+)`").FindAllStringSubmatch(read(t, file), -1) {
				usage(t, bin, block{file: file}, strings.Fields("clarion "+m[1]))
			}
		}
	})
}

// settings has the program read a clarion.toml. The secrets that it names are made up.
func settings(t *testing.T, bin string, b block) {
	t.Helper()
	dir := t.TempDir()
	for _, m := range regexp.MustCompile(`"file:([a-z/-]+)"`).FindAllStringSubmatch(b.text, -1) {
		path := filepath.Join(dir, m[1])
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("0123456789abcdef\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "clarion.toml"), []byte(b.text), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := command(dir, bin, "clarion", "--config", "clarion.toml", "call", "list"); err != nil {
		t.Errorf("%s: %v\n%s", b, err, out)
	}
}

// callSettings reads a call.toml, beside the texts of the example.
func callSettings(t *testing.T, b block) {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, templates.Example()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, templates.CallFile), []byte(b.text), 0o600); err != nil {
		t.Fatal(err)
	}
	_, problems, err := templates.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", b, p)
	}
}

// usage asks the program whether it knows a command with its flags; nothing is done.
func usage(t *testing.T, bin string, b block, words []string) {
	t.Helper()
	out, err := command(t.TempDir(), bin, append(slices.Clone(words), "--help")...)
	_, rest, _ := strings.Cut(out, "Usage:\n  ")
	known, _, _ := strings.Cut(rest, "\n")
	path := strings.Fields(known)
	for i, word := range path {
		if strings.Trim(word, "abcdefghijklmnopqrstuvwxyz") != "" {
			path = path[:i]
			break
		}
	}
	said := strings.Join(words, " ")
	switch {
	case err != nil:
		t.Errorf("%s: %s: %v\n%s", b, said, err, out)
	case len(path) == 0 || !strings.HasPrefix(said+" ", strings.Join(path, " ")+" "):
		t.Errorf("%s: %s is taken for %q", b, said, known)
	case strings.Contains(out, "Available Commands:") && len(words) > len(path) && !strings.HasPrefix(words[len(path)], "-"):
		t.Errorf("%s: %s has no command %s", b, strings.Join(path, " "), words[len(path)])
	}
}
