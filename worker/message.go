package worker

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"clarion/broadcast"
	"clarion/internal/conf"
	"clarion/internal/seal"
	"clarion/lists"
	"clarion/lists/address"
	"clarion/templates"
	"clarion/templates/email"
	"clarion/templates/fax"
	"clarion/templates/sms"
	"clarion/worker/gateway"
)

// A Compiled is a call as this process sends it: texts compiled once per channel and language.
type Compiled struct {
	*broadcast.Call
	speaker string // {{ organisation }}: who speaks, not where the person works
	text    *templates.Call
	email   map[string]*email.Message
	sms     map[string]*sms.Message
	fax     map[string]*fax.Document
}

// calls keeps the last few calls compiled.
type calls struct {
	load func(context.Context, broadcast.ID) (*Compiled, error)
	mu   sync.Mutex
	kept []*Compiled // newest last
}

const callsKept = 8

// get returns a call, compiled. Concurrent batches of one call wait for one compilation.
func (c *calls) get(ctx context.Context, id broadcast.ID) (*Compiled, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, k := range c.kept {
		if k.ID == id {
			return k, nil
		}
	}
	k, err := c.load(ctx, id)
	if err != nil {
		return nil, err
	}
	if c.kept = append(c.kept, k); len(c.kept) > callsKept {
		c.kept = slices.Delete(c.kept, 0, 1)
	}
	return k, nil
}

func (w *Worker) loadCall(ctx context.Context, id broadcast.ID) (*Compiled, error) {
	known, err := w.ledger.Call(ctx, id)
	if err != nil {
		return nil, err
	}
	files, err := w.ledger.Files(ctx, id)
	if err != nil {
		return nil, err
	}
	text, problems := templates.Parse(files)
	if len(problems) > 0 {
		return nil, fmt.Errorf("read the texts of call %s: %s", id, problems[0])
	}
	return Compile(known, text, w.cfg.Links)
}

// Compile makes a call ready to be sent. call check does the same, to find what
// only shows then.
func Compile(known *broadcast.Call, text *templates.Call, links Links) (*Compiled, error) {
	c := &Compiled{known, links.Organisation, text, map[string]*email.Message{}, map[string]*sms.Message{}, map[string]*fax.Document{}}
	for _, lang := range text.Languages {
		for _, ch := range text.Channels {
			var problems []conf.Problem
			switch ch {
			case address.Email:
				o := links.Mail()
				if s := links.Signers.For(text.Email.Domain()); s != nil {
					o.Signer = s
				}
				c.email[lang], problems = email.Compile(text, lang, o)
			case address.SMS:
				c.sms[lang], problems = sms.Compile(text, lang)
			case address.Fax:
				c.fax[lang], problems = fax.Compile(text, lang, fax.Options{OptOutURL: links.OptOut})
			}
			if len(problems) > 0 {
				return nil, fmt.Errorf("compile the texts: %s", problems[0])
			}
		}
	}
	return c, nil
}

// Mail says what the mails of a call need of the installation, but for who signs them.
func (l Links) Mail() email.Options {
	return email.Options{Organisation: l.Organisation, MessageIDDomain: l.BounceDomain, Pages: l.Public}
}

// LinkedPictures names the files of the call that its mails fetch from the public
// pages, by the name that each has there.
func (c *Compiled) LinkedPictures() map[string]string {
	files := map[string]string{}
	for _, m := range c.email {
		for _, p := range m.Pictures() {
			if p.Name != "" {
				files[p.Name] = p.File
			}
		}
	}
	return files
}

// SampleMail returns the mail of a language, and SamplePerson to look at it.
func (c *Compiled) SampleMail(lang string, links Links) (*email.Message, *email.Person, bool) {
	m, ok := c.email[lang]
	return m, SamplePerson(links), ok
}

// SamplePerson is somebody of whom nothing is known, with links as long as real
// ones: for looking at a message, not for sending it.
func SamplePerson(links Links) *email.Person {
	token := strings.Repeat("x", 48)
	mailbox := bounceLocal + token + "@" + links.BounceDomain
	url := strings.TrimSuffix(links.Public, "/") + "/u/" + token
	return &email.Person{
		To: address.Canonical(address.Email, "someone@example.org"), MessageID: token, Date: time.Unix(0, 0), UnsubscribeURL: url,
		UnsubscribeMail: unsubscribeLocal + token + "@" + links.BounceDomain, ReportAddress: mailbox,
		Lookup: lookUp(links.Organisation, func(string) (string, bool) { return "", false }, url),
	}
}

