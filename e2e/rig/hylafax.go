package rig

import (
	"embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

//go:embed fax
var faxFiles embed.FS

// HylafaxOptions say what a HylaFAX is to do.
type HylafaxOptions struct {
	// Numbers are the receiving fax's own: one number, or with * at the end all
	// that begin so; "" means 02*. As dialled, without the country code.
	Numbers string
	// CutAfter is when a call to a number that ends with 0005 is cut off, in
	// seconds of line time after the answer; 0 means 14, amidst the page.
	CutAfter int
	// NoScheduler leaves faxq out, so that jobs cannot be submitted.
	NoScheduler bool
}

// A Hylafax is a sending HylaFAX with one modem, a telephone exchange, and a
// receiving HylaFAX with another modem. The exchange's file fax/softfax.c says
// which numbers fail how.
type Hylafax struct {
	Addr           string // of hfaxd, the client protocol
	User, Password string

	Exchange, Faxq, Hfaxd *Process

	sender, receiver string // spools
}

// A Fax is a document that came in at the receiving end.
type Fax struct {
	Path   string // TIFF, one image a page
	Caller string // the number that called
	Dialed string // the number that was called
	Reason string // why it is not whole; "" if it is
}

// lineSpeed is how many times faster than a telephone the exchange runs; it is
// the fastest at which the software modems have been seen to train reliably.
const lineSpeed = "6"

// StartHylafax starts both ends and returns when the receiving modem waits for
// calls and the sending side takes jobs. It needs root: HylaFAX wants its modems
// under /dev and its daemons change to the user uucp.
func StartHylafax(t testing.TB, o HylafaxOptions) *Hylafax {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("start HylaFAX: it takes root, since modems must stand under /dev")
	}
	if o.Numbers == "" {
		o.Numbers = "02*"
	}
	if o.CutAfter == 0 {
		o.CutAfter = 14
	}
	dir, port := Dir(t), FreePort(t)
	h := &Hylafax{
		Addr: fmt.Sprintf("127.0.0.1:%d", port), User: "clarion", Password: "rig-fax-secret",
		sender: filepath.Join(dir, "sender"), receiver: filepath.Join(dir, "receiver"),
	}
	// The port is nobody else's, so the modems' names are not either.
	out, in := fmt.Sprintf("ttyFAX%da", port), fmt.Sprintf("ttyFAX%db", port)
	spool(t, h.sender, out, "+82 2 1111 0000", "NGO Seoul")
	spool(t, h.receiver, in, "+82 2 2222 0000", "Ministry")

	source, err := faxFiles.ReadFile("fax/softfax.c")
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "softfax.c"), source, 0o644)
	}
	if err != nil {
		t.Fatalf("unpack softfax.c: %v", err)
	}
	run(t, dir, "gcc", "-O2", "-Wall", "-o", "softfax", "softfax.c", "-lspandsp", "-ltiff", "-lutil", "-lm")
	h.Exchange = Start(t, dir, "softfax", filepath.Join(dir, "softfax"), "-x", lineSpeed, "-c", strconv.Itoa(o.CutAfter),
		"-m", "/dev/"+out+"=0211110000", "-m", "/dev/"+in+"="+o.Numbers)
	Eventually(t, 10*time.Second, "the modems", func() bool { return strings.Count(h.Exchange.Log(), "ready at") == 2 })

	Start(t, dir, "faxgetty", "/usr/sbin/faxgetty", "-q", h.receiver, "/dev/"+in)
	if !o.NoScheduler {
		h.Faxq = Start(t, dir, "faxq", "/usr/sbin/faxq", "-D", "-q", h.sender)
		Eventually(t, 10*time.Second, "faxq to listen", func() bool { return exists(filepath.Join(h.sender, "FIFO")) })
	}
	// -l stands before -i, or hfaxd listens on all addresses.
	h.Hfaxd = Start(t, dir, "hfaxd", "/usr/sbin/hfaxd", "-d", "-l", "127.0.0.1", "-i", strconv.Itoa(port), "-q", h.sender)
	Eventually(t, 10*time.Second, "hfaxd to listen", func() bool { return Listening(h.Addr) })
	if o.NoScheduler {
		return h
	}
	run(t, dir, "/usr/lib/hylafax/bin/faxmodem", "-q", h.sender, out) // a modem without a faxgetty: for sending only
	Eventually(t, 60*time.Second, "the receiving modem to wait for calls", func() bool {
		status, err := os.ReadFile(filepath.Join(h.receiver, "status", in))
		return err == nil && strings.Contains(string(status), "Running and idle")
	})
	return h
}

