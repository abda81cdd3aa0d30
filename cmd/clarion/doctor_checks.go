package main

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"clarion/lists/address"
	"clarion/templates/fax"
	"clarion/worker"
	"clarion/worker/gateway"
)

// A check is what doctor looks at; one that is a setting has its name.
type check string

// The checks. To redis and gateway is added which setting of Redis or which
// gateway it is: redis.maxmemory-policy, gateway.relay.
const (
	checkConfig      check = "config"           // clarion.toml is whole
	checkData        check = "data"             // the data folder can be written, by this user alone
	checkFsync       check = "fsync"            // how fast the disk confirms a write
	checkKey         check = "key"              // the key file is there and opens the contacts
	checkRedis       check = "redis"            // Redis answers; as redis.SETTING, a setting of it that must change
	checkDurability  check = "redis.durability" // Redis keeps what is written
	checkClock       check = "clock"            // this machine and Redis agree about the time
	checkWebListen   check = "web.listen"       // the port of the pages is free
	checkHookListen  check = "hook.listen"      // the port of gateways' reports is free
	checkInboxListen check = "inbox.listen"     // returned mail is read, and its port is free
	checkInboxDomain check = "inbox.domain"     // returned mail finds this machine
	checkInboxIMAP   check = "inbox.imap"       // the mailbox lets us in, and has its folder
	checkPublicURL   check = "web.public_url"   // links in messages work
	checkGateway     check = "gateway"          // as gateway.NAME, it would take messages now; alone, channels that none takes
	checkDKIM        check = "dkim"             // as dkim.SELECTOR.DOMAIN, the key's record is in DNS; alone, nothing is signed here
	checkSPF         check = "spf"              // as spf.GATEWAY, SPF lets the gateway send for inbox.domain
	checkDMARC       check = "dmarc"            // as dmarc.DOMAIN, mail from the domain has a policy, and SPF or DKIM that fits it
	checkPTR         check = "ptr"              // as ptr.ADDRESS, the sending address has a name that leads back to it
	checkInboxMX     check = "inbox.mx"         // the MX of inbox.domain leads somewhere
	checkTLS         check = "tls"              // as tls.GATEWAY, the relay's certificate holds, and for how long
	checkTestMail    check = "test_mail"        // as test_mail.GATEWAY, a mail sent through it came back (--test-mail)
	checkFonts       check = "fonts"            // faxes can be drawn in Korean
	checkGhostscript check = "ghostscript"      // a fax can be shown as it arrives
)

// of is the check of one setting or gateway.
func (c check) of(name string) check { return c + "." + check(name) }

// probeTime bounds a question to another machine.
const probeTime = 10 * time.Second

func (d *doctor) configSource(cmd *cobra.Command) string {
	if _, err := os.Stat(d.configFile); errors.Is(err, fs.ErrNotExist) && !cmd.Flags().Changed("config") {
		return "there is no " + d.configFile + ": the embedded defaults hold"
	}
	return d.configFile + " is read, and every key in it is known"
}

// dataFolder says whether the folder of key, journal and Redis can be written,
// by us alone, and how long a write to its disk takes.
func (d *doctor) dataFolder() {
	const what = checkData
	dir := d.cfg.Data
	if err := os.MkdirAll(dir, 0o700); err != nil {
		d.mend(what, "make the folder, or name another: data in "+d.configFile, "a minute", "the data folder cannot be made: %v", err)
		return
	}
	info, err := os.Stat(dir)
	if err != nil {
		d.mend(what, "name another folder: data in "+d.configFile, "a minute", "%v", err)
		return
	}
	took, err := timeFsync(dir)
	switch {
	case err != nil:
		d.mend(what, "let this user write there, or free some room", "5 minutes", "the data folder cannot be written: %v", err)
	case info.Mode().Perm()&0o077 != 0:
		d.mend(what, "chmod 700 "+dir, "a minute", "others on this machine can look into %s (%s)", dir, info.Mode().Perm())
	default:
		d.well(what, "%s can be written, by this user alone", dir)
	}
	if err != nil {
		return
	}
	f := finding{Check: checkFsync, OK: true, Finding: "the disk confirms a write in " + took.Round(10*time.Microsecond).String() + " (median)"}
	if took > slowFsync {
		f.Do = "slow: with append_fsync = \"always\" it bounds how fast calls go; a local SSD takes a few milliseconds"
	}
	d.say(f)
}

// slowFsync is where the writes of a group of 16 begin to bound a call's speed.
const slowFsync = 20 * time.Millisecond

// timeFsync returns the median time of writing a page to dir's disk.
func timeFsync(dir string) (took time.Duration, err error) {
	f, err := os.CreateTemp(dir, ".fsync-*")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	page := make([]byte, 4096)
	var all [9]time.Duration
	for i := range all {
		began := time.Now()
		if _, err := f.Write(page); err != nil {
			return 0, err
		}
		if err := f.Sync(); err != nil {
			return 0, err
		}
		all[i] = time.Since(began)
	}
	slices.Sort(all[:])
	return all[len(all)/2], nil
}

