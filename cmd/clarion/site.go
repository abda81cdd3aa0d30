package main

import (
	"net/http"
	"slices"
	"strings"

	"clarion/internal/clock"
	"clarion/lists/address"
	"clarion/templates/email"
	"clarion/web"
	"clarion/web/access"
	"clarion/web/api"
	"clarion/web/console"
	"clarion/web/desk"
	"clarion/web/public"
	"clarion/worker"
)

// A site is what people and programs reach: the pages for supporters, those for
// staff, and what programs ask.
type site struct {
	public, console http.Handler
	api             web.Bounder
	paths           []string // of the public pages; one that ends in a slash is all below it
}

// publicPaths are those of the pages for supporters.
var publicPaths = []string{"/u/", "/v/", email.PicturePath, "/public.css", "/robots.txt"}

// signPaths are those of a petition, beside /v/ of its volunteers: the form, what a signer
// confirms and withdraws by, and who replied agrees by, slips.
var signPaths = []string{signPath, signPath + "/", "/c/", "/w/", "/r/", "/s", "/s/"}

// forPrograms says whether a request is for the interface for programs.
func forPrograms(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/api/") }

// ServeHTTP leads a request to the pages that it is for.
func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for _, p := range s.paths {
		if r.URL.Path == p || strings.HasSuffix(p, "/") && strings.HasPrefix(r.URL.Path, p) {
			s.public.ServeHTTP(w, r)
			return
		}
	}
	if forPrograms(r) {
		s.api.ServeHTTP(w, r)
		return
	}
	s.console.ServeHTTP(w, r)
}

// MaxBody is the most that a request's body may have, in bytes.
func (s *site) MaxBody(r *http.Request) int64 {
	if forPrograms(r) {
		return s.api.MaxBody(r)
	}
	if b, ok := s.console.(web.Bounder); ok {
		return b.MaxBody(r)
	}
	return web.MaxBody
}

// site makes all pages.
func (a *app) site(in *worker.Inbound) (http.Handler, error) {
	unsubscribe, err := public.New(in, a.log)
	if err != nil {
		return nil, err
	}
	pages, paths := http.NewServeMux(), publicPaths
	pages.Handle("/", unsubscribe)
	if a.roll == nil {
		forwarded, err := public.NewAppeal(a.desk.Appeal, a.desk.Petition, a.log)
		if err != nil {
			return nil, err
		}
		pages.Handle("/v/", forwarded)
	} else {
		signing, err := public.NewSigning(a.signing(in))
		if err != nil {
			return nil, err
		}
		paths = slices.Concat(publicPaths, signPaths)
		for _, p := range append([]string{"/v/"}, signPaths...) {
			pages.Handle(p, signing)
		}
	}
	pages.Handle(email.PicturePath, public.NewPictures(a.ledger, a.log))
	var staff *access.Store // none in the demo: everybody is its director
	if !a.cfg.samples {
		if staff, err = a.staff(); err != nil {
			return nil, err
		}
	}
	guard := func(deny func(http.ResponseWriter, *http.Request, error)) (console.Guard, error) {
		if staff == nil {
			return access.NewOpenHouse(a.cfg.Organisation, a.keys, deny), nil
		}
		return access.NewDoor(staff, deny)
	}
	programs, err := api.New(api.Parts{Desk: a.desk, Staff: staff, Webhooks: a.hooks, Trail: a.trail, Clock: clock.System{}, Log: a.log,
		Guard: func(deny func(http.ResponseWriter, *http.Request, error)) (api.Guard, error) { return guard(deny) }})
	if err != nil {
		return nil, err
	}
	staffPages, err := console.New(console.Parts{Desk: a.desk, Webhooks: a.hooks, Staff: staff, Guard: guard, Trail: a.trail, Clock: clock.System{}, Zone: a.cfg.zone(), Log: a.log, Currency: a.cfg.Currency})
	if err != nil {
		return nil, err
	}
	return &site{pages, staffPages, programs, paths}, nil
}

// reach are the channels on which letters go out.
func (a *app) reach() (reach []address.Channel) {
	for _, g := range a.cfg.gates {
		switch {
		case g.Channel == address.Email && a.cfg.Inbox.Domain != "", g.Channel == address.SMS && a.cfg.Petition.SMSFrom != "":
			reach = append(reach, g.Channel)
		}
	}
	return reach
}

// signing puts the pages of the petition together.
func (a *app) signing(in *worker.Inbound) public.Signing {
	return public.Signing{Roll: a.roll, Incoming: a.incoming, Volunteers: a.desk.Petition, Letters: in, News: desk.News{People: a.people, Roll: a.roll}, Reach: a.reach(),
		Throwaway: a.cfg.Petition.Throwaway, Public: a.cfg.Web.PublicURL, Region: a.cfg.Region, Clock: clock.System{}, Log: a.log}
}
