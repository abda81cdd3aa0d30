package access_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"clarion/web/access"
)

func TestFirstStart(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	old, err := h.FirstCode(ctx)
	h.must(err)
	code, err := h.FirstCode(ctx) // the program was started again
	h.must(err)
	setup := h.SetupFirst()
	secret := app(t, setup.URI)
	e := access.Enrolment{Name: "Han", Email: "han@save9.example", Password: password, Setup: setup.Sealed, Code: codeAt(secret, h.clk.Now())}
	change := func(f func(*access.Enrolment)) access.Enrolment {
		c := e
		f(&c)
		return c
	}
	for name, c := range map[string]struct {
		code string
		e    access.Enrolment
		want error
	}{
		"no code":              {"", e, access.ErrExpired},
		"a wrong one":          {"abcd-efgh-ijkm-npqr", e, access.ErrExpired},
		"an old one":           {old, e, access.ErrExpired},
		"no address":           {code, change(func(e *access.Enrolment) { e.Email = "han" }), access.ErrInput},
		"no name":              {code, change(func(e *access.Enrolment) { e.Name = "  " }), access.ErrInput},
		"a wrong first code":   {code, change(func(e *access.Enrolment) { e.Code = "000000" }), access.ErrCode},
		"another's secret":     {code, change(func(e *access.Enrolment) { e.Setup = h.SetupInvited(access.Invitation{ID: "x"}).Sealed }), access.ErrExpired},
		"no secret":            {code, change(func(e *access.Enrolment) { e.Setup = "" }), access.ErrExpired},
		"a passkey of nothing": {code, change(func(e *access.Enrolment) { e.Question = "x" }), access.ErrExpired},
	} {
		if _, err := h.First(ctx, c.code, c.e, from); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	var weak *access.PasswordError
	if _, err := h.First(ctx, code, change(func(e *access.Enrolment) { e.Password = "password1234" }), from); !errors.As(err, &weak) || weak.Reason != access.Common {
		t.Errorf("a weak password: %v", err)
	}
	// Several have seen the code: one is the director.
	errs := make([]error, 4)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() { _, errs[i] = h.First(context.Background(), code, e, from) })
	}
	all.Wait()
	made := 0
	for _, err := range errs {
		if err == nil {
			made++
		} else if !errors.Is(err, access.ErrExpired) {
			t.Error(err)
		}
	}
	if team, err := h.Team(ctx); made != 1 || len(team) != 1 || err != nil {
		t.Errorf("%d directors were made, the team is %+v, %v", made, team, err)
	}
	// Who guesses waits.
	var limited *access.LimitedError
	for i := range 31 {
		_, err := h.First(ctx, "abcd-efgh-ijkm-npqr", e, access.Client{Address: "guesser"})
		if i == 30 && !errors.As(err, &limited) {
			t.Errorf("after thirty guesses: %v", err)
		}
	}
}

