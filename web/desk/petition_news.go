package desk

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"

	"clarion/lists"
	"clarion/lists/address"
	"clarion/lists/tabular"
	"clarion/petition"
)

// News are the signers who agreed to hear of a petition: a list of its id, and for each
// channel one of those whom the addressee's answer goes to.
type News struct {
	People *lists.Store
	Roll   *petition.Roll
}

// answerList is the list of the signers who are told the answer on a channel: by the way
// by which they left their address, and by no other that we know of them.
func answerList(petition string, ch address.Channel) string {
	return petition + " answer by " + ch.String()
}

// answerLists are those of all channels.
func answerLists(petition string) []string {
	var out []string
	for _, ch := range address.Channels {
		out = append(out, answerList(petition, ch))
	}
	return out
}

// lists are all lists with signers on them.
func (n News) lists() []string { return append(answerLists(n.Roll.ID), n.Roll.ID) }

// hears says whether a signer is told what comes of the petition.
func hears(s *petition.Signature) bool {
	return s.Certain() && s.Agreed.News && !s.Contact.IsZero()
}

// Join puts a signer on the petition's list, with the words that they agreed to. Of
// somebody who is known already nothing is changed but that.
func (n News) Join(ctx context.Context, s *petition.Signature) error {
	_, err := n.take(ctx, n.Roll.ID, []*petition.Signature{s})
	return err
}

// Leave takes a signer off all lists of the petition.
func (n News) Leave(ctx context.Context, s *petition.Signature) error {
	for _, list := range n.lists() {
		if err := n.People.Leave(ctx, list, s.Contact); err != nil {
			return err
		}
	}
	return nil
}

// take puts signers of one channel and language on a list, and returns them as a bitmap.
func (n News) take(ctx context.Context, list string, signers []*petition.Signature) (who []byte, err error) {
	ch, lang := signers[0].Contact.Channel(), signers[0].Language
	rows := [][]string{{"name", "language", ch.String()}}
	for _, s := range signers {
		known, err := n.People.Find(ctx, s.Contact)
		if err != nil {
			return nil, err
		}
		// The fax of an office is many people's: only the name says whose it is.
		if len(known) > 0 && ch != address.Fax {
			rows = append(rows, []string{"", "", s.Contact.Reveal()})
		} else {
			rows = append(rows, []string{s.Name, lang, s.Contact.Reveal()})
		}
	}
	var text bytes.Buffer
	if err := csv.NewWriter(&text).WriteAll(rows); err != nil {
		return nil, fmt.Errorf("put signers on a list: %w", err)
	}
	table, err := tabular.Open(&text)
	if err != nil {
		return nil, fmt.Errorf("put signers on a list: %w", err)
	}
	report, err := n.People.Import(ctx, table, lists.ImportOptions{List: list, Consent: n.Roll.News[lang], Language: lang}, nil)
	if err == nil && report.Accepted+report.Duplicates != len(signers) {
		err = fmt.Errorf("it took %d of %d", report.Accepted+report.Duplicates, len(signers))
	}
	if err != nil {
		return nil, fmt.Errorf("put signers on a list: %w", err)
	}
	return report.Who, nil
}

// portion is how many signers are put on a list at once.
const portion = 500

// gather brings the lists of those whom the answer goes to to what the signatures say
// now: who has withdrawn, or is invalid, is on none.
func (n News) gather(ctx context.Context) error {
	type kind struct {
		channel  address.Channel
		language string
	}
	waiting, who := map[kind][]*petition.Signature{}, map[address.Channel][]byte{}
	flush := func(k kind) error {
		taken, err := n.take(ctx, answerList(n.Roll.ID, k.channel), waiting[k])
		who[k.channel], waiting[k] = union(who[k.channel], taken), nil
		return err
	}
	err := n.Roll.Walk(ctx, func(s *petition.Signature) error {
		if !hears(s) {
			return nil
		}
		k := kind{s.Contact.Channel(), s.Language}
		if waiting[k] = append(waiting[k], s); len(waiting[k]) < portion {
			return nil
		}
		return flush(k)
	})
	if err != nil {
		return err
	}
	for k, rest := range waiting {
		if len(rest) == 0 {
			continue
		}
		if err := flush(k); err != nil {
			return err
		}
	}
	for _, ch := range address.Channels {
		if err := n.People.Retain(ctx, answerList(n.Roll.ID, ch), who[ch]); err != nil {
			return err
		}
	}
	return nil
}

// union is who is in either of two bitmaps.
func union(a, b []byte) []byte {
	if len(a) < len(b) {
		a, b = b, a
	}
	for i := range b {
		a[i] |= b[i]
	}
	return a
}

// forget drops all lists of the petition. Who is on no other list is erased.
func (n News) forget(ctx context.Context) error {
	for _, list := range n.lists() {
		if err := n.People.Drop(ctx, list); err != nil {
			return err
		}
	}
	return nil
}

func (d *Desk) news() News { return News{d.People, d.Roll} }
