package main

import (
	"slices"
	"strings"

	"clarion/internal/conf"
	"clarion/lists/address"
	"clarion/templates"
	"clarion/templates/email"
	"clarion/worker"
)

// lintMail holds a call's mail to so many recipients against docs/mail-rules.md:
// what keeps it from being launched, and what is worth mending.
func (a *app) lintMail(d *draft, compiled *worker.Compiled, recipients int) (problems, notes []conf.Problem) {
	if !d.text.Has(address.Email) {
		return nil, nil
	}
	from := d.text.Email.Domain()
	var broken []conf.Problem
	if provider := providerOf(from); provider != "" && !a.sendsFor(provider) {
		broken = append(broken, email.FromRefused.Broken(templates.CallFile, d.line("email", "from"), provider))
	} else if a.cfg.signers.For(from) == nil {
		broken = append(broken, email.SignatureMissing.Broken(templates.CallFile, d.line("email", "from"), from))
	}
	for _, lang := range d.text.Languages {
		if m, p, ok := compiled.SampleMail(lang, a.cfg.links()); ok {
			broken = append(broken, email.Lint(d.text, lang, m, p, d.line)...)
		}
	}
	return email.Split(broken, recipients)
}

// providers give mailboxes to anybody, and say by DMARC or in their rules that
// what is from there comes from their own servers alone.
var providers = [...]string{
	"gmail.com", "googlemail.com", "yahoo.com", "ymail.com", "aol.com", "yahoo.co.jp", "outlook.com", "hotmail.com", "live.com", "msn.com", "icloud.com", "me.com",
	"naver.com", "daum.net", "hanmail.net", "kakao.com", "nate.com", "proton.me", "protonmail.com", "gmx.net", "gmx.de", "mail.ru", "qq.com", "163.com",
}

func providerOf(domain string) string {
	for _, p := range providers {
		if domain == p || strings.HasSuffix(domain, "."+p) {
			return p
		}
	}
	return ""
}

// sendsFor says whether a gateway is there for a domain by name.
func (a *app) sendsFor(domain string) bool {
	return slices.ContainsFunc(a.cfg.gates, func(g worker.Gate) bool {
		return g.Channel == address.Email && slices.Contains(g.Domains, domain)
	})
}
