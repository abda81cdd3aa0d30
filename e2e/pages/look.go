package pages

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"clarion/e2e/rig"
)

var pictures = flag.String("pictures", "", "a folder to write screenshots of the pages to")

// A Screen is what pages are shown on.
type Screen struct {
	Scheme string // light, dark
	Width  int64  // CSS pixels
}

// Screens are a phone by day, and a desk by night.
var Screens = [...]Screen{{"light", 390}, {"dark", 1280}}

// Show has the browser show its pages on the screen.
func (s Screen) Show() []Step {
	return []Step{Command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: s.Scheme}}}),
		chromedp.EmulateViewport(s.Width, 900)}
}

// Axe is axe-core (github.com/dequelabs/axe-core), which finds what keeps people out of
// pages.
type Axe string

// NewAxe reads axe-core.
func NewAxe(t *testing.T) Axe {
	t.Helper()
	script, err := os.ReadFile(rig.AxeCore(t))
	if err != nil {
		t.Fatal(err)
	}
	return Axe(script)
}

// found is what axe-core and the browser say of a page.
type found struct {
	Found []string `json:"found"`
	Wide  bool     `json:"wide"`
	Lang  string   `json:"lang"`
}

const inspect = `axe.run(document, {iframes: false}).then(r => ({
	found: r.violations.map(v => v.id + ": " + v.help + ": " + v.nodes.map(n => n.html).join(" | ")),
	wide: document.documentElement.scrollWidth > innerWidth, lang: document.documentElement.lang}))`

// Look fails the test for each finding of axe-core on the page that the browser shows,
// when it scrolls sideways, and when it does not say its language. It keeps a picture of
// it where that is asked for.
func (a Axe) Look(b *Browser, page, lang string, s Screen) {
	b.T.Helper()
	name := fmt.Sprintf("%s %s %s %d", page, lang, s.Scheme, s.Width)
	Get(b, name, chromedp.Evaluate[bool](string(a)+"; true"))
	got := Get(b, name, chromedp.Evaluate[found](inspect, chromedp.EvalAwaitPromise, chromedp.EvalAsValue))
	for _, f := range got.Found {
		b.T.Errorf("%s: %s", name, f)
	}
	if got.Wide {
		b.T.Errorf("%s: the page scrolls sideways", name)
	}
	if got.Lang != lang {
		b.T.Errorf("%s: the page is in %q", name, got.Lang)
	}
	if *pictures == "" {
		return
	}
	picture := Get(b, name, chromedp.FullScreenshot(100))
	if err := os.WriteFile(filepath.Join(*pictures, fmt.Sprintf("%s-%s-%s.png", page, lang, s.Scheme)), picture, 0o644); err != nil {
		b.T.Fatal(err)
	}
}
