package pages

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"
)

// A Browser has one page, and reaches nothing but this machine.
type Browser struct {
	T   *testing.T
	Ctx context.Context
}

// A Step is something that is done in a browser.
type Step = chromedp.Action[chromedp.Void]

// Browse starts a browser, which ends with the test.
func Browse(t *testing.T) *Browser {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath("chromium"), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.UserDataDir(t.TempDir()), chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE localhost"), chromedp.WSURLReadTimeout(time.Minute))
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	b := &Browser{t, ctx}
	b.Do("start", chromedp.Navigate("about:blank"))
	b.Ctx, cancel = context.WithTimeout(ctx, 10*time.Minute)
	t.Cleanup(cancel)
	return b
}

// fail ends the test, with what the page says.
func (b *Browser) fail(what string, err error) {
	b.T.Helper()
	page, _ := chromedp.Run(b.Ctx, chromedp.Text("body")) // where there is one
	b.T.Fatalf("%s: %v\n%s", what, err, page)
}

// Do does steps.
func (b *Browser) Do(what string, steps ...Step) {
	b.T.Helper()
	if err := chromedp.Do(b.Ctx, steps...); err != nil {
		b.fail(what, err)
	}
}

// Press does what leads to another page, and waits for that.
func (b *Browser) Press(what string, steps ...Step) {
	b.T.Helper()
	answer, err := chromedp.RunResponse(b.Ctx, steps...)
	if err == nil && answer.Status >= 400 {
		err = fmt.Errorf("it leads to status %d", answer.Status)
	}
	if err != nil {
		b.fail(what, err)
	}
}

// Read does steps and returns what the element then says.
func (b *Browser) Read(selector string, steps ...Step) string {
	b.T.Helper()
	b.Do("show "+selector, steps...)
	return Get(b, "read "+selector, chromedp.Text(selector))
}

// Get returns what an action returns.
func Get[T any](b *Browser, what string, a chromedp.Action[T]) T {
	b.T.Helper()
	v, err := chromedp.Run(b.Ctx, a)
	if err != nil {
		b.fail(what, err)
	}
	return v
}

// Command is a command of the DevTools protocol as a step.
func Command[P, R any](c cdp.Command[P, R], p P) Step {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, c, p)
		return err
	})
}
