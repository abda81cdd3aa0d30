package templates

import (
	"fmt"
	"maps"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"clarion/internal/conf"
	"clarion/lists/address"
)

var (
	languageTag = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$`) // RFC 5646 §2.1, what is used of it
	number      = regexp.MustCompile(`^\+?[0-9][0-9 ().-]{1,22}[0-9]$`)
	colour      = regexp.MustCompile(`^#[0-9A-Fa-f]{6}$`)
	senderName  = regexp.MustCompile(`^[A-Za-z0-9 ]{1,11}$`) // 3GPP TS 23.040 §9.1.2.5: 11 characters
)

// settings takes over what call.toml says, and checks it.
func (p *parser) settings(d *document) {
	c := p.call
	c.Campaign = p.required(d.Campaign, `what the cause is called, as "Save 9"`, "campaign")
	c.Name = p.required(d.Name, `what this call is called, as "launch"`, "name")
	c.Class = Class(p.oneOf(d.Class, "", []string{string(Appeal), string(Fundraising), string(Service)}, "class"))
	c.Languages = p.languages(d.Languages, "languages")
	if len(c.Languages) == 0 && len(d.Languages) == 0 {
		p.tell(at("languages"), `languages is missing: the languages of the texts, the fall-back first, as ["ko", "en"]`)
	}
	c.Channels = channels(p, d.Channels)
	if len(d.Channels) == 0 {
		p.tell(at("channels"), `channels is missing: some of ["email", "sms", "fax"]`)
	}
	c.Reach = p.oneOf(d.Reach, ReachEvery, []string{ReachEvery, ReachFirst}, "reach")
	c.InDoubt = p.oneOf(d.InDoubt, InDoubtResend, []string{InDoubtResend, InDoubtHold}, "in_doubt")
	p.schedule(d)
	c.EndsAfter = DefaultEndsAfter
	if d.EndsAfter != nil {
		c.EndsAfter = time.Duration(*d.EndsAfter)
		if c.EndsAfter < time.Minute || c.EndsAfter > 31*24*time.Hour {
			p.tell(at("ends_after"), `ends_after is %s: from "1m" to "31d" is right`, *d.EndsAfter)
		}
	}
	c.Audience = Audience{d.Audience.Lists, d.Audience.Without, d.Audience.Tags, d.Audience.Languages, p.only(d)}
	if len(c.Audience.Lists) == 0 && len(c.Audience.Tags) == 0 {
		p.tell(at("audience"), `the audience is empty: [audience] needs lists = ["…"] or tags = ["…"]`)
	}
	p.languages(d.Audience.Languages, "audience", "languages")
	p.fields(d)
	p.pace(d)
	p.limits(d)
	p.quiet(d)
	p.canary(d)
	if c.Has(address.Email) {
		p.email(d)
	}
	if c.Has(address.SMS) {
		c.SMS = SMS(d.SMS)
		if s := p.required(d.SMS.From, "the registered number that texts come from", "sms", "from"); s != "" && !number.MatchString(s) && !senderName.MatchString(s) {
			p.tell(at("sms", "from"), "sms.from is %q: a telephone number, or a sender's name of up to 11 letters and digits", s)
		}
		p.number(d.SMS.OptOut, "sms", "opt_out")
	}
	if c.Has(address.Fax) {
		p.fax(d)
	}
}

func (p *parser) required(value, what string, key ...string) string {
	if strings.TrimSpace(value) == "" {
		p.tell(key, "%s is missing: %s", strings.Join(key, "."), what)
	} else if strings.ContainsFunc(value, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }) {
		p.tell(key, "%s holds a line break or another control character: write it on one line", strings.Join(key, "."))
	}
	return value
}

func (p *parser) oneOf(value, standard string, known []string, key ...string) string {
	if value == "" && standard != "" {
		return standard
	}
	if name := strings.Join(key, "."); !slices.Contains(known, value) {
		if value == "" {
			p.tell(key, "%s is missing: one of %s", name, strings.Join(known, ", "))
		} else if near, ok := conf.Nearest(value, known); ok {
			p.tell(key, "%s is %q: did you mean %q?", name, value, near)
		} else {
			p.tell(key, "%s is %q: one of %s is right", name, value, strings.Join(known, ", "))
		}
	}
	return value
}

func (p *parser) languages(tags []string, key ...string) []string {
	var out []string
	for i, tag := range tags {
		place := append(slices.Clone(key), fmt.Sprint(i))
		switch {
		case !languageTag.MatchString(tag):
			p.tell(place, `%q is no language: write its code in small letters, as "ko" or "en"`, tag)
		case slices.Contains(out, tag):
			p.tell(place, "language %s is named twice", tag)
		default:
			out = append(out, tag)
		}
	}
	return out
}

// only takes the lists to which single channels are held.
func (p *parser) only(d *document) map[address.Channel]string {
	out := map[address.Channel]string{}
	for _, name := range slices.Sorted(maps.Keys(d.Audience.Only)) {
		ch, err := address.ParseChannel(name)
		if err != nil {
			p.tell(at("audience", "only", name), "%v", err)
			continue
		}
		out[ch] = p.required(d.Audience.Only[name], "the list of those who get the call on this channel", "audience", "only", name)
	}
	return out
}

