package dkim

import "strings"

// Domains are the signers of an installation, by domain.
type Domains map[string]*Signer

// For returns who signs mail from a domain: its own signer, or that of the
// nearest domain above it, with which DMARC aligns it unless adkim=s is set (RFC
// 7489 §3.1.1). It is nil when nobody does.
func (d Domains) For(domain string) *Signer {
	domain = strings.ToLower(strings.TrimSuffix(domain, "."))
	for domain != "" {
		if s := d[domain]; s != nil {
			return s
		}
		_, domain, _ = strings.Cut(domain, ".")
	}
	return nil
}
