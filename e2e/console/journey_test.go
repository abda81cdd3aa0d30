package console_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"clarion/e2e/pages"
	"clarion/e2e/rig"
	"clarion/petition"
)

const journeyConfig = `organisation = "Save 9 Campaign"
dns.lanes = false

[web]
listen = "127.0.0.1:%[1]d"
public_url = "http://localhost:%[1]d"

[hook]
listen = "127.0.0.1:0"

[release]
second_person = true

[inbox]
listen = "127.0.0.1:%[2]d"
protocol = "lmtp"
domain = %[3]q

[gateway.relay]
kind = "smtp"
host = %[4]q
port = %[5]s
tls = "none"
`

// appealConfig is for an office whose petition is signed elsewhere.
const appealConfig = `
[appeal]
url = "%s/robots.txt"
[appeal.title]
ko = "탈북 고아 9명을 살려 주세요"
en = "Save 9 North Korean Orphans"
[appeal.text]
ko = "강제송환된 고아 아홉 명을 위해 서명해 주세요."
en = "Nine orphans were sent back. Please sign for them."
`

// An office is a Clarion as serve runs it, with nobody in it yet.
type office struct {
	t     *testing.T
	dir   string
	url   string
	first string // the code of the first start
	mail  *rig.Mail
	root  *browser
}

// openOffice has the example of a petition at hand; campaign sets what people are asked for,
// with %s for the office's address.
func openOffice(t *testing.T, campaign string) *office {
	t.Helper()
	dir, outside, inbox := t.TempDir(), rig.FreePort(t), rig.FreePort(t)
	if err := os.CopyFS(filepath.Join(dir, "save9"), petition.Example()); err != nil {
		t.Fatal(err)
	}
	o := &office{t: t, dir: dir, url: fmt.Sprintf("http://localhost:%d", outside)}
	o.mail = rig.StartMail(t, rig.MailOptions{BounceAddr: fmt.Sprintf("127.0.0.1:%d", inbox), BounceProtocol: "lmtp"})
	host, port, err := net.SplitHostPort(o.mail.RelayAddr)
	if err != nil {
		t.Fatal(err)
	}
	config := fmt.Sprintf(journeyConfig, outside, inbox, rig.BounceDomain, host, port) + strings.ReplaceAll(campaign, "%s", o.url)
	if err := os.WriteFile(filepath.Join(dir, "clarion.toml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	o.first = pages.Start(t, dir, regexp.MustCompile(`/first with the code (\S+)`), func(err error) {
		if err != nil {
			t.Errorf("serve ends with %v", err)
		}
	}, "serve")
	o.root = browse(t)
	return o
}

// somebody sits down at a browser of their own, with a device that holds passkeys.
func (o *office) somebody() *browser {
	o.t.Helper()
	ctx, cancel := chromedp.NewContext(o.root.Ctx, chromedp.WithNewBrowserContext())
	o.t.Cleanup(cancel)
	b := &browser{&pages.Browser{T: o.t, Ctx: ctx}}
	b.Do("sit down", chromedp.Navigate("about:blank"),
		// Else only one of all these people would have a page that shows, and a hidden one is not live.
		pages.Command(emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}),
		pages.Command(webauthn.Enable, webauthn.EnableParams{}),
		pages.Command(webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
			Protocol: "ctap2", Transport: "internal", HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
		}}))
	return b
}

// director is the first one, who makes the account by a passkey.
func (o *office) director() *browser {
	o.t.Helper()
	han := o.somebody()
	han.Press("come in first", chromedp.Navigate(o.url))
	han.Press("make the first director", chromedp.SendKeys("#first", o.first), chromedp.SendKeys("#name", "Han"), chromedp.SendKeys("#email", "han@save9.example"), chromedp.WaitVisible("[data-ask]"), chromedp.Click("[data-ask]"))
	return han
}

// join takes an invitation up, by a passkey.
func (o *office) join(link, name string) *browser {
	o.t.Helper()
	b := o.somebody()
	b.Press(name+" opens the link", chromedp.Navigate(link))
	b.Press(name+" joins", chromedp.SendKeys("#name", name), chromedp.WaitVisible("[data-ask]"), chromedp.Click("[data-ask]"))
	return b
}

// invite has a director make the link of somebody new.
func (b *browser) invite(url, email string, roles ...string) (link string) {
	b.T.Helper()
	b.Press("see the team", chromedp.Navigate(url+"/staff"))
	steps := []pages.Step{chromedp.SendKeys("#email", email)}
	for _, role := range roles {
		steps = append(steps, chromedp.Click(fmt.Sprintf(`form[action="/staff/invite"] input[value=%q]`, role)))
	}
	b.Press("invite "+email, append(steps, chromedp.Click(`form[action="/staff/invite"] button`))...)
	return b.Read("#link")
}

