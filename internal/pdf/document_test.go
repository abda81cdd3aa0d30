package pdf

import (
	"bytes"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var noon = Info{Title: "Report: 아홉 사람", Language: "ko", At: time.Date(2013, 6, 10, 12, 0, 0, 0, time.UTC)}

func begin(t rapid.TB) *Document {
	t.Helper()
	d, err := New(noon)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// read is what a reader that knows nothing of us finds on the pages.
func read(t *testing.T, d *Document) []string {
	t.Helper()
	paper, err := d.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("pdftotext", "-layout", "-", "-")
	cmd.Stdin = bytes.NewReader(paper)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil || said.Len() > 0 {
		t.Fatalf("pdftotext: %v %s", err, said.Bytes())
	}
	return strings.Split(strings.TrimSuffix(string(out), "\f"), "\f")
}

func TestHeadsStandAgain(t *testing.T) {
	t.Parallel()
	d := begin(t)
	d.Title(noon.Title)
	table := Table{Heads: []string{"받는 곳", "Reached"}, Numbers: []bool{false, true}}
	for i := range 120 {
		table.Rows = append(table.Rows, []string{fmt.Sprintf("mail%d.example", i), strconv.Itoa(1000 + i)})
	}
	d.Table(table)
	pages := read(t, d)
	if len(pages) < 3 {
		t.Fatalf("120 rows stand on %d pages", len(pages))
	}
	for i, p := range pages {
		for _, want := range []string{"받는 곳", "Reached", fmt.Sprintf(`\b%d ?/ ?%d\n`, i+1, len(pages))} {
			if n := len(regexp.MustCompile(want).FindAllString(p, -1)); n != 1 {
				t.Errorf("page %d has %q %d times:\n%s", i+1, want, n, p)
			}
		}
	}
	whole := strings.Join(pages, "")
	for i := range 120 {
		if row := regexp.MustCompile(fmt.Sprintf(`mail%d\.example +%d\n`, i, 1000+i)); !row.MatchString(whole) {
			t.Errorf("row %d is not there", i)
		}
	}
}

func TestSaysItsLanguageAndTitle(t *testing.T) {
	t.Parallel()
	d := begin(t)
	d.Title(noon.Title)
	d.Bar([]Part{{"reached", 999999, Good}, {"none", 0, Bad}, {"failed", 1, Bad}}, strconv.Itoa)
	d.Figures([]Figure{{"1,204", "전달"}, {"3", "wrote back"}})
	paper, err := d.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	again, err := d.Bytes()
	if err != nil || !bytes.Equal(paper, again) {
		t.Errorf("the same document is other bytes: %v", err)
	}
	cmd := exec.Command("pdfinfo", "-")
	cmd.Stdin = bytes.NewReader(paper)
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), noon.Title) || strings.Contains(string(out), "Error") || !bytes.Contains(paper, []byte("/Lang (ko)")) {
		t.Errorf("%v: %s", err, out)
	}
	page := read(t, d)[0]
	for _, want := range []string{"reached 999999", "failed 1", "1,204", "전달", "wrote back"} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not on the page:\n%s", want, page)
		}
	}
	if strings.Contains(page, "none") {
		t.Errorf("what is not there is told:\n%s", page)
	}
}

// Whatever is set stays within the margins, in order, and nothing is lost.
func TestStaysWithinThePage(t *testing.T) {
	t.Parallel()
	words := rapid.SliceOfN(rapid.SampledFrom([]string{"아홉", "사람을", "nine", "people", "https://save9.example/records/of/all/that/was/said", "□", "1,204", strings.Repeat("가", 90)}), 0, 40)
	rapid.Check(t, func(t *rapid.T) {
		d := begin(t)
		var all []string
		say := func(name string) string {
			w := words.Draw(t, name)
			all = append(all, w...)
			return strings.Join(w, " ")
		}
		for range rapid.IntRange(1, 12).Draw(t, "blocks") {
			switch rapid.IntRange(0, 7).Draw(t, "kind") {
			case 0:
				d.Title(say("title"))
			case 1:
				d.Heading(say("heading"))
			case 2:
				d.Text(say("text"))
			case 3:
				d.Bar([]Part{{"part", rapid.IntRange(1, 9).Draw(t, "n"), Good}}, strconv.Itoa)
			case 5:
				d.Steps([]string{say("step"), say("step")})
			case 6:
				d.Columns([]Column{{"first", rapid.IntRange(0, 9).Draw(t, "n")}, {"last", 3}}, strconv.Itoa)
			case 7:
				d.Draw(func(*Pen) {})
			case 4:
				n := rapid.IntRange(1, 7).Draw(t, "columns")
				table := Table{Numbers: []bool{false, true}}
				for range n {
					table.Heads = append(table.Heads, "h")
				}
				for range rapid.IntRange(0, 20).Draw(t, "rows") {
					row := make([]string, n)
					row[0] = say("cell")
					table.Rows = append(table.Rows, row)
				}
				d.Table(table)
			}
		}
		var got strings.Builder
		for i, page := range d.pages {
			for _, m := range page.marks {
				wide := m.width
				if m.text != "" {
					wide = d.fonts.Measure(m.text, Style{Bold: m.bold}, m.size).Wide()
				}
				if m.x < marginX-0.1 || m.x+wide > marginX+textWidth+0.1 || m.y < top-1 || m.y > bottom+0.1 {
					t.Fatalf("on page %d %+v, %.1f wide, stands outside", i+1, m, wide)
				}
				if m.text != "h" {
					got.WriteString(m.text)
				}
			}
		}
		bare := func(s string) string { return regexp.MustCompile(`[\s\d]`).ReplaceAllString(s, "") }
		for _, w := range all {
			if !strings.Contains(bare(got.String()), bare(w)) {
				t.Fatalf("%q is lost in\n%s", w, got.String())
			}
		}
	})
}
