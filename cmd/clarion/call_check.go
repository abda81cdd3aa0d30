package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"clarion/broadcast"
	"clarion/internal/conf"
	"clarion/lists/address"
	"clarion/templates"
	"clarion/templates/sms"
	"clarion/worker"
	"clarion/worker/gateway"
)

// A checkReport is what call check prints.
type checkReport struct {
	Problems []conf.Problem `json:"problems"`
	Notes    []conf.Problem `json:"notes"` // worth knowing; they keep nothing from being launched
	Audience struct {
		Contacts int `json:"contacts"`
		Email    int `json:"email"`
		SMS      int `json:"sms"`
		Fax      int `json:"fax"`
	} `json:"audience"`
	LeftOut []leftOut `json:"left_out"`
	Parts   struct {
		SMSSegments int `json:"sms_segments"`
		FaxPages    int `json:"fax_pages"`
	} `json:"parts"`
	Cost   *float64   `json:"cost"`
	Finish *time.Time `json:"finish"`
}

type leftOut struct {
	Channel string `json:"channel,omitempty"`
	Reason  string `json:"reason"`
	Count   int    `json:"count"`
}

func (p *program) callCheck() *cobra.Command {
	return &cobra.Command{Use: "check DIR", Short: "Name every mistake in a call, and say whom it would reach and whom not", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			d, problems, err := readDraft(args[0])
			if err != nil {
				return err
			}
			r := &checkReport{Problems: problems, Notes: []conf.Problem{}, LeftOut: []leftOut{}}
			if r.Problems == nil {
				r.Problems = []conf.Problem{}
			}
			if len(problems) > 0 {
				return p.printCheck(r, args[0])
			}
			return p.with(cmd, func(ctx context.Context, a *app) error {
				if err := a.check(ctx, d, r); err != nil {
					return err
				}
				return p.printCheck(r, args[0])
			})
		}}
}

// check finds what only shows with lists, gateways and fonts at hand.
func (a *app) check(ctx context.Context, d *draft, r *checkReport) error {
	_, problems := a.gateways(d, false)
	r.Problems = append(append(r.Problems, problems...), a.quietProblems(d)...)
	for _, g := range a.cfg.gates {
		prober, ok := g.Gateway.(gateway.Prober)
		if !ok || !d.text.Has(g.Channel) {
			continue
		}
		probe, cancel := context.WithTimeout(ctx, 10*time.Second)
		if err := prober.Probe(probe); err != nil {
			r.Problems = append(r.Problems, conf.Problem{File: a.configFile, Line: a.cfg.Gateway[g.Name].Problem("", "").Line, Message: fmt.Sprintf("gateway %s does not take messages now: %v", g.Name, err)})
		}
		cancel()
	}
	counts, err := a.people.Count(ctx, d.who)
	if err != nil {
		r.Problems = append(r.Problems, conf.Problem{File: templates.CallFile, Line: d.line("audience", "lists"), Message: err.Error()})
	} else {
		r.Audience.Contacts = counts.Contacts
		r.Audience.Email, r.Audience.SMS, r.Audience.Fax = counts.Channel[address.Email], counts.Channel[address.SMS], counts.Channel[address.Fax]
		for _, lo := range counts.LeftOut {
			row := leftOut{Reason: lo.Reason, Count: lo.Count}
			if lo.Channel != 0 {
				row.Channel = lo.Channel.String()
			}
			r.LeftOut = append(r.LeftOut, row)
		}
	}
	compiled, err := worker.Compile(&broadcast.Call{}, d.text, a.cfg.links())
	if err != nil {
		r.Problems = append(r.Problems, conf.Problem{File: templates.CallFile, Message: err.Error()})
		return nil
	}
	problems, notes := a.lintMail(d, compiled, r.Audience.Email)
	r.Problems, r.Notes = append(r.Problems, problems...), append(r.Notes, notes...)
	sample := func(string) (string, bool) { return "", false }
	for _, lang := range d.text.Languages {
		if text, ok := compiled.SMS(lang, sample); ok {
			r.Parts.SMSSegments = max(r.Parts.SMSSegments, sms.Count(text).Segments)
		}
		pages, err := compiled.FaxPages(lang, sample)
		if err != nil {
			r.Problems = append(r.Problems, conf.Problem{File: templates.CallFile, Message: err.Error()})
		}
		r.Parts.FaxPages = max(r.Parts.FaxPages, pages)
	}
	if r.Audience.Contacts > 0 {
		r.Finish, err = a.finish(ctx, d, r)
	}
	return err
}

func (p *program) printCheck(r *checkReport, dir string) error {
	err := p.print(r, func(w io.Writer) {
		for _, problem := range r.Problems {
			fmt.Fprintln(w, problem)
			sayKorean(w, problem)
		}
		if len(r.Problems) > 0 {
			fmt.Fprintf(w, "%d to mend in %s.\n", len(r.Problems), dir)
		}
		for _, note := range r.Notes {
			fmt.Fprintf(w, "%s (a note)\n", note)
			sayKorean(w, note)
		}
		if r.Audience.Contacts == 0 && len(r.LeftOut) == 0 {
			return
		}
		fmt.Fprintf(w, "Reaches %d contacts: email %d, sms %d, fax %d.\n", r.Audience.Contacts, r.Audience.Email, r.Audience.SMS, r.Audience.Fax)
		for _, lo := range r.LeftOut {
			ch := lo.Channel
			if ch == "" {
				ch = "all"
			}
			fmt.Fprintf(w, "  left out (%s): %d, %s\n", ch, lo.Count, reasonSentence(lo.Reason))
		}
		if r.Parts.SMSSegments > 0 {
			fmt.Fprintf(w, "A text message has %d part(s).\n", r.Parts.SMSSegments)
		}
		if r.Parts.FaxPages > 0 {
			fmt.Fprintf(w, "A fax has %d page(s).\n", r.Parts.FaxPages)
		}
		if r.Finish != nil {
			fmt.Fprintf(w, "Launched now, it would have been handed over by %s.\n", r.Finish.Local().Format("2006-01-02 15:04"))
		}
		if len(r.Problems) == 0 {
			fmt.Fprintln(w, "Nothing to mend.")
		}
	})
	if err != nil {
		return err
	}
	if len(r.Problems) > 0 {
		return &statusError{status: exitInput}
	}
	return nil
}

// sayKorean says a problem again, where a rule has it in Korean.
func sayKorean(w io.Writer, p conf.Problem) {
	if p.Korean != "" {
		fmt.Fprintf(w, "    %s\n", p.Korean)
	}
}

// reasonSentence says in words why contacts are left out.
func reasonSentence(reason string) string {
	words := map[string]string{
		"no_address": "they have no address on this channel", "no_consent": "they have not agreed to be written to",
		"opted_out": "they said stop", "bounced": "their address is dead", "complained": "they called an earlier message spam",
		"blocked": "they are blocked by staff", "same_address": "another contact gets it at the same address",
		"other_channel": "they are reached on another channel", "excluded": "they are on a list that is left out",
	}
	if s, ok := words[reason]; ok {
		return s
	}
	return reason
}
