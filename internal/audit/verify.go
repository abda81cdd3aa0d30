package audit

import (
	"context"
	"fmt"
	"maps"
	"slices"
)

// A Problem is what is wrong at an entry.
type Problem string

// The problems.
const (
	Unreadable Problem = "unreadable"  // what stands in the entry's place is none
	Changed    Problem = "changed"     // the entry is not as it was written
	Misplaced  Problem = "misplaced"   // the entry has another number than its place: one was removed, added or moved
	Unlinked   Problem = "unlinked"    // the entry does not follow the one before it
	CutOff     Problem = "cut_off"     // the trail ends here, and once was longer
	Added      Problem = "added"       // more stands in the trail than was written
	HeadForged Problem = "head_forged" // the head, which says where the trail ends, was removed or changed
	NotOurs    Problem = "not_ours"    // the entry is another than this machine wrote: the trail was begun anew, or rolled back
)

// problems say what is wrong, in English and Korean.
var problems = map[Problem][2]string{
	Unreadable: {"what stands there is no entry", "기록이 아닌 것이 있습니다"},
	Changed:    {"it is not as it was written", "쓰인 그대로가 아닙니다"},
	Misplaced:  {"an entry was removed, added or moved here", "기록이 지워졌거나 끼워 넣어졌거나 옮겨졌습니다"},
	Unlinked:   {"it does not follow the entry before it", "앞 기록과 이어지지 않습니다"},
	CutOff:     {"the trail ends before it, and once was longer", "이 앞에서 기록이 잘렸습니다"},
	Added:      {"more stands in the trail than was written", "쓰인 것보다 기록이 많습니다"},
	HeadForged: {"the mark of where the trail ends was removed or changed", "기록의 끝 표시가 지워졌거나 바뀌었습니다"},
	NotOurs:    {"this machine wrote another: the trail was begun anew, or rolled back", "이 기계가 쓴 기록이 아닙니다. 기록이 새로 시작되었거나 되돌려졌습니다"},
}

// Problems are all of them, sorted.
func Problems() []Problem { return slices.Sorted(maps.Keys(problems)) }

// Sentence says what is wrong; lang is "ko" or anything else for English.
func (p Problem) Sentence(lang string) string {
	if lang == "ko" {
		return problems[p][1]
	}
	return problems[p][0]
}

// A Break is where the trail is not as it was written.
type Break struct {
	Entry   uint64  `json:"entry"` // from 1
	Problem Problem `json:"problem"`
}

// A Report is what Verify found.
type Report struct {
	OK       bool    `json:"ok"`
	Entries  uint64  `json:"entries"`
	Anchored uint64  `json:"anchored"` // the entry that this machine has noted outside Redis, 0 for none
	Breaks   []Break `json:"breaks"`   // the first maxBreaks
}

const (
	maxBreaks = 20
	chunk     = 500 // entries read at once
)

// Verify walks the whole trail and says at which entries it is not as it was
// written. What is appended meanwhile is left out.
func (t *Trail) Verify(ctx context.Context) (Report, error) {
	noted, err := t.anchor.load()
	if err != nil {
		return Report{}, err
	}
	raw, length, err := t.end(ctx)
	if err != nil {
		return Report{}, err
	}
	r := Report{Entries: length, Anchored: noted.n, Breaks: []Break{}}
	broken := func(entry uint64, p Problem) {
		b := Break{entry, p}
		if len(r.Breaks) < maxBreaks && !slices.Contains(r.Breaks, b) {
			r.Breaks = append(r.Breaks, b)
		}
	}
	w := walk{noted: noted, broken: broken}
	for w.place < length {
		lines, err := t.lines(ctx, w.place, min(w.place+chunk, length))
		if err != nil {
			return Report{}, err
		}
		if len(lines) == 0 {
			break // it became shorter while we read: said below
		}
		for _, line := range lines {
			w.step(t.parse(line))
		}
	}
	end, err := t.openHead(raw)
	switch {
	case err != nil, raw == "" && length > 0:
		broken(max(w.place, 1), HeadForged)
	case end.n > w.last.n:
		broken(w.place+1, CutOff)
	case end.n < w.last.n:
		broken(w.place, Added)
	case end.hash != w.last.hash:
		broken(max(w.place, 1), HeadForged)
	}
	switch {
	case noted.n > w.last.n:
		broken(w.place+1, CutOff)
	case noted.n > 0 && !w.met:
		broken(noted.n, NotOurs)
	}
	r.OK = len(r.Breaks) == 0
	return r, nil
}

// A walk goes from entry to entry.
type walk struct {
	place  uint64 // entries read
	last   head   // number and hash of the last one
	noted  head   // what the anchor names
	met    bool   // that entry was met
	broken func(uint64, Problem)
}

// step takes one entry. After a break the walk goes on from what it found, so
// that one break is told once.
func (w *walk) step(e Entry, genuine bool, err error) {
	w.place++
	next := head{w.last.n + 1, e.Hash}
	switch {
	case err != nil:
		w.broken(w.place, Unreadable)
	case !genuine:
		w.broken(w.place, Changed)
	case e.N != next.n:
		w.broken(w.place, Misplaced)
		next.n = e.N
	case e.Prev != w.last.hash:
		w.broken(w.place, Unlinked)
	}
	w.last = next
	w.met = w.met || genuine && next == w.noted
}

// Read returns entries, the newest first: at most limit of those before the
// entry number before, 0 for the end. An entry that cannot be read has its
// number alone.
func (t *Trail) Read(ctx context.Context, before uint64, limit int) ([]Entry, error) {
	if limit < 1 {
		return nil, fmt.Errorf("read the audit trail: a limit of %d entries", limit)
	}
	length, err := t.length(ctx)
	if err != nil {
		return nil, err
	}
	if before == 0 || before > length+1 {
		before = length + 1
	}
	from := uint64(0)
	if n := before - 1; n > uint64(limit) {
		from = n - uint64(limit)
	}
	lines := []string{}
	if before > 1 {
		if lines, err = t.lines(ctx, from, before-1); err != nil {
			return nil, err
		}
	}
	out := make([]Entry, len(lines))
	for i, line := range lines {
		e, _, err := t.parse(line)
		if err != nil {
			e = Entry{N: from + uint64(i) + 1}
		}
		out[len(lines)-1-i] = e
	}
	return out, nil
}
