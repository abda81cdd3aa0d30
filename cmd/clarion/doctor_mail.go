package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"clarion/internal/dkim"
	"clarion/internal/maildns"
	"clarion/lists/address"
	"clarion/worker"
)

// How long things take.
var (
	aMinute     = words{"a minute", "1분"}
	twoMinutes  = words{"2 minutes", "2분"}
	fiveMinutes = words{"5 minutes", "5분"}
	tenMinutes  = words{"10 minutes", "10분"}
	aQuarter    = words{"15 minutes", "15분"}
	halfHour    = words{"30 minutes", "30분"}
	anHour      = words{"an hour", "한 시간"}
	aDay        = words{"up to a day, until it is known everywhere", "어디서나 알려질 때까지 최대 하루"}
	fewDays     = words{"a few days, as your hosting provider does it", "호스팅 업체가 처리하므로 며칠"}
)

// both adds a finding about mail in both languages.
func (d *doctor) both(f finding, takes words, ko inKorean) {
	if f.Do != "" {
		f.Takes, ko.Takes = takes[0], takes[1]
	}
	f.OK, f.Ko = f.Severity == "", &ko
	d.say(f)
}

// unanswered says that DNS could not be asked: no record is at fault. The Korean
// subject ends with its particle.
func (d *doctor) unanswered(what check, subject, ko string, err error) {
	var lookup *net.DNSError
	if errors.As(err, &lookup) {
		named := *lookup
		// The standard library names the machine's own server, whichever was asked.
		named.Server = cmp.Or(d.server, d.cfg.DNS.Resolver, named.Server)
		err = &named
	}
	d.both(finding{Check: what, Severity: warns, Finding: fmt.Sprintf("%s cannot be looked up: %v", subject, err),
		Do: "see that this machine reaches a name server, or name one: [dns] resolver"}, aQuarter,
		inKorean{Finding: ko + fmt.Sprintf(" 조회할 수 없습니다: %v", err), Do: "이 장비가 DNS 서버에 닿는지 확인하거나 [dns] resolver를 적으십시오."})
}

// mail looks at what receivers look at: SPF, DMARC, names of addresses, the way
// back, and the relays' certificates.
func (d *doctor) mail(ctx context.Context) {
	if !d.cfg.hasMail() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 6*probeTime)
	defer cancel()
	for _, g := range d.cfg.gates {
		if g.Channel != address.Email {
			continue
		}
		d.certificate(ctx, g)
		ips, told := d.sendsFrom(ctx, g)
		if len(ips) == 0 {
			d.both(finding{Check: checkSPF.of(g.Name), Severity: warns,
				Finding: "it is not known from which addresses receivers see its mail come: SPF and their names cannot be looked at",
				Do:      fmt.Sprintf("say so in %s: sends_from under [gateway.%s]", d.configFile, g.Name)}, aMinute,
				inKorean{Finding: "받는 쪽에 보이는 발송 주소를 알 수 없어 SPF와 역방향 DNS를 확인하지 못했습니다.", Do: fmt.Sprintf("%s의 [gateway.%s]에 sends_from을 적으십시오.", d.configFile, g.Name)})
			continue
		}
		if !inside(d.cfg.Inbox.Domain) {
			d.spf(ctx, g, ips, told)
		}
		if told { // the names of a provider's own addresses are its own matter
			for _, ip := range ips {
				d.ptr(ctx, ip)
			}
		}
	}
	for _, domain := range d.fromDomains() {
		d.dmarc(ctx, domain)
	}
	if !inside(d.cfg.Inbox.Domain) {
		d.wayBack(ctx)
	}
}

// sendsFrom returns the addresses from which a gateway's mail comes: those that
// the settings tell, else those of the relay, which may have others besides.
func (d *doctor) sendsFrom(ctx context.Context, g worker.Gate) (ips []netip.Addr, told bool) {
	if len(g.SendsFrom) > 0 {
		return g.SendsFrom, true
	}
	host := d.cfg.Gateway[g.Name].Text("host")
	if host == "" || inside(host) {
		return nil, false
	}
	ips, err := d.dns.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, false
	}
	return slices.DeleteFunc(ips, func(ip netip.Addr) bool { return inside(ip.Unmap().String()) }), false
}