// fields takes the merge fields that the call brings or announces.
func (p *parser) fields(d *document) {
	p.call.Fields, p.call.Values = d.Fields, d.Values
	for i, name := range d.Fields {
		if !validName(name) {
			p.tell(at("fields", fmt.Sprint(i)), `%q is no name of a field: letters, digits, "_", "-" and "." may stand in it`, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(d.Values)) {
		switch {
		case !validName(name):
			p.tell(at("values", name), `%q is no name of a field: letters, digits, "_", "-" and "." may stand in it`, name)
		case slices.Contains(BuiltIn[:], name):
			p.tell(at("values", name), "%s is a field that Clarion fills itself: take another name", name)
		case d.Values[name] == "" || badByte(d.Values[name]) >= 0:
			p.tell(at("values", name), "values.%s is empty or holds a control character", name)
		}
	}
}

func (p *parser) pace(d *document) {
	p.call.Pace = map[address.Channel]float64{}
	for _, name := range slices.Sorted(maps.Keys(d.Pace)) {
		ch, err := address.ParseChannel(name)
		rate := d.Pace[name]
		switch {
		case err != nil:
			p.tell(at("pace", name), "%v", err)
		case !(rate > 0 && rate <= 1e6):
			p.tell(at("pace", name), "pace.%s is %v: messages a second, more than 0 (0.5 is one every two seconds)", name, rate)
		default:
			p.call.Pace[ch] = rate
		}
	}
}

func (p *parser) limits(d *document) {
	l := Limits{HardBounces: DefaultHardBounces, Complaints: DefaultComplaints, After: DefaultAfter}
	share := func(to *float64, v *float64, key string) {
		if v == nil {
			return
		}
		if !(*v > 0 && *v <= 1) {
			p.tell(at("limits", key), "limits.%s is %v: a share from 0 to 1 is right (5 %% is 0.05)", key, *v)
			return
		}
		*to = *v
	}
	share(&l.HardBounces, d.Limits.HardBounces, "hard_bounces")
	share(&l.Complaints, d.Limits.Complaints, "complaints")
	if d.Limits.After != nil {
		if *d.Limits.After < 1 {
			p.tell(at("limits", "after"), "limits.after is %d: a number of messages, at least 1", *d.Limits.After)
		} else {
			l.After = *d.Limits.After
		}
	}
	p.call.Limits = l
}

func (p *parser) email(d *document) {
	p.call.Email = Email(d.Email)
	if p.required(d.Email.From, `the sender, as "Save 9 <save9@example.org>"`, "email", "from") != "" {
		p.mailbox(d.Email.From, "email", "from")
	}
	if d.Email.ReplyTo != "" {
		p.mailbox(d.Email.ReplyTo, "email", "reply_to")
	}
	if d.Email.Accent != "" && !colour.MatchString(d.Email.Accent) {
		p.tell(at("email", "accent"), `email.accent is %q: a colour is right, as "#0b5394"`, d.Email.Accent)
	}
	p.call.Email.Pictures = p.oneOf(d.Email.Pictures, PicturesEmbedded, []string{PicturesEmbedded, PicturesLinked}, "email", "pictures")
	for _, lang := range slices.Sorted(maps.Keys(d.Email.Subject)) {
		if !slices.Contains(p.call.Languages, lang) {
			p.tell(at("email", "subject", lang), "a subject for %q, which languages does not list", lang)
		}
	}
}

func (p *parser) mailbox(s string, key ...string) {
	name := strings.Join(key, ".")
	a, err := mail.ParseAddress(s)
	if err != nil {
		p.tell(key, `%s is no mail address: write it as "Save 9 <save9@example.org>", with a name that has a comma or a dot between quotes`, name)
		return
	}
	domain := a.Address[strings.LastIndexByte(a.Address, '@')+1:]
	if !strings.Contains(strings.Trim(domain, "."), ".") || strings.HasPrefix(domain, "[") {
		p.tell(key, "%s: %q is no domain that mail comes from", name, domain)
	}
	if strings.ContainsFunc(a.Address, func(r rune) bool { return r > unicode.MaxASCII }) {
		p.tell(key, "%s: the address itself must be ASCII; the name before it need not", name)
	}
}

func (p *parser) number(s string, key ...string) {
	if s != "" && !number.MatchString(s) {
		p.tell(key, `%s is %q: a telephone number is right, as "+82 2 555 0123"`, strings.Join(key, "."), s)
	}
}

func (p *parser) fax(d *document) {
	f := Fax(d.Fax)
	p.required(f.From, "the number that stands in the header line of each page", "fax", "from")
	p.number(f.From, "fax", "from")
	p.required(f.Station, "the sender's name in the header line of each page", "fax", "station")
	p.required(f.OptOutPhone, "the telephone number for opting out, in the notice on page 1", "fax", "opt_out_phone")
	p.number(f.OptOutPhone, "fax", "opt_out_phone")
	p.number(f.OptOutFax, "fax", "opt_out_fax")
	if f.OptOutFax == "" {
		f.OptOutFax = f.From
	}
	if f.Picture != "" {
		p.picture(f.Picture, CallFile, p.doc.Line("fax", "picture"))
	}
	p.call.Fax = f
}
