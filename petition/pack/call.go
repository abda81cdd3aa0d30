package pack

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"text/template"
)

// CallFolder is the folder of the call by which the office hears of the hand-over by
// email and fax. It is not handed over itself, and may be changed.
const CallFolder = "call"

// CallList is the list that the addressee's office is on.
const CallList = "addressee"

// How a campaign's contact names its telephone and its fax.
var (
	phoneOf = regexp.MustCompile(`(?i)(?:전화|phone|tel)[^0-9+\n]{0,6}(\+?[0-9][0-9 ().-]{5,20}[0-9])`)
	faxOf   = regexp.MustCompile(`(?i)(?:팩스|fax)[^0-9+\n]{0,6}(\+?[0-9][0-9 ().-]{5,20}[0-9])`)
)

func numberIn(contacts map[string]string, languages []string, of *regexp.Regexp) string {
	for _, lang := range languages {
		if m := of.FindStringSubmatch(contacts[lang]); m != nil {
			return m[1]
		}
	}
	return ""
}

// callSettings are those of call.toml. Without a fax number in the petition's contact the
// call goes by email alone.
var callSettings = template.Must(template.New("call.toml").Funcs(template.FuncMap{"quote": quote}).Parse(
	`# The hand-over of the petition {{ .ID }} to its addressee, by email and fax: the letter, the count and the totals. The
# names of signers are in the book, which goes by post or by hand: mail and fax are read on their way.
#
# Put the office on the list {{ quote .List }}: clarion lists import office.csv --list {{ .List }}
# then clarion call check DIR, clarion call rehearse DIR, and clarion call launch DIR. Record the hand-over afterwards.

campaign = {{ quote .Title }}
name = "delivery"
# An office is written to here because it is the addressee: there is nothing to opt out of.
class = "service"
languages = [{{ range $i, $l := .Languages }}{{ if $i }}, {{ end }}{{ quote $l }}{{ end }}]
channels = ["email"{{ if .Fax }}, "fax"{{ end }}]
reach = "every"

[audience]
lists = [{{ quote .List }}]

[email]
from = {{ quote .From }}

[email.subject]
{{- range $l, $s := .Subjects }}
{{ $l }} = {{ quote $s }}
{{- end }}
{{ if .Fax }}
[fax]
from = {{ quote .Fax }}
station = {{ quote .Station }}
opt_out_phone = {{ quote .Phone }}
{{ end -}}
`))

// quote writes a line of text as TOML does.
func quote(s string) string { return fmt.Sprintf("%q", strings.Join(strings.Fields(s), " ")) }

// mostSubject is the longest subject that is written, in characters.
const mostSubject = 120

// call writes the folder of the call. Manifest is the hash of the list of hashes.
func (w *writer) call(manifest string) error {
	c := w.Roll.Campaign
	languages := Letters(c)
	subjects := map[string]string{}
	for _, lang := range languages {
		press := w.press(lang)
		subject := []rune(press.Subject())
		subjects[lang] = strings.ReplaceAll(string(subject[:min(len(subject), mostSubject)]), "{{", `\{{`)
		if err := w.to.Put(CallFolder+"/text."+lang+".md", []byte(press.LetterText(w.delivery, manifest))); err != nil {
			return err
		}
	}
	phone, fax := numberIn(c.Contact, c.Languages, phoneOf), numberIn(c.Contact, c.Languages, faxOf)
	if phone == "" {
		phone = fax
	}
	station := w.press(languages[0]).From()
	var out bytes.Buffer
	err := callSettings.Execute(&out, map[string]any{"ID": c.ID, "List": CallList, "Title": c.Title[languages[0]], "Languages": languages,
		"Subjects": subjects, "From": fmt.Sprintf("%q <%s>", station, w.From), "Fax": fax, "Phone": phone, "Station": station})
	if err != nil {
		return fmt.Errorf("write call.toml: %w", err)
	}
	return w.to.Put(CallFolder+"/call.toml", out.Bytes())
}
