package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// ask runs `clarion inspect ARGS…`, gives it lines, and reads one answer a line.
// An answer that a case is refused (exit status 2) is an answer too.
func ask[T any](b *board, lines []any, args ...string) ([]T, error) {
	var in bytes.Buffer
	e := json.NewEncoder(&in)
	e.SetEscapeHTML(false)
	for _, l := range lines {
		if err := e.Encode(l); err != nil {
			return nil, fmt.Errorf("write a case: %w", err)
		}
	}
	cmd := exec.Command(b.clarion, append([]string{"inspect"}, args...)...)
	cmd.Stdin, cmd.Dir = &in, os.TempDir() // where no clarion.toml of ours changes the answers
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 2 || len(out) == 0) {
		return nil, fmt.Errorf("clarion inspect %s: %w: %s", args[0], err, complaint.String())
	}
	var answers []T
	for line := range strings.SplitSeq(strings.TrimSpace(string(out)), "\n") {
		var v T
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			return nil, fmt.Errorf("clarion inspect %s: read the answer: %w", args[0], err)
		}
		answers = append(answers, v)
	}
	if len(lines) > 0 && len(answers) != len(lines) {
		return nil, fmt.Errorf("clarion inspect %s: %d answers to %d lines", args[0], len(answers), len(lines))
	}
	return answers, nil
}

// cases reads a file of JSON lines.
func cases[T any](b *board, name string) ([]T, error) {
	data, err := os.ReadFile(filepath.Join(b.dir, name))
	if err != nil {
		return nil, fmt.Errorf("read a corpus: %w", err)
	}
	var out []T
	for line := range bytes.SplitSeq(bytes.TrimSpace(data), []byte("\n")) {
		var v T
		if err := json.Unmarshal(line, &v); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out = append(out, v)
	}
	return out, nil
}
