// Package audit owns the trail of who did what. Entries are only ever appended,
// and each is bound to the one before by a keyed hash whose key lies outside
// Redis: whoever can write to Redis cannot change, remove or reorder entries
// without Verify finding it.
package audit

import (
	"context"
	"crypto/hmac"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"strconv"
	"strings"
	"time"

	"clarion/internal/seal"
)

// An Actor is who did it: see Staff, Visitor and Machine.
type Actor string

const (
	// Visitor is somebody who has not logged in.
	Visitor Actor = "visitor"
	// Machine is whoever runs commands on the machine itself.
	Machine Actor = "machine"
)

// Staff names a person of the team by number, as actor or as object: names and
// addresses do not belong into the trail, which outlives accounts.
func Staff(number uint32) string { return "staff:" + strconv.FormatUint(uint64(number), 10) }

// An Entry is one line of the trail.
type Entry struct {
	N       uint64            `json:"n"` // from 1, without gaps
	At      time.Time         `json:"at"`
	Actor   Actor             `json:"actor"`
	Action  Action            `json:"action"`
	Object  string            `json:"object,omitempty"`  // what it was done to: "staff:3", "call:c7"
	Details map[string]string `json:"details,omitempty"` // in words of ours; nothing about people
	Prev    string            `json:"prev"`              // Hash of the entry before, "" in the first
	Hash    string            `json:"-"`                 // HMAC-SHA-256 of all of the above, 64 hexadecimal digits
}

// word is what names an actor, an object, a key of details; no value of theirs
// is longer than maxValue bytes.
var word = regexp.MustCompile(`^[a-z0-9][a-z0-9_.:/-]{0,63}$`)

const (
	maxValue   = 200
	maxDetails = 16
)

// check finds what does not belong into the trail. An @ is an address.
func (e *Entry) check() error {
	if _, ok := sentences[e.Action]; !ok {
		return fmt.Errorf("note in the audit trail: %q is no action", e.Action)
	}
	if !word.MatchString(string(e.Actor)) || e.Object != "" && !word.MatchString(e.Object) {
		return fmt.Errorf("note %s in the audit trail: actor and object are named by kind and number, such as staff:3", e.Action)
	}
	if len(e.Details) > maxDetails {
		return fmt.Errorf("note %s in the audit trail: %d details are too many", e.Action, len(e.Details))
	}
	for k, v := range e.Details {
		if !word.MatchString(k) || len(v) > maxValue || strings.ContainsAny(v, "@\x00") {
			return fmt.Errorf("note %s in the audit trail: the detail %q is too long, or an address", e.Action, k)
		}
	}
	return nil
}

// Append adds an entry; N, At, Prev and Hash are filled in. Whoever does what
// matters appends first and acts then: of what is not in the trail nothing has
// happened.
func (t *Trail) Append(ctx context.Context, e Entry) error {
	if err := e.check(); err != nil {
		return err
	}
	e.Details = maps.Clone(e.Details)
	for {
		raw, err := t.readHead(ctx)
		if err != nil {
			return err
		}
		last, broken := t.openHead(raw)
		if raw == "" || broken != nil {
			if last.n, err = t.length(ctx); err != nil {
				return err
			}
		}
		if broken != nil || raw == "" && last.n > 0 {
			// The head was tampered with. Work goes on, and the break stays to be seen:
			// the next entry is bound to none.
			t.log.Error("the audit trail is broken: clarion audit verify says where", "after_entry", last.n)
		}
		e.N, e.At, e.Prev = last.n+1, t.clk.Now(), last.hash
		line, err := t.line(&e)
		if err != nil {
			return err
		}
		at := t.anchor.read()
		done, continues, err := t.push(ctx, raw, line, t.sealHead(head{e.N, e.Hash}), at)
		if err != nil {
			return err
		}
		if !done {
			continue // another was faster
		}
		if !continues {
			t.log.Error("the audit trail is not the one that this machine knows: clarion audit verify says more", "entry", at.n)
			return nil
		}
		return t.anchor.write(head{e.N, e.Hash})
	}
}

// line is an entry as it is kept: its hash, a space, and what is hashed.
func (t *Trail) line(e *Entry) (string, error) {
	text, err := json.Marshal(e)
	if err != nil {
		return "", fmt.Errorf("note %s in the audit trail: %w", e.Action, err)
	}
	e.Hash = t.hash(text)
	return e.Hash + " " + string(text), nil
}

func (t *Trail) hash(text []byte) string {
	sum := t.keys.Sum(seal.AuditEntry, text)
	return hex.EncodeToString(sum[:])
}

var errLine = errors.New("this is no entry")

// parse reads a line; genuine says that its hash is ours.
func (t *Trail) parse(line string) (e Entry, genuine bool, err error) {
	hash, text, ok := strings.Cut(line, " ")
	if !ok || json.Unmarshal([]byte(text), &e) != nil {
		return Entry{}, false, errLine
	}
	e.Hash = hash
	return e, hmac.Equal([]byte(hash), []byte(t.hash([]byte(text)))), nil
}

// A head says where the trail ends. It is kept signed, so that a shorter trail
// needs a head that only the program can make.
type head struct {
	n    uint64
	hash string // of entry n
}

func (h head) String() string { return strconv.FormatUint(h.n, 10) + " " + h.hash }

func parseHead(text string) (h head, err error) {
	n, hash, ok := strings.Cut(text, " ")
	if h.n, err = strconv.ParseUint(n, 10, 63); err != nil || !ok || len(hash) != 64 {
		return head{}, errHead
	}
	h.hash = hash
	return h, nil
}

var errHead = errors.New("the head of the audit trail was tampered with")

func (t *Trail) sealHead(h head) string {
	sum := t.keys.Sum(seal.AuditHead, []byte(h.String()))
	return h.String() + " " + hex.EncodeToString(sum[:])
}

// openHead reads a head; "" is the one of an empty trail.
func (t *Trail) openHead(raw string) (head, error) {
	if raw == "" {
		return head{}, nil
	}
	at := strings.LastIndexByte(raw, ' ')
	h, err := parseHead(raw[:max(at, 0)])
	if err != nil || !hmac.Equal([]byte(raw), []byte(t.sealHead(h))) {
		return head{}, errHead
	}
	return h, nil
}
