package desk

import (
	"context"
	"slices"
	"strings"
	"testing"

	"clarion/internal/audit"
	"clarion/lists/address"
	"clarion/petition"
	"clarion/worker"
)

// A postbox has the letters that were told, by id.
type postbox map[string]worker.Letter

func (p postbox) Tell(_ context.Context, id string, l worker.Letter) error {
	p[id] = l
	return nil
}

// Who telephones is taken out by the code of their slip, or by number and name; they get
// one letter, and the trail names nobody.
func TestWithdrawForSigner(t *testing.T) {
	t.Parallel()
	d, ctx, n, letters := withPetition(t, open(t)), t.Context(), &trail{}, postbox{}
	d.Letters, d.Reach = letters, []address.Channel{address.Email}
	byMail := signs(t, d, "이새롬", address.Email, "new@example.org", true)
	byText := signs(t, d, "김영희", address.SMS, "010-2345-6789", true)
	added, err := d.Roll.Add(ctx, petition.Signing{Way: petition.WayHand, Name: "박무소식", Region: "seoul", Language: "ko", Agreed: petition.Agreed{Opinion: true}, Age: true})
	if err != nil {
		t.Fatal(err)
	}
	s, err := d.Roll.Read(ctx, byMail)
	if err == nil {
		err = d.news().Join(ctx, s)
	}
	if err != nil {
		t.Fatal(err)
	}

	for name, w := range map[string]Withdrawing{"nothing": {}, "a number alone": {Number: byMail}, "a name alone": {Name: "이새롬"}, "another's name": {Number: byMail, Name: "김영희"},
		"nobody's number": {Number: 99, Name: "이새롬"}, "a code that is none": {Code: "ABCD-EFGH"}} {
		if _, err := d.WithdrawFor(ctx, w, n.note); !Mistaken(err) || strings.Contains(err.Error(), "이새롬") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(*n)+len(letters) > 0 {
		t.Fatalf("what is refused is noted or told: %v, %v", *n, letters)
	}
	for _, c := range []struct {
		w    Withdrawing
		want Withdrawn
	}{
		{Withdrawing{Number: byMail, Name: " 이 새롬"}, Withdrawn{Number: byMail, Letter: address.Canonical(address.Email, "new@example.org").String()}},
		{Withdrawing{Number: byText, Name: "김영희"}, Withdrawn{Number: byText}}, // no letter can go there
		{Withdrawing{Code: strings.ToLower(added.Slip.Code())}, Withdrawn{Number: added.Number}},
		{Withdrawing{Code: added.Slip.Code()}, Withdrawn{Number: added.Number, Again: true}},
	} {
		if got, err := d.WithdrawFor(ctx, c.w, n.note); err != nil || *got != c.want {
			t.Errorf("%+v: %+v, %v; want %+v", c.w, got, err, c.want)
		}
	}
	if tally, err := d.Roll.Tally(ctx); err != nil || tally.AtMost != 0 {
		t.Errorf("counted are %+v, %v", tally, err)
	}
	if want := slices.Repeat(trail{audit.SignatureWithdrawn}, 3); !slices.Equal(*n, want) {
		t.Errorf("noted are %v", *n)
	}
	l := letters["withdrawn-save-9-1"]
	if len(letters) != 1 || l.To.Reveal() != "new@example.org" || !strings.Contains(l.Subject, "철회했습니다") || !strings.Contains(l.Text, "https://act.example.org/sign") {
		t.Errorf("the letters are %+v", letters)
	}
	if found, err := d.People.Find(ctx, address.Canonical(address.Email, "new@example.org")); err != nil || len(found) > 0 {
		t.Errorf("who has withdrawn is a contact still: %v, %v", found, err)
	}
	// Nobody is told by what they would know who withdrew.
	if _, err := d.WithdrawFor(ctx, Withdrawing{Number: byMail, Name: "이새롬"}, n.note); !Mistaken(err) {
		t.Errorf("a second time, by name: %v", err)
	}
}
