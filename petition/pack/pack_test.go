package pack

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"clarion/internal/clock"
	"clarion/internal/redistest"
	"clarion/internal/seal"
	"clarion/petition"
	"clarion/templates"
	"clarion/templates/fax"
)

var testStart = time.Date(2013, 6, 10, 14, 0, 0, 0, time.UTC)

// A house is a petition with a Redis of its own.
type house struct {
	*testing.T
	*petition.Roll
}

func open(t *testing.T) *house {
	t.Helper()
	c, problems, err := petition.LoadFS(petition.Example())
	if err != nil || len(problems) > 0 {
		t.Fatalf("the example: %v, %v", problems, err)
	}
	keys, err := seal.New(bytes.Repeat([]byte{9}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return &house{t, petition.OpenRoll(c, redistest.New(t), keys, clock.NewManual(testStart))}
}

func (h *house) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

// sign adds a signature, whose signer may agree that the name be handed over.
func (h *house) sign(way petition.Way, name string, agrees bool) uint32 {
	h.Helper()
	a, err := h.Add(h.Context(), petition.Signing{Way: way, Name: name, Region: "jeju", District: "마포구", Language: "ko",
		Agreed: petition.Agreed{Opinion: true, Names: agrees}, Age: true})
	h.must(err)
	return a.Number
}

// filled is so many that two volumes are needed, of which the second is not read yet
// when the first is bound.
const filled = inVolume + 101

// fill signs so often.
func (h *house) fill() {
	h.Helper()
	for i := range filled {
		h.sign(petition.WayPost, fmt.Sprintf("이름%c%c", '가'+i%1000, '가'+i/1000), true)
	}
}

// story has one signature of each kind, and sheets in boxes and in none.
func (h *house) story() {
	h.Helper()
	ctx := h.Context()
	h.sign(petition.WayPost, "김영희", true)
	h.sign(petition.WayHand, "이철수", false)
	h.sign(petition.WayWeb, "박지민", true) // never confirmed
	h.must(h.Withdraw(ctx, h.sign(petition.WayFax, "최은주", true)))
	bad := h.sign(petition.WayReply, "정하늘", true)
	_, err := h.Invalidate(ctx, petition.Filter{Numbers: []uint32{bad}}, "invented", 1)
	h.must(err)
	h.sign(petition.WayPost, "สมชาย", true) // Thai, which the fonts lack
	_, err = h.Issue(ctx, 4, petition.Sheet{Lines: 10, Print: petition.PrintNormal, Label: "한빛고등학교"})
	h.must(err)
	for n := range uint32(3) {
		h.must(h.Count(ctx, n+1, 7, 1))
	}
	h.must(h.CountAgain(ctx, 1, 6, 2))
	h.must(h.Box(ctx, 1, 5))
	h.must(h.Box(ctx, 2, 3))
	_, err = h.Publish(ctx, "2013-06-09")
	h.must(err)
}

func (h *house) pack() *Pack {
	return &Pack{Roll: h.Roll, Language: "ko", Public: "https://save9.example.org", Sender: "Clarion", From: "office@save9.example.org"}
}

// inFolder makes a pack in a folder.
func (h *house) inFolder(p *Pack) (string, *Made) {
	h.Helper()
	dir := filepath.Join(h.TempDir(), "pack")
	f, err := NewFolder(dir)
	h.must(err)
	m, err := p.Write(h.Context(), f)
	h.must(err)
	h.must(f.Finish())
	return dir, m
}

// pages is what a reader that knows nothing of us finds in a PDF.
func (h *house) pages(dir, name string) string {
	h.Helper()
	out, err := exec.Command("pdftotext", "-layout", filepath.Join(dir, name), "-").Output()
	if err != nil {
		h.Fatalf("pdftotext (scripts/setup.sh test installs it): %v", err)
	}
	return strings.Join(strings.Fields(string(out)), " ")
}

// sums lets sha256sum check a folder, as whoever takes the pack does.
func (h *house) sums(dir string) error {
	h.Helper()
	cmd := exec.Command("sha256sum", "--strict", "-c", manifestName)
	cmd.Dir = dir
	return cmd.Run()
}

func (h *house) differences(dir string) string {
	h.Helper()
	c, err := Check(h.Context(), dir, h.Roll)
	h.must(err)
	var out []string
	for _, d := range c.Differences {
		out = append(out, d.Sentence("en"))
		if ko := d.Sentence("ko"); strings.Contains(ko, "%!") || strings.Contains(out[len(out)-1], "%!") {
			h.Errorf("a difference is told as %q, %q", out[len(out)-1], ko)
		}
	}
	return strings.Join(out, "; ")
}

func names(t *testing.T, dir string) (out []string) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			out = append(out, path)
			info, ierr := d.Info()
			if err = ierr; err == nil && info.Mode().Perm() != 0o600 {
				t.Errorf("%s may be read by others: %v", path, info.Mode())
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// In the book stand those who are certain, by name those who agreed; all papers tell one
// count, and nobody's name is anywhere else.
func TestPack(t *testing.T) {
	h := open(t)
	h.story()
	dir, made := h.inFolder(h.pack())
	want := []string{"book-01.pdf", "call/call.toml", "call/text.en.md", "call/text.ko.md", "labels.pdf", "letter.en.pdf", "letter.ko.pdf", "manifest.txt", "media.en.pdf", "media.ko.pdf", "sheets.csv", "totals.csv", "totals.pdf"}
	if got := names(t, dir); !slices.Equal(got, want) {
		t.Errorf("the pack holds %v, want %v", got, want)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder is %v, %v", info.Mode(), err)
	}
	if made.Signatures != 3 || made.Named != 2 || made.Sheets != 3 || made.Boxes != 3 || !slices.Equal(made.Unboxed, []uint32{3}) || !slices.Equal(made.Unprintable, []uint32{6}) {
		t.Errorf("it says %+v", made)
	}
	book := h.pages(dir, "book-01.pdf")
	for _, want := range []string{"1 김영희 제주특별자치도 마포구 우편 2013-06-10", "2 ○○○ 직접 제출 2013-06-10", "6 □□□□□"} {
		if !strings.Contains(book, want) {
			t.Errorf("%q is not in the book:\n%s", want, book)
		}
	}
	signers := []string{"김영희", "이철수", "박지민", "최은주", "정하늘", "สมชาย", "마포구", "한빛"}
	for _, file := range want {
		text := ""
		if strings.HasSuffix(file, ".pdf") {
			text = h.pages(dir, file)
		} else {
			data, err := os.ReadFile(filepath.Join(dir, file))
			h.must(err)
			text = string(data)
		}
		for _, name := range signers {
			if strings.Contains(text, name) && !(file == "book-01.pdf" && (name == "김영희" || name == "마포구")) {
				t.Errorf("%s names %s", file, name)
			}
		}
		if strings.HasPrefix(file, "letter") || strings.HasPrefix(file, "media") || file == "totals.pdf" {
			if !strings.Contains(text, "23") || !strings.Contains(text, "25") { // 3 by name and 20 to 21 on sheets, one unconfirmed
				t.Errorf("%s tells another count:\n%s", file, text)
			}
		}
	}
	labels := h.pages(dir, "labels.pdf")
	for _, want := range []string{"상자 3", "상자 5", "1/3", "3/3", "서명부 권: 1"} {
		if !strings.Contains(labels, want) {
			t.Errorf("%q is on no label:\n%s", want, labels)
		}
	}
	sheets, err := os.ReadFile(filepath.Join(dir, "sheets.csv"))
	if h.must(err); string(sheets) != "\ufeffbox,sheet,at_least,at_most\n3,2,7,7\n5,1,6,7\n,3,7,7\n" {
		t.Errorf("the sheets are\n%s", sheets)
	}
	if err := h.sums(dir); err != nil {
		t.Errorf("sha256sum: %v", err)
	}
	if told := h.differences(dir); told != "" {
		t.Errorf("a new pack differs: %s", told)
	}
}

// The call to the office can be sent as it is.
func TestCall(t *testing.T) {
	h := open(t)
	h.story()
	h.Contact["ko"] = "모임 \"아홉\" {{ name }}\n전화 02-6200-0009 · 팩스 02-6200-0010"
	dir, _ := h.inFolder(h.pack())
	c, problems, err := templates.Load(filepath.Join(dir, CallFolder))
	if err != nil || len(problems) > 0 {
		t.Fatalf("%v, %v", problems, err)
	}
	if c.Fax.From != "02-6200-0010" || c.Fax.OptOutPhone != "02-6200-0009" || c.Class != templates.Service || !slices.Equal(c.Audience.Lists, []string{CallList}) {
		t.Errorf("the call is %+v", c)
	}
	for _, lang := range c.Languages {
		d, problems := fax.Compile(c, lang, fax.Options{})
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		data, err := d.PDF(&fax.Person{At: testStart})
		h.must(err)
		file := filepath.Join(t.TempDir(), "fax.pdf")
		h.must(os.WriteFile(file, data, 0o600))
		page := h.pages(filepath.Dir(file), "fax.pdf")
		manifest, err := os.ReadFile(filepath.Join(dir, manifestName))
		h.must(err)
		bare := strings.ReplaceAll(page, " ", "")
		for _, want := range []string{newFile("", manifest).SHA256, strings.ReplaceAll(h.Addressee[lang], " ", ""), "23", "25"} {
			if !strings.Contains(bare, want) {
				t.Errorf("%q is not on the fax:\n%s", want, page)
			}
		}
		if strings.Contains(page, `\`) {
			t.Errorf("signs of Markdown are on the fax:\n%s", page)
		}
	}

	// Who has no fax is not faxed for.
	h.Contact = nil
	dir, _ = h.inFolder(h.pack())
	if c, problems, err = templates.Load(filepath.Join(dir, CallFolder)); err != nil || len(problems) > 0 || len(c.Channels) != 1 {
		t.Errorf("without a contact: %v, %v, %v", c.Channels, problems, err)
	}
}

// On a wish nobody's name stands in the book.
func TestMasked(t *testing.T) {
	h := open(t)
	h.story()
	p := h.pack()
	p.Masked, p.Language = true, "en"
	dir, made := h.inFolder(p)
	book := h.pages(dir, "book-01.pdf")
	if strings.Contains(book, "김영희") || strings.Contains(book, "마포구") || strings.Contains(book, "Jeju") || strings.Count(book, "○○○") != made.Signatures+1 || made.Named != 0 {
		t.Errorf("the book is\n%s", book)
	}
}

// Whatever was done to a pack is found, by us and by sha256sum.
func TestTampering(t *testing.T) {
	h := open(t)
	h.story()
	for want, do := range map[string]func(dir string) error{
		"totals.csv is not what it was":                   func(dir string) error { return os.WriteFile(filepath.Join(dir, "totals.csv"), nil, 0o600) },
		"letter.ko.pdf is missing":                        func(dir string) error { return os.Remove(filepath.Join(dir, "letter.ko.pdf")) },
		"book-02.pdf is not of the pack":                  func(dir string) error { return os.WriteFile(filepath.Join(dir, "book-02.pdf"), nil, 0o600) },
		"the pack was not made to its end: make it again": func(dir string) error { return os.WriteFile(filepath.Join(dir, unfinished), nil, 0o600) },
	} {
		dir, _ := h.inFolder(h.pack())
		h.must(do(dir))
		if got := h.differences(dir); got != want {
			t.Errorf("found is %q, want %q", got, want)
		}
		if err := h.sums(dir); (err == nil) != strings.Contains(want, "pack") {
			t.Errorf("%s: sha256sum says %v", want, err)
		}
	}

	// The count moves on.
	dir, _ := h.inFolder(h.pack())
	h.sign(petition.WayPost, "강바다", true)
	if got, want := h.differences(dir), "at least 23 in the pack, 24 now; at most 25 in the pack, 26 now; signatures with a name: 3 in the pack, 4 now"; got != want {
		t.Errorf("found is %q, want %q", got, want)
	}

	// What is no pack of this petition is told as that.
	for text, want := range map[string]error{"": ErrManifest, "nonsense\n": ErrManifest, "# petition: other\n# made: 2013-06-10T14:00:00Z\n# at least: 1\n# at most: 1\n# signatures in the book: 1\n# sheets: 0\n" + strings.Repeat("a", 64) + "  book-01.pdf\n": ErrOther} {
		h.must(os.WriteFile(filepath.Join(dir, manifestName), []byte(text), 0o600))
		if _, err := Check(t.Context(), dir, h.Roll); !errors.Is(err, want) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := Check(t.Context(), t.TempDir(), h.Roll); !errors.Is(err, ErrNoPack) {
		t.Errorf("an empty folder: %v", err)
	}
}

// A watched sink has something happen after a file.
type watched struct {
	Sink
	after func(name string)
}

func (w watched) Put(name string, data []byte) error {
	defer w.after(name)
	return w.Sink.Put(name, data)
}

// While a pack is made the petition goes on: who signs then is not in it, and who
// withdraws before the line is printed makes it begin anew.
func TestWhilePeopleSign(t *testing.T) {
	h := open(t)
	h.fill()
	dir := filepath.Join(t.TempDir(), "pack")
	f, err := NewFolder(dir)
	h.must(err)
	first := true
	made, err := h.pack().Write(t.Context(), watched{f, func(name string) {
		if name != "book-01.pdf" {
			return
		}
		h.sign(petition.WayHand, fmt.Sprintf("누구%t", first), true)
		if first {
			first = false
			h.must(h.Withdraw(h.Context(), filled))
		}
	}})
	h.must(err)
	h.must(f.Finish())
	if made.Signatures != filled || made.Volumes != 2 || made.AtLeast != filled {
		t.Errorf("the pack says %+v", made)
	}
	if book := h.pages(dir, "book-02.pdf"); !strings.Contains(book, " 2,102 누구") || strings.Contains(book, " 2,101 ") || strings.Contains(book, " 2,103 ") {
		t.Errorf("the second volume is\n%s", book)
	}
	if err := h.sums(dir); err != nil {
		t.Errorf("sha256sum: %v", err)
	}

	// One withdraws each time: in the end that is told, and no names are left behind.
	dir = filepath.Join(t.TempDir(), "pack")
	f, err = NewFolder(dir)
	h.must(err)
	last := uint32(filled + 2)
	_, err = h.pack().Write(t.Context(), watched{f, func(name string) {
		if name == "book-01.pdf" {
			h.must(h.Withdraw(h.Context(), last))
			last = h.sign(petition.WayHand, fmt.Sprintf("또누구%c", '가'+rune(last)), true)
		}
	}})
	if !errors.Is(err, petition.ErrStale) {
		t.Errorf("when somebody withdraws each time: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, unfinished)); err != nil {
		t.Errorf("the folder looks finished: %v", err)
	}
	if h.must(f.Abandon()); len(must(filepath.Glob(dir+"*"))) > 0 {
		t.Error("the folder is still there")
	}
	if _, err := h.pack().Write(t.Context(), watched{NewZip(io.Discard, "x", testStart), func(name string) {
		if name == "book-01.pdf" {
			h.must(h.Withdraw(h.Context(), last))
		}
	}}); !errors.Is(err, petition.ErrStale) {
		t.Errorf("an archive of which one withdrew: %v", err)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// An archive holds what a folder does, in one.
func TestZip(t *testing.T) {
	h := open(t)
	h.story()
	var out bytes.Buffer
	z := NewZip(&out, "delivery-save-9", testStart)
	_, err := h.pack().Write(t.Context(), z)
	h.must(err)
	h.must(z.Finish())
	r, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
	h.must(err)
	to := t.TempDir()
	h.must(os.CopyFS(to, r))
	dir := filepath.Join(to, "delivery-save-9")
	if err := h.sums(dir); err != nil {
		t.Errorf("sha256sum: %v", err)
	}
	if got := h.differences(dir); got != "" {
		t.Errorf("it differs: %s", got)
	}
	if last := r.File[len(r.File)-1].Name; last != "delivery-save-9/"+manifestName {
		t.Errorf("the last file is %s", last)
	}
}

// A folder that holds something is left alone, and so is one that cannot be made.
func TestFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "mine"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := NewFolder(dir); !errors.Is(err, ErrNotEmpty) {
		t.Errorf("a folder with something in it: %v", err)
	}
	if _, err := NewFolder(filepath.Join(dir, "mine", "pack")); err == nil {
		t.Error("a folder within a file is made")
	}
	empty := t.TempDir()
	f, err := NewFolder(empty)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Put("call/a", []byte("a")), f.Abandon()); err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(empty); err != nil || len(entries) > 0 {
		t.Errorf("what was abandoned holds %v, %v", entries, err)
	}
}

// A petition without letter or names has no pack.
func TestNoPack(t *testing.T) {
	h := open(t)
	h.story()
	h.Letter = map[string]string{"ko": " "}
	if _, err := h.pack().Write(t.Context(), NewZip(io.Discard, "x", testStart)); !errors.Is(err, petition.ErrNoLetter) {
		t.Errorf("without a letter: %v", err)
	}
}
