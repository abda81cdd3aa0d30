package maildns

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"clarion/internal/dns"
	"clarion/internal/port"
)

// zone starts dnsmasq with these lines in its settings and returns a resolver
// that asks it. It ends with the test.
func zone(t *testing.T, lines ...string) *net.Resolver {
	t.Helper()
	file := filepath.Join(t.TempDir(), "dnsmasq.conf")
	text := "no-resolv\nno-hosts\nlocal=/#/\nbind-interfaces\nlisten-address=127.0.0.1\npid-file=\n" + strings.Join(lines, "\n") + "\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	free, err := port.Free()
	if err != nil {
		t.Fatal(err)
	}
	addr := fmt.Sprintf("127.0.0.1:%d", free)
	var said strings.Builder
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, "dnsmasq", "--keep-in-foreground", "--conf-file="+file, fmt.Sprintf("--port=%d", free), "--user=")
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		cancel()
		t.Fatalf("start dnsmasq (scripts/setup.sh test installs it): %v", err)
	}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = cmd.Wait() }()
	t.Cleanup(func() { cancel(); <-ended })
	late := time.After(2 * time.Minute)
	for {
		if c, err := net.Dial("tcp", addr); err == nil {
			c.Close()
			r, err := dns.New(addr)
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		select {
		case <-ended:
			t.Fatalf("dnsmasq ended: %s", said.String())
		case <-late:
			t.Fatal("dnsmasq does not listen")
		case <-time.After(10 * time.Millisecond):
		}
	}
}

var here = netip.MustParseAddr("192.0.2.7")

func TestSPF(t *testing.T) {
	t.Parallel()
	lines := []string{
		`txt-record=direct.example,"v=spf1 ip4:192.0.2.0/29 -all"`,
		`txt-record=six.example,"v=spf1 ip6:2001:db8::/32 -all"`,
		`txt-record=include.example,"v=spf1 include:direct.example ~all"`,
		`txt-record=redirect.example,"v=spf1 redirect=direct.example"`,
		`txt-record=a.example,"v=spf1 a:relay.example -all"`, `host-record=relay.example,192.0.2.7`,
		`txt-record=mx.example,"v=spf1 mx -all"`, `mx-host=mx.example,relay.example,10`,
		`txt-record=other.example,"v=spf1 ip4:198.51.100.1 -all"`,
		`txt-record=soft.example,"v=spf1 ~all"`,
		`txt-record=twice.example,"v=spf1 -all"`, `txt-record=twice.example,"v=spf1 +all"`,
		`txt-record=words.example,"google-site-verification=1"`, `txt-record=wrong.example,"v=spf1 ipv4:192.0.2.7 -all"`,
		`host-record=nothing.example,192.0.2.9`,
	}
	many := "v=spf1"
	for _, n := range strings.Split("abcdefghijk", "") { // eleven
		many += " include:" + n + ".many.example"
		lines = append(lines, `txt-record=`+n+`.many.example,"v=spf1 ip4:198.51.100.2 ?all"`)
	}
	lines = append(lines, `txt-record=many.example,"`+many+` ip4:192.0.2.7 -all"`)
	r := zone(t, lines...)
	for domain, want := range map[string]string{
		"direct.example": "pass", "include.example": "pass", "redirect.example": "pass", "a.example": "pass", "mx.example": "pass",
		"other.example": "fail", "soft.example": "softfail", "six.example": "fail", "twice.example": "permerror", "many.example": "permerror", "wrong.example": "permerror",
		"words.example": "none", "nothing.example": "none", "not-there.example": "none",
	} {
		got, why := SPF(t.Context(), r, here, domain)
		if got != want || (why != nil) != (want == "permerror") {
			t.Errorf("%s: %s, %v; want %s", domain, got, why, want)
		}
	}
	if got, _ := SPF(t.Context(), r, netip.MustParseAddr("2001:db8::1"), "six.example"); got != "pass" {
		t.Errorf("ip6: %s", got)
	}
	if record, err := SPFRecord(t.Context(), r, "direct.example"); err != nil || record != "v=spf1 ip4:192.0.2.0/29 -all" {
		t.Errorf("record %q, %v", record, err)
	}
	if record, err := SPFRecord(t.Context(), r, "words.example"); err != nil || record != "" {
		t.Errorf("record %q, %v", record, err)
	}
	if got := AllowSPF("v=spf1 mx -all", []netip.Addr{here, netip.MustParseAddr("2001:db8::1")}); got != "v=spf1 ip4:192.0.2.7 ip6:2001:db8::1 mx -all" {
		t.Error(got)
	}
	if got := AllowSPF("", []netip.Addr{here}); got != "v=spf1 ip4:192.0.2.7 ~all" {
		t.Error(got)
	}
	dead, err := dns.New("127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	if got, why := SPF(t.Context(), dead, here, "direct.example"); got != "temperror" || why == nil {
		t.Errorf("nobody answers: %s, %v", got, why)
	}
}