// fromDomains are the domains that mail is sent from, as far as settings tell.
func (d *doctor) fromDomains() []string {
	var all []string
	for _, g := range d.cfg.gates {
		all = append(all, g.Domains...)
	}
	for _, k := range d.cfg.dkimKeys {
		all = append(all, k.Domain)
	}
	if len(all) == 0 && !inside(d.cfg.Inbox.Domain) {
		all = append(all, maildns.Organisation(d.cfg.Inbox.Domain))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// spf: the envelope sender is of inbox.domain, which is the one that SPF is asked of.
func (d *doctor) spf(ctx context.Context, g worker.Gate, ips []netip.Addr, told bool) {
	domain := d.cfg.Inbox.Domain
	f := finding{Check: checkSPF.of(g.Name), Severity: stops}
	var refused []netip.Addr
	result, why := "", error(nil)
	for _, ip := range ips {
		got, err := maildns.SPF(ctx, d.dns, ip, domain)
		if got != "pass" {
			refused, result, why = append(refused, ip), got, err
		}
	}
	if len(refused) == 0 {
		f.Severity, f.Finding = "", fmt.Sprintf("SPF of %s lets %s send", domain, list(ips))
		d.both(f, aDay, inKorean{Finding: fmt.Sprintf("%s의 SPF가 %s의 발송을 허용합니다.", domain, list(ips))})
		return
	}
	record, err := maildns.SPFRecord(ctx, d.dns, domain)
	f.Record = fmt.Sprintf("%s. IN TXT %q", domain, maildns.AllowSPF(record, refused))
	f.Do = "publish this record in DNS, in the place of one that begins with v=spf1"
	ko := inKorean{Do: "아래 레코드를 DNS에 등록하십시오. v=spf1로 시작하는 기존 레코드를 대신합니다."}
	switch {
	case result == "temperror" || err != nil:
		d.unanswered(f.Check, "SPF of "+domain, domain+"의 SPF를", errors.Join(why, err))
		return
	case result == "permerror":
		f.Finding = fmt.Sprintf("SPF of %s is broken, so that receivers take it for none: %v (RFC 7208 allows one record and ten look-ups)", domain, why)
		f.Do, f.Record = "keep one record that begins with v=spf1, and replace include: and a: by ip4: and ip6: where it needs more than ten look-ups", ""
		ko = inKorean{Finding: fmt.Sprintf("%s의 SPF에 오류가 있어 없는 것으로 취급됩니다: %v", domain, why), Do: "v=spf1 레코드는 하나만 두고, 조회가 10번을 넘으면 include:와 a:를 ip4:와 ip6:로 바꾸십시오."}
	case result == "none":
		f.Finding = fmt.Sprintf("%s has no SPF record: large mailbox providers refuse or distrust its mail", domain)
		f.Do, ko.Do = "publish this record in DNS", "아래 레코드를 DNS에 등록하십시오."
		ko.Finding = domain + "에 SPF 레코드가 없습니다. 큰 메일 서비스가 거부하거나 의심합니다."
	default:
		f.Finding = fmt.Sprintf("SPF of %s does not let %s send: it says %s", domain, list(refused), result)
		ko.Finding = fmt.Sprintf("%s의 SPF가 %s의 발송을 허용하지 않습니다(%s).", domain, list(refused), result)
	}
	if !told && f.Severity == stops {
		f.Severity = warns
		f.Do += fmt.Sprintf("; these are the addresses of the relay's own name: if it sends from others, add the include: that its provider names, and set sends_from under [gateway.%s]", g.Name)
		ko.Do += fmt.Sprintf(" 릴레이 이름의 주소로 짐작한 것입니다. 다른 주소로 보낸다면 업체가 알려 주는 include:를 더하고 [gateway.%s]에 sends_from을 적으십시오.", g.Name)
	}
	d.both(f, aDay, ko)
}

// dmarc: From must stand under a policy, and SPF or DKIM must be of a domain that
// stands for it (RFC 7489 §3.1).
func (d *doctor) dmarc(ctx context.Context, domain string) {
	f := finding{Check: checkDMARC.of(domain), Severity: stops}
	policy, err := maildns.LookupDMARC(ctx, d.dns, domain)
	if err != nil {
		f.Finding = fmt.Sprintf("%s: %v", domain, err)
		f.Do = "publish this record in DNS, alone under its name"
		f.Record = fmt.Sprintf("_dmarc.%s. IN TXT \"v=DMARC1; p=none\"", domain)
		ko := inKorean{Finding: domain + "의 DMARC 레코드가 없거나 잘못되었습니다. Gmail과 Yahoo는 대량 메일에 이를 요구합니다.", Do: "아래 레코드 하나만 DNS에 등록하십시오."}
		if !errors.Is(err, maildns.ErrNoDMARC) && !errors.Is(err, maildns.ErrManyDMARC) && !errors.Is(err, maildns.ErrWrongDMARC) {
			d.unanswered(f.Check, "DMARC of "+domain, domain+"의 DMARC를", err)
			return
		}
		d.both(f, aDay, ko)
		return
	}
	spf := maildns.Aligned(d.cfg.Inbox.Domain, domain, policy.StrictSPF)
	signed := slices.ContainsFunc(d.cfg.dkimKeys, func(k dkim.Key) bool { return maildns.Aligned(k.Domain, domain, policy.StrictDKIM) })
	switch {
	case spf || signed:
		var by []string
		if spf {
			by = append(by, "SPF")
		}
		if signed {
			by = append(by, "DKIM")
		}
		f.Severity = ""
		f.Finding = fmt.Sprintf("%s has a policy (p=%s, at %s), and is aligned with it by %s", domain, policy.Policy, policy.Domain, strings.Join(by, " and "))
		d.both(f, aDay, inKorean{Finding: fmt.Sprintf("%s의 DMARC 정책(p=%s)이 있고 %s가 맞습니다.", domain, policy.Policy, strings.Join(by, "·"))})
		return
	case len(d.cfg.dkimKeys) == 0: // the relay may sign, which cannot be seen from here
		f.Severity = warns
	}
	f.Finding = fmt.Sprintf("nothing stands for %s as its DMARC policy wants it: neither %s, of which SPF is asked (%s), nor a DKIM key (%s)", domain, d.cfg.Inbox.Domain, strict(policy.StrictSPF), strict(policy.StrictDKIM))
	f.Do = fmt.Sprintf("make a key for it: clarion dkim new %s, or let the relay sign as it, or set inbox.domain to one of %s", domain, maildns.Organisation(domain))
	d.both(f, anHour, inKorean{Finding: fmt.Sprintf("%s의 DMARC 정책에 맞는 SPF 도메인도 DKIM 키도 없습니다.", domain),
		Do: fmt.Sprintf("키를 만들거나(clarion dkim new %s), 릴레이가 그 도메인으로 서명하게 하거나, inbox.domain을 %s 아래로 하십시오.", domain, maildns.Organisation(domain))})
}

func strict(s bool) string {
	if s {
		return "strict"
	}
	return "relaxed"
}

// ptr: large receivers refuse mail from an address without a name, or with one
// that does not lead back to it.
func (d *doctor) ptr(ctx context.Context, ip netip.Addr) {
	f := finding{Check: checkPTR.of(ip.String()), Severity: stops}
	names, confirmed, err := maildns.Reverse(ctx, d.dns, ip)
	ko := inKorean{Do: "이 주소를 빌려준 업체에 역방향 DNS를 메일 서버 이름으로 설정해 달라고 하고, 그 이름의 A 또는 AAAA 레코드도 이 주소로 두십시오."}
	f.Do = "ask who lends you the address to set its reverse DNS to the mail server's name, and let that name's A or AAAA record be this address"
	switch {
	case confirmed != "":
		f.Severity, f.Do = "", ""
		f.Finding = fmt.Sprintf("%s is %s, and that leads back to it", ip, confirmed)
		ko = inKorean{Finding: fmt.Sprintf("%s의 이름은 %s이고 서로 맞습니다.", ip, confirmed)}
	case err != nil:
		d.unanswered(f.Check, "the name of "+ip.String(), ip.String()+"의 역방향 DNS를", err)
		return
	case len(names) == 0:
		f.Finding = fmt.Sprintf("%s has no name: Gmail, Naver and others refuse mail from it", ip)
		f.Record = reverseName(ip) + " IN PTR mail." + maildns.Organisation(d.cfg.Inbox.Domain) + "."
		ko.Finding = fmt.Sprintf("%s에 역방향 DNS가 없습니다. Gmail, 네이버 등이 거부합니다.", ip)
	default:
		f.Finding = fmt.Sprintf("%s is called %s, and that does not lead back to it", ip, strings.Join(names, ", "))
		f.Record = fmt.Sprintf("%s. IN %s %s", names[0], recordType(ip), ip)
		ko.Finding = fmt.Sprintf("%s의 이름 %s이 이 주소로 돌아오지 않습니다.", ip, strings.Join(names, ", "))
	}
	d.both(f, fewDays, ko)
}

func recordType(ip netip.Addr) string {
	if ip.Unmap().Is4() {
		return "A"
	}
	return "AAAA"
}

// reverseName is the name under which the name of an address stands (RFC 1035
// §3.5, RFC 3596 §2.5).
func reverseName(ip netip.Addr) string {
	b := ip.Unmap().AsSlice()
	slices.Reverse(b)
	var out strings.Builder
	for _, x := range b {
		if len(b) == 4 {
			fmt.Fprintf(&out, "%d.", x)
		} else {
			fmt.Fprintf(&out, "%x.%x.", x&15, x>>4)
		}
	}
	if len(b) == 4 {
		return out.String() + "in-addr.arpa."
	}
	return out.String() + "ip6.arpa."
}

// hosted reports whether returned mail comes to a mailbox alone.
func (d *doctor) hosted() bool { return d.cfg.Inbox.Listen == "" && d.cfg.Inbox.IMAP.Host != "" }

// wayBack: the MX of inbox.domain must lead to whoever hands returned mail on to us.
func (d *doctor) wayBack(ctx context.Context) {
	domain := d.cfg.Inbox.Domain
	f := finding{Check: checkInboxMX, Severity: stops, Do: "let the MX of " + domain + " name the mail server that hands its mail to inbox.listen"}
	f.Record = fmt.Sprintf("%s. IN MX 10 mail.%s.", domain, maildns.Organisation(domain))
	ko := inKorean{Do: domain + "의 MX가 inbox.listen으로 메일을 넘기는 메일 서버를 가리키게 하십시오."}
	hosted := d.hosted()
	if hosted {
		f.Do, f.Record = "let the MX of "+domain+" be what the provider of the mailbox in [inbox.imap] names, and all mail of the domain come to that mailbox (catch-all)", ""
		ko.Do = domain + "의 MX를 [inbox.imap] 메일함을 제공하는 업체가 알려 주는 값으로 두고, 이 도메인의 모든 메일이 그 메일함에 오게 하십시오(catch-all)."
	}
	takes := aDay
	all, explicit, err := maildns.Exchangers(ctx, d.dns, domain)
	here := func(e maildns.Exchanger) bool { return slices.ContainsFunc(e.Addrs, ours) }
	switch {
	case errors.Is(err, maildns.ErrNullMX):
		f.Finding = fmt.Sprintf("%s: %v", domain, err)
		ko.Finding = domain + "이 메일을 받지 않는다고 되어 있습니다."
	case err != nil:
		d.unanswered(f.Check, "the MX of "+domain, domain+"의 MX를", err)
		return
	case len(all) == 0:
		f.Finding = fmt.Sprintf("%s has no MX and no address: bounces and unsubscribe mails do not come back, and receivers refuse such a sender", domain)
		ko.Finding = domain + "에 MX가 없어 반송 메일과 수신거부 메일이 돌아오지 않습니다."
	case len(all[0].Addrs) == 0:
		f.Finding = fmt.Sprintf("the MX of %s is %s, which has no address", domain, all[0].Host)
		f.Record = all[0].Host + ". IN A ADDRESS"
		ko.Finding = fmt.Sprintf("%s의 MX인 %s에 주소가 없습니다.", domain, all[0].Host)
	default:
		f.Severity, f.Record, f.Do = "", "", ""
		f.Finding = fmt.Sprintf("mail for %s goes to %s", domain, all[0].Host)
		ko = inKorean{Finding: fmt.Sprintf("%s의 메일은 %s로 갑니다.", domain, all[0].Host)}
		if !explicit {
			f.Finding += ", which has no MX record: its address counts"
		}
		switch takes = aMinute; {
		case hosted:
			f.Do = "all mail of the domain must come to the mailbox in [inbox.imap]: clarion doctor --test-mail shows whether it does"
			ko.Do = "이 도메인의 모든 메일이 [inbox.imap] 메일함에 와야 합니다. clarion doctor --test-mail로 확인하십시오."
		case slices.ContainsFunc(all, here):
			f.Finding += ", this machine"
		default:
			f.Do = "another machine, which must hand it on: clarion doctor --test-mail shows whether it does"
			ko.Do = "다른 장비이므로 이쪽으로 넘겨 주어야 합니다. clarion doctor --test-mail로 확인하십시오."
		}
	}
	d.both(f, takes, ko)
}

// ours reports whether an address is one of this machine's.
func ours(ip netip.Addr) bool {
	all, err := net.InterfaceAddrs()
	if err != nil {
		return false
	}
	return slices.ContainsFunc(all, func(a net.Addr) bool {
		prefix, err := netip.ParsePrefix(a.String())
		return err == nil && prefix.Addr().Unmap() == ip.Unmap()
	})
}

// A certified is a gateway whose far side shows a certificate.
type certified interface {
	// CertificateEnds dials, and returns when the far side's certificate runs
	// out; the zero Time without TLS.
	CertificateEnds(ctx context.Context) (time.Time, error)
}

// soon is when a certificate that is not renewed by itself is noticed.
const soon = 14 * 24 * time.Hour

func (d *doctor) certificate(ctx context.Context, g worker.Gate) {
	c, ok := g.Gateway.(certified)
	if !ok {
		return
	}
	ends, err := c.CertificateEnds(ctx)
	f := finding{Check: checkTLS.of(g.Name)}
	var ko inKorean
	switch left := time.Until(ends); {
	case err != nil:
		return // gateway.NAME says it
	case ends.IsZero():
		f.Severity, f.Finding = warns, "mail goes to it unencrypted, and so would a password"
		f.Do = fmt.Sprintf(`set tls = "starttls" or "implicit" under [gateway.%s], unless the relay is on this machine or its network`, g.Name)
		ko = inKorean{Finding: "메일이 암호화되지 않은 채 전달됩니다.", Do: fmt.Sprintf(`릴레이가 이 장비나 내부망에 있지 않다면 [gateway.%s]에 tls = "starttls" 또는 "implicit"을 적으십시오.`, g.Name)}
		if inside(d.cfg.Gateway[g.Name].Text("host")) {
			f.Severity, f.Do, ko.Do = "", "", ""
		}
	case left < soon:
		f.Severity, f.Finding = warns, fmt.Sprintf("its certificate holds, for %d days more: once it has run out nothing goes through it", int(left.Hours()/24))
		f.Do = "see that who runs the relay renews it"
		ko = inKorean{Finding: fmt.Sprintf("인증서가 유효하지만 %d일 남았습니다.", int(left.Hours()/24)), Do: "릴레이 운영자가 인증서를 갱신하게 하십시오."}
	default:
		f.Finding = fmt.Sprintf("its certificate holds, for %d days more", int(left.Hours()/24))
		ko = inKorean{Finding: fmt.Sprintf("인증서가 유효합니다. %d일 남았습니다.", int(left.Hours()/24))}
	}
	d.both(f, anHour, ko)
}

func list(ips []netip.Addr) string {
	texts := make([]string, len(ips))
	for i, ip := range ips {
		texts[i] = ip.String()
	}
	return strings.Join(texts, ", ")
}