// Received returns what has come in at the receiving end, in order.
func (h *Hylafax) Received(t testing.TB) []Fax {
	t.Helper()
	var all []Fax
	for _, line := range lines(t, filepath.Join(h.receiver, "log", "received")) {
		f := strings.Split(line, "\t")
		if len(f) != 4 {
			t.Fatalf("read the list of received faxes: %d fields in a line, want 4", len(f))
		}
		all = append(all, Fax{Path: filepath.Join(h.receiver, f[0]), Reason: f[1], Caller: f[2], Dialed: f[3]})
	}
	return all
}

// Dialed returns the numbers that the exchange was asked for, in order: one for
// each call, a number as often as it was tried.
func (h *Hylafax) Dialed() []string {
	var all []string
	for line := range strings.Lines(h.Exchange.Log()) {
		if _, number, ok := strings.Cut(strings.TrimSpace(line), ": dials "); ok {
			all = append(all, number)
		}
	}
	return all
}

// spool makes a private HylaFAX spool at dir, with one modem of that name.
func spool(t testing.TB, dir, modem, number, station string) {
	t.Helper()
	run(t, "/", "cp", "-a", "/var/spool/hylafax", dir)
	run(t, "/", "cp", "-a", "/etc/hylafax/.", filepath.Join(dir, "etc"))
	modemConfig := fmt.Sprintf(faxModemConfig, number, station)
	for name, content := range map[string]string{
		"etc/config":          faxServerConfig,
		"etc/config." + modem: modemConfig,
		"etc/dialrules.none":  faxDialRules,
		"etc/hosts.hfaxd":     faxHosts,
		"bin/notify":          "#!/bin/sh\nexit 0\n",
		"bin/faxrcvd":         "#!/bin/sh\n# FILE DEVID COMMID REASON NMBR NDID\nprintf '%s\\t%s\\t%s\\t%s\\n' \"$1\" \"$4\" \"$5\" \"$6\" >>log/received\n",
		"log/received":        "",
	} {
		path := filepath.Join(dir, name)
		_ = os.Remove(path) // Debian's may be a link
		mode := os.FileMode(0o644)
		switch {
		case strings.HasPrefix(name, "bin/"):
			mode = 0o755
		case name == "etc/hosts.hfaxd":
			mode = 0o600 // else hfaxd lets nobody in
		}
		if err := os.WriteFile(path, []byte(content), mode); err != nil {
			t.Fatalf("write %s of a fax spool: %v", name, err)
		}
	}
	run(t, dir, "chown", "-R", "uucp:uucp", dir)
}

// Delays below are far under the defaults: the modems are software. MaxBatchJobs
// keeps one job to a call.
const faxServerConfig = `LogFacility:		local0
CountryCode:		82
AreaCode:		2
LongDistancePrefix:	0
InternationalPrefix:	00
DialStringRules:	etc/dialrules.none
ServerTracing:		0xFFF
UseJobTSI:		yes
SendFaxCmd:		/usr/lib/hylafax/bin/faxsend
MaxConcurrentCalls:	1
MaxBatchJobs:		1
NotifyCmd:		bin/notify
`

const faxModemConfig = `CountryCode:		82
AreaCode:		2
FAXNumber:		%s
LongDistancePrefix:	0
InternationalPrefix:	00
DialStringRules:	etc/dialrules.none
ServerTracing:		0xFFF
SessionTracing:		0xFFF
RecvFileMode:		0644
LogFileMode:		0644
DeviceMode:		0660
RingsBeforeAnswer:	1
SpeakerVolume:		off
LocalIdentifier:	"%s"
TagLineFont:		etc/lutRS18.pcf
TagLineFormat:		"From %%%%l|%%c|Page %%%%P of %%%%T"
MaxRecvPages:		50
ModemType:		Class1
ModemResetCmds:		AT+VCID=1
ModemResetDelay:	50
ModemSoftResetCmdDelay:	50
ModemDTRDropDelay:	10
ModemBaudRateDelay:	1
ModemWaitTime:		1
Class1AdaptRecvCmd:	AT+FAR=1
Class1TMConnectDelay:	50
PagerTTYParity:		none
JobReqBusy:		3
JobReqNoAnswer:		3
JobReqNoCarrier:	3
JobReqProto:		3
JobReqDataConn:		3
JobReqOther:		3
CallIDPattern:		"NMBR="
CallIDPattern:		"NDID="
`

// The rules leave digits alone.
const faxDialRules = "CanonicalNumber := [\n[^0-9*#]+ = \"\"\n]\nDialString := [\n[^0-9*#,]+ = \"\"\n]\n"

// The one user, with a crypt(3) of its password.
const faxHosts = "^clarion@:21:rgcPivEHcFkoI:\n"

func run(t testing.TB, dir string, argv ...string) {
	t.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("run %s: %v\n%s", argv[0], err, out)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func lines(t testing.TB, path string) []string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("read %s: %v", filepath.Base(path), err)
	}
	return strings.FieldsFunc(string(data), func(r rune) bool { return r == '\n' })
}
