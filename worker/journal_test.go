package worker

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"clarion/broadcast"
)

func testGroup(n int) (broadcast.Lease, broadcast.Group) {
	work := &broadcast.Work{Number: 7, Contacts: make([]uint32, 40)}
	return broadcast.Lease{Call: "c12", Work: 7, Fence: 3}, broadcast.Group{Call: "c12", Work: work, From: 16, To: 16 + n}
}

// readSheets reads a journal as the next worker would.
func readSheets(t *testing.T, path string) []sheet {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return readJournal(data)
}

func TestJournalTellsWhatBecame(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j, err := openJournal(dir, "w1", 2, 16)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "w1")
	lease, g := testGroup(6)
	p := j.take()
	p.claiming(lease, g)
	// Killed before the answer to the claim: it may have been claimed, and has not left.
	sheets := readSheets(t, path)
	if len(sheets) != 1 || sheets[0].len() != 6 {
		t.Fatalf("%d sheets", len(sheets))
	}
	if l, from := sheets[0].lease(); l != lease || from != 16 {
		t.Fatalf("lease %+v from %d", l, from)
	}
	if a, r := sheets[0].at(5); a != 1 || r != (broadcast.Result{Unsure: true}) {
		t.Errorf("before the answer: attempt %d, %+v", a, r)
	}

	p.claimed([]byte{1, 1, 1, 0, 1, 1})
	p.begun(0, 1)
	p.ended(0, 1, broadcast.Result{State: broadcast.Sent})
	p.begun(1, 1)
	p.ended(1, 1, broadcast.Result{State: broadcast.Rejected, Reason: 6})
	p.begun(2, 1)
	p.begun(4, 1)
	p.ended(4, 1, broadcast.Result{State: broadcast.Pending})
	want := []struct {
		attempt byte
		result  broadcast.Result
	}{{1, broadcast.Result{State: broadcast.Sent}}, {1, broadcast.Result{State: broadcast.Rejected, Reason: 6}}, {}, {}, {1, broadcast.Result{}}, {1, broadcast.Result{}}}
	s := readSheets(t, path)[0]
	for i, w := range want {
		if a, r := s.at(i); a != w.attempt || r != w.result {
			t.Errorf("delivery %d: attempt %d %+v, want %+v", i, a, r, w)
		}
	}

	// Once it is about to be committed, what was not begun may be given back already.
	p.committing()
	s = readSheets(t, path)[0]
	if a, r := s.at(5); a != 1 || !r.Unsure {
		t.Errorf("about to be committed: attempt %d %+v", a, r)
	}
	if _, r := s.at(0); r != (broadcast.Result{State: broadcast.Sent}) {
		t.Errorf("about to be committed: %+v", r)
	}

	// The group that is claimed in the step that commits this one does not hide it before the answer.
	p.claiming(lease, broadcast.Group{Call: "c12", Work: g.Work, From: 32, To: 40})
	if n := len(readSheets(t, path)); n != 2 {
		t.Errorf("%d sheets while one is committed and one claimed", n)
	}
	p.claimed(slices.Repeat([]byte{1}, 8))
	sheets = readSheets(t, path)
	if len(sheets) != 1 || sheets[0].len() != 8 {
		t.Errorf("%d sheets after the answer", len(sheets))
	}
	p.committed()
	p.drop(true)
	if n := len(readSheets(t, path)); n != 0 {
		t.Errorf("%d sheets after all is committed", n)
	}
	if err := j.close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("a journal with nothing in it stays")
	}
}

func TestJournalStaysWithWhatWasNotCommitted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j, err := openJournal(dir, "w1", 1, 16)
	if err != nil {
		t.Fatal(err)
	}
	lease, g := testGroup(2)
	p := j.take()
	if j.take() != nil {
		t.Error("two batches share a page")
	}
	p.claiming(lease, g)
	p.claimed([]byte{1, 1})
	p.drop(false)
	if err := j.close(); err != nil {
		t.Error(err)
	}
	if n := len(readSheets(t, filepath.Join(dir, "w1"))); n != 1 {
		t.Errorf("%d sheets", n)
	}
}

func TestJournalOfAnotherBootSaysNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j, err := openJournal(dir, "w1", 1, 16)
	if err != nil {
		t.Fatal(err)
	}
	lease, g := testGroup(2)
	p := j.take()
	p.claiming(lease, g)
	data, err := os.ReadFile(filepath.Join(dir, "w1"))
	if err != nil {
		t.Fatal(err)
	}
	data[0] ^= 1
	if n := len(readJournal(data)); n != 0 {
		t.Errorf("%d sheets of a boot that is over: they were never synced", n)
	}
}

// A journal lies on a disk: whatever stands in it, reading it does no harm.
func FuzzJournal(f *testing.F) {
	boot, err := bootID()
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte{112, 0, 0, 0}, 64)
	f.Add([]byte{48, 0, 0, 0, 0, 0}, 0)
	f.Fuzz(func(t *testing.T, tail []byte, zeros int) {
		data := append([]byte(boot), tail...)
		data = append(data, make([]byte, max(0, min(zeros, 1<<12)))...)
		for _, s := range readJournal(data) {
			s.lease()
			for i := range s.len() {
				s.at(i)
			}
		}
	})
}
