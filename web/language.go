package web

import (
	"net/http"

	"golang.org/x/text/language"
)

// Language is the one in which a request would be answered: of Korean and English
// the one that it likes better (RFC 9110 §12.5.4), "ko" or "en"; English if it
// names neither.
func Language(r *http.Request) string {
	// What cannot be read names no language.
	tags, _, _ := language.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
	for _, t := range tags {
		if base, _ := t.Base(); base.String() == "ko" || base.String() == "en" {
			return base.String()
		}
	}
	return "en"
}
