// Package compose owns links that open a person's own mail or text program with a
// message in it: nothing is sent before that person sends it.
package compose

import (
	"net/url"
	"strings"
)

// Mail opens a mail with a subject and a text to nobody yet (RFC 6068).
func Mail(subject, text string) string {
	return "mailto:?subject=" + escape(subject) + "&body=" + escape(text)
}

// Text opens a text message to a number in E.164, or to nobody yet with "" (RFC 5724).
func Text(number, text string) string { return "sms:" + number + "?body=" + escape(text) }

// escape writes a blank as %20: a plus stands for itself (RFC 6068 §5).
func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
