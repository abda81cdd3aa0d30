package console_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"clarion/e2e/pages"
	"clarion/e2e/rig"
	"clarion/internal/conf"
	"clarion/lists/address"
	"clarion/petition"
	"clarion/worker/gateway"
	"clarion/worker/gateway/hylafax"
)

// A form goes out over a telephone line and comes in at the office's modem, whose server
// hands it on to Clarion; a person looks at it in the console and enters who signed.
func TestAFaxIsSettledByAPerson(t *testing.T) {
	o := openOffice(t, "\n[petition]\nfolder = \"save9\"\n")
	line := rig.StartHylafax(t, rig.HylafaxOptions{})
	form := filepath.Join(o.dir, "form.pdf")
	pages.Told(t, o.dir, "petition", "form", "--language", "ko", "-o", form)
	body, err := os.ReadFile(form)
	if err != nil {
		t.Fatal(err)
	}
	g, err := hylafax.New(hylafax.Config{Addr: line.Addr, User: line.User, Password: conf.NewSecret(line.Password), Country: "82"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.Send(t.Context(), gateway.Message{Delivery: "form", To: address.Canonical(address.Fax, "+82222220010"), From: "+82 2 1111 0000", Body: body}); err != nil {
		t.Fatal(err)
	}
	rig.Eventually(t, 3*time.Minute, "the form to come in", func() bool { return len(line.Received(t)) == 1 })
	received := line.Received(t)[0]
	for _, want := range []string{"it waits for a person", "came before"} { // a fax server may run its script twice
		if said := o.dispatch(received); !strings.Contains(said, want) {
			t.Errorf("the fax server hears %q, not that it %s", said, want)
		}
	}

	han := o.director()
	han.Press("look what waits", chromedp.Navigate(o.url+"/petition/waiting"))
	if list := han.Read("main"); !strings.Contains(list, received.Caller) {
		t.Errorf("what waits is:\n%s", list)
	}
	han.Press("open it", chromedp.Click("tbody a"))
	han.Do("see the page", chromedp.WaitVisible("img.fax"))
	if size := pages.Get(han.Browser, "measure the page", chromedp.Evaluate[[]int](`(i => [i.naturalWidth, i.naturalHeight])(document.querySelector("img.fax"))`)); len(size) != 2 || size[0] != 1728 || size[1] < 1000 { // what is white at its end the sender leaves off
		t.Errorf("the page has %v dots", size)
	}
	han.Press("enter the signature", chromedp.SendKeys("#name", "홍길동"), chromedp.Click(`input[name="opinion"]`), chromedp.Click(`input[name="age"]`), chromedp.Click(`form[action$="/signature"] button`))
	han.says("Nothing waits.")
	if slip, err := petition.ParseSlip(han.Read(".slip")); err != nil || slip.Name != "홍길동" || slip.Way != petition.WayFax {
		t.Errorf("the slip is %+v, %v", slip, err)
	}
	if said := pages.Told(t, o.dir, "petition", "tally"); !strings.Contains(said, "by fax 1") {
		t.Errorf("counted is:\n%s", said)
	}
}

// dispatch hands a received fax on as the README says, but for who runs it.
func (o *office) dispatch(f rig.Fax) string {
	o.t.Helper()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		o.t.Fatal(err)
	}
	_, script, _ := strings.Cut(string(readme), "```sh FaxDispatch\n")
	script, _, _ = strings.Cut(script, "```")
	const asUser = "sudo -u clarion clarion --config /etc/clarion/clarion.toml"
	if strings.Count(script, asUser) != 1 {
		o.t.Fatalf("the script of the README is %q", script)
	}
	cmd := exec.Command("sh", "-euc", strings.Replace(script, asUser, pages.Program()+" --config clarion.toml", 1))
	cmd.Dir, cmd.Env = o.dir, append(os.Environ(), "LC_ALL=en_GB.UTF-8", "FILE="+f.Path, "CALLID1="+f.Caller)
	out, err := cmd.CombinedOutput()
	if err != nil {
		o.t.Fatalf("hand a fax on: %v\n%s", err, out)
	}
	return string(out)
}