// says waits until the page says something, as a live page does by itself.
func (b *browser) says(what string) {
	b.T.Helper()
	rig.Eventually(b.T, time.Minute, "the page to say "+what, func() bool {
		return strings.Contains(pages.Get(b.Browser, "read the page", chromedp.Text("body")), what)
	})
}

// answers are the statuses with which pages answer this person.
func (b *browser) answers(paths ...string) map[string]int {
	b.T.Helper()
	out := map[string]int{}
	for _, path := range paths {
		out[path] = pages.Get(b.Browser, "ask for "+path, chromedp.Evaluate[int](fmt.Sprintf(`fetch(%q, {headers: {Accept: "text/html"}}).then(r => r.status)`, path), chromedp.EvalAwaitPromise))
	}
	return out
}

// write makes a draft by mail alone, of which so many go out in a second.
func (b *browser) write(url, name string, pace int) (draft string) {
	b.T.Helper()
	draft = b.begin(url, name)
	settings := pages.Get(b.Browser, "read the settings", chromedp.Value(`textarea[name="file:call.toml"]`))
	for _, change := range [][2]string{{`channels = ["email", "sms", "fax"]`, `channels = ["email"]`}, {"email = 200", fmt.Sprintf("email = %d", pace)}} {
		if !strings.Contains(settings, change[0]) {
			b.T.Fatalf("the settings of a new draft have no %s:\n%s", change[0], settings)
		}
		settings = strings.Replace(settings, change[0], change[1], 1)
	}
	b.Press("save", chromedp.SetValue(`textarea[name="file:call.toml"]`, settings), chromedp.Click("form[enctype] .acts button"))
	return draft
}

const supporters = 50

