package fax

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"clarion/internal/pdf"
	"clarion/templates"
)

const koreanText = `# 구금된 아홉 사람을 지금 풀어 주십시오

{{ name | 의원 }}님께

지난 **11월 3일**부터 인천공항에 *아홉 명*의 난민 신청자가 갇혀 있습니다.

1. 아홉 사람을 조건 없이 풀어 주십시오.
2. 심사를 7일 안에 마쳐 주십시오.

![현장](photo.png)

## 무엇이 문제인가

> “여기서는 낮과 밤을 알 수 없습니다.”

- 면회는 하루 10분입니다.
  - 통역이 없습니다.
- 자세한 내용은 [사건 기록](https://save9.example/records)에 있습니다.

---

전자우편 [save9@example.org](mailto:save9@example.org), 뷁·中文·café·₩
`

const englishText = `# Free the nine

Dear {{ name | friend }},

We ask \{{ nothing \}} but *this*:  
release them &amp; answer **soon**.

![seal](photo.png)
`

var seoul = time.FixedZone("KST", 9*60*60)

func settings(extra string) []byte {
	return []byte(`
campaign = "Save 9"
name = "launch"
class = "appeal"
languages = ["ko", "en"]
channels = ["fax"]
fields = ["name"]
[audience]
lists = ["supporters"]
[fax]
from = "+82 2 1111 0000"
station = "서울인권모임"
opt_out_phone = "080-123-4567"
` + extra)
}

func compiled(t testing.TB, lang string, files map[string][]byte) (*Document, []string) {
	t.Helper()
	all := map[string][]byte{templates.CallFile: settings(""), "fax.ko.md": []byte(koreanText), "fax.en.md": []byte(englishText), "photo.png": gradient(t, 120, 80)}
	for name, data := range files {
		all[name] = data
	}
	call, found := templates.Parse(all)
	if len(found) > 0 {
		t.Fatal(found)
	}
	d, found := Compile(call, lang, Options{OptOutURL: "https://save9.example/stop"})
	var problems []string
	for _, p := range found {
		problems = append(problems, p.String())
	}
	return d, problems
}

func named(name string) *Person {
	return &Person{At: time.Date(2026, 11, 24, 17, 5, 0, 0, seoul), Lookup: func(field string) (string, bool) {
		return name, field == "name" && name != ""
	}}
}

func pdfOf(t testing.TB, d *Document, p *Person) []byte {
	t.Helper()
	pdf, err := d.PDF(p)
	if err != nil {
		t.Fatal(err)
	}
	return pdf
}

// textOf returns the text of each page, as another program reads it.
func textOf(t testing.TB, pdf []byte) []string {
	t.Helper()
	cmd := exec.Command("pdftotext", "-raw", "-", "-")
	cmd.Stdin = bytes.NewReader(pdf)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal("pdftotext (package poppler-utils):", err)
	}
	pages := strings.Split(string(out), "\f")
	return pages[:len(pages)-1]
}

// squeeze drops white space, which line breaks move about.
func squeeze(s string) string { return strings.Join(strings.Fields(s), "") }

func TestAllTextComesBackInOrder(t *testing.T) {
	t.Parallel()
	for lang, want := range map[string][]string{
		"ko": {"구금된 아홉 사람을 지금 풀어 주십시오", "김민지님께", "지난 11월 3일부터 인천공항에 아홉 명의 난민 신청자가 갇혀 있습니다.", "1. 아홉 사람을", "2. 심사를 7일 안에 마쳐 주십시오.",
			"무엇이 문제인가", "“여기서는 낮과 밤을 알 수 없습니다.”", "• 면회는 하루 10분입니다.", "– 통역이 없습니다.", "사건 기록 (https://save9.example/records)에 있습니다.",
			"전자우편 save9@example.org, 뷁·中文·café·₩"},
		"en": {"Free the nine", "Dear 김민지,", "We ask {{ nothing }} but this: release them & answer soon."},
	} {
		d, problems := compiled(t, lang, nil)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		got := squeeze(strings.Join(textOf(t, pdfOf(t, d, named("김민지"))), ""))
		for _, s := range want {
			i := strings.Index(got, squeeze(s))
			if i < 0 {
				t.Fatalf("%s: %q is missing or too early in %q", lang, s, got)
			}
			got = got[i+len(squeeze(s)):]
		}
	}
}

