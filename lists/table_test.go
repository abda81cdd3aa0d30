package lists

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"clarion/internal/redistest"
	"clarion/lists/address"
	"clarion/lists/tabular"
)

func TestTelephoneColumns(t *testing.T) {
	t.Parallel()
	s := opened(t, redistest.New(t))
	r := importCSV(t, s, ImportOptions{List: "a"}, "성,이름,이메일,전화번호,비고\n"+
		"김,영희,a@example.org,010-1234-5678,vip\n"+ // a mobile number, whatever the column says
		"이,철수,b@example.org,02-788-2001,\n"+ // somebody's telephone, which is no fault
		"박,민수,,02-788-2002,\n") // nothing to write to
	want := []Rejected{{Row: 4, Field: "phone", Value: "02-788-2002", Reason: address.NotMobile}}
	if diff := cmp.Diff(want, r.Rejected); diff != "" || r.New != 2 || r.RejectedRows != 1 {
		t.Errorf("%+v\n%s", *r, diff)
	}
	c, err := s.Read(context.Background(), []uint32{1, 2})
	if err != nil {
		t.Fatal(err)
	}
	if c[0].Name != "김영희" || c[0].SMS.Reveal() != "+821012345678" || c[0].Fields["note"] != "vip" {
		t.Errorf("%q %q %q", c[0].Name, c[0].SMS.Reveal(), c[0].Fields)
	}
	if v, ok := c[1].Field("phone"); !ok || v != "02-788-2001" || !c[1].SMS.IsZero() {
		t.Errorf("phone is %q", v)
	}
}

func TestRowsThatAreBroken(t *testing.T) {
	t.Parallel()
	s := opened(t, redistest.New(t))
	r := importCSV(t, s, ImportOptions{List: "a"}, "name,email,language\nA\ufffdB,a@example.org,elvish\nB,b@example.org,\n\"C,c@example.org\nD,d@example.org\n")
	want := []Rejected{
		{2, "language", "elvish", UnknownLanguage}, {2, "name", "A\ufffdB", tabular.BrokenText}, {4, "", "", tabular.UnclosedQuote},
	}
	if diff := cmp.Diff(want, r.Rejected); diff != "" || r.New != 2 || r.Records != 3 || r.RejectedRows != 1 {
		t.Errorf("%+v\n%s", *r, diff)
	}
}

func TestNoHeader(t *testing.T) {
	t.Parallel()
	s := opened(t, redistest.New(t))
	r := importCSV(t, s, ImportOptions{List: "a"}, "김영희,a@example.org,010-1234-5678\n이철수,b@example.org,010-1234-5679\n")
	if r.New != 2 || r.Columns["email"] != "2" || r.Columns["sms"] != "3" {
		t.Errorf("%+v", *r)
	}
}

func TestRegionAndLanguageOfAnImport(t *testing.T) {
	t.Parallel()
	s := opened(t, redistest.New(t))
	importCSV(t, s, ImportOptions{List: "a", Region: "GB", Language: "English"}, "email,mobile,language\na@example.org,07911 123456,\nb@example.org,,ko\n")
	// The default is for new contacts alone.
	importCSV(t, s, ImportOptions{List: "a", Language: "ja"}, "email\na@example.org\n")
	c, err := s.Read(context.Background(), []uint32{1, 2})
	if err != nil || c[0].SMS.Reveal() != "+447911123456" || c[0].Language != "en" || c[1].Language != "ko" {
		t.Errorf("%q %q %q, %v", c[0].SMS.Reveal(), c[0].Language, c[1].Language, err)
	}
	if _, err := tryCSV(s, ImportOptions{List: "a", Language: "elvish"}, "email\na@example.org\n"); err == nil {
		t.Error("elvish is taken for a language")
	}
}
