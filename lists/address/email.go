package address

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// Lengths in octets. A path of 256 octets includes its angle brackets, hence 254
// (RFC 5321 §4.5.3.1.1 to 3, erratum 1690 of RFC 3696); a domain name in DNS has
// at most 253 (RFC 1035 §2.3.4 less the root's two octets).
const (
	maxEmail  = 254
	maxLocal  = 64
	maxDomain = 253
	maxInput  = 4096 // nothing longer is worth normalising
)

// EmailInfo says what ParseEmail makes of a text.
type EmailInfo struct {
	Valid      bool
	Normalized string // canonical spelling, when valid
	Reason     string // why not, when not valid
}

// InspectEmail reports on an email address.
func InspectEmail(s string) EmailInfo {
	a, err := ParseEmail(s)
	if err != nil {
		return EmailInfo{Reason: reasonOf(err)}
	}
	return EmailInfo{Valid: true, Normalized: a.value}
}

func reasonOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return ""
}

// ParseEmail reads one bare mailbox (RFC 5321 §4.1.2 with the UTF-8 of RFC 6531
// §3.3): no display name, comment, folding white space or address literal. The
// local part keeps its case and is normalised (NFC); quotes stay only where they
// are needed; the domain becomes lower-case A-labels. Its errors are *Error.
func ParseEmail(s string) (Address, error) {
	s = strings.TrimFunc(s, isMargin)
	switch {
	case s == "":
		return Address{}, refuse(Empty)
	case len(s) > maxInput:
		return Address{}, refuse(TooLong)
	case !utf8.ValidString(s):
		return Address{}, refuse(InvalidText)
	case strings.IndexFunc(s, isHidden) >= 0:
		return Address{}, refuse(ControlCharacter)
	}
	local, domain, err := splitEmail(s)
	if err != nil {
		return Address{}, err
	}
	if domain, err = canonicalDomain(domain); err != nil {
		return Address{}, err
	}
	if len(local)+1+len(domain) > maxEmail {
		return Address{}, refuse(TooLong)
	}
	return Address{Email, local + "@" + domain}, nil
}

// isMargin reports what is cut off both ends of a cell. Line breaks are not:
// they mean a second line, or an injected command.
func isMargin(r rune) bool {
	switch r {
	case ' ', '\t', '\u00a0', '\u3000', '\u200b', '\ufeff':
		return true
	}
	return false
}

// isHidden reports characters that no address may contain: controls, line and
// paragraph separators and invisible format characters, but for the two joiners
// that Indic and Persian words need.
func isHidden(r rune) bool {
	switch r {
	case '\u200c', '\u200d':
		return false
	case '\u2028', '\u2029':
		return true
	}
	return unicode.In(r, unicode.Cc, unicode.Cf)
}

// splitEmail returns the canonical local part and the domain as written.
func splitEmail(s string) (local, domain string, err error) {
	if s[0] == '"' {
		return splitQuoted(s)
	}
	at := strings.LastIndexByte(s, '@')
	switch {
	case strings.ContainsAny(s, "<>"):
		return "", "", refuse(DisplayName)
	case at < 0:
		return "", "", refuse(NoAt)
	case strings.Count(s, "@") > 1 && strings.ContainsAny(s, ",; /"):
		return "", "", refuse(SeveralAddresses)
	}
	local, domain = norm.NFC.String(s[:at]), s[at+1:]
	switch {
	case !isDotAtom(local):
		return "", "", refuse(InvalidLocalPart)
	case len(local) > maxLocal:
		return "", "", refuse(LocalPartTooLong)
	}
	return local, domain, nil
}

// splitQuoted reads a Quoted-string (RFC 5321 §4.1.2) and the domain after it.
// Its content is what names the mailbox; needless quotes and backslashes go.
func splitQuoted(s string) (local, domain string, err error) {
	var content strings.Builder
	i := 1
	for ; i < len(s) && s[i] != '"'; i++ {
		if s[i] == '\\' {
			if i++; i == len(s) || s[i] >= utf8.RuneSelf {
				return "", "", refuse(InvalidLocalPart)
			}
		}
		content.WriteByte(s[i])
	}
	if i == len(s) {
		return "", "", refuse(InvalidLocalPart)
	}
	rest := s[i+1:]
	if !strings.HasPrefix(rest, "@") {
		if strings.HasSuffix(rest, ">") {
			return "", "", refuse(DisplayName)
		}
		return "", "", refuse(InvalidLocalPart)
	}
	local = norm.NFC.String(content.String())
	if local == "" {
		return "", "", refuse(InvalidLocalPart)
	}
	if !isDotAtom(local) {
		local = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(local) + `"`
	}
	if len(local) > maxLocal {
		return "", "", refuse(LocalPartTooLong)
	}
	return local, rest[1:], nil
}

// isDotAtom reports whether s is a Dot-string: atoms of atext (RFC 5322 §3.2.3)
// or UTF-8 beyond ASCII (RFC 6532 §3.2), joined by single dots.
func isDotAtom(s string) bool {
	for atom := range strings.SplitSeq(s, ".") {
		if atom == "" {
			return false
		}
		for _, r := range atom {
			if !isAtomText(r) {
				return false
			}
		}
	}
	return true
}

func isAtomText(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
		return true
	case r < utf8.RuneSelf:
		return strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", r)
	default:
		return !unicode.IsSpace(r) && r != utf8.RuneError
	}
}

// canonicalDomain returns a domain in lower-case ASCII (A-labels, RFC 5890), as
// it is looked up (RFC 5891 §5). A domain without a dot passes only as a country
// code, of which some hold mailboxes (RFC 7085); others are typing errors.
func canonicalDomain(s string) (string, error) {
	if strings.HasPrefix(s, "[") {
		return "", refuse(IPLiteral)
	}
	if strings.ContainsAny(s, "<>") {
		return "", refuse(DisplayName)
	}
	domain, err := idna.Lookup.ToASCII(s)
	if err != nil && isRegistered(s) {
		domain, err = strings.ToLower(s), nil
	}
	if len(domain) > maxDomain {
		return "", refuse(DomainTooLong)
	}
	if err != nil || domain == "" {
		return "", refuse(InvalidDomain)
	}
	labels := strings.Split(domain, ".")
	for _, label := range labels {
		if label == "" || len(label) > 63 || !isHostLabel(label) {
			return "", refuse(InvalidDomain)
		}
	}
	top := labels[len(labels)-1]
	switch {
	case len(labels) == 1 && len(top) != 2:
		return "", refuse(DomainWithoutDot)
	case strings.Trim(top, "0123456789") == "", // RFC 3696 §2: never all digits
		strings.Contains(top, "-") && !strings.HasPrefix(top, "xn--"):
		return "", refuse(InvalidDomain)
	}
	return domain, nil
}

// isRegistered reports whether s is plain ASCII whose A-labels at least decode.
// Registries have delegated labels under older rules than the table at hand, and
// RFC 5891 §5.3 leaves the judgement of an A-label to the lookup.
func isRegistered(s string) bool {
	for label := range strings.SplitSeq(strings.ToLower(s), ".") {
		if !isHostLabel(label) {
			return false
		}
		if strings.HasPrefix(label, "xn--") {
			u, err := idna.Punycode.ToUnicode(label)
			if err != nil || isHostLabel(u) {
				return false
			}
		} else if len(label) > 3 && label[2:4] == "--" {
			return false
		}
	}
	return true
}

// isHostLabel reports letters, digits and inner hyphens (RFC 1123 §2.1).
func isHostLabel(s string) bool {
	if s == "" || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}
