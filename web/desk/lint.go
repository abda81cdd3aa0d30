package desk

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
func (d *Desk) lintMail(draft *Draft, compiled *worker.Compiled, recipients int) (problems, notes []conf.Problem) {
	if !draft.Text.Has(address.Email) {
		return nil, nil
	}
	from := draft.Text.Email.Domain()
	var broken []conf.Problem
	if provider := providerOf(from); provider != "" && !d.sendsFor(provider) {
		broken = append(broken, email.FromRefused.Broken(templates.CallFile, draft.line("email", "from"), provider))
	} else if d.Links.Signers.For(from) == nil {
		broken = append(broken, email.SignatureMissing.Broken(templates.CallFile, draft.line("email", "from"), from))
	}
	for _, lang := range draft.Text.Languages {
		if m, p, ok := compiled.SampleMail(lang, d.Links); ok {
			broken = append(broken, email.Lint(draft.Text, lang, m, p, draft.line)...)
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
func (d *Desk) sendsFor(domain string) bool {
	return slices.ContainsFunc(d.Gates, func(g Gate) bool {
		return g.Channel == address.Email && slices.Contains(g.Domains, domain)
	})
}