func TestDMARC(t *testing.T) {
	t.Parallel()
	r := zone(t, `txt-record=_dmarc.example.org,"v=DMARC1; p=reject; sp=quarantine; adkim=s; rua=mailto:x@example.org"`,
		`txt-record=_dmarc.own.example.org,"v=DMARC1;p=none;aspf=s"`, `txt-record=_dmarc.example.net,"v=DMARC1; p=maybe"`,
		`txt-record=_dmarc.example.com,"v=DMARC1; p=none"`, `txt-record=_dmarc.example.com,"v=DMARC1; p=reject"`, `txt-record=_dmarc.example.co.kr,"v=spf1 -all"`)
	for domain, want := range map[string]DMARC{
		"example.org":      {"example.org", "reject", true, false},
		"news.example.org": {"example.org", "quarantine", true, false},
		"own.example.org":  {"own.example.org", "none", false, true},
	} {
		if got, err := LookupDMARC(t.Context(), r, domain); err != nil || *got != want {
			t.Errorf("%s: %+v, %v", domain, got, err)
		}
	}
	for domain, want := range map[string]error{"example.net": ErrWrongDMARC, "example.com": ErrManyDMARC, "a.example.co.kr": ErrNoDMARC} {
		if _, err := LookupDMARC(t.Context(), r, domain); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", domain, err, want)
		}
	}
	for _, c := range []struct {
		a, f          string
		relax, strict bool
	}{
		{"Example.org", "example.org", true, true}, {"bounce.example.org", "news.example.org", true, false},
		{"a.co.kr", "b.co.kr", false, false}, {"x.a.co.kr", "a.co.kr", true, false},
	} {
		if Aligned(c.a, c.f, false) != c.relax || Aligned(c.a, c.f, true) != c.strict {
			t.Errorf("%s for %s", c.a, c.f)
		}
	}
}

func TestReverseAndExchangers(t *testing.T) {
	t.Parallel()
	r := zone(t, "host-record=relay.example,192.0.2.7", "ptr-record=8.2.0.192.in-addr.arpa,elsewhere.example", "host-record=elsewhere.example,192.0.2.99",
		"mx-host=example.org,second.example,20", "mx-host=example.org,relay.example,10", "host-record=alone.example,192.0.2.3",
		"dns-rr=null.example,15,000000", "dns-rr=twice.example,15,000000", "dns-rr=twice.example,15,000100", "dns-rr=half.example,15,000000", "mx-host=half.example,RELAY.example,10")
	names, confirmed, err := Reverse(t.Context(), r, here)
	if err != nil || confirmed != "relay.example" || !slices.Equal(names, []string{"relay.example"}) {
		t.Errorf("%v %q %v", names, confirmed, err)
	}
	if names, confirmed, err := Reverse(t.Context(), r, netip.MustParseAddr("192.0.2.8")); err != nil || confirmed != "" || len(names) != 1 {
		t.Errorf("unconfirmed: %v %q %v", names, confirmed, err)
	}
	if names, _, err := Reverse(t.Context(), r, netip.MustParseAddr("192.0.2.55")); err != nil || len(names) != 0 {
		t.Errorf("no name: %v %v", names, err)
	}
	all, explicit, err := Exchangers(t.Context(), r, "example.org")
	if err != nil || !explicit || len(all) != 2 || all[0].Host != "relay.example" || len(all[0].Addrs) != 1 || len(all[1].Addrs) != 0 {
		t.Errorf("%+v %v %v", all, explicit, err)
	}
	if all, explicit, err := Exchangers(t.Context(), r, "alone.example"); err != nil || explicit || len(all) != 1 {
		t.Errorf("no MX: %+v %v %v", all, explicit, err)
	}
	for domain, want := range map[string][]string{"null.example": nil, "twice.example": nil, "half.example": {"relay.example"}} {
		hosts, explicit, err := MX(t.Context(), r, domain)
		if !slices.Equal(hosts, want) || !explicit || errors.Is(err, ErrNullMX) != (want == nil) {
			t.Errorf("%s: %v %v %v", domain, hosts, explicit, err)
		}
	}
	if all, _, err := Exchangers(t.Context(), r, "gone.example"); err != nil || len(all) != 0 {
		t.Errorf("nothing: %+v %v", all, err)
	}
}
