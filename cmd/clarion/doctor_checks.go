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

	"clarion/internal/pdf"
	"clarion/lists/address"
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

func (d *doctor) configSource(cmd *cobra.Command) words {
	if _, err := os.Stat(d.configFile); errors.Is(err, fs.ErrNotExist) && !cmd.Flags().Changed("config") {
		return words{"there is no " + d.configFile + ": the embedded defaults hold", d.configFile + " 파일이 없어 내장된 기본값을 씁니다."}
	}
	return words{d.configFile + " is read, and every key in it is known", d.configFile + " 파일을 읽었고 모르는 항목이 없습니다."}
}

// dataFolder says whether the folder of key, journal and Redis can be written,
// by us alone, and how long a write to its disk takes.
func (d *doctor) dataFolder() {
	const what = checkData
	dir := d.cfg.Data
	if err := os.MkdirAll(dir, 0o700); err != nil {
		d.mend(what, words{"make the folder, or name another: data in " + d.configFile, "폴더를 만들거나 " + d.configFile + "의 data에 다른 폴더를 적으십시오."}, aMinute, words{"the data folder cannot be made: %v", "데이터 폴더를 만들 수 없습니다: %v"}, err)
		return
	}
	info, err := os.Stat(dir)
	if err != nil {
		d.mend(what, words{"name another folder: data in " + d.configFile, d.configFile + "의 data에 다른 폴더를 적으십시오."}, aMinute, words{"%v", "데이터 폴더를 볼 수 없습니다: %v"}, err)
		return
	}
	took, err := timeFsync(dir)
	switch {
	case err != nil:
		d.mend(what, words{"let this user write there, or free some room", "이 사용자에게 쓰기를 허용하거나 공간을 비우십시오."}, fiveMinutes, words{"the data folder cannot be written: %v", "데이터 폴더에 쓸 수 없습니다: %v"}, err)
	case info.Mode().Perm()&0o077 != 0:
		d.mend(what, words{"chmod 700 " + dir, "chmod 700 " + dir}, aMinute, words{"others on this machine can look into %s (%s)", "이 장비의 다른 사용자가 %s 폴더를 들여다볼 수 있습니다(%s)."}, dir, info.Mode().Perm())
	default:
		d.well(what, words{"%s can be written, by this user alone", "%s 폴더에 이 사용자만 쓸 수 있습니다."}, dir)
	}
	if err != nil {
		return
	}
	speed := took.Round(10 * time.Microsecond).String()
	f := finding{Check: checkFsync, OK: true, Finding: "the disk confirms a write in " + speed + " (median)", korean: inKorean{Finding: "디스크가 쓰기를 확인하는 데 " + speed + " 걸립니다(중앙값)."}}
	if took > slowFsync {
		f.Do = "slow: with append_fsync = \"always\" it bounds how fast calls go; a local SSD takes a few milliseconds"
		f.korean.Do = "느립니다. append_fsync = \"always\"이면 발송 속도가 이것에 묶입니다. 로컬 SSD는 몇 밀리초면 됩니다."
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
		d.mend(checkClock, words{"let this user run TIME", "이 사용자에게 TIME을 허용하십시오."}, fiveMinutes, words{"Redis does not tell the time: %v", "Redis가 시각을 알려 주지 않습니다: %v"}, err)
		return
	}
	middle := before.Add(time.Since(before) / 2)
	off := there.Sub(middle).Abs()
	if off > most {
		d.mend(checkClock, words{"let both machines keep time (apt-get install chrony)", "두 장비의 시계를 맞추십시오(apt-get install chrony)."}, tenMinutes,
			words{"the clocks of this machine and of Redis differ by %s", "이 장비와 Redis의 시계가 %s 다릅니다."}, off.Round(time.Millisecond))
		return
	}
	zone, _ := middle.Zone()
	d.well(checkClock, words{"this machine and Redis agree; times are shown in %s", "이 장비와 Redis의 시계가 맞습니다. 시각은 %s로 보여 줍니다."}, zone)
}

func (d *doctor) probe(ctx context.Context, g worker.Gate) {
	what := checkGateway.of(g.Name)
	prober, ok := g.Gateway.(gateway.Prober)
	if !ok {
		d.well(what, words{"for %[1]s; it cannot be asked beforehand", "%[2]s 게이트웨이입니다. 미리 물어볼 수 없습니다."}, g.Channel, channelWord(g.Channel.String(), "ko"))
		return
	}
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	if err := prober.Probe(ctx); err != nil {
		d.mend(what, words{"see that it runs, and that its address and login in " + d.configFile + " are right", "실행 중인지, " + d.configFile + "의 주소와 로그인이 맞는지 확인하십시오."}, aQuarter,
			words{"it does not take messages now: %v", "지금 메시지를 받지 않습니다: %v"}, err)
		return
	}
	d.well(what, words{"for %[1]s; it would take messages now", "%[2]s 게이트웨이입니다. 지금 메시지를 받을 수 있습니다."}, g.Channel, channelWord(g.Channel.String(), "ko"))
}