// clock compares this machine's time with that of Redis: workers that disagree
// about it take over each other's work.
func (d *doctor) clock(ctx context.Context, a *app) {
	const most = time.Second
	before := time.Now()
	there, err := a.db.Client().Time(ctx).Result()
	if err != nil {
		d.mend(checkClock, "let this user run TIME", "5 minutes", "Redis does not tell the time: %v", err)
		return
	}
	middle := before.Add(time.Since(before) / 2)
	off := there.Sub(middle).Abs()
	if off > most {
		d.mend(checkClock, "let both machines keep time (apt-get install chrony)", "10 minutes", "the clocks of this machine and of Redis differ by %s", off.Round(time.Millisecond))
		return
	}
	zone, _ := middle.Zone()
	d.well(checkClock, "this machine and Redis agree; times are shown in %s", zone)
}

func (d *doctor) probe(ctx context.Context, g worker.Gate) {
	what := checkGateway.of(g.Name)
	prober, ok := g.Gateway.(gateway.Prober)
	if !ok {
		d.well(what, "for %s; it cannot be asked beforehand", g.Channel)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	if err := prober.Probe(ctx); err != nil {
		d.mend(what, "see that it runs, and that its address and login in "+d.configFile+" are right", "15 minutes", "it does not take messages now: %v", err)
		return
	}
	d.well(what, "for %s; it would take messages now", g.Channel)
}

// publicURL: links in messages must work for supporters, and the one-click
// unsubscribe link must be HTTPS (RFC 8058 §3.1).
func (d *doctor) publicURL(ctx context.Context) {
	const what, do = checkPublicURL, "put a web server with a certificate before web.listen, and set web.public_url to its address"
	u, err := url.Parse(d.cfg.Web.PublicURL)
	if err != nil {
		d.mend(what, do, "an hour", "it is no address")
		return
	}
	host := u.Hostname()
	switch {
	case inside(host):
		d.mend(what, do, "an hour", "%s leads nowhere for supporters: no link in a message would work", u.Redacted())
	case u.Scheme != "https":
		d.mend(what, do, "an hour", "%s is not encrypted: mail programs offer one-click unsubscribing with https alone (RFC 8058)", u.Redacted())
	default:
		ctx, cancel := context.WithTimeout(ctx, probeTime)
		defer cancel()
		_, err := d.dns.LookupHost(ctx, host)
		var lookup *net.DNSError
		if errors.As(err, &lookup) && !lookup.IsNotFound {
			d.unanswered(what, host, host+"를", err)
			return
		}
		if err != nil {
			d.mend(what, "make a DNS record for it, or mend the name", "up to a day, until it is known everywhere", "%s is not found in DNS", host)
			return
		}
		d.well(what, "%s", u.Redacted())
	}
}

// inside says whether a host is this machine or its own network.
func inside(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") || !strings.ContainsAny(host, ".:") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && (ip.IsLoopback() || ip.IsPrivate() || ip.IsUnspecified() || ip.IsLinkLocalUnicast())
}

// listeners says whether our ports are free, or held by the Clarion that runs.
func (d *doctor) listeners(running bool) {
	seen := map[string]check{}
	for _, l := range []struct {
		key  check
		addr string
	}{{checkWebListen, d.cfg.Web.Listen}, {checkHookListen, d.cfg.Hook.Listen}, {checkInboxListen, d.cfg.Inbox.Listen}} {
		if l.addr == "" {
			continue
		}
		if other := seen[l.addr]; other != "" {
			d.mend(l.key, "give each its own port", "a minute", "%s is that of %s too", l.addr, other)
			continue
		}
		seen[l.addr] = l.key
		network := "tcp"
		if strings.HasPrefix(l.addr, "/") {
			network = "unix"
		}
		ln, err := net.Listen(network, l.addr)
		switch {
		case err == nil:
			ln.Close()
			d.well(l.key, "%s is free", l.addr)
		case running:
			d.well(l.key, "%s is taken, as it should be while Clarion runs", l.addr)
		default:
			d.mend(l.key, "end the other program, or set another port", "5 minutes", "%s cannot be opened: %v", l.addr, cause(err))
		}
	}
}

// cause is what lies under the address that the net package repeats.
func cause(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}

// inbox: without it nobody learns of mail that comes back.
func (d *doctor) inbox() {
	email := slices.ContainsFunc(d.cfg.gates, func(g worker.Gate) bool { return g.Channel == address.Email })
	switch {
	case !email: // nothing comes back
	case d.cfg.Inbox.Listen == "" && d.cfg.Inbox.IMAP.Host == "":
		d.mend(checkInboxListen, "set it, and let your mail server hand the mail of inbox.domain to it; or name a mailbox that gets that mail: [inbox.imap]", "30 minutes", "it is empty: returned mail and unsubscribe mails are not read")
	case inside(d.cfg.Inbox.Domain):
		d.mend(checkInboxDomain, "name a domain whose mail comes to this machine", "an hour", "%q cannot be reached from outside: returned mail does not come back", d.cfg.Inbox.Domain)
	default:
		d.well(checkInboxDomain, "returned mail comes to %s", d.cfg.Inbox.Domain)
	}
}

func (d *doctor) fax() {
	if _, err := fax.LoadFonts(fax.DefaultFontDir); err != nil {
		d.mend(checkFonts, "apt-get install fonts-nanum", "a minute", "%v", err)
	} else {
		d.well(checkFonts, "Korean and English can be drawn on faxes (%s)", filepath.Base(fax.DefaultFontDir))
	}
	if _, err := exec.LookPath("gs"); err != nil {
		d.mend(checkGhostscript, "apt-get install ghostscript", "a minute", "gs is missing: inspect fax cannot show a fax as the far machine prints it")
	} else {
		d.well(checkGhostscript, "faxes can be shown as the far machine prints them")
	}
}