func TestHeaderOnEveryPageNoticeOnTheFirst(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("아홉 사람은 아직 갇혀 있습니다. 답을 기다립니다.\n\n", 90)
	for _, c := range []struct{ lang, label, notice string }{
		{"ko", "%d / %d쪽", "수신거부 안내"}, {"en", "Page %d of %d", "To get no more faxes from us"},
	} {
		d, _ := compiled(t, c.lang, map[string][]byte{"fax.ko.md": []byte(long), "fax.en.md": []byte(long)})
		p := named("")
		pages := textOf(t, pdfOf(t, d, p))
		if len(pages) != d.Pages(p) || len(pages) < 3 {
			t.Fatalf("%d pages, Pages says %d", len(pages), d.Pages(p))
		}
		for i, text := range pages {
			text = squeeze(text)
			head := squeeze("2026-11-24 17:05 KST 서울인권모임 +82 2 1111 0000" + fmt.Sprintf(c.label, i+1, len(pages)))
			if !strings.HasPrefix(text, head) {
				t.Errorf("page %d starts %.120q, want %q", i+1, text, head)
			}
			for _, s := range []string{c.notice, "080-123-4567 (", "https://save9.example/stop"} {
				if strings.Contains(text, squeeze(s)) != (i == 0) {
					t.Errorf("page %d: %q stands on page 1 and there alone", i+1, s)
				}
			}
		}
	}
}

func TestTheCallsPictureStandsOnTopUnlessTheTextShowsIt(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"Hello": 0, "Hello\n\n![](photo.png)": 1} { // blocks before the picture
		d, _ := compiled(t, "en", map[string][]byte{templates.CallFile: settings(`picture = "photo.png"`), "fax.en.md": []byte(text)})
		var at []int
		for i, b := range d.blocks {
			if b.kind == picture {
				at = append(at, i)
			}
		}
		if !slices.Equal(at, []int{want}) {
			t.Errorf("%q: pictures at %v, want %d", text, at, want)
		}
	}
}

func TestAPageIsSavedByTighterSetting(t *testing.T) {
	t.Parallel()
	pages := func(paragraphs int) int {
		d, _ := compiled(t, "ko", map[string][]byte{"fax.ko.md": []byte(strings.Repeat("아홉 사람은 아직 갇혀 있습니다.\n\n", paragraphs))})
		return d.Pages(named(""))
	}
	room := bottom - top
	loose := int((room - 150) / (faces[paragraph].leading + faces[paragraph].before)) // on page 1, about
	if got := pages(loose + 2); got != 1 {
		t.Errorf("%d short paragraphs take %d pages", loose+2, got)
	}
	if got := pages(2 * loose); got != 2 {
		t.Errorf("%d short paragraphs take %d pages", 2*loose, got)
	}
}

func TestServiceFaxHasNoNotice(t *testing.T) {
	t.Parallel()
	service := bytes.Replace(settings(""), []byte(`"appeal"`), []byte(`"service"`), 1)
	d, _ := compiled(t, "en", map[string][]byte{templates.CallFile: service})
	if text := strings.Join(textOf(t, pdfOf(t, d, named(""))), ""); strings.Contains(text, "no more faxes") {
		t.Error("a confirmation asks to opt out")
	}
}

func TestValuesAreNeverMarkdown(t *testing.T) {
	t.Parallel()
	d, _ := compiled(t, "en", nil)
	for _, value := range []string{"**bold** _x_", "# heading", "[a](http://x.example)", "<b>&amp;</b>", "1. one", "> quote", "{{ name }}", `\*`} {
		text := squeeze(strings.Join(textOf(t, pdfOf(t, d, named(value))), ""))
		if !strings.Contains(text, squeeze("Dear "+value+",")) {
			t.Errorf("%q was changed: %.200s", value, text)
		}
	}
	if text := squeeze(textOf(t, pdfOf(t, d, named("a\n\nb\tc")))[0]); !strings.Contains(text, "Dearabc,") {
		t.Errorf("line ends in a value: %.200s", text)
	}
}