// publicURL: links in messages must work for supporters, and the one-click
// unsubscribe link must be HTTPS (RFC 8058 §3.1).
func (d *doctor) publicURL(ctx context.Context) {
	const what = checkPublicURL
	do := words{"put a web server with a certificate before web.listen, and set web.public_url to its address", "web.listen 앞에 인증서가 있는 웹 서버를 두고 web.public_url에 그 주소를 적으십시오."}
	u, err := url.Parse(d.cfg.Web.PublicURL)
	if err != nil {
		d.mend(what, do, anHour, words{"it is no address", "주소가 아닙니다."})
		return
	}
	host := u.Hostname()
	switch {
	case inside(host):
		d.mend(what, do, anHour, words{"%s leads nowhere for supporters: no link in a message would work", "%s는 받는 분들이 열 수 없는 주소여서 메시지의 링크가 모두 동작하지 않습니다."}, u.Redacted())
	case u.Scheme != "https":
		d.mend(what, do, anHour, words{"%s is not encrypted: mail programs offer one-click unsubscribing with https alone (RFC 8058)", "%s는 암호화되지 않습니다. 메일 프로그램은 https일 때만 원클릭 수신거부를 보여 줍니다(RFC 8058)."}, u.Redacted())
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
			d.mend(what, words{"make a DNS record for it, or mend the name", "DNS 레코드를 만들거나 이름을 고치십시오."}, aDay, words{"%s is not found in DNS", "%s 이름이 DNS에 없습니다."}, host)
			return
		}
		d.well(what, words{"%s", "%s"}, u.Redacted())
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
			d.mend(l.key, words{"give each its own port", "포트를 따로 주십시오."}, aMinute, words{"%s is that of %s too", "%s는 %s의 주소이기도 합니다."}, l.addr, other)
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
			d.well(l.key, words{"%s is free", "%s를 쓸 수 있습니다."}, l.addr)
		case running:
			d.well(l.key, words{"%s is taken, as it should be while Clarion runs", "%s를 실행 중인 Clarion이 쓰고 있습니다."}, l.addr)
		default:
			d.mend(l.key, words{"end the other program, or set another port", "다른 프로그램을 끝내거나 다른 포트를 적으십시오."}, fiveMinutes, words{"%s cannot be opened: %v", "%s를 열 수 없습니다: %v"}, l.addr, cause(err))
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
		d.mend(checkInboxListen, words{"set it, and let your mail server hand the mail of inbox.domain to it; or name a mailbox that gets that mail: [inbox.imap]",
			"주소를 적고 메일 서버가 inbox.domain의 메일을 그리로 넘기게 하거나, 그 메일이 오는 메일함을 [inbox.imap]에 적으십시오."}, halfHour, words{"it is empty: returned mail and unsubscribe mails are not read", "비어 있어 반송 메일과 수신거부 메일을 읽지 않습니다."})
	case inside(d.cfg.Inbox.Domain):
		d.mend(checkInboxDomain, words{"name a domain whose mail comes to this machine", "이 장비로 메일이 오는 도메인을 적으십시오."}, anHour, words{"%q cannot be reached from outside: returned mail does not come back", "%q는 밖에서 닿을 수 없어 반송 메일이 돌아오지 않습니다."}, d.cfg.Inbox.Domain)
	default:
		d.well(checkInboxDomain, words{"returned mail comes to %s", "반송 메일은 %s로 돌아옵니다."}, d.cfg.Inbox.Domain)
	}
}

func (d *doctor) fax() {
	if _, err := pdf.LoadFonts(pdf.DefaultFontDir); err != nil {
		d.mend(checkFonts, words{"apt-get install fonts-nanum", "apt-get install fonts-nanum"}, aMinute, words{"%v", "팩스에 쓸 글꼴이 없습니다: %v"}, err)
	} else {
		d.well(checkFonts, words{"Korean and English can be drawn on faxes (%s)", "팩스에 한국어와 영어를 그릴 수 있습니다(%s)."}, filepath.Base(pdf.DefaultFontDir))
	}
	if _, err := exec.LookPath("gs"); err != nil {
		d.mend(checkGhostscript, words{"apt-get install ghostscript", "apt-get install ghostscript"}, aMinute, words{"gs is missing: inspect fax cannot show a fax as the far machine prints it", "gs가 없어 inspect fax가 팩스를 상대 기계에서 인쇄되는 모습으로 보여 줄 수 없습니다."})
	} else {
		d.well(checkGhostscript, words{"faxes can be shown as the far machine prints them", "팩스를 상대 기계에서 인쇄되는 모습으로 볼 수 있습니다."})
	}
}
