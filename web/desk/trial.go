package desk

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"clarion/broadcast"
	"clarion/lists"
	"clarion/lists/address"
	"clarion/lists/tabular"
)

// testList is the list of those to whom tests were sent.
const testList = "tests"

// Test sends a draft to one person of the team, at the addresses named, whoever the
// draft is for. It goes through the gateways that the call would take, and without a
// second person's release; who said stop gets none of it.
func (d *Desk) Test(ctx context.Context, draft *Draft, to map[address.Channel]string) (broadcast.ID, error) {
	if err := draft.Problems.Err(); err != nil {
		return "", err
	}
	who := map[address.Channel]uint32{}
	for _, ch := range draft.Text.Channels {
		if to[ch] == "" {
			continue
		}
		n, err := d.tester(ctx, ch, to[ch])
		if err != nil {
			return "", err
		}
		who[ch] = n
	}
	if len(who) == 0 {
		return "", Mistake("name an address on a channel of the call")
	}
	one := lists.Only(who)
	return d.Launch(ctx, draft, LaunchOptions{To: &one, Small: true})
}

// testColumns head the one column of a table with a tester's address.
var testColumns = map[address.Channel]string{address.Email: "email", address.SMS: "mobile", address.Fax: "fax"}

func parseAddress(ch address.Channel, text, region string) (address.Address, error) {
	if ch == address.Email {
		return address.ParseEmail(text)
	}
	return address.ParsePhone(text, region, ch)
}

// tester is the number of the contact with an address; one that is not known yet
// comes onto the list of tests.
func (d *Desk) tester(ctx context.Context, ch address.Channel, text string) (uint32, error) {
	a, err := parseAddress(ch, text, d.Links.Region)
	if err != nil {
		return 0, notAnAddress(err)
	}
	for range 2 {
		found, err := d.People.Find(ctx, a)
		if err != nil {
			return 0, err
		}
		if len(found) > 0 {
			return found[0], nil
		}
		var csv strings.Builder
		fmt.Fprintf(&csv, "%s\n%s\n", testColumns[ch], a.Reveal())
		table, err := tabular.Open(strings.NewReader(csv.String()))
		if err != nil {
			return 0, err
		}
		if _, err := d.People.Import(ctx, table, lists.ImportOptions{List: testList, Consent: "A test that the person sent to themselves.", Region: d.Links.Region}, nil); err != nil {
			return 0, err
		}
	}
	return 0, errors.New("the address of a test was not entered")
}
