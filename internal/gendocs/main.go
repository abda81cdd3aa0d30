// Command gendocs owns the documents that are written from the code itself:
// tables of states, keys, verdicts and values. go generate runs it, and the gate fails
// when what it writes is not what is committed.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

//go:generate go run . ../../docs

// documents are the files and what writes each.
var documents = map[string]func() (string, error){
	"alarms.md":     sure(alarms),
	"api.md":        sure(programs),
	"cli-values.md": cliValues,
	"mail-rules.md": sure(mailRules),
	"rights.md":     sure(rights),
	"redis-keys.md": sure(redisKeys),
	"states.md":     sure(states),
	"verdicts.md":   sure(verdicts),
}

// sure is a document that can always be written.
func sure(text func() string) func() (string, error) {
	return func() (string, error) { return text(), nil }
}

const notice = "<!-- Written by internal/gendocs from the code: change that, then run make generate. -->\n\n"

func main() {
	flag.Parse()
	if err := write(flag.Arg(0)); err != nil {
		fmt.Fprintln(os.Stderr, "gendocs:", err)
		os.Exit(1)
	}
}

// write writes every document into a folder.
func write(dir string) error {
	if dir == "" {
		return fmt.Errorf("name the folder to write to")
	}
	for name, text := range documents {
		content, err := text()
		if err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(notice+content), 0o644); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
	}
	return nil
}
