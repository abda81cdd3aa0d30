package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/mail"
	"net/smtp"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"clarion/e2e/rig"
)

// sign makes keys for the domain that calls are from, and returns their records as
// lines of dnsmasq.conf.
func (s *site) sign(domain string) (records string) {
	t := s.t
	t.Helper()
	out, said, code := s.run("dkim", "new", domain, "--dir", filepath.Join(s.dir, "dkim"), "--json")
	if code != 0 {
		t.Fatalf("clarion dkim new ended with status %d: %s", code, said)
	}
	s.config += fmt.Sprintf("\n[dkim.%q.keys]\n", domain)
	for d := json.NewDecoder(strings.NewReader(out)); d.More(); {
		var k struct{ Selector, File, Name, Text string }
		must(t, d.Decode(&k))
		s.config += fmt.Sprintf("%s = %q\n", k.Selector, "file:"+k.File)
		records += "txt-record=" + k.Name
		for text := k.Text; text != ""; { // in pieces that TXT holds (RFC 1035 §3.3)
			n := min(255, len(text))
			records += fmt.Sprintf(",%q", text[:n])
			text = text[n:]
		}
		records += "\n"
	}
	return records
}

// TestSigned sends a call that Clarion signs through Postfix, and has OpenDKIM say
// what it finds where the mail comes out.
func TestSigned(t *testing.T) {
	t.Parallel()
	s := prepare(t)
	s.write("clarion.toml", s.config)
	records := s.sign("example.org")
	s.relay(rig.MailOptions{Verify: true, Records: records})
	s.serve()
	const people = 20
	var table strings.Builder
	table.WriteString("name,email,language\n")
	for i := range people {
		fmt.Fprintf(&table, "%s,p%d@mail.example,%s\n", []string{"김가람", "José Évans"}[i%2], i, []string{"ko", "en"}[i%2])
	}
	ask[imported](s, 0, "lists", "import", s.write("all.csv", table.String()), "--list", "supporters", "--consent", "I want to hear of Save 9.")
	id := s.launch(s.newCall("signed", `"email", "sms", "fax"]`, `"email"]`))
	s.finish(id, func(st status) bool { return st.State == "done" && statesOf(st)[email]["sent"] == people })
	s.await("all mails to arrive", func() bool { return len(s.mail.MX.Received()) == people })

	for _, l := range s.mail.MX.Received() {
		m, err := mail.ReadMessage(bytes.NewReader(l.Data))
		must(t, err)
		signatures, found := m.Header["Dkim-Signature"], strings.Join(m.Header["Authentication-Results"], "\n")
		if len(signatures) != 2 {
			t.Fatalf("%s got a mail with %d signatures", l.To, len(signatures))
		}
		for _, signature := range signatures {
			covered := strings.Split(strings.ToLower(regexp.MustCompile(`\s`).ReplaceAllString(tag(signature, "h"), "")), ":")
			for _, field := range []string{"from", "list-unsubscribe", "list-unsubscribe-post"} {
				if !slices.Contains(covered, field) {
					t.Errorf("a signature covers %q, and not %s", covered, field)
				}
			}
		}
		for _, algorithm := range []string{"rsa-sha256", "ed25519-sha256"} {
			if !regexp.MustCompile(`dkim=pass (\([^)]*\) )?header\.d=example\.org [^;]*header\.a=` + algorithm + `\s`).MatchString(found) {
				t.Errorf("OpenDKIM finds no %s signature of example.org that holds: %s", algorithm, found)
			}
		}
		if strings.Contains(found, "dkim=fail") {
			t.Errorf("OpenDKIM finds a signature that does not hold: %s", found)
		}
	}
	// And that it can say no.
	l := s.mail.MX.Received()[0]
	must(t, smtp.SendMail(s.mail.RelayAddr, nil, l.From, []string{"spoilt@mail.example"}, bytes.Replace(l.Data, []byte("One-Click"), []byte("Two-Clicks"), 1)))
	s.await("the spoilt mail", func() bool { return len(s.mail.MX.ReceivedBy("spoilt@mail.example")) == 1 })
	m, err := mail.ReadMessage(bytes.NewReader(s.mail.MX.ReceivedBy("spoilt@mail.example")[0].Data))
	must(t, err)
	if found := m.Header.Get("Authentication-Results"); !strings.Contains(found, "dkim=fail") || strings.Contains(found, "dkim=pass") {
		t.Errorf("OpenDKIM says of a spoilt mail: %s", found)
	}
}

// tag is the value of a tag of a DKIM-Signature (RFC 6376 §3.2).
func tag(signature, name string) string {
	for part := range strings.SplitSeq(signature, ";") {
		if key, value, _ := strings.Cut(part, "="); strings.TrimSpace(key) == name {
			return value
		}
	}
	return ""
}
