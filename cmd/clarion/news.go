package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"

	"clarion/internal/clock"
	"clarion/lists"
	"clarion/lists/address"
	"clarion/lists/tabular"
	"clarion/petition"
	"clarion/web/public"
	"clarion/worker"
)

// news are the signers who agreed to hear of a petition: a list of its id.
type news struct {
	people *lists.Store
	roll   *petition.Roll
}

// Join puts a signer on the list, with the words that they agreed to. Of somebody who is
// known already nothing is changed but that.
func (n news) Join(ctx context.Context, s *petition.Signature) error {
	known, err := n.people.Find(ctx, s.Contact)
	if err != nil {
		return err
	}
	name, lang := s.Name, s.Language
	if len(known) > 0 {
		name, lang = "", ""
	}
	var row bytes.Buffer
	w := csv.NewWriter(&row)
	if err := w.WriteAll([][]string{{"name", "language", s.Contact.Channel().String()}, {name, lang, s.Contact.Reveal()}}); err != nil {
		return fmt.Errorf("put a signer on the list: %w", err)
	}
	table, err := tabular.Open(&row)
	if err != nil {
		return fmt.Errorf("put a signer on the list: %w", err)
	}
	report, err := n.people.Import(ctx, table, lists.ImportOptions{List: n.roll.ID, Consent: n.roll.News[s.Language], Language: lang}, nil)
	if err == nil && report.Accepted != 1 {
		err = errors.New("the list did not take the address")
	}
	if err != nil {
		return fmt.Errorf("put a signer on the list: %w", err)
	}
	return nil
}

// Leave takes a signer off it.
func (n news) Leave(ctx context.Context, s *petition.Signature) error {
	return n.people.Leave(ctx, n.roll.ID, s.Contact)
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
	return public.Signing{Roll: a.roll, Incoming: a.incoming, Volunteers: a.desk.Petition, Letters: in, News: news{a.people, a.roll}, Reach: a.reach(),
		Throwaway: a.cfg.Petition.Throwaway, Public: a.cfg.Web.PublicURL, Region: a.cfg.Region, Clock: clock.System{}, Log: a.log}
}
