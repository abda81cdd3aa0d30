package sign_test

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
	dir, err := os.MkdirTemp("", "clarion-sign-")
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

// demo starts the demo, which has a petition, and returns the address of its pages.
func demo(t *testing.T) string {
	t.Helper()
	cmd := exec.Command(program, "demo", "--contacts", "50", "--port", "0")
	cmd.Dir = t.TempDir()
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
		_ = cmd.Wait() // its call may be under way still, which its status says
	})
	find := regexp.MustCompile(`^Pages at (.+)$`)
	for lines := bufio.NewScanner(said); lines.Scan(); {
		if m := find.FindStringSubmatch(lines.Text()); m != nil {
			go io.Copy(io.Discard, said) // the pipe must not fill
			return m[1]
		}
	}
	t.Fatal("the demo does not say where its pages are")
	return ""
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

func get[T any](b *browser, what string, a chromedp.Action[T]) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, a)
	if err != nil {
		b.fail(what, err)
	}
	return v
}

func command[P, R any](c cdp.Command[P, R], p P) step {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, c, p)
		return err
	})
}

// fill fills in the form but for how to reach the signer.
func fill(name string) []step {
	return []step{chromedp.SetValue("#name", name), chromedp.SetValue("#region", "busan"), chromedp.SetValue("#district", "Haeundae-gu"),
		chromedp.Click("#opinion"), chromedp.Click("#age")}
}

// Somebody signs, keeps the slip, finds the signature by its code, and withdraws it.
func TestSignAndWithdraw(t *testing.T) {
	url, b := demo(t), browse(t)
	b.do("open the page", chromedp.Navigate(url+"/sign?lang=en"))
	b.do("sign", append(fill("Kim Yeonghui"), chromedp.Click("#form button"), chromedp.WaitVisible("#slip-text"))...)
	slip := get(b, "read the slip", chromedp.Text("#slip-text"))
	code := regexp.MustCompile(`code: (\S+)`).FindStringSubmatch(slip)
	if code == nil || !strings.Contains(slip, "name: Kim Yeonghui") {
		t.Fatalf("the slip is:\n%s", slip)
	}
	b.do("find it by the fragment", chromedp.Navigate(url+"/s?lang=en#"+code[1]), chromedp.Click("#code-form button"), chromedp.WaitVisible("dl"))
	if page := get(b, "read", chromedp.Text("main")); !strings.Contains(page, "at most") || !strings.Contains(page, "Kim Yeonghui") {
		t.Errorf("the slip's page is:\n%s", page)
	}
	if at := get(b, "see where", chromedp.Location()); strings.Contains(at, code[1]) {
		t.Errorf("the code stands in the address: %s", at)
	}
	b.do("withdraw", chromedp.Click(".withdraw summary"), chromedp.Click(".withdraw button"), chromedp.WaitNotPresent("dl"))
	if page := get(b, "read", chromedp.Text("main")); !strings.Contains(page, "withdrawn") {
		t.Errorf("a withdrawn signature is shown as:\n%s", page)
	}
}

// Without a script an address is asked for, and nothing that was typed is lost.
func TestSignWithoutScript(t *testing.T) {
	url, b := demo(t), browse(t)
	b.do("switch scripts off", command(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}))
	b.do("open the page", chromedp.Navigate(url+"/v/123456?lang=en"))
	b.do("sign", append(fill("John Smith"), chromedp.Click("#names"), chromedp.Click("#form button"), chromedp.WaitVisible("#contact-wrong"))...)
	for field, want := range map[string]string{"#name": "John Smith", "#region": "busan", "#district": "Haeundae-gu", "#code": "123456"} {
		if got := get(b, "read "+field, chromedp.Value(field)); got != want {
			t.Errorf("%s has %q after a mistake, not %q", field, got, want)
		}
	}
	b.do("leave an address", chromedp.WaitVisible("#names[checked]"), chromedp.WaitVisible("#opinion[checked]"), chromedp.SendKeys("#contact", "john@gmail.example"),
		chromedp.Click("#form button"), chromedp.WaitVisible("strong.address"))
	if page := get(b, "read", chromedp.Text("main")); !strings.Contains(page, "j***@g***.example") || strings.Contains(page, "john@") {
		t.Errorf("the page after the form is:\n%s", page)
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

// No page has a finding of axe-core, in either language, by day on a phone and by night
// on a desk.
func TestPagesAreAccessible(t *testing.T) {
	axe, err := os.ReadFile(rig.AxeCore(t))
	if err != nil {
		t.Fatal(err)
	}
	url, b := demo(t), browse(t)
	for _, lang := range []string{"en", "ko"} {
		for _, screen := range []struct {
			scheme string
			width  int64
		}{{"light", 390}, {"dark", 1280}} {
			see := func(page string) {
				t.Helper()
				name := fmt.Sprintf("%s %s %s %d", page, lang, screen.scheme, screen.width)
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
					picture := get(b, name, chromedp.FullScreenshot(100))
					if err := os.WriteFile(filepath.Join(*pictures, fmt.Sprintf("sign-%s-%s-%s.png", page, lang, screen.scheme)), picture, 0o644); err != nil {
						t.Fatal(err)
					}
				}
			}
			open := func(path string) step { return chromedp.Navigate(url + path + "?lang=" + lang) }
			b.do("choose the screen", command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: screen.scheme}}}),
				chromedp.EmulateViewport(screen.width, 900))
			for page, path := range map[string]string{"code": "/s", "share": "/sign/share", "roots": "/sign/roots", "invalid": "/c/nothing", "no-slip": "/s/nothing"} {
				b.do(page, open(path))
				see(page)
			}
			b.do("open the form", open("/sign"))
			see("form")
			name := fmt.Sprintf("%s of %s", map[string]string{"en": "Somebody", "ko": "아무개"}[lang], screen.scheme)
			b.do("make mistakes", append(fill("qqq"), chromedp.Click("#form button"), chromedp.WaitVisible("#name-wrong"))...)
			see("mistakes")
			b.do("sign", chromedp.SetValue("#name", name), chromedp.Click("#form button"), chromedp.WaitVisible("#slip-text"))
			see("signed")
			code := regexp.MustCompile(`code: (\S+)`).FindStringSubmatch(get(b, "read the slip", chromedp.Text("#slip-text")))
			b.do("look at the slip", open("/s/"+code[1]), chromedp.Click(".withdraw summary"))
			see("slip")
			b.do("sign with an address", open("/sign"))
			b.do("sign with an address", append(fill(name), chromedp.SendKeys("#contact", "a@gmail.example"), chromedp.Click("#form button"), chromedp.WaitVisible("strong.address"))...)
			see("told")
		}
	}
}