func TestInvitations(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	han := h.director()
	link := han.invite("Kim@Save9.example", access.Author)
	i, err := h.Invited(ctx, link)
	if err != nil || i.Email != "Kim@save9.example" && i.Email != "kim@save9.example" || len(i.Roles) != 1 {
		t.Errorf("the link says %+v, %v", i, err)
	}
	again := han.invite("kim@save9.example", access.Watcher) // stands for the first
	if _, err := h.Invited(ctx, link); !errors.Is(err, access.ErrExpired) {
		t.Errorf("an invitation that another stands for: %v", err)
	}
	kim := h.join(again, "kim@save9.example")
	if len(kim.Roles) != 1 || kim.Roles[0] != access.Watcher {
		t.Errorf("kim is %v", kim.Roles)
	}
	if _, err := h.Invited(ctx, again); !errors.Is(err, access.ErrExpired) {
		t.Errorf("an invitation that is used: %v", err)
	}
	if _, err := h.Invite(ctx, han.Visitor, "KIM@save9.example", []access.Role{access.Watcher}); !errors.Is(err, access.ErrKnown) {
		t.Errorf("somebody who is there: %v", err)
	}
	for name, c := range map[string]struct {
		email string
		roles []access.Role
	}{
		"no address": {"lee", []access.Role{access.Author}}, "no role": {"lee@save9.example", nil}, "no such role": {"lee@save9.example", []access.Role{"king"}},
	} {
		if _, err := h.Invite(ctx, han.Visitor, c.email, c.roles); !errors.Is(err, access.ErrInput) {
			t.Errorf("%s: %v", name, err)
		}
	}

	late := han.invite("late@save9.example", access.Author)
	back := han.invite("back@save9.example", access.Author)
	open, err := h.Invitations(ctx)
	if err != nil || len(open) != 2 || open[0].Email != "back@save9.example" {
		t.Fatalf("open are %+v, %v", open, err)
	}
	h.must(h.Uninvite(ctx, han.Visitor, open[0].ID))
	if _, err := h.Invited(ctx, back); !errors.Is(err, access.ErrExpired) {
		t.Errorf("an invitation that was taken back: %v", err)
	}
	if err := h.Uninvite(ctx, han.Visitor, open[0].ID); !errors.Is(err, access.ErrNobody) {
		t.Errorf("taken back twice: %v", err)
	}
	h.clk.Advance(access.InvitationTime)
	if _, err := h.Invited(ctx, late); !errors.Is(err, access.ErrExpired) {
		t.Errorf("an invitation of three days ago: %v", err)
	}
	if open, err := h.Invitations(ctx); err != nil || len(open) != 0 {
		t.Errorf("open are %+v, %v", open, err)
	}
	// Two open the link at once.
	h.clk.Advance(48 * time.Hour)
	han.logIn()
	link = han.invite("park@save9.example", access.Author)
	i, err = h.Invited(ctx, link)
	h.must(err)
	errs := make([]error, 4)
	var all sync.WaitGroup
	for n := range errs {
		setup := h.SetupInvited(i)
		e := access.Enrolment{Name: "Park", Password: password, Setup: setup.Sealed, Code: codeAt(app(t, setup.URI), h.clk.Now())}
		all.Go(func() { _, errs[n] = h.Join(context.Background(), link, e, from) })
	}
	all.Wait()
	made := 0
	for _, err := range errs {
		if err == nil {
			made++
		} else if !errors.Is(err, access.ErrExpired) {
			t.Error(err)
		}
	}
	if team, err := h.Team(ctx); made != 1 || len(team) != 3 || err != nil {
		t.Errorf("%d came in by one link, the team is %+v, %v", made, team, err)
	}
	if n, err := h.rdb.HLen(ctx, "{staff}:invitations").Result(); err != nil || n != 0 {
		t.Errorf("%d invitations are kept, %v", n, err)
	}
}

// Only who may change the team does, and only with a fresh proof.
func TestTeamIsGuarded(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	han := h.director()
	tech := han.add("tech", access.Technician)
	acts := map[string]func(v *access.Visitor) error{
		"invite": func(v *access.Visitor) error {
			_, err := h.Invite(ctx, v, "a@save9.example", []access.Role{access.Director})
			return err
		},
		"take back":       func(v *access.Visitor) error { return h.Uninvite(ctx, v, "x") },
		"roles":           func(v *access.Visitor) error { return h.SetRoles(ctx, v, tech.Number, []access.Role{access.Director}) },
		"disable":         func(v *access.Visitor) error { return h.Disable(ctx, v, han.Number) },
		"enable":          func(v *access.Visitor) error { return h.Enable(ctx, v, han.Number) },
		"reset":           func(v *access.Visitor) error { _, err := h.Reset(ctx, v, han.Number); return err },
		"end all":         func(v *access.Visitor) error { return h.EndAll(ctx, v, han.Number) },
		"another's token": func(v *access.Visitor) error { return h.RevokeToken(ctx, v, 99, "x") },
	}
	h.clk.Advance(access.Freshness)
	for name, act := range acts {
		if err := act(tech.Visitor); !errors.Is(err, access.ErrForbidden) {
			t.Errorf("a technician, %s: %v", name, err)
		}
		if err := act(nil); !errors.Is(err, access.ErrNoSession) {
			t.Errorf("nobody, %s: %v", name, err)
		}
		if err := act(han.Visitor); !errors.Is(err, access.ErrStale) {
			t.Errorf("a director after ten minutes, %s: %v", name, err)
		}
	}
	if n := len(h.said()); n != 4 { // first_director, proved, invited, joined
		t.Errorf("the trail says %v", h.said())
	}
}

