package console

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"clarion/internal/audit"
	"clarion/web/access"
)

// A staffPage is the team.
type staffPage struct {
	People  []staffLine
	Open    []access.Invitation
	Roles   []access.Role
	Link    string // one that was made just now
	LinkFor string
}

type staffLine struct {
	access.Staff
	Self bool
}

// Is says whether the person has the role.
func (l staffLine) Is(role access.Role) bool {
	for _, r := range l.Roles {
		if r == role {
			return true
		}
	}
	return false
}

func (c *console) staffPage(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	return c.staff(w, r, who, "", "", nil)
}

// staff shows the team; link is the secret of one that was made just now, which
// is shown once.
func (c *console) staff(w http.ResponseWriter, r *http.Request, who *access.Visitor, link, of string, wrong error) error {
	lang := languageOf(r, who)
	p := page{Title: sayer(lang)("Team", "팀")}
	status := http.StatusOK
	if wrong != nil {
		if status, p.Wrong = entryProblem(wrong, lang); status == 0 {
			return wrong
		}
	}
	team, err := c.Staff.Team(r.Context())
	if err != nil {
		return err
	}
	s := staffPage{Roles: access.Roles[:], LinkFor: of}
	if link != "" {
		s.Link = c.Staff.Link(link)
	}
	for _, one := range team {
		s.People = append(s.People, staffLine{one, one.Number == who.Number})
	}
	if s.Open, err = c.Staff.Invitations(r.Context()); err != nil {
		return err
	}
	p.Data = s
	return c.showAs(w, r, who, status, "staff", p)
}

func roles(r *http.Request) []access.Role {
	_ = r.PostFormValue("") // reads the form
	var out []access.Role
	for _, role := range r.PostForm["role"] {
		out = append(out, access.Role(role))
	}
	return out
}

func (c *console) invite(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	secret, err := c.Staff.Invite(r.Context(), who, r.PostFormValue("email"), roles(r))
	return c.staff(w, r, who, secret, r.PostFormValue("email"), err)
}

func (c *console) uninvite(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	return c.staffDone(w, r, who, c.Staff.Uninvite(r.Context(), who, r.PostFormValue("id")))
}

// ofPerson does something with the person that the path names.
func (c *console) ofPerson(do func(ctx context.Context, who *access.Visitor, of uint32) error) func(http.ResponseWriter, *http.Request, *access.Visitor) error {
	return func(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
		n, err := strconv.ParseUint(r.PathValue("number"), 10, 32)
		if err != nil {
			return access.ErrNobody
		}
		return c.staffDone(w, r, who, do(r.Context(), who, uint32(n)))
	}
}

func (c *console) setRoles(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	given := roles(r)
	return c.ofPerson(func(ctx context.Context, who *access.Visitor, of uint32) error {
		return c.Staff.SetRoles(ctx, who, of, given)
	})(w, r, who)
}

func (c *console) reset(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	n, err := strconv.ParseUint(r.PathValue("number"), 10, 32)
	if err != nil {
		return access.ErrNobody
	}
	secret, err := c.Staff.Reset(r.Context(), who, uint32(n))
	return c.staff(w, r, who, secret, "", err)
}

func (c *console) staffDone(w http.ResponseWriter, r *http.Request, who *access.Visitor, err error) error {
	if err != nil {
		return c.staff(w, r, who, "", "", err)
	}
	http.Redirect(w, r, "/staff?done=save", http.StatusSeeOther)
	return nil
}

// trailLength is how many entries a page shows.
const trailLength = 100

func (c *console) trailPage(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	before, _ := strconv.ParseUint(r.URL.Query().Get("before"), 10, 63) // nonsense is the end
	return c.trail(w, r, who, before, nil)
}

func (c *console) verifyTrail(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	report, err := c.Trail.Verify(r.Context())
	if err != nil {
		return err
	}
	return c.trail(w, r, who, 0, &report)
}

func (c *console) trail(w http.ResponseWriter, r *http.Request, who *access.Visitor, before uint64, report *audit.Report) error {
	lang := languageOf(r, who)
	entries, err := c.Trail.Read(r.Context(), before, trailLength)
	if err != nil {
		return err
	}
	team, err := c.Staff.Team(r.Context())
	if err != nil {
		return err
	}
	say := sayer(lang)
	names := map[string]string{string(audit.Visitor): say("a visitor", "방문자"), string(audit.Machine): say("the machine", "서버에서")}
	for _, one := range team {
		names[audit.Staff(one.Number)] = one.Name
	}
	name := func(of string) string {
		if n := names[of]; n != "" {
			return n
		}
		return strings.ReplaceAll(of, ":", " ")
	}
	t := trailPage{Report: report}
	for _, e := range entries {
		l := trailLine{Entry: e, Who: name(string(e.Actor)), What: e.Action.Sentence(lang)}
		if e.Object != string(e.Actor) {
			l.Whom = name(e.Object)
		}
		t.Entries = append(t.Entries, l)
	}
	if n := len(entries); n > 0 && entries[n-1].N > 1 {
		t.Older = entries[n-1].N
	}
	if report != nil {
		for _, b := range report.Breaks {
			t.Breaks = append(t.Breaks, trailBreak{b.Entry, b.Problem.Sentence(lang)})
		}
	}
	return c.show(w, r, who, "trail", page{Title: say("Audit trail", "감사 기록"), Data: t})
}

// A trailPage is a stretch of the audit trail.
type trailPage struct {
	Entries []trailLine
	Older   uint64 // the entry before which older ones stand, 0 for none
	Report  *audit.Report
	Breaks  []trailBreak
}

type trailLine struct {
	audit.Entry
	Who, What, Whom string
}

type trailBreak struct {
	Entry uint64
	Words string
}
