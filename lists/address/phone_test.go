package address

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestInspectPhone(t *testing.T) {
	t.Parallel()
	const mobile = "+821023456789"
	for _, c := range []struct {
		in, region, want string
		sms              bool
	}{
		{"010-2345-6789", "KR", mobile, true},
		{"010-2345-6789", "kr", mobile, true},
		{"01023456789", "KR", mobile, true},
		{"1023456789", "KR", mobile, true}, // the zero lost in a spreadsheet
		{`="01023456789"`, "KR", "", false},
		{"'01023456789", "KR", mobile, true},
		{"82-10-2345-6789", "KR", mobile, true},
		{"+82 (0)10 2345 6789", "US", mobile, true},
		{"+82-010-2345-6789", "US", mobile, true},
		{"０１０－２３４５－６７８９", "KR", mobile, true},
		{"010.2345.6789", "KR", mobile, true},
		{"tel:+82-10-2345-6789", "", mobile, true},
		{"휴대폰: 010-2345-6789", "KR", mobile, true},
		{"010-2345-6789(본인)", "KR", mobile, true},
		{"010-2345-6789 김영희", "KR", mobile, true},
		{"010-2345-6789 (home)", "KR", mobile, true},
		{"\u202a+82 10-2345-6789\u202c", "US", mobile, true},
		{"011-234-5678", "KR", "+82112345678", true},
		{"02-345-6789", "KR", "+8223456789", false},
		{"02-345-6789~90", "KR", "+8223456789", false},
		{"02-345-6789 내선 12", "KR", "+8223456789", false},
		{"02-345-6789(구내 12)", "KR", "+8223456789", false},
		{"02-345-6789 ext. 12", "KR", "+8223456789", false},
		{"070-2345-6789", "KR", "+827023456789", false},
		{"0505-234-5678", "KR", "+825052345678", false},
		{"080-234-5678", "KR", "+82802345678", false},
		{"1588-2345", "KR", "+8215882345", false},
		{"(650) 253-0000", "US", "+16502530000", true},
		{"+44 7400 123456", "KR", "+447400123456", true},
		{"+39 02 3661 8300", "KR", "+390236618300", false},
	} {
		got := InspectPhone(c.in, c.region)
		if c.want == "" {
			if got.Valid {
				t.Errorf("InspectPhone(%q) = %+v, want none", c.in, got)
			}
			continue
		}
		if !got.Valid || got.E164 != c.want || got.SMSCapable != c.sms || got.SMSCapable != (got.Reason == "") {
			t.Errorf("InspectPhone(%q, %q) = %+v, want %s, sms %v", c.in, c.region, got, c.want, c.sms)
		}
	}
}

func TestInspectPhoneRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, region, want string }{
		{"", "KR", Empty},
		{" \u200b ", "KR", Empty},
		{"없음", "KR", NotANumber},
		{"kim@example.org", "KR", NotANumber},
		{"8.21012E+11", "KR", SpreadsheetDamage},
		{"1,02346e+09", "KR", SpreadsheetDamage},
		{"1023456789.0", "KR", SpreadsheetDamage},
		{"212345678.0", "KR", SpreadsheetDamage}, // would be the number of someone else
		{"010-2345-6789 / 010-3456-7890", "KR", SeveralNumbers},
		{"010-2345-6789\n010-3456-7890", "KR", SeveralNumbers},
		{"010-2345-6789", "", InvalidCountry},
		{"010-2345-6789", "ZZ", InvalidCountry},
		{"+999 1234 5678", "KR", InvalidCountry},
		{"010-2345", "KR", NotAssigned},
		{"112", "KR", NumberTooShort},
		{"+82 10 2345 678901", "KR", NotAssigned},
		{"+82 10 2345 6789 0123 45", "KR", NumberTooLong},
		{strings.Repeat("1", 300), "KR", NumberTooLong},
		{"010-2345-6789", "US", NumberTooLong},
		{"550-2345-6789", "US", NumberTooLong},
		{"123-456-7890", "US", NotAssigned},
	} {
		if got := InspectPhone(c.in, c.region); got.Valid || got.Reason != c.want || got.E164 != "" || got.SMSCapable {
			t.Errorf("InspectPhone(%q, %q) = %+v, want %s", c.in, c.region, got, c.want)
		}
	}
}

