package e2e_test

import (
	"encoding/csv"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/text/encoding/korean"
)

const (
	email = "email"
	sms   = "sms"
	fax   = "fax"
)

// A fate is what must become of an address in the main call, and after it.
type fate struct {
	left   string // why the main call leaves it out, "" if it does not
	state  string // of its delivery
	reason string // why it failed
	taken  bool   // the far side takes one message: the MX, the SMSC, the other fax
	next   string // why the next call leaves it out, "" if it does not
}

var (
	sent      = fate{state: "sent", taken: true}
	delivered = fate{state: "delivered", taken: true}
	same      = fate{left: "same_address", next: "same_address"}
	before    = fate{left: "opted_out", next: "opted_out"}
	during    = fate{state: "suppressed", next: "opted_out"}
)

func dead(reason string) fate   { return fate{state: "bounced", reason: reason, next: "bounced"} }
func failed(reason string) fate { return fate{state: "failed", reason: reason} }

// after is the fate of who gets the main call and then says stop.
func (f fate) after() fate {
	f.next = "opted_out"
	return f
}

// tookIt is the fate of a text that the carrier takes and then reports.
func (f fate) tookIt() fate {
	f.taken = true
	return f
}

// A spot is one address of a person.
type spot struct {
	channel, address string
	fate
	stop string // how its owner says stop: "one_click", "mail", "staff", or the words of a text
	who  *person
}

// source is how a suppression names the way of its stop.
func (s *spot) source() string {
	switch s.stop {
	case "one_click", "mail", "staff":
		return s.stop
	}
	return "text"
}

// A person is a contact.
type person struct {
	name, language string
	spots          []*spot
	early          bool // on the list of the small first call
}

// greeting is the name as texts have it.
func (p *person) greeting() string {
	switch {
	case p.name != "":
		return p.name
	case p.language == "ko":
		return "후원자"
	}
	return "friend"
}

func (p *person) at(channel string) *spot {
	for _, s := range p.spots {
		if s.channel == channel {
			return s
		}
	}
	return nil
}

func (p *person) address(channel string) string {
	if s := p.at(channel); s != nil {
		return s.address
	}
	return ""
}

// crowd are all contacts, in the order of their lists: Koreans, then others. Who
// says stop while the main call runs stands last, so that its turn comes late.
type crowd struct {
	people []*person
	n      map[string]int // by language
}

func (c *crowd) add(language string, spots ...*spot) *person {
	i := c.n[language]
	c.n[language]++
	p := &person{language: language, spots: spots}
	if language == "ko" {
		family, given := strings.Fields("김 이 박 최 정 강 조 윤 장 임"), strings.Fields("가람 나래 다솜 라온 마루 바다 새벽 아름 잔디 초롱 하늘 한결 보람 슬기 은별 이슬 푸름")
		p.name = family[i%len(family)] + given[i/len(family)]
	} else {
		given, family := strings.Fields("Alice Bruno Chloé Daniel Elif Farid Grace Henrik Imani José Kateryna Liam"), strings.Fields("Abbott Bergström Castillo Dubois Evans Fischer García Hughes Ivanova Jansen Kowalski O'Brien Laurent Martins")
		p.name = given[i%len(given)] + " " + family[i/len(given)]
	}
	for _, s := range spots {
		s.who = p
	}
	c.people = append(c.people, p)
	return p
}

// spots are all addresses of a channel that fit.
func (c *crowd) spots(channel string, fits func(*spot) bool) (all []*spot) {
	for _, p := range c.people {
		if s := p.at(channel); s != nil && fits(s) {
			all = append(all, s)
		}
	}
	return all
}

// stops are all addresses whose owners say stop with a fate.
func (c *crowd) stops(fits func(*spot) bool) (all []*spot) {
	for _, channel := range []string{email, sms, fax} {
		all = append(all, c.spots(channel, func(s *spot) bool { return s.stop != "" && fits(s) })...)
	}
	return all
}

func isBefore(s *spot) bool { return s.left == "opted_out" }
func isDuring(s *spot) bool { return s.state == "suppressed" }
func isAfter(s *spot) bool  { return s.taken }