func TestRolesEndSessions(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	han := h.director()
	kim := han.add("kim", access.Author)
	h.must(h.SetRoles(ctx, han.Visitor, kim.Number, []access.Role{access.Author, access.Director}))
	if _, err := h.Visit(ctx, kim.secret); !errors.Is(err, access.ErrNoSession) {
		t.Errorf("with other roles the old session goes on: %v", err)
	}
	kim.logIn()
	if !kim.May(access.Team) {
		t.Error("the roles are not there")
	}
	// Both take the other's power at once: one stays.
	errs := make([]error, 2)
	var all sync.WaitGroup
	all.Go(func() {
		errs[0] = h.SetRoles(context.Background(), han.Visitor, kim.Number, []access.Role{access.Author})
	})
	all.Go(func() {
		errs[1] = h.SetRoles(context.Background(), kim.Visitor, han.Number, []access.Role{access.Author})
	})
	all.Wait()
	if (errs[0] == nil) == (errs[1] == nil) {
		t.Fatalf("%v, %v", errs[0], errs[1])
	}
	last := han
	if errs[1] == nil {
		last = kim
	}
	if err := errors.Join(errs[0], errs[1]); !errors.Is(err, access.ErrLastDirector) {
		t.Errorf("the last director: %v", err)
	}
	last.logIn()
	if err := h.Disable(ctx, last.Visitor, last.Number); !errors.Is(err, access.ErrLastDirector) {
		t.Errorf("the last director is shut: %v", err)
	}
	if err := h.SetRoles(ctx, last.Visitor, 99, []access.Role{access.Author}); !errors.Is(err, access.ErrNobody) {
		t.Errorf("nobody: %v", err)
	}
}

// A director who lost everything gets in again by a link from the machine.
func TestReset(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	han := h.director()
	link, err := h.Reset(ctx, access.Machine(), han.Number)
	h.must(err)
	if _, err := h.Visit(ctx, han.secret); !errors.Is(err, access.ErrNoSession) {
		t.Errorf("the session goes on: %v", err)
	}
	if _, _, err := h.LogIn(ctx, han.credentials(), from); !errors.Is(err, access.ErrRefused) {
		t.Errorf("the old password holds: %v", err)
	}
	if ready, err := h.Ready(ctx); !ready || err != nil {
		t.Errorf("there is no director any more: %v", err)
	}
	if code, err := h.FirstCode(ctx); code != "" || err != nil {
		t.Errorf("anybody can be the first director: %v", err)
	}
	again := h.join(link, han.email)
	if again.Number != han.Number || !again.May(access.Team) {
		t.Errorf("it is %+v", again.Staff)
	}
	again.logIn()
	if _, _, err := h.LogIn(ctx, access.Credentials{Email: han.email, Password: password, Code: han.recovery[0]}, from); !errors.Is(err, access.ErrRefused) {
		t.Errorf("an old recovery code holds: %v", err)
	}
	want := "first_director reset log_in_refused restored log_in log_in_refused"
	if got := strings.Join(h.said(), " "); got != want {
		t.Errorf("the trail says %s, want %s", got, want)
	}
	h.must(h.Disable(ctx, access.Machine(), again.add("kim", access.Author).Number))
	if _, err := h.Reset(ctx, access.Machine(), 2); !errors.Is(err, access.ErrForbidden) {
		t.Errorf("who is shut out is reset: %v", err)
	}
	h.must(h.Enable(ctx, access.Machine(), 2))
	if _, err := h.Reset(ctx, access.Machine(), 2); err != nil {
		t.Error(err)
	}
}