// TestTeam is a day of an office, from the first start: a director makes the team,
// a list keeper imports, an author writes and rehearses and hands over, a second
// person releases, a technician pauses, all is sent once, what was wrong is corrected,
// and a volunteer forwards. Each is refused what is not theirs.
func TestTeam(t *testing.T) {
	o := openOffice(t, appealConfig)
	han := o.director()
	team := map[string]*browser{"han": han}
	for _, p := range []struct{ name, role string }{{"Choi", "list_keeper"}, {"Park", "author"}, {"Kim", "releaser"}, {"Yoon", "watcher"}, {"Lee", "volunteer"}, {"Jung", "technician"}} {
		name := strings.ToLower(p.name)
		team[name] = o.join(han.invite(o.url, name+"@save9.example", p.role), p.name)
	}
	for name, want := range map[string]map[string]int{
		"choi": {"/lists": 200, "/drafts": 403, "/calls": 403, "/staff": 403},
		"park": {"/drafts": 200, "/calls": 200, "/staff": 403, "/lists/import": 403},
		"kim":  {"/calls": 200, "/drafts": 403, "/staff": 403, "/lists/import": 403},
		"yoon": {"/calls": 200, "/drafts": 403, "/staff": 403},
		"lee":  {"/volunteer": 200, "/calls": 403, "/lists": 403, "/staff": 403, "/audit": 403},
		"jung": {"/calls": 200, "/drafts": 403, "/lists": 403, "/staff": 403},
		"han":  {"/calls": 200, "/drafts": 200, "/lists": 200, "/staff": 200, "/audit": 200},
	} {
		var paths []string
		for path := range want {
			paths = append(paths, path)
		}
		for path, got := range team[name].answers(paths...) {
			if got != want[path] {
				t.Errorf("%s is answered %d at %s, want %d", name, got, path, want[path])
			}
		}
	}

	// The list keeper looks at a file first, and imports it then.
	var table strings.Builder
	table.WriteString("name,email,language\n")
	for i := range supporters {
		fmt.Fprintf(&table, "Supporter %d,s%d@mail.example,%s\n", i, i, []string{"ko", "en"}[i%2])
	}
	team["choi"].imports(o.url, "supporters", table.String())

	// The author writes, sees the proofs, rehearses, and hands over.
	park := team["park"]
	park.write(o.url, "Put right", 100)
	draft := park.write(o.url, "Appeal", 2)
	park.Do("see the proof", chromedp.WaitVisible("iframe.phone"))
	park.Press("count the audience", chromedp.Navigate(draft+"/audience"))
	if counted := park.Read("#counted"); !strings.Contains(counted, fmt.Sprint(supporters)) {
		t.Errorf("the audience is told as:\n%s", counted)
	}
	park.Press("get ready", chromedp.Navigate(draft+"/ready"))
	park.Press("rehearse", chromedp.Click(`form[action$="/rehearse"] button`))
	park.Do("see that it is a rehearsal", chromedp.WaitVisible("body.rehearsal .rehearsal-word"))
	park.Press("get ready", chromedp.Navigate(draft+"/ready"))
	park.Press("hand it over", chromedp.SendKeys("#confirm", "launch"), chromedp.Click(`form[action$="/launch"] button`))
	call, _, _ := strings.Cut(pages.Get(park.Browser, "find the call", chromedp.Location()), "?")
	park.says("waits for release")
	if pages.Get(park.Browser, "look for a way to release it", chromedp.Evaluate[bool](`!!document.querySelector('form[action$="/release"]')`)) {
		t.Error("whoever launched a call may release it")
	}
	if n := len(o.mail.MX.Received()); n != 0 {
		t.Errorf("%d mails went out before the release", n)
	}

	// A second person releases; a watcher sees it run and may not touch it; a technician pauses it, and may not resume it.
	kim, yoon, jung := team["kim"], team["yoon"], team["jung"]
	kim.Press("see the call", chromedp.Navigate(call))
	kim.Press("release it", chromedp.Click(`form[action$="/release"] button`))
	yoon.Press("watch", chromedp.Navigate(call))
	jung.Press("watch", chromedp.Navigate(call))
	rig.Eventually(t, time.Minute, "a few to be reached", func() bool { return len(o.mail.MX.Received()) >= 3 })
	yoon.says("running")
	if n := pages.Get(yoon.Browser, "look for what may be done", chromedp.Evaluate[int](`document.querySelectorAll('form[action^="/calls/"]').length`)); n != 0 {
		t.Errorf("a watcher may do %d things to a call", n)
	}
	jung.Press("pause", chromedp.Click(`form[action$="/pause"] button`)) // it came by itself, once the call ran
	jung.says("paused")
	if pages.Get(jung.Browser, "look for a way to resume it", chromedp.Evaluate[bool](`!!document.querySelector('form[action$="/resume"]')`)) {
		t.Error("a technician may resume a call")
	}
	kim.Press("see the call", chromedp.Navigate(call))
	kim.Press("resume", chromedp.Click(`form[action$="/resume"] button`))
	kim.says("Nothing waits any more.") // the page is live: nobody loads it anew
	if n := len(o.mail.MX.Received()); n != supporters {
		t.Errorf("%d people have got %d mails", supporters, n)
	}

	// What was wrong is put right with exactly those reached, and takes a release too.
	park.Press("see whom a correction reaches", chromedp.Navigate(call+"/correct"))
	value := pages.Get(park.Browser, "find the correction", chromedp.AttributeValue(`//option[text()="Put right"]`, "value"))
	park.Press("correct", chromedp.SetValue("#draft", value.Value), chromedp.SendKeys("#confirm", "launch"), chromedp.Click("main form button"))
	correction, _, _ := strings.Cut(pages.Get(park.Browser, "find the correction's call", chromedp.Location()), "?")
	kim.Press("see the correction", chromedp.Navigate(correction))
	kim.Press("release it", chromedp.Click(`form[action$="/release"] button`))
	kim.says("Nothing waits any more.")
	got := map[string]int{}
	for _, m := range o.mail.MX.Received() {
		got[strings.Join(m.To, " ")]++
	}
	for to, n := range got {
		if n != 2 {
			t.Errorf("%s has got %d mails, want the call and its correction", to, n)
		}
	}
	if len(got) != supporters {
		t.Errorf("%d people got mail, want %d", len(got), supporters)
	}

	// A volunteer forwards; who comes by the link is counted, and nobody learns who, nor how few.
	lee := team["lee"]
	lee.Press("see the link", chromedp.Navigate(o.url+"/volunteer"))
	link := lee.Read("#link")
	friend := o.somebody()
	friend.Press("follow the link", chromedp.Navigate(link))
	friend.Press("go on to sign", chromedp.Click("main form button"))
	lee.Press("look again", chromedp.Navigate(o.url+"/volunteer"))
	if came := lee.Read(".figures"); !strings.HasPrefix(strings.TrimSpace(came), "fewer than 5") {
		t.Errorf("after one friend came the page says:\n%s", came)
	}

	// The trail knows who did it, and is whole.
	han.Press("read the trail", chromedp.Navigate(o.url+"/audit"))
	for _, name := range []string{"Park", "Kim", "Jung", "Choi"} {
		han.says(name)
	}
	han.Press("verify it", chromedp.Click(`form[action="/audit/verify"] button`))
	han.says("All is as it was written")
}
