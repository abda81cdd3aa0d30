package rig

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"text/template"
	"time"
)

//go:embed mail
var mailFiles embed.FS

// BounceDomain is the domain whose mail the relay brings to the listener under test.
const BounceDomain = "bounce.ngo.example"

// MailOptions say what the relay is to do.
type MailOptions struct {
	BounceAddr     string        // host:port of the listener for BounceDomain
	Mailbox        *Dovecot      // in whose mailbox all mail for BounceDomain comes to lie instead; nil: none
	BounceProtocol string        // "smtp" or "lmtp"; "" is smtp
	DelayAfter     time.Duration // when a delay is told; 3 s, whole seconds
	GiveUpAfter    time.Duration // when a mail is returned as undeliverable; 9 s, whole seconds
	Logins         *Dovecot      // who knows the logins of the relay's ports with TLS; nil: it has none
	Verify         bool          // OpenDKIM verifies what the relay sends out, and notes what it found (Authentication-Results)
	Records        string        // further lines of dnsmasq.conf
}

// A Mail is a Postfix as relay with a DNS of its own and the outside world
// behind it:
//
//	gov.example, mail.example   an MX that answers by local part, see RemoteMX
//	twomx.example               a dead MX before the same one
//	unreachable.example         a dead MX alone
//	nullmx.example              takes no mail (RFC 7505)
//	any other                   does not exist
type Mail struct {
	RelayAddr string    // where Postfix takes mail, host:port, no login
	StartTLS  int       // port on 127.0.0.1 that wants STARTTLS and a login, with MailOptions.Logins
	TLS       int       // one with TLS from the start, and a login
	MX        *RemoteMX // what arrived
	Postfix   *Process
	DNS       string // IP address of the name server, port 53

	dir string
}

// StartMail starts all and returns once the relay takes mail. It needs root: for
// ports 25 and 53, and to give Postfix alone another resolv.conf.
func StartMail(t testing.TB, o MailOptions) *Mail {
	t.Helper()
	dir := Dir(t)
	net3, mx := startRemote(t)
	port := FreePort(t)
	m := &Mail{RelayAddr: fmt.Sprintf("127.0.0.1:%d", port), MX: mx, DNS: net3 + ".53", dir: dir}

	transport := ""
	if o.Mailbox == nil {
		host, bouncePort, err := net.SplitHostPort(o.BounceAddr)
		if err != nil {
			t.Fatalf("read the address for returned mail: %v", err)
		}
		transport = fmt.Sprintf("smtp:[%s]:%s", host, bouncePort)
		if o.BounceProtocol == "lmtp" {
			transport = fmt.Sprintf("lmtp:inet:%s:%s", host, bouncePort)
		}
	}
	if o.Logins != nil {
		m.StartTLS, m.TLS = FreePort(t), FreePort(t)
	}
	verify, milter := 0, 0
	if o.Verify {
		verify, milter = FreePort(t), FreePort(t)
	}
	values := map[string]any{
		"Verify": verify, "Milter": milter, "Records": o.Records,
		"Logins": o.Logins, "StartTLS": m.StartTLS, "TLS": m.TLS,
		"Dir": dir, "Port": port, "DNS": m.DNS, "MX": net3 + ".25", "Dead": net3 + ".9",
		"BounceDomain": BounceDomain, "BounceTransport": transport, "Mailbox": o.Mailbox, "MailUser": MailUser,
		"DelayAfter":  fmt.Sprintf("%ds", int(cmp.Or(o.DelayAfter, 3*time.Second).Seconds())),
		"GiveUpAfter": fmt.Sprintf("%ds", int(cmp.Or(o.GiveUpAfter, 9*time.Second).Seconds())),
	}
	for _, sub := range []string{"etc", "queue", "data"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatalf("lay out the mail folder: %v", err)
		}
	}
	for _, f := range [][2]string{{"main.cf", "etc/main.cf"}, {"master.cf", "etc/master.cf"}, {"dnsmasq.conf", "dnsmasq.conf"}, {"opendkim.conf", "opendkim.conf"}} {
		if err := render("mail/"+f[0]+".tmpl", filepath.Join(dir, f[1]), values); err != nil {
			t.Fatalf("write %s: %v", f[0], err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "resolv.conf"), []byte("nameserver "+m.DNS+"\n"), 0o644); err != nil {
		t.Fatalf("write resolv.conf: %v", err)
	}
	if err := chown(filepath.Join(dir, "data"), "postfix"); err != nil {
		t.Fatalf("give Postfix its data folder (is postfix installed, and is this root?): %v", err)
	}

	Start(t, dir, "dnsmasq", "dnsmasq", "-C", filepath.Join(dir, "dnsmasq.conf"))
	Eventually(t, 10*time.Second, "dnsmasq to listen", func() bool { return Listening(m.DNS + ":53") })

	if o.Verify {
		t.Cleanup(Start(t, dir, "opendkim", "/usr/sbin/opendkim", "-f", "-x", filepath.Join(dir, "opendkim.conf")).Kill) // it takes seconds to end in order
		Eventually(t, 10*time.Second, "OpenDKIM to listen", func() bool { return Listening(fmt.Sprintf("127.0.0.1:%d", milter)) })
	}
	etc := filepath.Join(dir, "etc") // absolute: Postfix takes a relative one in silence and reads another
	if out, err := exec.Command("postfix", "-c", etc, "check").CombinedOutput(); err != nil {
		t.Fatalf("check the Postfix configuration: %v\n%s", err, out)
	}
	m.startPostfix(t)
	return m
}

