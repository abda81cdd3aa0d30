package smtpreply

import (
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"unsafe"
)

// hostile are replies made to be slow or large to read, each four mebibytes long.
func hostile() map[string]string {
	const size = 4 << 20
	long := func(s string) string { return strings.Repeat(s, size/len(s)) }
	return map[string]string{
		"one word":             long("a"),
		"spaces":               "550" + long(" "),
		"words":                long("user mailbox quota "),
		"halves of phrases":    long("mailbox account exceeded client blocked "),
		"statuses":             long("5.1.1 "),
		"almost statuses":      long("5.1."),
		"codes":                long("550-"),
		"other codes":          long("699 "),
		"commands":             long(">>> rcpt to "),
		"answers":              long("<<< rcpt t"),
		"no address":           long("550 5.1.1  "),
		"times":                long("in after for wait "),
		"numbers":              "450 retry in " + long("9"),
		"clocks":               "450 retry in " + long("00:59:59 "),
		"addresses":            long("<a@b.example> "),
		"angles":               long("<"),
		"links":                long("https://a.example/ "),
		"letters that grow":    long("Ⱥ"),
		"letters without case": long("메일함이"),
		"no UTF-8":             long("\xff\xfe"),
		"marks":                long("\u0301"),
		"NUL":                  long("\x00"),
	}
}

// Whatever a server says, no octet behind the first maxWords is looked at, and no
// more is taken than the words of those need. It stands alone, since it counts
// what the whole process takes.
func TestBoundsOfWork(t *testing.T) {
	const most = 512 << 10 // octets taken for one reply: of the words, and what regexp notes of its way
	for name, text := range hostile() {
		text = guard(t, text)
		for s := Unknown; s <= Body; s++ {
			for _, code := range []int{0, 450, 550} {
				if taken := look(t, name, func() { Parse(s, code, text) }); taken > most {
					t.Errorf("%s, stage %d, %d: %d KiB were taken", name, s, code, taken>>10)
				}
			}
		}
		if taken := look(t, name, func() { Inspect(0, text) }); taken > 2*most {
			t.Errorf("%s: %d KiB were taken to inspect it", name, taken>>10)
		}
	}
}

// guard returns a text of the same length, of which all that lies behind the first
// maxWords octets is memory that nobody may read.
func guard(t *testing.T, text string) string {
	t.Helper()
	page := os.Getpagesize()
	readable := (maxWords + page - 1) / page * page
	before := readable - maxWords
	all, err := syscall.Mmap(-1, 0, before+len(text)+page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Munmap(all); err != nil {
			t.Error(err)
		}
	})
	copy(all[before:readable], text)
	if err := syscall.Mprotect(all[readable:], syscall.PROT_NONE); err != nil {
		t.Fatal(err)
	}
	return unsafe.String(&all[before], len(text))
}

// look reads a reply and returns how many octets that took.
func look(t *testing.T, name string, read func()) uint64 {
	t.Helper()
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			t.Fatalf("%s: more than %d octets were looked at: %v", name, maxWords, r)
		}
	}()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	read()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func BenchmarkHostile(b *testing.B) {
	for name, text := range hostile() {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				Parse(Unknown, 0, text)
			}
		})
	}
}
