package console_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"clarion/e2e/pages"
	"clarion/e2e/rig"
)

// imports takes a table onto a list, which is made if it is not there: what would come
// of it is shown first.
func (b *browser) imports(url, list, table string) {
	b.T.Helper()
	file := filepath.Join(b.T.TempDir(), list+".csv")
	if err := os.WriteFile(file, []byte(table), 0o600); err != nil {
		b.T.Fatal(err)
	}
	b.Press("begin an import", chromedp.Navigate(url+"/lists/import"))
	b.Press("look at the file first", chromedp.SetUploadFiles("#table", []string{file}), chromedp.SendKeys("#list", list), chromedp.SendKeys("#consent", "I want to hear of Save 9."), chromedp.Click("main form .acts button"))
	b.says("Nothing has been changed yet.")
	b.Press("import for good", chromedp.SetUploadFiles("#table", []string{file}), chromedp.Click("main form .acts button"))
	b.says("Imported.")
}

// noon is a time zone in which it is about noon, so that nobody there sleeps.
func noon() string {
	return fmt.Sprintf("Etc/GMT%+d", time.Now().UTC().Hour()-12) // whose signs are the other way round
}

// furnish has the demo show what it does not show of itself: an alarm that is open, a
// webhook, and somebody whom a volunteer texts. It returns their pages.
func (b *browser) furnish(t *testing.T, url string) (paths []string) {
	t.Helper()
	var dead strings.Builder
	dead.WriteString("email\n")
	for i := range 60 {
		fmt.Fprintf(&dead, "gone%d+bounce@naver.example\n", i)
	}
	b.imports(url, "supporters", dead.String())
	b.imports(url, "neighbours", "name,sms,timezone\nMin,010-2345-6789,"+noon()+"\n")

	draft := b.begin(url, "To an old list")
	b.Press("get ready", chromedp.Navigate(draft+"/ready"))
	b.Press("launch", chromedp.SendKeys("#confirm", "launch"), chromedp.Click(`form[action$="/launch"] button`))

	b.Press("see the webhooks", chromedp.Navigate(url+"/webhooks"))
	b.Press("set up a webhook", chromedp.SendKeys("#url", "https://example.org/hook"), chromedp.Click("main form input[name=event]"), chromedp.Click("main form .acts button"))
	b.Press("see the webhooks", chromedp.Navigate(url+"/webhooks"))
	hook := pages.Get(b.Browser, "find the webhook", chromedp.AttributeValue(`main a[href^="/webhooks/"]`, "href"))

	b.Press("see the rounds", chromedp.Navigate(url+"/texting/rounds"))
	b.Press("begin a round", chromedp.SendKeys("#name", "Neighbours"), chromedp.SetValue("#list", "neighbours"), chromedp.SendKeys("#script_ko", "{{ name | 친구 }} 님, 서명해 주세요. {{ link }}"), chromedp.Click("main form .acts button"))
	b.Press("go and text", chromedp.Navigate(url+"/texting/1"))
	b.Press("take somebody", chromedp.Click("main form .acts button"))
	b.Do("see what to send", chromedp.WaitVisible("#text-sms"))

	rig.Eventually(t, time.Minute, "an alarm", func() bool {
		b.Press("see the alarms", chromedp.Navigate(url+"/alarms"))
		return pages.Get(b.Browser, "look for an alarm", chromedp.Evaluate[bool](`document.querySelector("article.alarm") !== null`))
	})
	return []string{hook.Value, "/texting", "/texting/1", "/texting/rounds", "/texting/rounds/1"}
}
