package templates

import (
	"bytes"
	"fmt"
	"image"
	_ "image/gif"  // formats that a picture may have
	_ "image/jpeg" //
	_ "image/png"  //
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"clarion/internal/conf"
	"clarion/lists/address"
)

// BuiltIn lists the merge fields that every call has. A contact may be without
// a name; unsubscribe_url exists on email alone.
var BuiltIn = [...]string{"name", "organisation", "language", "unsubscribe_url", "call", "campaign"}

// maxSubject is in characters: mail programs show 40 to 80 of a subject.
const maxSubject = 150

// texts parses the text of every channel in every language.
func (p *parser) texts() {
	c := p.call
	c.texts, c.subjects = map[textKey]*Text{}, map[string]*Text{}
	checked := map[string]*Text{} // a file serves email and fax
	for _, ch := range c.Channels {
		for _, lang := range c.Languages {
			name := p.textFile(ch, lang)
			data, ok := c.files[name]
			if !ok {
				p.tell(at("languages"), "%s is missing: %s in language %q has no text", name, ch, lang)
				continue
			}
			t := checked[name]
			if t == nil {
				var found []conf.Problem
				t, found = ParseText(name, data)
				p.problems = append(p.problems, found...)
				checked[name] = t
				if strings.TrimSpace(string(data)) == "" {
					p.tellFile(name, 1, "the text is empty")
				}
				p.pictures(name, data)
			}
			p.checkFields(t, ch)
			c.texts[textKey{ch, lang}] = p.constant(t, lang)
		}
	}
	if c.Has(address.Email) {
		for _, lang := range c.Languages {
			p.subject(lang)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.files)) {
		if m := textName.FindStringSubmatch(name); m != nil {
			if (m[1] == "sms") != (m[3] == "txt") {
				p.tellFile(name, 0, "a text for email or fax ends in .md, one for sms in .txt: rename the file")
			} else if !slices.Contains(c.Languages, m[2]) {
				p.tellFile(name, 0, "a text in %q, which languages in call.toml does not list", m[2])
			}
		}
	}
}

func (p *parser) textFile(ch address.Channel, lang string) string {
	switch ch {
	case address.SMS:
		return "sms." + lang + ".txt"
	case address.Fax:
		if name := "fax." + lang + ".md"; p.call.files[name] != nil {
			return name
		}
	}
	return "text." + lang + ".md"
}

func (p *parser) subject(lang string) {
	key := at("email", "subject", lang)
	src := p.call.Email.Subject[lang]
	if strings.TrimSpace(src) == "" {
		p.tell(key, "the subject in language %q is missing: write %s = \"…\" under [email.subject]", lang, lang)
		return
	}
	line := p.doc.Line(key...)
	t, found := ParseText(CallFile, []byte(src))
	for _, problem := range found {
		problem.Line = line
		p.problems = append(p.problems, problem)
	}
	for i := range t.parts {
		if f := t.parts[i].Field; f != nil {
			f.Line = line
		}
	}
	if strings.ContainsAny(src, "\r\n") {
		p.tell(key, "the subject in language %q has a line break: write it on one line", lang)
	}
	p.checkFields(t, address.Email)
	t = p.constant(t, lang)
	if n := utf8.RuneCountInString(t.Execute(func(string) (string, bool) { return "", false })); n > maxSubject {
		p.tell(key, "the subject in language %q has %d characters: %d are the most, and readers see about 60", lang, n, maxSubject)
	}
	p.call.subjects[lang] = t
}

// always reports whether every recipient on ch has the field.
func (p *parser) always(name string, ch address.Channel) bool {
	switch name {
	case "name":
		return false
	case "unsubscribe_url":
		return ch == address.Email && p.call.Class != Service
	}
	_, own := p.call.Values[name]
	return own || slices.Contains(BuiltIn[:], name)
}

// checkFields tells of fields that no contact can have, and of those that a
// contact may lack and that have no fall-back.
func (p *parser) checkFields(t *Text, ch address.Channel) {
	known := slices.Concat(BuiltIn[:], slices.Sorted(maps.Keys(p.call.Values)), p.call.Fields)
	for _, f := range t.Fields() {
		if !slices.Contains(known, f.Name) {
			if near, ok := conf.Nearest(f.Name, known); ok {
				p.tellFile(f.File, f.Line, "unknown field {{ %s }}: did you mean {{ %s }}? (a contact field that is really called so is named in fields = [%q])", f.Name, near, f.Name)
				continue
			}
		}
		if !f.HasFallback && !p.always(f.Name, ch) {
			p.tellFile(f.File, f.Line, "{{ %s }} has no fall-back: write {{ %s | … }} with what to say %s", f.Name, f.Name, lacking(f.Name, ch))
		}
	}
}

func lacking(name string, ch address.Channel) string {
	if name == "unsubscribe_url" {
		return fmt.Sprintf("where there is no such link (%s)", ch)
	}
	return "to contacts who have none"
}

// constant fills the fields that are the same for everyone who reads lang.
func (p *parser) constant(t *Text, lang string) *Text {
	return t.Fill(func(name string) (string, bool) {
		switch name {
		case "language":
			return lang, true
		case "call":
			return p.call.Name, true
		case "campaign":
			return p.call.Campaign, true
		}
		value, ok := p.call.Values[name]
		return value, ok
	})
}

var markdownPicture = regexp.MustCompile(`!\[[^\]]*\]\(\s*<?([^)\s>]+)`)

// pictures checks the pictures that a Markdown text shows.
func (p *parser) pictures(name string, data []byte) {
	if !strings.HasSuffix(name, ".md") {
		return
	}
	for i, line := range bytes.Split(data, []byte("\n")) {
		for _, m := range markdownPicture.FindAllSubmatch(line, -1) {
			p.picture(string(m[1]), name, i+1)
		}
	}
}

// picture checks a picture that line of file asks for.
func (p *parser) picture(picture, file string, line int) {
	if strings.Contains(picture, "://") || strings.Contains(picture, "{{") {
		p.tellFile(file, line, "picture %s is not in the folder: put it beside call.toml, since a picture from elsewhere tells who has read the mail, and most mail programs hide it", picture)
		return
	}
	data, ok := p.call.files[picture]
	if !ok {
		var have []string
		for _, name := range slices.Sorted(maps.Keys(p.call.files)) {
			if isPicture(name) {
				have = append(have, name)
			}
		}
		hint := "put a PNG, JPEG or GIF of that name beside call.toml"
		if near, ok := conf.Nearest(picture, have); ok {
			hint = fmt.Sprintf("did you mean %s?", near)
		}
		p.tellFile(file, line, "picture %s is not in the folder: %s", picture, hint)
		return
	}
	if _, _, err := image.DecodeConfig(bytes.NewReader(data)); err != nil {
		p.tellFile(file, line, "picture %s cannot be read as PNG, JPEG or GIF", picture)
	}
}