// newCrowd makes some 300 contacts, with the numbers and mailboxes in it by
// which the far sides of package rig choose what happens.
func newCrowd() *crowd {
	c := &crowd{n: map[string]int{}}
	mailbox := func(a string, f fate) *spot { return &spot{channel: email, address: a, fate: f} }
	mobile := func(n string, f fate) *spot { return &spot{channel: sms, address: n, fate: f} }
	machine := func(n string, f fate) *spot { return &spot{channel: fax, address: n, fate: f} }
	stop := func(s *spot, how string) *spot { s.stop = how; return s }

	for i, language := range []string{"ko", "en"} {
		n := func(format string, k int) string { return fmt.Sprintf(format, i+1, k) }
		c.add(language, mailbox("nouser-"+language+"@gov.example", dead("mailbox_unknown")))
		c.add(language, mailbox("plain-"+language+"@gov.example", dead("mailbox_unknown")))
		c.add(language, mailbox("disabled-"+language+"@mail.example", failed("mailbox_disabled")))
		c.add(language, mailbox("full-"+language+"@mail.example", failed("mailbox_full")))
		c.add(language, mailbox("softfull-"+language+"@mail.example", failed("mailbox_full")))
		c.add(language, mailbox("policy-"+language+"@gov.example", fate{state: "rejected", reason: "policy"}))
		c.add(language, mailbox("defer-"+language+"@mail.example", failed("expired")))
		c.add(language, mailbox("grey-"+language+"@gov.example", sent))
		c.add(language, mailbox("Grey.Two."+language+"@mail.example", sent))
		c.add(language, mailbox(language+"@nohost.example", dead("domain_unknown")))
		c.add(language, mailbox(language+"@nullmx.example", dead("domain_unknown")))
		c.add(language, mailbox(language+"@unreachable.example", failed("expired")))
		c.add(language, mailbox(language+"@twomx.example", sent))

		// Kannel passes the carrier's reason on for a text of one part alone; Korean has two.
		c.add(language, mobile(n("010-3%d%02d-0001", 0), map[string]fate{"ko": failed("other"), "en": dead("mailbox_unknown")}[language]))
		c.add(language, mobile(n("010-3%d%02d-0003", 0), failed("other").tookIt()))
		c.add(language, mobile(n("010-3%d%02d-0004", 0), failed("expired").tookIt()))
		c.add(language, mobile(n("010-3%d%02d-0005", 0), fate{state: "rejected", reason: "policy", taken: true}))
		c.add(language, mobile(n("010-3%d%02d-0006", 0), sent))
		c.add(language, mobile(n("010-3%d%02d-0007", 0), delivered))
		c.add(language, mobile(n("010-3%d%02d-0008", 0), dead("mailbox_unknown").tookIt()))

		// Without a name; with one that HTML and headers must not take for their own.
		c.add(language, mailbox("noname-"+language+"@mail.example", sent), mobile(n("010-4%d%02d-1000", 0), delivered)).name = ""
		c.add(language, mailbox("tricky-"+language+"@mail.example", sent)).name = `Kim, "Q" <b>=?UTF-8?Q?`

		// Who says stop before the main call, and who after it.
		for _, how := range []string{"one_click", "mail"} {
			c.add(language, stop(mailbox(how+"-before-"+language+"@mail.example", before), how)).early = true
			c.add(language, stop(mailbox(how+"-after-"+language+"@mail.example", sent.after()), how))
		}
		words := map[string]string{"ko": "수신거부", "en": "STOP"}[language]
		c.add(language, stop(mobile(n("010-5%d%02d-1001", 0), before), words)).early = true
		c.add(language, stop(mobile(n("010-5%d%02d-1002", 0), delivered.after()), words))

		for k := range 70 {
			domain := "mail"
			if k%3 == 0 {
				domain = "gov"
			}
			p := c.add(language, mailbox(n("p%d.%03d@", k)+domain+".example", sent))
			if k%6 == 0 {
				p.spots = append(p.spots, &spot{channel: sms, address: n("010-6%d%02d-2000", k), fate: delivered, who: p})
			}
		}
		for k := range 40 {
			c.add(language, mobile(n("010-7%d%02d-3000", k), delivered))
		}
		c.add(language, machine("02-2222-10"+map[string]string{"ko": "10", "en": "20"}[language], delivered))
		if language == "en" {
			c.add(language, mobile("010-3900-0002", failed("rate_limited")))
			c.add(language, machine("02-2222-1030", delivered))
			c.add(language, mailbox("office@gov.example", sent), machine("02-2222-1030", same))
			c.add(language, machine("02-2222-0001", failed("busy")))
			c.add(language, machine("02-2222-0002", failed("no_answer")))
			c.add(language, machine("02-2222-0004", failed("person_answered")))
			c.add(language, machine("02-2222-0003", failed("other"))) // no dial tone
			c.add(language, stop(machine("02-2222-1040", before), "staff"))
		}
		for _, how := range []string{"one_click", "mail"} {
			c.add(language, stop(mailbox(how+"-during-"+language+"@mail.example", during), how)).early = true
		}
		c.add(language, stop(mobile(n("010-5%d%02d-1003", 0), during), words)).early = true
	}
	return c
}

// table writes the contacts of a language as an office has them: Koreans in
// CP949 with Korean headers, as Excel saves it, others in UTF-8.
func (c *crowd) table(t *testing.T, fits func(*person) bool, cp949 bool) (content string, rows int) {
	t.Helper()
	var out strings.Builder
	w := csv.NewWriter(&out)
	header := []string{"Name", "Email", "Mobile", "Fax", "Language"}
	if cp949 {
		header = []string{"이름", "이메일", "휴대전화", "팩스", "언어"}
	}
	must(t, w.Write(header))
	for _, p := range c.people {
		if fits(p) {
			must(t, w.Write([]string{p.name, p.address(email), p.address(sms), p.address(fax), p.language}))
			rows++
		}
	}
	w.Flush()
	must(t, w.Error())
	content = out.String()
	if cp949 {
		var err error
		content, err = korean.EUCKR.NewEncoder().String(content)
		must(t, err)
	}
	return content, rows
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// e164 is a Korean number as Clarion keeps it.
func e164(number string) string {
	return "+82" + strings.ReplaceAll(number, "-", "")[1:]
}