func TestWhatCannotBePrinted(t *testing.T) {
	t.Parallel()
	d, problems := compiled(t, "en", map[string][]byte{"fax.en.md": []byte("Fine.\n\nGo \U0001F600 now.\n\n{{ name | अ }} \u200b\ufe0f")})
	want := []string{`fax.en.md:3: '😀' cannot be printed on a fax; □ stands in its place`, `fax.en.md:5: 'अ' cannot be printed on a fax; □ stands in its place`}
	if strings.Join(problems, "\n") != strings.Join(want, "\n") {
		t.Errorf("got %q, want %q", problems, want)
	}
	p := named("김ก")
	if got := string(d.Missing(p)); got != "ก" {
		t.Errorf("Missing says %q", got)
	}
	if text := squeeze(textOf(t, pdfOf(t, d, p))[0]); !strings.Contains(text, "Go□now.김□") {
		t.Errorf("no square stands in place: %.200s", text)
	}
}

func TestCompileTellsWhereAMistakeIs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want string }{
		{"HTML", "Fine.\n\n<div>x</div>\n", "fax.en.md:3: HTML cannot"},
		{"HTML in a line", "Fine.\n\nSo <b>bold</b>\n", "fax.en.md:3: HTML cannot"},
		{"bold that is none", "가\n\n**“단어”**는\n", "fax.en.md:3: ** stands"},
	} {
		_, problems := compiled(t, "en", map[string][]byte{"fax.en.md": []byte(c.text)})
		if len(problems) == 0 || !strings.HasPrefix(problems[0], c.want) {
			t.Errorf("%s: got %q, want %q", c.name, problems, c.want)
		}
	}
	broken := gradient(t, 40, 40)
	_, problems := compiled(t, "en", map[string][]byte{"photo.png": broken[:len(broken)/2]})
	if len(problems) != 1 || !strings.HasPrefix(problems[0], "fax.en.md:8: the picture photo.png does not show") {
		t.Errorf("a broken picture: %q", problems)
	}
}

func TestSameFaxSameBytes(t *testing.T) {
	t.Parallel()
	d, _ := compiled(t, "ko", nil)
	want := pdfOf(t, d, named("김민지"))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if got, err := d.PDF(named("김민지")); err != nil || !bytes.Equal(got, want) {
				t.Errorf("another PDF: %v", err)
			}
		})
	}
	wg.Wait()
	if bytes.Equal(pdfOf(t, d, named("이서연")), want) {
		t.Error("two people got one fax")
	}
}

// pagesOf draws the fax as a machine does and returns its pages.
func pagesOf(t testing.TB, pdf []byte) []*image.Gray {
	t.Helper()
	r, err := Rasterize(t.Context(), pdf, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if r.Width != widthPels || r.Height != lines || r.Pages != len(r.Files) {
		t.Fatalf("raster is %+v, want %d by %d", r, widthPels, lines)
	}
	var pages []*image.Gray
	for _, name := range r.Files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		m, err := png.Decode(f)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		g, ok := m.(*image.Gray)
		if !ok {
			t.Fatalf("the page is a %T, want black and white", m)
		}
		pages = append(pages, g)
	}
	return pages
}

func TestInkStaysWithinTheMargins(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("![x](photo.png)\n\n긴 낱말 "+strings.Repeat("x", 300)+"\n\n- 하나\n  - 둘\n\n> 인용\n\n", 4)
	d, _ := compiled(t, "ko", map[string][]byte{"fax.ko.md": []byte(long), "photo.png": gradient(t, 3000, 2000)})
	want := image.Rect(at(marginX-1, pelsX), at(30, pelsY), at(pageWidth-marginX+2, pelsX), at(bottom+4, pelsY))
	for i, m := range pagesOf(t, pdfOf(t, d, named(""))) {
		ink := image.Rectangle{}
		for y := range lines {
			l := m.Pix[y*m.Stride : y*m.Stride+widthPels]
			if first := bytes.IndexByte(l, 0); first >= 0 {
				ink = ink.Union(image.Rect(first, y, bytes.LastIndexByte(l, 0)+1, y+1))
			}
		}
		if ink.Empty() || !ink.In(want) {
			t.Errorf("page %d: ink at %v, want it within %v", i+1, ink, want)
		}
	}
}

