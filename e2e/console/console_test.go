package console_test

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"clarion/e2e/rig"
)

var (
	program  string
	pictures = flag.String("pictures", "", "a folder to write screenshots of the pages to")
)

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

// run builds the program once.
func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "clarion-console-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "make a folder for the program:", err)
		return 1
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "clarion")
	if out, err := exec.Command("go", "build", "-o", program, "clarion/cmd/clarion").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the program: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// start runs the program in a folder until the test ends, and returns what it first
// says that find finds. ended hears how it ends.
func start(t *testing.T, dir string, find *regexp.Regexp, ended func(error), args ...string) string {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	said, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Error(err)
		}
		ended(cmd.Wait())
	})
	for lines := bufio.NewScanner(said); lines.Scan(); {
		if m := find.FindStringSubmatch(lines.Text()); m != nil {
			go io.Copy(io.Discard, said) // the pipe must not fill
			return m[1]
		}
	}
	t.Fatalf("clarion %s does not say what %s finds", args[0], find)
	return ""
}

// demo starts the demo and returns the address of its pages.
func demo(t *testing.T) string {
	t.Helper()
	ended := func(error) {} // its call may be under way still, which its status says
	return start(t, t.TempDir(), regexp.MustCompile(`^Pages at (.+)$`), ended, "demo", "--contacts", "300", "--port", "0")
}

// A browser has one page, and reaches nothing but this machine.
type browser struct {
	t   *testing.T
	ctx context.Context
}

type step = chromedp.Action[chromedp.Void]

func browse(t *testing.T) *browser {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath("chromium"), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.UserDataDir(t.TempDir()), chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE localhost"), chromedp.WSURLReadTimeout(time.Minute))
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	b := &browser{t, ctx}
	b.do("start", chromedp.Navigate("about:blank"))
	b.ctx, cancel = context.WithTimeout(ctx, 10*time.Minute)
	t.Cleanup(cancel)
	return b
}

// fail ends the test, with what the page says.
func (b *browser) fail(what string, err error) {
	b.t.Helper()
	page, _ := chromedp.Run(b.ctx, chromedp.Text("body")) // where there is one
	b.t.Fatalf("%s: %v\n%s", what, err, page)
}

func (b *browser) do(what string, steps ...step) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.fail(what, err)
	}
}

// press does what leads to another page, and waits for that.
func (b *browser) press(what string, steps ...step) {
	b.t.Helper()
	answer, err := chromedp.RunResponse(b.ctx, steps...)
	if err == nil && answer.Status >= 400 {
		err = fmt.Errorf("it leads to status %d", answer.Status)
	}
	if err != nil {
		b.fail(what, err)
	}
}

// read does steps and returns what the element then says.
func (b *browser) read(selector string, steps ...step) string {
	b.t.Helper()
	b.do("show "+selector, steps...)
	return get(b, "read "+selector, chromedp.Text(selector))
}

func get[T any](b *browser, what string, a chromedp.Action[T]) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, a)
	if err != nil {
		b.fail(what, err)
	}
	return v
}

// command is a command of the DevTools protocol as a step.
func command[P, R any](c cdp.Command[P, R], p P) step {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, c, p)
		return err
	})
}

func (b *browser) begin(url, name string) (draft string) {
	b.t.Helper()
	b.press("begin a draft", chromedp.Navigate(url+"/drafts"))
	b.press("begin a draft", chromedp.SendKeys("#name", name), chromedp.Click("main form button"))
	return get(b, "find the draft", chromedp.Location())
}

