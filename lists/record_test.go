package lists

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"clarion/lists/address"
)

var sameContact = cmp.Options{cmpopts.EquateEmpty(), cmp.AllowUnexported(address.Address{})}

func noWords(uint64) (string, bool) { return "", false }

func TestRecordComesBack(t *testing.T) {
	t.Parallel()
	ids := map[string]uint64{"import": 1, "nickname": 300, "long agreed words": 2}
	lookup := func(id uint64) (string, bool) {
		for text, i := range ids {
			if i == id {
				return text, true
			}
		}
		return "", false
	}
	rapid.Check(t, func(t *rapid.T) {
		text := func(label string) string {
			return rapid.OneOf(rapid.Just(""), rapid.String(), rapid.SampledFrom([]string{"import", "nickname", "long agreed words"})).Draw(t, label)
		}
		number := func(ch address.Channel) address.Address {
			return address.Canonical(ch, rapid.OneOf(rapid.Just(""), rapid.StringMatching(`\+[1-9][0-9]{0,17}`), rapid.StringMatching(`\+?0[0-9]{0,30}|[a-z+]{1,5}`)).Draw(t, ch.String()))
		}
		when := func() time.Time { return time.Unix(int64(rapid.Uint32Min(1).Draw(t, "time")), 0).UTC() }
		c := Contact{
			Name: text("name"), Organisation: text("organisation"), Language: text("language"), Zone: text("zone"),
			Email: address.Canonical(address.Email, rapid.OneOf(rapid.Just(""), rapid.StringMatching(`[a-z]{1,9}@(naver\.com|gmail\.com|me\.com|x\.org)`), rapid.StringMatching(`[^\x00-\x1f]{1,9}`)).Draw(t, "email")), SMS: number(address.SMS), Fax: number(address.Fax),
			Fields: rapid.MapOfN(rapid.StringN(1, 9, -1), rapid.String(), 0, 3).Draw(t, "fields"), Created: when(),
		}
		c.Tags = rapid.SliceOfN(rapid.StringN(1, 9, -1), 0, 3).Draw(t, "tags")
		for _, ch := range address.Channels {
			if rapid.Bool().Draw(t, "answered") {
				c.setConsent(ch, Consent{Given: rapid.Bool().Draw(t, "given"), Recorded: true, At: when(), Source: text("source"), Words: text("words")})
			}
		}
		c.fillConsent()
		record := string(pack(nil, &c, ids))
		// The maps and slices of whatever was there before are used again.
		got := Contact{Tags: []string{"old"}, Fields: map[string]string{"old": "x"}, Consent: map[address.Channel]Consent{address.Fax: {}}}
		if err := unpack(&got, record, lookup); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(revealed(c), revealed(got), sameContact); diff != "" {
			t.Fatalf("(- want + got):\n%s", diff)
		}
	})
}

// revealed is a contact without its mask, for comparing.
func revealed(c Contact) any {
	type plain Contact
	return plain(c)
}

func TestPackedNumbersAreSmall(t *testing.T) {
	t.Parallel()
	if n := len(packNumber(nil, "+821012345678")); n != 5 {
		t.Errorf("a Korean number takes %d bytes", n)
	}
}

func FuzzUnpack(f *testing.F) {
	c := Contact{Name: "김영희", Email: address.Canonical(address.Email, "kim@example.org"), SMS: address.Canonical(address.SMS, "+821012345678"),
		Tags: []string{"a"}, Fields: map[string]string{"city": "Seoul"}, Created: start,
		Consent: map[address.Channel]Consent{address.Email: {Given: true, Recorded: true, At: start, Source: "import", Words: "yes"}}}
	f.Add(string(pack(nil, &c, nil)))
	f.Add(string(pack(nil, &Contact{}, nil)))
	f.Add("")
	f.Fuzz(func(t *testing.T, record string) {
		var c, again Contact
		if unpack(&c, record, noWords) != nil {
			return
		}
		if err := unpack(&again, string(pack(nil, &c, nil)), noWords); err != nil {
			t.Fatalf("%q: packed anew it does not open: %v", record, err)
		}
		if diff := cmp.Diff(revealed(c), revealed(again), sameContact); diff != "" {
			t.Fatalf("%q: packed anew it differs:\n%s", record, diff)
		}
	})
}
