package worker

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"

	"clarion/broadcast"
)

// A journal is a file that tells, after this process was killed, what had become
// of the deliveries in its hands, so that only what was on the wire is in doubt:
// about one a connection. It is memory that the kernel keeps when the process
// dies, and that costs no call to write to. It holds no address.
//
// It says nothing after a power loss, since it was never synced: the boot that it
// was written under stands in it. Its lock is held as long as the process lives.
type journal struct {
	path string
	file *os.File
	mem  []byte
	page int // octets
	mu   sync.Mutex
	free []int // pages
	used int
}

// A journal begins with the boot that it belongs to, and the octets of a sheet
// (4, little endian). A page is two sheets: of the group that is sent, and of the
// one that is claimed in the step that commits it. A sheet is a head (call, work,
// place of the first delivery, fence; the number of deliveries, last written) and
// a word a delivery.
const (
	bootSize    = 36
	journalHead = 64
	sheetHead   = 48
)

// A mark says how far a delivery had come. In its word stand attempt, mark, state
// and reason, an octet each, from the lowest.
type mark uint8

const (
	markNone    mark = iota // not of this group, or nothing is known
	markUnsure              // nothing of it has left; whether it was claimed, or is given back already, is not known
	markClaimed             // claimed; nothing of it has left
	markBegun               // its last octets may have left
	markEnded               // answered: state and reason are as the far side said
)

// openJournal makes the journal of a worker, with a page for each of so many
// batches in hand at once, in groups of at most so many deliveries.
func openJournal(dir, worker string, pages, group int) (*journal, error) {
	fail := func(err error) (*journal, error) { return nil, fmt.Errorf("make the journal: %w", err) }
	boot, err := bootID()
	if err != nil {
		return fail(err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fail(err)
	}
	// It gets its name once it is locked: who finds one without a lock takes its writer for dead.
	f, err := os.OpenFile(filepath.Join(dir, hidden+worker), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fail(err)
	}
	j := &journal{path: filepath.Join(dir, worker), file: f}
	sheet := sheetHead + 4*group
	j.page = 2 * sheet
	size := journalHead + pages*j.page
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return fail(errors.Join(err, f.Close()))
	}
	if err := f.Truncate(int64(size)); err != nil {
		return fail(errors.Join(err, f.Close()))
	}
	if j.mem, err = unix.Mmap(int(f.Fd()), 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED); err != nil {
		return fail(errors.Join(err, f.Close()))
	}
	copy(j.mem, boot)
	binary.LittleEndian.PutUint32(j.mem[bootSize:], uint32(sheet))
	for i := range pages {
		j.free = append(j.free, i)
	}
	if err := os.Rename(f.Name(), j.path); err != nil {
		return fail(errors.Join(err, unix.Munmap(j.mem), f.Close()))
	}
	return j, nil
}

// hidden begins the name of a journal that is not ready.
const hidden = ".new-"

// bootID names this run of the kernel (proc(5), random/boot_id).
func bootID() (string, error) {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if id := strings.TrimSpace(string(b)); err == nil && len(id) == bootSize {
		return id, nil
	}
	return "", errors.Join(errors.New("the kernel does not name its boot"), err)
}

// close ends the journal. If all in it was committed the file goes; else it stays
// for the next worker of this machine.
func (j *journal) close() error {
	if j == nil {
		return nil
	}
	err := unix.Munmap(j.mem)
	if j.used == 0 {
		err = errors.Join(err, os.Remove(j.path))
	}
	return errors.Join(err, j.file.Close())
}

// take gives a page to a batch; nil, which notes nothing, when there is no journal
// or no page left: then a crash leaves its whole group in doubt, and no more.
func (j *journal) take() *page {
	if j == nil {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.free) == 0 {
		return nil
	}
	n := j.free[len(j.free)-1]
	j.free = j.free[:len(j.free)-1]
	j.used++
	mem := j.mem[journalHead+n*j.page : journalHead+(n+1)*j.page]
	return &page{journal: j, n: n, sent: mem[:j.page/2], next: mem[j.page/2:]}
}

// A page is where one batch notes what becomes of its group. Its methods do
// nothing on nil.
type page struct {
	journal    *journal
	n          int
	sent, next sheet
}

// drop gives the page back; what is noted in it stays there when not all was
// committed.
func (p *page) drop(committed bool) {
	if p == nil || !committed {
		return
	}
	p.sent.clear()
	p.next.clear()
	p.journal.mu.Lock()
	defer p.journal.mu.Unlock()
	p.journal.free = append(p.journal.free, p.n)
	p.journal.used--
}