func TestPictureArrivesPelForPel(t *testing.T) {
	t.Parallel()
	d, _ := compiled(t, "en", map[string][]byte{"photo.png": gradient(t, 600, 400)})
	p := named("")
	page := pagesOf(t, pdfOf(t, d, p))[0]
	pic := onPaper(t, d.pictures["photo.png"])
	for _, it := range d.pages(p)[0] {
		if it.pic == nil {
			continue
		}
		left, top := int(it.x*pelsX+0.5), int(it.y*pelsY+0.5)
		for y := range pic.Rect.Dy() {
			for x := range pic.Rect.Dx() {
				if black := page.GrayAt(left+x, top+y).Y == 0; black != (pic.Pix[y*pic.Stride+x] == 1) {
					t.Fatalf("pel %d, %d of the picture differs on the fax", x, y)
				}
			}
		}
		return
	}
	t.Fatal("the picture is not on page 1")
}

func TestRasterizeNamesThePackage(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if _, err := Rasterize(t.Context(), nil, t.TempDir()); err == nil || !strings.Contains(err.Error(), "ghostscript") {
		t.Errorf("got %v", err)
	}
}

func TestRasterizeCountsItsOwnPages(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d, _ := compiled(t, "en", map[string][]byte{"fax.en.md": []byte(strings.Repeat("A line.\n\n", 60))})
	short, _ := compiled(t, "en", map[string][]byte{"fax.en.md": []byte("A line.")})
	for _, d := range []*Document{d, short} {
		if r, err := Rasterize(t.Context(), pdfOf(t, d, named("")), dir); err != nil || r.Pages != d.Pages(named("")) {
			t.Errorf("got %+v, %v; want %d pages", r, err, d.Pages(named("")))
		}
	}
}

func TestRasterizeRefusesWhatIsNoPDF(t *testing.T) {
	t.Parallel()
	if r, err := Rasterize(t.Context(), []byte("no PDF"), t.TempDir()); err == nil {
		t.Errorf("got %+v", r)
	}
}

// FuzzLayout lays any Markdown and any value out: it ends, keeps within the
// width, and every printable character is there.
func FuzzLayout(f *testing.F) {
	fonts, err := pdf.Standard()
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{koreanText, englishText, "* * *\n1) a\n   b\n\n```\ncode\n```\n", strings.Repeat("> ", 40) + "deep", "[a]: http://x\n[a]", "![]()", "a\\\nb", "999999999. x", strings.Repeat("#", 6) + " x"} {
		f.Add(s, "김민지")
	}
	space := regexp.MustCompile(`^[\s□]*$`)
	f.Fuzz(func(t *testing.T, src, value string) {
		if len(src) > 4000 || len(value) > 1000 {
			return
		}
		text, _ := templates.ParseText("fax.en.md", []byte(src))
		d := &Document{lang: "en", fax: templates.Fax{From: "1", Station: value}, optOut: true, fonts: fonts}
		d.blocks, _ = read(text)
		p := named(value)
		for _, page := range d.pages(p) {
			for _, it := range page {
				if it.x < marginX-1 || it.y < 0 || it.y > pageHeight || it.x+it.w > pageWidth-marginX+1 {
					t.Fatalf("%+v is off the page", it)
				}
				if it.text == "" {
					continue
				}
				if w := d.fonts.Measure(it.text, it.style, it.size).Wide(); it.x+w > pageWidth-marginX+it.size && !space.MatchString(it.text) {
					t.Fatalf("%q reaches %f, the margin is at %f", it.text, it.x+w, pageWidth-marginX)
				}
			}
		}
	})
}

func BenchmarkPDF(b *testing.B) {
	d, _ := compiled(b, "ko", nil)
	p := named("김민지")
	b.ReportMetric(float64(d.Pages(p)), "pages")
	for b.Loop() {
		if _, err := d.PDF(p); err != nil {
			b.Fatal(err)
		}
	}
}

// at returns a length in points as pels.
func at(points, pels float64) int { return int(points*pels + 0.5) }

// gradient returns a PNG with all greys, and a diagonal.
func gradient(t testing.TB, w, h int) []byte {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.SetGray(x, y, color.Gray{uint8(255 * x / w)})
			if x*h == y*w {
				m.SetGray(x, y, color.Gray{})
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
