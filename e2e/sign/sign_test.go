package sign_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"clarion/e2e/pages"
)

func TestMain(m *testing.M) { os.Exit(pages.Run(m)) }

// demo starts the demo, which has a petition, and returns the address of its pages.
func demo(t *testing.T) string { return pages.Demo(t, 50) }

// fill fills in the form but for how to reach the signer.
func fill(name string) []pages.Step {
	return []pages.Step{chromedp.SetValue("#name", name), chromedp.SetValue("#region", "busan"), chromedp.SetValue("#district", "Haeundae-gu"),
		chromedp.Click("#opinion"), chromedp.Click("#age")}
}

// Somebody signs, keeps the slip, finds the signature by its code, and withdraws it.
func TestSignAndWithdraw(t *testing.T) {
	url, b := demo(t), pages.Browse(t)
	b.Do("open the page", chromedp.Navigate(url+"/sign?lang=en"))
	b.Do("sign", append(fill("Kim Yeonghui"), chromedp.Click("#form button"), chromedp.WaitVisible("#slip-text"))...)
	slip := pages.Get(b, "read the slip", chromedp.Text("#slip-text"))
	code := regexp.MustCompile(`code: (\S+)`).FindStringSubmatch(slip)
	if code == nil || !strings.Contains(slip, "name: Kim Yeonghui") {
		t.Fatalf("the slip is:\n%s", slip)
	}
	b.Do("find it by the fragment", chromedp.Navigate(url+"/s?lang=en#"+code[1]), chromedp.Click("#code-form button"), chromedp.WaitVisible("dl"))
	if page := pages.Get(b, "read", chromedp.Text("main")); !strings.Contains(page, "at most") || !strings.Contains(page, "Kim Yeonghui") {
		t.Errorf("the slip's page is:\n%s", page)
	}
	if at := pages.Get(b, "see where", chromedp.Location()); strings.Contains(at, code[1]) {
		t.Errorf("the code stands in the address: %s", at)
	}
	b.Do("withdraw", chromedp.Click(".withdraw summary"), chromedp.Click(".withdraw button"), chromedp.WaitNotPresent("dl"))
	if page := pages.Get(b, "read", chromedp.Text("main")); !strings.Contains(page, "withdrawn") {
		t.Errorf("a withdrawn signature is shown as:\n%s", page)
	}
}

// Without a script an address is asked for, and nothing that was typed is lost.
func TestSignWithoutScript(t *testing.T) {
	url, b := demo(t), pages.Browse(t)
	b.Do("switch scripts off", pages.Command(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}))
	b.Do("open the page", chromedp.Navigate(url+"/v/123456?lang=en"))
	b.Do("sign", append(fill("John Smith"), chromedp.Click("#names"), chromedp.Click("#form button"), chromedp.WaitVisible("#contact-wrong"))...)
	for field, want := range map[string]string{"#name": "John Smith", "#region": "busan", "#district": "Haeundae-gu", "#code": "123456"} {
		if got := pages.Get(b, "read "+field, chromedp.Value(field)); got != want {
			t.Errorf("%s has %q after a mistake, not %q", field, got, want)
		}
	}
	b.Do("leave an address", chromedp.WaitVisible("#names[checked]"), chromedp.WaitVisible("#opinion[checked]"), chromedp.SendKeys("#contact", "john@gmail.example"),
		chromedp.Click("#form button"), chromedp.WaitVisible("strong.address"))
	if page := pages.Get(b, "read", chromedp.Text("main")); !strings.Contains(page, "j***@g***.example") || strings.Contains(page, "john@") {
		t.Errorf("the page after the form is:\n%s", page)
	}
}

// No page has a finding of axe-core, in either language, by day on a phone and by night
// on a desk.
func TestPagesAreAccessible(t *testing.T) {
	axe := pages.NewAxe(t)
	url, b := demo(t), pages.Browse(t)
	for _, lang := range []string{"en", "ko"} {
		for _, screen := range pages.Screens {
			see := func(page string) {
				t.Helper()
				axe.Look(b, "sign-"+page, lang, screen)
			}
			open := func(path string) pages.Step { return chromedp.Navigate(url + path + "?lang=" + lang) }
			b.Do("choose the screen", screen.Show()...)
			for page, path := range map[string]string{"code": "/s", "share": "/sign/share", "roots": "/sign/roots", "invalid": "/c/nothing", "no-slip": "/s/nothing"} {
				b.Do(page, open(path))
				see(page)
			}
			b.Do("open the form", open("/sign"))
			see("form")
			name := fmt.Sprintf("%s of %s", map[string]string{"en": "Somebody", "ko": "아무개"}[lang], screen.Scheme)
			b.Do("make mistakes", append(fill("qqq"), chromedp.Click("#form button"), chromedp.WaitVisible("#name-wrong"))...)
			see("mistakes")
			b.Do("sign", chromedp.SetValue("#name", name), chromedp.Click("#form button"), chromedp.WaitVisible("#slip-text"))
			see("signed")
			code := regexp.MustCompile(`code: (\S+)`).FindStringSubmatch(pages.Get(b, "read the slip", chromedp.Text("#slip-text")))
			b.Do("look at the slip", open("/s/"+code[1]), chromedp.Click(".withdraw summary"))
			see("slip")
			b.Do("sign with an address", open("/sign"))
			b.Do("sign with an address", append(fill(name), chromedp.SendKeys("#contact", "a@gmail.example"), chromedp.Click("#form button"), chromedp.WaitVisible("strong.address"))...)
			see("told")
		}
	}
}
