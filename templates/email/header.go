package email

import (
	"encoding/base64"
	"errors"
	"strings"
	"unicode/utf8"

	"clarion/lists/address"
)

// maxWord bounds what stands in a header without a blank, so that no line
// reaches 998 characters (RFC 5322 §2.1.1).
const maxWord = 900

// appendTo appends an address. Only what can stand in a header as it is passes:
// a dot-atom or a quoted string before the @ (RFC 5322 §3.4.1), in UTF-8 for
// mailboxes of RFC 6532.
func appendTo(dst []byte, a address.Address) ([]byte, error) {
	s := a.Reveal()
	at := strings.LastIndexByte(s, '@')
	if a.Channel() != address.Email || at < 1 || len(s) > maxWord || !isWord(s[at+1:]) || !utf8.ValidString(s) {
		return dst, errors.New("the recipient has no email address")
	}
	local := s[:at]
	if len(local) >= 2 && local[0] == '"' && local[len(local)-1] == '"' {
		inner := local[1 : len(local)-1]
		for i := 0; i < len(inner); i++ {
			if inner[i] == '\\' && i+1 < len(inner) && inner[i+1] >= ' ' {
				i++
			} else if inner[i] < ' ' || inner[i] == 0x7f || inner[i] == '"' || inner[i] == '\\' {
				return dst, errors.New("the recipient's address is not one that can stand in a header")
			}
		}
		return append(dst, s...), nil
	}
	for _, r := range local {
		if r <= ' ' || r >= 0x7f && r < 0xa1 || r == '\u2028' || r == '\u2029' || strings.ContainsRune(`<>()[]"\,;:@`, r) {
			return dst, errors.New("the recipient's address is not one that can stand in a header")
		}
	}
	return append(dst, s...), nil
}

// appendUnsubscribe appends the value of List-Unsubscribe (RFC 2369 §3.2) and,
// for an https URL, the header that makes it one-click (RFC 8058 §3.1).
func appendUnsubscribe(dst []byte, p *Person) ([]byte, error) {
	url, mail := p.UnsubscribeURL, strings.TrimPrefix(p.UnsubscribeMail, "mailto:")
	web := strings.HasPrefix(url, "https://")
	if !web && !strings.HasPrefix(url, "http://") || !isWord(url) || len(url) > maxWord {
		return dst, errors.New("its unsubscribe link is missing, or no URL")
	}
	dst = append(dst, '<')
	dst = append(dst, url...)
	dst = append(dst, '>')
	if mail != "" {
		if !isWord(mail) || len(mail) > maxWord || !strings.Contains(mail, "@") {
			return dst, errors.New("its unsubscribe address is no address")
		}
		dst = append(dst, ",\r\n <mailto:"...)
		dst = append(dst, mail...)
		if !strings.Contains(mail, "?") {
			dst = append(dst, "?subject=unsubscribe"...)
		}
		dst = append(dst, '>')
	}
	if web {
		dst = append(dst, "\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click"...)
	}
	return dst, nil
}

// appendReport appends the value of CFBL-Address (RFC 9477 §5.1).
func appendReport(dst []byte, p *Person) ([]byte, error) {
	if !isWord(p.ReportAddress) || len(p.ReportAddress) > maxWord || !strings.Contains(p.ReportAddress, "@") {
		return dst, errors.New("its address for complaints is missing, or no address")
	}
	return append(append(dst, p.ReportAddress...), "; report=arf"...), nil
}

// appendHeader appends a header's text after the col characters (at most 10) of
// its name, folded at 76. What a reader of RFC 5322 would not get back as it is,
// is encoded by RFC 2047.
func appendHeader(dst []byte, col int, s []byte) []byte {
	if !plainHeader(s) {
		return appendEncodedWords(dst, col, s)
	}
	for len(s) > 0 {
		end := 0 // of the next word
		for end < len(s) && s[end] != ' ' {
			end++
		}
		if end < len(s) {
			end++ // the blank after it may pass the margin: it folds
		}
		word := end
		if s[end-1] == ' ' {
			word--
		}
		if col+word > 76 && col > 1 && dst[len(dst)-1] == ' ' {
			dst = append(dst[:len(dst)-1], "\r\n "...)
			col = 1
		}
		dst = append(dst, s[:end]...)
		col += end
		s = s[end:]
	}
	return dst
}

// plainHeader reports whether s can stand in a header as it is: printable
// ASCII, nothing that looks like an encoded word, no blank that folding or
// trimming could lose, no word that does not fit a line.
func plainHeader(s []byte) bool {
	word := 0
	for i, c := range s {
		switch {
		case c == ' ':
			if i == 0 || i == len(s)-1 || s[i-1] == ' ' {
				return false
			}
			word = 0
			continue
		case c < ' ' || c > '~':
			return false
		case c == '=' && i+1 < len(s) && s[i+1] == '?':
			return false
		}
		if word++; word > 66 {
			return false
		}
	}
	return true
}

// appendEncodedWords appends s as encoded words in base64, none longer than 75
// characters, no character torn (RFC 2047 §2, §5).
func appendEncodedWords(dst []byte, col int, s []byte) []byte {
	const before, after = "=?UTF-8?B?", "?="
	for first := true; first || len(s) > 0; first = false {
		if !first {
			dst = append(dst, "\r\n "...)
			col = 1
		}
		room := min(75, 76-col) - len(before) - len(after)
		n := 0
		for n < len(s) {
			_, size := utf8.DecodeRune(s[n:])
			if base64.StdEncoding.EncodedLen(n+size) > room {
				break
			}
			n += size
		}
		dst = append(dst, before...)
		dst = base64.StdEncoding.AppendEncode(dst, s[:n])
		dst = append(dst, after...)
		s = s[n:]
	}
	return dst
}
