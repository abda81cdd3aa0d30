package crash

import (
	"encoding/json"
	"fmt"
	"html"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"clarion/internal/port"
	"clarion/petition"
)

const (
	signers   = 600
	signEvery = time.Minute / 2000 // two thousand a minute
)

// An office is a program that serves the pages and sends the call, and can be killed.
type office struct {
	*run
	at      string
	process *process
	kills   int
}

func openOffice(t *testing.T) *office {
	t.Helper()
	r := begin(t, "resend", true)
	r.clarion("petition", "new", filepath.Join(r.dir, "petition"))
	listen, err := port.Free()
	r.must(err)
	o := &office{run: r, at: fmt.Sprintf("http://127.0.0.1:%d", listen)}
	settings, err := os.ReadFile(r.config)
	r.must(err)
	r.write("clarion.toml", string(settings)+fmt.Sprintf("\n[web]\nlisten = %q\npublic_url = %q\n[hook]\nlisten = \"127.0.0.1:0\"\n[petition]\nfolder = \"petition\"\n", strings.TrimPrefix(o.at, "http://"), o.at))
	o.open()
	return o
}

func (o *office) open() {
	o.t.Helper()
	o.process = o.start(exec.Command(o.program, "serve", "--config", o.config))
}

// kill takes the program away without warning, and starts another.
func (o *office) kill() {
	o.t.Helper()
	o.must(o.process.cmd.Process.Kill())
	<-o.process.done
	o.kills++
	o.open()
}

// A signer has a form open, and the work done that it asks of who leaves no address.
type signer struct {
	client string
	form   url.Values
}

var (
	formToken = regexp.MustCompile(`name="form" value="([^"]+)"`)
	slipCode  = regexp.MustCompile(`(?m)^code: (\S+)$`)
)

// opens has somebody open the form.
func (o *office) opens(i int) signer {
	o.t.Helper()
	s := signer{client: fmt.Sprintf("198.51.%d.%d", 100+i/250, 1+i%250)}
	var page string
	o.await("the form", func() bool {
		status, said, err := s.ask(http.MethodGet, o.at+"/sign?lang=en")
		page = said
		return err == nil && status == http.StatusOK
	})
	found := formToken.FindStringSubmatch(page)
	if found == nil {
		o.t.Fatalf("there is no form on the page:\n%s", page)
	}
	s.form = url.Values{"form": {found[1]}, "name": {"Signer " + letters(i)}, "region": {"seoul"}, "opinion": {"on"}, "age": {"on"}}
	if i%4 == 0 {
		s.form.Set("work", petition.Form{Token: found[1]}.Work())
	} else {
		s.form.Set("contact", mailbox(i))
	}
	return s
}

// letters is a number as a name may have it.
func letters(i int) string {
	return strings.Map(func(r rune) rune { return r - '0' + 'a' }, fmt.Sprintf("%04d", i))
}

func mailbox(i int) string { return fmt.Sprintf("signer%d@mail.example", i) }

// ask asks for a page, as a browser behind a proxy of ours.
func (s signer) ask(method, at string) (status int, page string, err error) {
	r, err := http.NewRequest(method, at, strings.NewReader(s.form.Encode()))
	if err != nil {
		return 0, "", err
	}
	r.Header.Set("X-Forwarded-For", s.client)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return answer.StatusCode, html.UnescapeString(string(body)), err
}

// sends sends the form until it is taken, as people press again, and returns the slip's
// code; "" for who left an address.
func (s signer) sends(at string) (code string, err error) {
	for end := time.Now().Add(2 * time.Minute); ; time.Sleep(200 * time.Millisecond) {
		status, page, err := s.ask(http.MethodPost, at+"/sign?lang=en")
		switch {
		case err == nil && status == http.StatusOK:
			if found := slipCode.FindStringSubmatch(page); found != nil {
				return found[1], nil
			}
			return "", nil
		case err == nil && status < http.StatusInternalServerError:
			return "", fmt.Errorf("a form is answered %d:\n%s", status, page)
		case time.Now().After(end):
			return "", fmt.Errorf("a form is not taken: %d, %w", status, err)
		}
	}
}

// Two thousand a minute sign while a call goes out, and server and Redis are killed
// meanwhile: whoever was told that they have signed is counted, once.
func TestSignaturesSurviveKills(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	people := make([]signer, signers)
	for i := range people {
		people[i] = o.opens(i)
	}
	o.launch()

	var mu sync.Mutex
	var all sync.WaitGroup
	slips := map[string]bool{}
	next := time.NewTicker(signEvery)
	defer next.Stop()
	for i, s := range people {
		switch i {
		case signers / 4:
			o.kill()
		case signers / 2:
			o.redis.Kill()
			o.redis.Restart()
		case signers * 3 / 4:
			o.redis.Kill()
			o.kill()
			o.redis.Restart()
		}
		<-next.C
		all.Go(func() {
			code, err := s.sends(o.at)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			} else if code != "" {
				slips[code] = true
			}
		})
	}
	all.Wait()
	if t.Failed() {
		t.Fatal(o.process.log)
	}
	if len(slips) != signers/4 {
		t.Errorf("%d slips, want %d", len(slips), signers/4)
	}

	var tally petition.Tally
	o.must(json.Unmarshal(o.clarion("petition", "tally"), &tally))
	if tally.AtMost != signers || tally.AtLeast != 0 { // nobody has confirmed
		t.Errorf("counted are at least %d and at most %d, want 0 and %d", tally.AtLeast, tally.AtMost, signers)
	}
	o.clarion("petition", "audit") // which fails where count and signatures do not agree
	for code := range slips {
		if status, page, err := (signer{client: "203.0.113.9"}).ask(http.MethodGet, o.at+"/s/"+code); err != nil || status != http.StatusOK {
			t.Fatalf("a slip's page is answered %d, %v:\n%s", status, err, page)
		}
		break
	}

	// Everyone of the call, and everyone who is to confirm, has got their mail: once, but
	// for what a kill left in doubt.
	o.await("the letters", func() bool { return len(o.sink.Got()) == recipients+signers-signers/4 })
	twice := 0
	for _, n := range maps.All(o.sink.Got()) {
		twice += n - 1
	}
	if most := o.kills * connections; twice > most {
		t.Errorf("%d got a mail twice, with %d kills of %d connections", twice, o.kills, connections)
	}
}
