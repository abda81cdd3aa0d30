package audit

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// An anchor is a file outside Redis that names the last entry which this machine
// wrote. A trail must hold that entry for ever after. Once it does not the anchor
// stays where it is, for a person to look into: it is what tells.
type anchor struct {
	mu   sync.Mutex
	path string // "" for none
}

// read returns what the file names; the zero head if there is none that can be read.
func (a *anchor) read() head {
	h, err := a.load()
	if err != nil {
		return head{}
	}
	return h
}

func (a *anchor) load() (head, error) {
	if a.path == "" {
		return head{}, nil
	}
	text, err := os.ReadFile(a.path)
	if errors.Is(err, fs.ErrNotExist) {
		return head{}, nil
	} else if err != nil {
		return head{}, fmt.Errorf("read the anchor of the audit trail: %w", err)
	}
	h, err := parseHead(strings.TrimSpace(string(text)))
	if err != nil {
		return head{}, fmt.Errorf("read the anchor of the audit trail: %s names no entry", a.path)
	}
	return h, nil
}

// write moves the anchor on, whole or not at all. Of processes that write at once
// the last one wins: an anchor that is an entry behind holds as well.
func (a *anchor) write(h head) error {
	if a.path == "" {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.read().n > h.n {
		return nil
	}
	f, err := os.CreateTemp(filepath.Dir(a.path), ".anchor-*")
	if err != nil {
		return fmt.Errorf("move the anchor of the audit trail: %w", err)
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(h.String() + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), a.path)
	}
	if err != nil {
		return fmt.Errorf("move the anchor of the audit trail: %w", err)
	}
	return nil
}
