package desk

import (
	"context"
	"fmt"
	"time"

	"clarion/broadcast"
	"clarion/internal/conf"
	"clarion/lists/address"
	"clarion/templates"
	"clarion/templates/sms"
	"clarion/worker"
	"clarion/worker/gateway"
	"clarion/worker/gateway/builtin"
)

// A CheckReport is what call check prints.
type CheckReport struct {
	Problems []conf.Problem `json:"problems"`
	Notes    []conf.Problem `json:"notes"` // worth knowing; they keep nothing from being launched
	Audience Reach          `json:"audience"`
	LeftOut  []LeftOut      `json:"left_out"`
	Parts    struct {
		SMSSegments int `json:"sms_segments"`
		FaxPages    int `json:"fax_pages"`
	} `json:"parts"`
	Cost   *float64   `json:"cost"`
	Finish *time.Time `json:"finish"` // launched now, it would have been handed over by then; nil when nobody can say
}

// Report is what is wrong with the files alone: Check without lists, gateways and
// fonts.
func (d *Draft) Report() *CheckReport {
	return &CheckReport{Problems: append([]conf.Problem{}, d.Problems...), Notes: []conf.Problem{}, LeftOut: []LeftOut{}}
}

// probeTimeout is how long a gateway may take to say that it would take messages.
const probeTimeout = 10 * time.Second

// Check names every mistake in a draft, and says whom it would reach and whom
// not. With mistakes in the files it looks no further.
func (d *Desk) Check(ctx context.Context, draft *Draft) (*CheckReport, error) {
	r := draft.Report()
	if len(r.Problems) > 0 {
		return r, nil
	}
	_, problems := d.gateways(draft, false)
	r.Problems = append(append(append(r.Problems, problems...), d.quietProblems(draft)...), d.probe(ctx, draft)...)
	var err error
	if r.Audience, r.LeftOut, err = d.Count(ctx, draft.Audience()); err != nil {
		r.LeftOut = []LeftOut{}
		r.Problems = append(r.Problems, conf.Problem{File: templates.CallFile, Line: draft.line("audience", "lists"), Message: err.Error()})
	}
	if r.Audience.Email > 0 {
		d.meet(ctx, draft.Audience())
	}
	compiled, err := worker.Compile(&broadcast.Call{}, draft.Text, d.Links)
	if err != nil {
		r.Problems = append(r.Problems, conf.Problem{File: templates.CallFile, Message: err.Error()})
		return r, nil
	}
	problems, notes := d.lintMail(draft, compiled, r.Audience.Email)
	r.Problems, r.Notes = append(r.Problems, problems...), append(r.Notes, notes...)
	r.measure(draft, compiled)
	r.Cost = d.cost(draft, r)
	if r.Audience.Contacts > 0 {
		r.Finish, err = d.finish(ctx, draft, r.Parts.FaxPages)
	}
	return r, err
}

// measure finds the longest text and fax of all languages.
func (r *CheckReport) measure(draft *Draft, compiled *worker.Compiled) {
	sample := func(string) (string, bool) { return "", false }
	for _, lang := range draft.Text.Languages {
		if text, ok := compiled.SMS(lang, sample); ok {
			r.Parts.SMSSegments = max(r.Parts.SMSSegments, sms.Count(text).Segments)
		}
		pages, err := compiled.FaxPages(lang, sample)
		if err != nil {
			r.Problems = append(r.Problems, conf.Problem{File: templates.CallFile, Message: err.Error()})
		}
		r.Parts.FaxPages = max(r.Parts.FaxPages, pages)
	}
}

// probe asks the gateways of the draft's channels whether they would take messages now.
func (d *Desk) probe(ctx context.Context, draft *Draft) []conf.Problem {
	var out []conf.Problem
	for _, g := range d.Gates {
		prober, ok := g.Gateway.(gateway.Prober)
		if !ok || !draft.Text.Has(g.Channel) {
			continue
		}
		ctx, cancel := context.WithTimeout(ctx, probeTimeout)
		if err := prober.Probe(ctx); err != nil {
			out = append(out, conf.Problem{File: d.Settings, Line: g.Line, Message: fmt.Sprintf("gateway %s does not take messages now: %v", g.Name, err)})
		}
		cancel()
	}
	return out
}

// gateways names, by number from 1, the gateways that a call goes through; a
// channel without one is a problem.
func (d *Desk) gateways(draft *Draft, rehearsal bool) ([]string, []conf.Problem) {
	names := []string{""}
	var problems []conf.Problem
	from := draft.Text.Email.Domain()
	for _, ch := range draft.Text.Channels {
		if rehearsal {
			names = append(names, builtin.RehearsalName(ch))
			continue
		}
		found, barred := false, false
		for _, g := range d.Gates {
			switch {
			case g.Channel != ch:
			case g.MaySendFrom(from):
				names, found = append(names, g.Name), true
			default:
				barred = true
			}
		}
		switch {
		case found:
		case barred:
			problems = append(problems, conf.Problem{File: templates.CallFile, Line: draft.line("email", "from"), Message: fmt.Sprintf("no gateway may send mail from %s: another From, or domains of a gateway in %s", from, d.Settings)})
		default:
			problems = append(problems, conf.Problem{File: templates.CallFile, Line: draft.line("channels"), Message: fmt.Sprintf("channels names %s, but no gateway takes it: add one to %s (clarion config shows how), or rehearse", ch, d.Settings)})
		}
	}
	if !rehearsal && draft.Text.Has(address.Email) && !d.Bounces {
		problems = append(problems, conf.Problem{File: d.Settings, Message: "inbox.domain is not set: email needs the domain that its bounces come back to"})
	}
	return names, problems
}
