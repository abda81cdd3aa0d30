package docstest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"clarion/e2e/rig"
	"clarion/worker/gateway/kannel"
)

// one returns the only block of a kind.
func one(t *testing.T, kind string) block {
	t.Helper()
	found := blocks(t, kind)
	if len(found) != 1 {
		t.Fatalf("%d blocks %q, want one", len(found), kind)
	}
	return found[0]
}

// The address at which texts come in is the one that the gateway reads.
func TestKannelInbound(t *testing.T) {
	t.Parallel()
	b := one(t, "kannel")
	want := fmt.Sprintf("get-url = %q", kannel.InboundURL("http://127.0.0.1:8081/hook/sms", "CALLBACK-SECRET"))
	if !strings.Contains(b.text, "\n"+want+"\n") {
		t.Errorf("%s does not hold the line\n%s", b, want)
	}
}

// Kannel starts with the settings as they stand, on other ports and in other folders.
func TestKannelStarts(t *testing.T) {
	t.Parallel()
	dir := rig.Dir(t)
	text := one(t, "kannel").text
	for _, port := range []string{"13000", "13001", "13013"} {
		text = strings.ReplaceAll(text, "port = "+port+"\n", fmt.Sprintf("port = %d\n", rig.FreePort(t)))
	}
	text = strings.ReplaceAll(text, "/var/spool/kannel", dir)
	text = strings.ReplaceAll(text, "smpp.carrier.example", "127.0.0.1") // where nobody listens: Kannel tries again
	for _, sub := range []string{"store", "dlr"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "kannel.conf"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	port := func(name string) string {
		m := regexp.MustCompile(`(?m)^` + name + ` = (\d+)$`).FindStringSubmatch(text)
		if m == nil {
			t.Fatalf("kannel.conf sets no %s", name)
		}
		return "127.0.0.1:" + m[1]
	}
	rig.Start(t, dir, "bearerbox", "/usr/sbin/bearerbox", "-v", "4", "kannel.conf")
	rig.Eventually(t, 2*time.Minute, "bearerbox to take boxes", func() bool { return rig.Listening(port("smsbox-port")) })
	rig.Start(t, dir, "smsbox", "/usr/sbin/smsbox", "-v", "4", "kannel.conf")
	rig.Eventually(t, 2*time.Minute, "smsbox to take texts", func() bool { return rig.Listening(port("sendsms-port")) })
}

// Postfix knows each setting, and reads it as it stands.
func TestPostfixReads(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := one(t, "postfix")
	if err := os.WriteFile(filepath.Join(dir, "main.cf"), []byte("compatibility_level = 3.6\n"+b.text), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "master.cf"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("postconf", "-c", dir, "-n").CombinedOutput()
	if err != nil || strings.Contains(string(out), "warning") {
		t.Fatalf("%s: %v\n%s", b, err, out)
	}
	for line := range strings.Lines(b.text) {
		if !strings.Contains(string(out), line) {
			t.Errorf("%s: Postfix does not read %q so; it reads\n%s", b, line, out)
		}
	}
	// What is looked up leads to the inbox.
	out, err = exec.Command("postmap", "-c", dir, "-q", "bounce.example.org", "inline:{ { bounce.example.org = smtp:[127.0.0.1]:10027 } }").CombinedOutput()
	if err != nil || strings.TrimSpace(string(out)) != "smtp:[127.0.0.1]:10027" {
		t.Errorf("the bounce domain leads to %q, %v", out, err)
	}
}

// HylaFAX takes the user, with a password.
func TestFaxUser(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "secrets"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"secrets/fax": "a long password", "hosts.hfaxd": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b := one(t, "sh fax")
	script := strings.Replace(b.text, "faxadduser ", "faxadduser -f hosts.hfaxd ", 1)
	if out, err := command(dir, dir, "bash", "-euo", "pipefail", "-c", script); err != nil {
		t.Fatalf("%s: %v\n%s", b, err, out)
	}
	if got := read(t, filepath.Join(dir, "hosts.hfaxd")); !regexp.MustCompile(`(?m)^\^clarion@:\d*:\S+$`).MatchString(got) {
		t.Errorf("the file of users holds %q", got)
	}
}