// compose makes the message of one delivery. Body is appended to arena, which is
// returned: a group's bodies share one piece of memory.
func (w *Worker) compose(c *Compiled, work *broadcast.Work, ref broadcast.Ref, p *lists.Contact, arena []byte) (gateway.Message, []byte, error) {
	to := p.Address(work.Channel)
	d := broadcast.Delivery{Call: c.ID, Ref: ref, Channel: work.Channel, Key: w.people.Key(to)}
	m := gateway.Message{To: to}
	start := len(arena)
	switch work.Channel {
	case address.Email:
		n := w.name(d)
		m.Delivery, m.From = n.delivery, n.from
		person := email.Person{
			To: to, MessageID: n.from, Date: w.clk.Now(), UnsubscribeURL: n.unsubscribeURL, UnsubscribeMail: n.unsubscribeMail,
			ReportAddress: n.from, // a complaint finds its delivery as a bounce does
			Lookup:        c.fields(p.Field, n.unsubscribeURL),
		}
		var err error
		if arena, err = c.email[work.Lang].Append(arena, &person); err != nil {
			return m, arena[:start], err
		}
	case address.SMS:
		m.Delivery = d.Token(w.keys, seal.Report)
		m.From = c.text.SMS.From
		arena = append(arena, c.sms[work.Lang].Text(c.fields(p.Field, ""))...)
	case address.Fax:
		m.Delivery = d.Token(w.keys, seal.Report)
		m.From = c.text.Fax.From
		pdf, err := c.fax[work.Lang].PDF(&fax.Person{Lookup: c.fields(p.Field, ""), At: w.clk.Now()})
		if err != nil {
			return m, arena, err
		}
		arena = append(arena, pdf...)
	}
	m.Body = arena[start:len(arena):len(arena)]
	return m, arena, nil
}

// Local parts of the addresses that mail comes back to. A token follows.
const (
	bounceLocal      = "b+"
	unsubscribeLocal = "u+"
)

func (c *Compiled) fields(of func(string) (string, bool), unsubscribeURL string) func(string) (string, bool) {
	return lookUp(c.speaker, of, unsubscribeURL)
}

// lookUp finds the merge fields of a text: what the installation knows, else
// what of does of the person.
func lookUp(speaker string, of func(string) (string, bool), unsubscribeURL string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		switch name {
		case "unsubscribe_url":
			return unsubscribeURL, unsubscribeURL != ""
		case "organisation":
			return speaker, speaker != ""
		}
		return of(name)
	}
}

// names are what a mail goes by.
type names struct {
	delivery        string // the token that comes back with a bounce
	from            string // envelope sender
	unsubscribeURL  string
	unsubscribeMail string
}

// name makes the names of one mail, cut from one text: apart they would be most
// of what a message takes of memory.
//
// The Message-ID is the envelope sender, between brackets: the same on every
// attempt at a delivery (RFC 5322 §3.6.4), so that mail programs see a second copy
// for what it is, and in every answer (In-Reply-To), so that answers and bounces
// find their delivery where the envelope is lost, in a hosted mailbox.
func (w *Worker) name(d broadcast.Delivery) names {
	domain := w.cfg.Links.BounceDomain
	b := make([]byte, 0, 512)
	b = append(b, bounceLocal...)
	b = d.AppendToken(b, w.keys, seal.Bounce)
	token := len(b)
	b = append(append(b, '@'), domain...)
	from := len(b)
	b = append(append(b, strings.TrimSuffix(w.cfg.Links.Public, "/")...), "/u/"...)
	stop := len(b)
	b = d.AppendToken(b, w.keys, seal.Unsubscribe)
	url := len(b)
	b = append(append(b, unsubscribeLocal...), b[stop:url]...)
	b = append(append(b, '@'), domain...)
	s := string(b)
	return names{delivery: s[len(bounceLocal):token], from: s[:from], unsubscribeURL: s[from:url], unsubscribeMail: s[url:]}
}

// retryEnds is when a call's last attempt may begin.
func (c *Compiled) retryEnds(now time.Time) time.Time {
	if !c.Ends.IsZero() {
		return c.Ends
	}
	started := c.Started
	if started.IsZero() {
		started = now
	}
	return started.Add(c.text.EndsAfter)
}

// SMS returns the text message of a language, filled; false when the call has none.
func (c *Compiled) SMS(lang string, lookup func(string) (string, bool)) (string, bool) {
	m, ok := c.sms[lang]
	if !ok {
		return "", false
	}
	return m.Text(c.fields(lookup, "")), true
}

// FaxPages returns how many pages the fax of a language has, 0 when the call has none.
func (c *Compiled) FaxPages(lang string, lookup func(string) (string, bool)) (int, error) {
	d, ok := c.fax[lang]
	if !ok {
		return 0, nil
	}
	return d.Pages(&fax.Person{Lookup: c.fields(lookup, ""), At: time.Now()}), nil
}