func TestParsePhoneFitsTheChannel(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in   string
		ch   Channel
		want string // E.164 or reason
	}{
		{"010-2345-6789", SMS, "+821023456789"},
		{"010-2345-6789", Fax, "+821023456789"},
		{"02-345-6789", Fax, "+8223456789"},
		{"02-345-6789", SMS, NotMobile},
		{"0505-234-5678", Fax, "+825052345678"},
		{"0303-2345-6789", Fax, "+8230323456789"},
		{"+82 303 234 5678", Fax, "+823032345678"},
		{"0303-2345-6789", SMS, NotAssigned},
		{"060-234-5678", Fax, PremiumRate},
		{"015-2345-6789", SMS, Pager},
	} {
		a, err := ParsePhone(c.in, "KR", c.ch)
		var e *Error
		switch {
		case err == nil && (a.Reveal() != c.want || a.Channel() != c.ch):
			t.Errorf("ParsePhone(%q, %v) = %s, want %s", c.in, c.ch, a.Reveal(), c.want)
		case err != nil && (!errors.As(err, &e) || e.Reason != c.want):
			t.Errorf("ParsePhone(%q, %v): %v, want %s", c.in, c.ch, err, c.want)
		}
	}
}

func TestCarrier(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a    Address
		want string
	}{
		{Canonical(SMS, "+821023456789"), "kr"},
		{Canonical(Fax, "+8223456789"), "kr"},
		{Canonical(Fax, "+8230323456789"), "kr"},
		{Canonical(SMS, "+16502530000"), "us"},
		{Canonical(SMS, "+97699112233"), "mn-mobicom"},
		{Canonical(Fax, "+97699112233"), "mn"},
		{Canonical(SMS, "+80012345678"), "intl"},
		{Canonical(SMS, "nonsense"), ""},
		{Canonical(Email, "kim@example.org"), ""},
		{Address{}, ""},
	} {
		if got := Carrier(c.a); got != c.want {
			t.Errorf("Carrier(%v) = %q, want %q", c.a, got, c.want)
		}
	}
	if got := Canonical(SMS, "+821023456789").Fold(); got != "+821023456789" {
		t.Errorf("Fold = %q", got)
	}
}

func TestReasons(t *testing.T) {
	t.Parallel()
	snake := regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)
	seen := Reasons()
	for _, r := range seen {
		e := &Error{Reason: r}
		if !snake.MatchString(r) {
			t.Errorf("%q is not snake_case", r)
		}
		if ko, en := e.Message("ko"), e.Message("en"); ko == en || ko == r || en == r {
			t.Errorf("%s: %q, %q", r, ko, en)
		}
	}
	slices.Sort(seen)
	if len(slices.Compact(seen)) != len(sentences) {
		t.Error("a reason stands twice")
	}
	if _, err := ParsePhone("010-9999", "KR", SMS); err == nil || strings.Contains(err.Error(), "9999") {
		t.Errorf("the error tells the number: %v", err)
	}
	if _, err := ParseEmail("secret person@example.org"); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("the error tells the address: %v", err)
	}
}

func FuzzInspectPhone(f *testing.F) {
	for _, s := range []string{"010-2345-6789", "+82 (0)2 345 6789", "８２１０", "8.2E+11", "tel:1;phone-context=+82", "02-345-6789 내선 1", "0303-2345-6789"} {
		f.Add(s, "KR")
	}
	e164 := regexp.MustCompile(`^\+[1-9]\d{3,16}$`)
	f.Fuzz(func(t *testing.T, s, region string) {
		info := InspectPhone(s, region)
		if info.Valid != (info.E164 != "") || info.SMSCapable && !info.Valid || !info.Valid && info.Reason == "" {
			t.Fatalf("%q: %+v", s, info)
		}
		for _, ch := range []Channel{SMS, Fax} {
			a, err := ParsePhone(s, region, ch)
			if err != nil {
				continue
			}
			if !e164.MatchString(a.Reveal()) {
				t.Fatalf("%q became %q", s, a.Reveal())
			}
			if again, err := ParsePhone(a.Reveal(), "", ch); err != nil || again != a {
				t.Fatalf("%q is not canonical: %q, %v", a.Reveal(), again.Reveal(), err)
			}
		}
	})
}