// claiming notes that a group is about to be claimed: each delivery for the
// attempt after those behind it.
func (p *page) claiming(l broadcast.Lease, g broadcast.Group) {
	if p == nil {
		return
	}
	s := p.next
	s.clear()
	if sheetHead+4*g.Len() > len(s) || len(l.Call) > 24 {
		return
	}
	clear(s[:24])
	copy(s, l.Call)
	binary.LittleEndian.PutUint32(s[24:], l.Work)
	binary.LittleEndian.PutUint32(s[28:], uint32(g.From))
	binary.LittleEndian.PutUint64(s[32:], uint64(l.Fence))
	for i := range g.Len() {
		attempt := byte(1)
		if g.Work.Again() {
			attempt = byte(min(int(g.Work.Attempts[g.From+i])+1, 255))
		}
		s.set(i, attempt, markUnsure, 0, 0)
	}
	atomic.StoreUint32(s.count(), uint32(g.Len()))
}

// claimed says that what was sent before is committed, and what the claim
// answered: the attempts, 0 where a delivery was not to be had; nil when nothing was.
func (p *page) claimed(attempts []byte) {
	if p == nil {
		return
	}
	p.sent.clear()
	if attempts == nil {
		p.next.clear()
		return
	}
	p.sent, p.next = p.next, p.sent
	for i, a := range attempts {
		if a == 0 {
			p.mark(i, 0, markNone, broadcast.Result{})
		} else {
			p.mark(i, a, markClaimed, broadcast.Result{})
		}
	}
}

// committing notes that the group is about to be committed, and so what was not
// begun given back.
func (p *page) committing() {
	if p == nil {
		return
	}
	for i := range p.sent.len() {
		if a, r := p.sent.at(i); a != 0 && r.State == broadcast.Pending {
			p.mark(i, a, markUnsure, r)
		}
	}
}

// committed says that nothing is left in doubt.
func (p *page) committed() {
	if p != nil {
		p.sent.clear()
	}
}

// begun notes that the body of delivery i is about to leave.
func (p *page) begun(i int, attempt byte) { p.mark(i, attempt, markBegun, broadcast.Result{}) }

// ended notes how delivery i ended. What is in doubt stays so, and what was not
// begun after all is claimed still.
func (p *page) ended(i int, attempt byte, r broadcast.Result) {
	switch r.State {
	case broadcast.InDoubt:
	case broadcast.Pending:
		p.mark(i, attempt, markClaimed, r)
	default:
		p.mark(i, attempt, markEnded, r)
	}
}

func (p *page) mark(i int, attempt byte, m mark, r broadcast.Result) {
	if p != nil && i < p.sent.len() {
		p.sent.set(i, attempt, m, r.State, r.Reason)
	}
}

// A sheet is the memory of one group.
type sheet []byte

func (s sheet) word(at int) *uint32 { return (*uint32)(unsafe.Pointer(&s[at])) }
func (s sheet) count() *uint32      { return s.word(40) }
func (s sheet) len() int            { return int(atomic.LoadUint32(s.count())) }
func (s sheet) clear()              { atomic.StoreUint32(s.count(), 0) }

func (s sheet) set(i int, attempt byte, m mark, state broadcast.State, reason uint8) {
	atomic.StoreUint32(s.word(sheetHead+4*i), uint32(attempt)|uint32(m)<<8|uint32(state)<<16|uint32(reason)<<24)
}

// lease returns whose group it is, but for the worker, and where it begins.
func (s sheet) lease() (l broadcast.Lease, from int) {
	l.Call = broadcast.ID(strings.TrimRight(string(s[:24]), "\x00"))
	l.Work = binary.LittleEndian.Uint32(s[24:])
	l.Fence = int64(binary.LittleEndian.Uint64(s[32:]))
	return l, int(binary.LittleEndian.Uint32(s[28:]))
}

// at returns what is known of delivery i: the attempt, 0 if nothing is, and its
// result; Pending when nothing of it had left.
func (s sheet) at(i int) (attempt byte, r broadcast.Result) {
	w := atomic.LoadUint32(s.word(sheetHead + 4*i))
	switch mark(w >> 8) {
	case markUnsure:
		return byte(w), broadcast.Result{State: broadcast.Pending, Unsure: true}
	case markClaimed:
		return byte(w), broadcast.Result{State: broadcast.Pending}
	case markEnded:
		return byte(w), broadcast.Result{State: broadcast.State(w >> 16 & 0xff), Reason: uint8(w >> 24)}
	}
	return 0, broadcast.Result{}
}
