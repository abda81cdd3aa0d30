package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"

	"clarion/internal/conf"
	"clarion/internal/dkim"
	"clarion/internal/dns"
	"clarion/lists/address"
	"clarion/worker"
)

// signingConf is a [dkim."example.org"] of clarion.toml.
type signingConf struct {
	Keys  map[string]conf.SecretText `toml:"keys"`  // by selector; one signature each
	Leave []string                   `toml:"leave"` // header fields that the relay writes anew
}

// readKeys makes the signers of the domains, and finds what is wrong with them.
func (c *config) readKeys(wrong func(key []string, format string, args ...any)) {
	c.signers = dkim.Domains{}
	for _, domain := range slices.Sorted(maps.Keys(c.DKIM)) {
		s := c.DKIM[domain]
		var keys []dkim.Key
		for _, selector := range slices.Sorted(maps.Keys(s.Keys)) {
			k, err := dkim.ParseKey(domain, selector, s.Keys[selector].Reveal())
			if err != nil {
				wrong([]string{"dkim", domain, "keys", selector}, "dkim.%s: %v", domain, err)
				continue
			}
			keys = append(keys, k)
		}
		if len(keys) != len(s.Keys) {
			continue
		}
		signer, err := dkim.NewSigner(keys, s.Leave)
		if err != nil {
			wrong([]string{"dkim", domain}, "dkim.%s: %v", domain, err)
			continue
		}
		c.signers[keys[0].Domain] = signer
		c.dkimKeys = append(c.dkimKeys, keys...)
	}
}

// hasMail reports whether any gateway sends mail.
func (c *config) hasMail() bool {
	return slices.ContainsFunc(c.gates, func(g worker.Gate) bool { return g.Channel == address.Email })
}

// signing: large mailbox providers refuse bulk mail that is not signed for the
// domain in From. A relay may do it, which cannot be seen from here.
func (d *doctor) signing(ctx context.Context) {
	if !d.cfg.hasMail() {
		return
	}
	if len(d.cfg.dkimKeys) == 0 {
		d.say(finding{Check: checkDKIM, OK: true, Finding: "Clarion has no key: mail is signed only if the relay does it",
			Do: "let the relay sign, both List-Unsubscribe headers included, or make keys: clarion dkim new DOMAIN", Takes: "30 minutes",
			Ko: &inKorean{"Clarion에 DKIM 키가 없습니다. 릴레이가 서명할 때만 서명됩니다.", "릴레이가 List-Unsubscribe 헤더까지 서명하게 하거나 키를 만드십시오: clarion dkim new DOMAIN", "30분"}})
	}
	for _, k := range d.cfg.dkimKeys {
		f := finding{Check: checkDKIM.of(k.Selector + "." + k.Domain)}
		f.Finding, f.Do = published(ctx, d.dns, k)
		name := k.Selector + "._domainkey." + k.Domain
		if f.OK = f.Do == ""; f.OK {
			f.Ko = &inKorean{Finding: name + "이 등록되어 있고 이 키와 맞습니다."}
		} else {
			f.Severity, f.Takes = stops, aDay[0]
			f.Ko = &inKorean{fmt.Sprintf("%s이 등록되어 있지 않거나 이 키와 맞지 않습니다(%s).", name, f.Finding), "아래 레코드를 DNS에 등록하십시오.", aDay[1]}
			if r, err := k.Record(); err == nil {
				f.Record = r.Zone()
			}
		}
		d.say(f)
	}
}

// published holds a key against DNS: what is found, and what is to be done about
// it, "" when all is well.
func published(ctx context.Context, r *net.Resolver, k dkim.Key) (found, do string) {
	record, err := k.Record()
	if err != nil {
		return err.Error(), "make a new key: clarion dkim new " + k.Domain
	}
	publish := "publish it in DNS: clarion dkim show prints it"
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	texts, err := r.LookupTXT(ctx, record.Name)
	var failed *net.DNSError
	switch {
	case errors.As(err, &failed) && failed.IsNotFound:
		return fmt.Sprintf("there is no record %s: signatures of this key fail", record.Name), publish
	case errors.As(err, &failed):
		return fmt.Sprintf("%s cannot be looked up: %s", record.Name, failed.Err), "see that this machine reaches a name server, or name one: --resolver"
	case err != nil:
		return fmt.Sprintf("%s cannot be looked up: %v", record.Name, err), publish
	case len(texts) > 1:
		return fmt.Sprintf("%s has %d records, of which a receiver may take any", record.Name, len(texts)), "keep the one that clarion dkim show prints"
	}
	if err := record.Matches(texts[0]); err != nil {
		return fmt.Sprintf("what stands at %s does not fit the key: %v", record.Name, err), publish
	}
	return fmt.Sprintf("%s is published, and is this key's (%s)", record.Name, k.Algorithm), ""
}

const resolverUsage = "name server to ask, ADDRESS or ADDRESS:PORT, instead of the one in the settings"

// resolver asks the name server that the flag names, else the one of the settings.
func (c *config) resolver(flag string) (*net.Resolver, error) {
	r, err := dns.New(cmp.Or(flag, c.DNS.Resolver))
	if err != nil {
		return nil, &statusError{exitInput, err}
	}
	return r, nil
}