// startPostfix starts the master daemon itself, not by way of the postfix
// command, so that it is our child and ends with us. -d keeps it in the process
// group that it leads already (master(8)).
func (m *Mail) startPostfix(t testing.TB) {
	t.Helper()
	daemons, err := exec.Command("postconf", "-c", filepath.Join(m.dir, "etc"), "-h", "daemon_directory").Output()
	if err != nil {
		t.Fatalf("find the Postfix daemons: %v", err)
	}
	m.Postfix = Start(t, m.dir, "postfix", "unshare", "-m", "--propagation", "private", "sh", "-c",
		`mount --bind "$1/resolv.conf" /etc/resolv.conf && exec "$2/master" -d -c "$1/etc"`, "sh", m.dir, strings.TrimSpace(string(daemons)))
	Eventually(t, 20*time.Second, "Postfix to listen", func() bool { return Listening(m.RelayAddr) })
}

// Restart stops Postfix and starts it again on the same queue.
func (m *Mail) Restart(t testing.TB) {
	t.Helper()
	m.Postfix.Stop()
	m.startPostfix(t)
}

// Crash kills the master daemon, and the daemons that clients talk to, which would
// wait for a minute and a half for what died with it. Those that deliver end by
// themselves once what they have in hand is done: killed with a mail that the far
// side has taken, Postfix would send it again.
func (m *Mail) Crash(t testing.TB) {
	t.Helper()
	pids := []int{m.Postfix.Pid}
	all, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range all {
		stat, err := os.ReadFile(filepath.Join("/proc", entry.Name(), "stat")) // proc(5): pid (name) state parent group
		name, rest, _ := strings.Cut(string(stat), ") ")
		fields := strings.Fields(rest)
		if err != nil || len(fields) < 3 || !strings.HasSuffix(name, "(smtpd") || fields[2] != strconv.Itoa(m.Postfix.Pid) {
			continue
		}
		if pid, err := strconv.Atoi(entry.Name()); err == nil {
			pids = append(pids, pid)
		}
	}
	for _, pid := range pids {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			t.Fatal(err)
		}
	}
}

// Log returns what Postfix has logged so far.
func (m *Mail) Log() string {
	b, err := os.ReadFile(filepath.Join(m.dir, "postfix-mail.log"))
	if err != nil {
		return err.Error()
	}
	return string(b) + m.Postfix.Log()
}

// Queued returns the mails that Postfix still holds, as queue/id.
func (m *Mail) Queued() []string {
	var all []string
	for _, queue := range []string{"maildrop", "incoming", "active", "deferred", "hold", "corrupt"} {
		_ = filepath.WalkDir(filepath.Join(m.dir, "queue", queue), func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				all = append(all, queue+"/"+d.Name())
			}
			return nil // a mail may have gone meanwhile
		})
	}
	return all
}

// render fills an embedded template into a file.
func render(name, path string, values any) error {
	tmpl, err := template.ParseFS(mailFiles, name)
	if err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := tmpl.Execute(f, values); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

func chown(path, name string) error {
	u, err := user.Lookup(name)
	if err != nil {
		return err
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return err
	}
	return os.Chown(path, uid, -1)
}
