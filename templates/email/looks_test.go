package email_test

import (
	"encoding/base64"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"clarion/e2e/rig"
	"clarion/internal/conf"
	"clarion/lists/address"
	"clarion/templates"
	"clarion/templates/email"
)

var pictures = flag.String("pictures", "", "a folder to write screenshots of the example's mail to")

// hard has everything that Markdown can do, in both languages, and words that
// fit no telephone.
const hard = `# 강제송환된아홉명의이름을끝까지기억하겠습니다 and an unbreakable LlanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogochLlanfairpwllgwyngyll

Dear {{ name | friend }}, this is *important*, **urgent**, ~~late~~ and ` + "`code`" + `: https://www.example.org/a/very/long/address/that/does/not/fit/any/telephone/at/all?with=a&query=that&is=longer

## 요구 사항 and a second heading

### 셋째 제목

> 침묵이 가장 위험합니다. [A link in a quotation](https://example.org/quotation).
>
> > A quotation in a quotation.

- one
- two with [a link](https://example.org)
  1. nested
  2. 둘째 줄은 조금 더 길어서 전화기에서는 다음 줄로 넘어갑니다
     - deeper
- three

---

#### 넷째 제목

![손을 잡고 나란히 선 아홉 아이](picture.png) a picture in a line

` + "```\na line of code that is far too long for the screen of a telephone, and has to be broken somewhere\n```" + `

**[지금 서명하기: a button whose words are many more than one would wish for]({{ petition_url }})**
`

// compile makes the mail of a call in a language as HTML, its picture within.
func compile(t *testing.T, c *templates.Call, problems []conf.Problem, lang string) string {
	t.Helper()
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	m, problems := email.Compile(c, lang, email.Options{Organisation: map[string]string{"ko": "북한인권시민모임", "en": "Save 9 Campaign"}[lang], MessageIDDomain: "mail.example.org", Date: time.Unix(0, 0)})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	_, _, html := m.Preview(&email.Person{
		To: address.Canonical(address.Email, "kim@example.com"),
		Lookup: func(f string) (string, bool) {
			return map[string]string{"ko": "김영희", "en": "Kim Younghee"}[lang], f == "name"
		},
		UnsubscribeURL: "https://save9.example.org/u/mfrggzdfmztwq2lk",
	})
	picture, ok := c.File("picture.png")
	before, after, found := strings.Cut(html, `src="cid:`)
	if !ok || !found {
		t.Fatal("the mail has no picture")
	}
	_, after, _ = strings.Cut(after, `"`)
	return before + `src="data:image/png;base64,` + base64.StdEncoding.EncodeToString(picture) + `"` + after
}

func hardCall(t *testing.T, lang, accent string) (*templates.Call, []conf.Problem) {
	t.Helper()
	f, err := templates.Example().Open("picture.png")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	picture := make([]byte, info.Size())
	if _, err := f.Read(picture); err != nil {
		t.Fatal(err)
	}
	return templates.Parse(map[string][]byte{
		"call.toml": fmt.Appendf(nil, `campaign = "Save 9"
name = "launch"
class = "appeal"
languages = [%q]
channels = ["email"]
audience.lists = ["x"]
values.petition_url = "https://save9.example.org/sign"
[email]
from = "Save 9 <save9@example.org>"
accent = %q
subject.%[1]s = "x"
`, lang, accent),
		"text." + lang + ".md": []byte(hard),
		"picture.png":          picture,
	})
}

// poor finds what is wrong with a page: it scrolls sideways, its text is small
// or hard to read against what is behind it.
const poor = `(() => {
	const bad = [], root = document.scrollingElement;
	if (root.scrollWidth > root.clientWidth) bad.push("the page is " + root.scrollWidth + " px wide on a screen of " + root.clientWidth);
	const rgb = s => s.match(/[\d.]+/g).map(Number);
	const light = c => { const f = v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; return .2126 * f(c[0]) + .7152 * f(c[1]) + .0722 * f(c[2]) };
	const behind = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] > 0) return c } return null };
	let seen = 0;
	for (const w = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT); w.nextNode();) {
		const e = w.currentNode.parentElement, text = w.currentNode.data.trim(), s = getComputedStyle(e);
		if (!text || !e.getClientRects().length) continue;
		seen++;
		const back = behind(e);
		if (!back) { bad.push("nothing is behind " + text); continue }
		const a = light(rgb(s.color)), b = light(back), ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
		if (ratio < 4.5) bad.push(text + ": contrast " + ratio.toFixed(2));
		if (parseFloat(s.fontSize) < 16) bad.push(text + ": " + s.fontSize);
	}
	if (seen < 10) bad.push("only " + seen + " pieces of text are to be seen");
	for (const b of document.querySelectorAll("a.b")) if (b.getBoundingClientRect().height < 44) bad.push("a button is " + b.getBoundingClientRect().height + " px high");
	return bad;
})()`

// The mail in a browser: the example, and one that tries hard, on a telephone
// and on a desk, by day and by night, also where a program drops style sheets.
func TestLooks(t *testing.T) {
	t.Parallel()
	browser := rig.StartChromium(t)
	pages := map[string]string{}
	c, problems, err := templates.LoadFS(templates.Example())
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range []string{"ko", "en"} {
		pages["mail-"+lang] = compile(t, c, problems, lang)
		for _, accent := range []string{"", "#000000", "#8a1c1c", "#757575"} {
			hard, problems := hardCall(t, lang, accent)
			pages["hard-"+lang+accent] = compile(t, hard, problems, lang)
		}
	}
	for name, page := range pages {
		for _, screen := range []rig.Screen{{Width: 320}, {Width: 390, Scale: 1.5}, {Width: 390, Scale: 1.5, Dark: true}, {Width: 1000}, {Width: 1000, Dark: true}} {
			browser.Show(page, screen)
			var bad []string
			browser.Eval(poor, &bad)
			for _, s := range bad {
				t.Errorf("%s on %+v: %s", name, screen, s)
			}
			if *pictures != "" && strings.HasPrefix(name, "mail-") && screen.Width != 320 {
				file := fmt.Sprintf("%s-%s-%s.png", name, map[int]string{390: "phone", 1000: "desktop"}[screen.Width], map[bool]string{false: "light", true: "dark"}[screen.Dark])
				if err := os.WriteFile(filepath.Join(*pictures, file), browser.Screenshot(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if before, rest, ok := strings.Cut(page, "<style>"); ok {
				_, after, _ := strings.Cut(rest, "</style>")
				browser.Show(before+after, screen)
				browser.Eval(poor, &bad)
				for _, s := range bad {
					t.Errorf("%s without its style sheet, on %+v: %s", name, screen, s)
				}
			}
		}
	}
}
