package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"time"

	"clarion/broadcast"
	"clarion/internal/clock"
	"clarion/lists/address"
	"clarion/petition"
	"clarion/web/public"
	"clarion/worker"
)

// askedSignatures are how many shall be taken within a minute; a tenth more come.
const askedSignatures = 2000

// signatures has people open the form of a petition and sign while a call to the largest
// list goes out. Each is sent the letter to confirm by, among the call's mail.
func signatures(ctx context.Context, b *bench) error {
	var s *signing
	err := b.watched(ctx, watch{"a signature while a call to " + thousands(b.many) + " goes out", "people sign", 50, 0, askedSignatures, time.Minute * 10 / (askedSignatures * 11),
		func(p *product, _ broadcast.ID) (at look, leave func(), err error) {
			s, err = p.signing()
			if err != nil {
				return nil, nil, err
			}
			return s.sign, s.Close, nil
		}})
	if err != nil {
		return err
	}
	tally, err := s.roll.Tally(ctx)
	if err != nil {
		return err
	}
	if tally.AtMost != s.taken {
		return fmt.Errorf("%d signatures were taken, and %d are counted", s.taken, tally.AtMost)
	}
	return nil
}

// A signing is the pages of a petition, with those who sign by them.
type signing struct {
	*httptest.Server
	roll  *petition.Roll
	taken int
}

// signing is the pages of the example petition.
func (p *product) signing() (*signing, error) {
	campaign, problems, err := petition.LoadFS(petition.Example())
	if err != nil || len(problems) > 0 {
		return nil, fmt.Errorf("read the example petition: %v, %w", problems, err)
	}
	rdb, clk := p.db.Client(), clock.System{}
	s := &signing{roll: petition.OpenRoll(campaign, rdb, p.keys, clk)}
	letters := worker.NewInbound(worker.Parts{Redis: rdb, Ledger: p.ledger, People: p.people, Keys: p.keys, Clock: clk, Log: p.log}, p.links())
	pages, err := public.NewSigning(public.Signing{Roll: s.roll, Volunteers: petition.Open(rdb, p.keys, clk), Letters: letters, Reach: []address.Channel{address.Email},
		Public: p.links().Public, Region: "KR", Clock: clk, Log: p.log})
	if err != nil {
		return nil, err
	}
	s.Server = httptest.NewServer(pages)
	return s, nil
}

var formToken = regexp.MustCompile(`name="form" value="([^"]+)"`)

// sign is one person, at an address of their own: they open the form, and send it.
func (s *signing) sign(ctx context.Context) error {
	n := s.taken
	from := fmt.Sprintf("10.%d.%d.%d", n>>16, n>>8&0xff, n&0xff)
	page, err := s.ask(ctx, http.MethodGet, from, nil)
	if err != nil {
		return err
	}
	form := formToken.FindStringSubmatch(page)
	if form == nil {
		return fmt.Errorf("the page has no form")
	}
	name := strings.Map(func(r rune) rune { return r - '0' + 'a' }, fmt.Sprintf("%07d", n))
	_, err = s.ask(ctx, http.MethodPost, from, url.Values{"form": {form[1]}, "name": {"Signer " + name}, "region": {"seoul"}, "opinion": {"on"}, "age": {"on"},
		"contact": {fmt.Sprintf("signer%d@mail.example", n)}})
	if err == nil {
		s.taken++
	}
	return err
}

func (s *signing) ask(ctx context.Context, method, from string, form url.Values) (page string, err error) {
	r, err := http.NewRequestWithContext(ctx, method, s.URL+"/sign", strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	r.Header.Set("X-Forwarded-For", from)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	a, err := s.Client().Do(r)
	if err != nil {
		return "", err
	}
	defer a.Body.Close()
	body, err := io.ReadAll(a.Body)
	if err == nil && a.StatusCode != http.StatusOK {
		err = fmt.Errorf("a form is answered %s", a.Status)
	}
	return string(body), err
}