// A person writes a call, ticks whom it reaches, rehearses, launches, watches,
// pauses and corrects it, without any script.
func TestWithoutScript(t *testing.T) {
	url, b := demo(t), browse(t)
	b.do("switch scripts off", command(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}))
	b.begin(url, "What we got wrong")
	draft := b.begin(url, "Second appeal")
	b.do("see the proofs", chromedp.WaitVisible("iframe.phone"), chromedp.WaitVisible("img.fax"), chromedp.WaitVisible(".text-part"))
	b.press("go to the audience", chromedp.Navigate(draft+"/audience"))
	b.press("tick the audience", chromedp.Click("input[name=channel][value=fax]"), chromedp.Click("main form button"))
	if counted := b.read("#counted"); !strings.Contains(counted, "people") || strings.Contains(counted, "Fax") {
		t.Errorf("without fax the audience is told as:\n%s", counted)
	}
	b.press("get ready", chromedp.Navigate(draft+"/ready"))
	b.press("rehearse", chromedp.Click(`form[action$="/rehearse"] button`))
	b.do("see that it is a rehearsal", chromedp.WaitVisible("body.rehearsal .rehearsal-word"))
	b.press("get ready", chromedp.Navigate(draft+"/ready"))
	b.press("launch", chromedp.SendKeys("#confirm", "launch"), chromedp.Click(`form[action$="/launch"] button`))
	call, _, _ := strings.Cut(get(b, "find the call", chromedp.Location()), "?")
	page := b.read("main")
	if strings.Contains(page, "nobody gets anything") || !strings.Contains(page, "Launched.") {
		t.Errorf("a live call is shown as:\n%s", page)
	}
	if strings.Contains(page, "Pause") { // else it has ended by now
		b.press("pause", chromedp.Click(`form[action$="/pause"] button`))
		b.press("resume", chromedp.Click(`form[action$="/resume"] button`))
	}
	b.press("see the report", chromedp.Navigate(call+"/report"))
	b.press("see whom a correction reaches", chromedp.Navigate(call+"/correct"))
	value := get(b, "find the correction", chromedp.AttributeValue(`//option[text()="What we got wrong"]`, "value"))
	b.press("correct", chromedp.SetValue("#draft", value.Value), chromedp.SendKeys("#confirm", "launch"), chromedp.Click("main form button"))
	if page := b.read("main"); !strings.Contains(page, "Launched.") {
		t.Errorf("a correction is answered:\n%s", page)
	}
}

// A look is what axe-core and the browser say of a page.
type look struct {
	Found []string `json:"found"`
	Wide  bool     `json:"wide"`
	Lang  string   `json:"lang"`
}

const inspect = `axe.run(document, {iframes: false}).then(r => ({
	found: r.violations.map(v => v.id + ": " + v.help + ": " + v.nodes.map(n => n.html).join(" | ")),
	wide: document.documentElement.scrollWidth > innerWidth, lang: document.documentElement.lang}))`

// No page has a finding of axe-core, in either language, by day on a phone and by
// night on a desk.
func TestPagesAreAccessible(t *testing.T) {
	axe, err := os.ReadFile(rig.AxeCore(t))
	if err != nil {
		t.Fatal(err)
	}
	url, b := demo(t), browse(t)
	draft := strings.TrimPrefix(b.begin(url, "For the test"), url)
	for _, path := range []string{"/petition", "/petition/sheets", "/petition/sheets/4", "/petition/enter", "/petition/check", "/petition/delivery", "/volunteer", "/volunteers", "/suppressions", "/people", "/queues", "/alarms", "/calls", "/calls/compare", "/calls/c1", "/calls/c1/report", "/calls/c1/correct", "/drafts", draft, draft + "/audience", draft + "/ready", "/lists", "/lists/supporters", "/lists/supporters/export", "/lists/import", "/webhooks", "/calls/c99"} {
		for _, lang := range []string{"en", "ko"} {
			for _, screen := range []struct {
				scheme string
				width  int64
			}{{"light", 390}, {"dark", 1280}} {
				name := fmt.Sprintf("%s %s %s %d", path, lang, screen.scheme, screen.width)
				b.do(name, command(network.SetCookie, network.SetCookieParams{Name: "lang", Value: lang, URL: url}),
					command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: screen.scheme}}}),
					chromedp.EmulateViewport(screen.width, 900), chromedp.Navigate(url+path))
				get(b, name, chromedp.Evaluate[bool](string(axe)+"; true"))
				got := get(b, name, chromedp.Evaluate[look](inspect, chromedp.EvalAwaitPromise, chromedp.EvalAsValue))
				for _, f := range got.Found {
					t.Errorf("%s: %s", name, f)
				}
				if got.Wide {
					t.Errorf("%s: the page scrolls sideways", name)
				}
				if got.Lang != lang {
					t.Errorf("%s: the page is in %q", name, got.Lang)
				}
				if *pictures != "" {
					file := strings.ReplaceAll(strings.Trim(strings.Replace(path, draft, "/draft", 1), "/"), "/", "-")
					picture := get(b, name, chromedp.FullScreenshot(100))
					if err := os.WriteFile(filepath.Join(*pictures, fmt.Sprintf("console-%s-%s-%s.png", file, lang, screen.scheme)), picture, 0o644); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
	}
}
