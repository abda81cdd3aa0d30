package console_test

import (
	"os"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"clarion/e2e/pages"
)

func TestMain(m *testing.M) { os.Exit(pages.Run(m)) }

// demo starts the demo and returns the address of its pages.
func demo(t *testing.T) string { return pages.Demo(t, 300) }

// A browser is somebody's.
type browser struct{ *pages.Browser }

func browse(t *testing.T) *browser { return &browser{pages.Browse(t)} }

func (b *browser) begin(url, name string) (draft string) {
	b.T.Helper()
	b.Press("begin a draft", chromedp.Navigate(url+"/drafts"))
	b.Press("begin a draft", chromedp.SendKeys("#name", name), chromedp.Click("main form button"))
	return pages.Get(b.Browser, "find the draft", chromedp.Location())
}

// A person writes a call, ticks whom it reaches, rehearses, launches, watches,
// pauses and corrects it, without any script.
func TestWithoutScript(t *testing.T) {
	url, b := demo(t), browse(t)
	b.Do("switch scripts off", pages.Command(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}))
	b.begin(url, "What we got wrong")
	draft := b.begin(url, "Second appeal")
	b.Do("see the proofs", chromedp.WaitVisible("iframe.phone"), chromedp.WaitVisible("img.fax"), chromedp.WaitVisible(".text-part"))
	b.Press("go to the audience", chromedp.Navigate(draft+"/audience"))
	b.Press("tick the audience", chromedp.Click("input[name=channel][value=fax]"), chromedp.Click("main form button"))
	if counted := b.Read("#counted"); !strings.Contains(counted, "people") || strings.Contains(counted, "Fax") {
		t.Errorf("without fax the audience is told as:\n%s", counted)
	}
	b.Press("get ready", chromedp.Navigate(draft+"/ready"))
	b.Press("rehearse", chromedp.Click(`form[action$="/rehearse"] button`))
	b.Do("see that it is a rehearsal", chromedp.WaitVisible("body.rehearsal .rehearsal-word"))
	b.Press("get ready", chromedp.Navigate(draft+"/ready"))
	b.Press("launch", chromedp.SendKeys("#confirm", "launch"), chromedp.Click(`form[action$="/launch"] button`))
	call, _, _ := strings.Cut(pages.Get(b.Browser, "find the call", chromedp.Location()), "?")
	page := b.Read("main")
	if strings.Contains(page, "nobody gets anything") || !strings.Contains(page, "Launched.") {
		t.Errorf("a live call is shown as:\n%s", page)
	}
	if strings.Contains(page, "Pause") { // else it has ended by now
		b.Press("pause", chromedp.Click(`form[action$="/pause"] button`))
		b.Press("resume", chromedp.Click(`form[action$="/resume"] button`))
	}
	b.Press("see the report", chromedp.Navigate(call+"/report"))
	b.Press("see whom a correction reaches", chromedp.Navigate(call+"/correct"))
	value := pages.Get(b.Browser, "find the correction", chromedp.AttributeValue(`//option[text()="What we got wrong"]`, "value"))
	b.Press("correct", chromedp.SetValue("#draft", value.Value), chromedp.SendKeys("#confirm", "launch"), chromedp.Click("main form button"))
	if page := b.Read("main"); !strings.Contains(page, "Launched.") {
		t.Errorf("a correction is answered:\n%s", page)
	}
}

// No page has a finding of axe-core, in either language, by day on a phone and by
// night on a desk.
func TestPagesAreAccessible(t *testing.T) {
	axe := pages.NewAxe(t)
	url, b := demo(t), browse(t)
	draft := strings.TrimPrefix(b.begin(url, "For the test"), url)
	b.Press("look what waits", chromedp.Navigate(url+"/petition/waiting"))
	waits := pages.Get(b.Browser, "find a fax", chromedp.AttributeValue("tbody tr:last-child a", "href")).Value
	for _, path := range append(b.furnish(t, url), "/petition", "/petition/waiting", waits, "/petition/sheets", "/petition/sheets/4", "/petition/enter", "/petition/check", "/petition/withdraw", "/petition/delivery", "/petition/delivery/pack", "/volunteer", "/volunteers", "/suppressions", "/suppressions/file", "/amnesty", "/people", "/queues", "/alarms", "/calls", "/calls/compare", "/calls/c1", "/calls/c1/report", "/calls/c1/correct", "/drafts", draft, draft+"/audience", draft+"/ready", "/lists", "/lists/supporters", "/lists/supporters/export", "/lists/import", "/webhooks", "/calls/c99") {
		for _, lang := range []string{"en", "ko"} {
			for _, screen := range pages.Screens {
				b.Do("choose the screen", append(screen.Show(), pages.Command(network.SetCookie, network.SetCookieParams{Name: "lang", Value: lang, URL: url}), chromedp.Navigate(url+path))...)
				axe.Look(b.Browser, "console-"+strings.ReplaceAll(strings.Trim(strings.NewReplacer(draft, "/draft", waits, "/petition/waits").Replace(path), "/"), "/", "-"), lang, screen)
			}
		}
	}
}
