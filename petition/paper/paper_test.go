package paper

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"clarion/petition"
)

// press prints the example on 10 June 2013.
func press(t testing.TB, lang string) *Press {
	t.Helper()
	c, problems, err := petition.LoadFS(petition.Example())
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	return &Press{Campaign: c, Language: lang, Public: "https://save9.example.org", Sender: "Clarion", At: time.Date(2013, 6, 10, 0, 0, 0, 0, c.Zone)}
}

// keep leaves a paper to be looked at, if PAPERS names a folder.
func keep(t testing.TB, name string, paper []byte) {
	t.Helper()
	if dir := os.Getenv("PAPERS"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, name), paper, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// read is what a reader that knows nothing of us finds on the pages.
func read(t testing.TB, paper []byte) []string {
	t.Helper()
	cmd := exec.Command("pdftotext", "-layout", "-", "-")
	cmd.Stdin = bytes.NewReader(paper)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil || said.Len() > 0 {
		t.Fatalf("pdftotext (scripts/setup.sh test installs it): %v %s", err, said.Bytes())
	}
	return strings.Split(strings.TrimSuffix(string(out), "\f"), "\f")
}

// scan is what a camera reads in a page, at so many dots an inch.
func scan(t testing.TB, paper []byte, page, dpi string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "paper.pdf"), paper, 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(name string, args ...string) []byte {
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		var said bytes.Buffer
		cmd.Stderr = &said
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s (scripts/setup.sh test installs it): %v %s", name, err, said.Bytes())
		}
		return out
	}
	run("pdftoppm", "-gray", "-r", dpi, "-f", page, "-l", page, "-singlefile", "-png", "paper.pdf", "page")
	return strings.TrimSpace(string(run("zbarimg", "--quiet", "--raw", "page.png")))
}
