package address

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestParseEmailAccepts(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("b", 63)
	for in, want := range map[string]string{
		"young.hee@example.org":                      "young.hee@example.org",
		" Kim@EXAMPLE.Org\u3000":                     "Kim@example.org",
		"\ufeffkim@example.org":                      "kim@example.org",
		"kim+save9@mail.example.co.kr":               "kim+save9@mail.example.co.kr",
		"o'neil/dept@example.org":                    "o'neil/dept@example.org",
		"영희@example.org":                             "영희@example.org",
		"\u110b\u1167\u11bc\u1112\u1174@example.org": "영희@example.org", // decomposed, as macOS writes it
		"kim@인권.한국":                                  "kim@xn--zf0bo50c.xn--3e0b707e",
		"kim@인권。한국":                                  "kim@xn--zf0bo50c.xn--3e0b707e", // ideographic full stop, RFC 3490 §3.1
		"kim@ＥＸＡＭＰＬＥ.org":                            "kim@example.org",
		"kim@xn--zf0bo50c.xn--3e0b707e":              "kim@xn--zf0bo50c.xn--3e0b707e",
		"root@va":                                    "root@va", // a country's own mailbox
		`"kim young"@example.org`:                    `"kim young"@example.org`,
		`"kim.young"@example.org`:                    "kim.young@example.org",
		`"k\im"@example.org`:                         "kim@example.org",
		`"a@b\"c\\d"@example.org`:                    `"a@b\"c\\d"@example.org`,
		`"..kim"@example.org`:                        `"..kim"@example.org`,
		"k@" + long + ".org":                         "k@" + long + ".org",
		strings.Repeat("k", 64) + "@ex.org":          strings.Repeat("k", 64) + "@ex.org",
	} {
		a, err := ParseEmail(in)
		if err != nil || a.Reveal() != want || a.Channel() != Email {
			t.Errorf("ParseEmail(%q) = %q, %v; want %q", in, a.Reveal(), err, want)
		}
	}
}

func TestParseEmailRefuses(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                                        Empty,
		"  \u00a0":                                Empty,
		"kim":                                     NoAt,
		"hello＠example.org":                       NoAt,
		"kim\xff@example.org":                     InvalidText,
		"kim@example.org\r\nRCPT TO:<x@y.z>":      ControlCharacter,
		"kim\n@example.org":                       ControlCharacter,
		"\"kim\x00\"@example.org":                 ControlCharacter,
		"kim@exam\u202eple.org":                   ControlCharacter,
		"Kim <kim@example.org>":                   DisplayName,
		`"Kim, Y" <kim@example.org>`:              DisplayName,
		"<kim@example.org>":                       DisplayName,
		"kim@example.org>":                        DisplayName,
		"kim@example.org, lee@example.org":        SeveralAddresses,
		"kim@example.org;lee@example.org":         SeveralAddresses,
		"kim@lee@example.org":                     InvalidLocalPart,
		"@example.org":                            InvalidLocalPart,
		".kim@example.org":                        InvalidLocalPart,
		"kim.@example.org":                        InvalidLocalPart,
		"kim..young@example.org":                  InvalidLocalPart,
		"kim young@example.org":                   InvalidLocalPart,
		"kim\u3000young@example.org":              InvalidLocalPart,
		"kim(home)@example.org":                   InvalidLocalPart,
		"mailto:kim@example.org":                  InvalidLocalPart,
		`""@example.org`:                          InvalidLocalPart,
		`"kim@example.org`:                        InvalidLocalPart,
		`"kim\"@example.org`:                      InvalidLocalPart,
		`"kim"x@example.org`:                      InvalidLocalPart,
		"me.\u037e@example.org":                   InvalidLocalPart, // becomes ; in NFC
		strings.Repeat("k", 65) + "@ex.org":       LocalPartTooLong,
		strings.Repeat("영", 22) + "@ex.org":       LocalPartTooLong, // 66 octets
		"kim@":                                    InvalidDomain,
		"kim@example..org":                        InvalidDomain,
		"kim@example.org.":                        InvalidDomain,
		"kim@.example.org":                        InvalidDomain,
		"kim@-example.org":                        InvalidDomain,
		"kim@example-.org":                        InvalidDomain,
		"kim@exam ple.org":                        InvalidDomain,
		"kim@exam_ple.org":                        InvalidDomain,
		"kim@yy--0.org":                           InvalidDomain,
		"kim@xn--0.org":                           InvalidDomain,
		"kim@192.0.2.1":                           InvalidDomain,
		"kim@example.c-m":                         InvalidDomain,
		"kim@" + strings.Repeat("b", 64) + ".org": InvalidDomain,
		"kim@gmail":                               DomainWithoutDot,
		"kim@[192.0.2.1]":                         IPLiteral,
		"kim@[IPv6:2001:db8::1]":                  IPLiteral,
		"k@" + strings.Repeat("b.", 127) + "org":  DomainTooLong,
		strings.Repeat("k", 64) + "@" + strings.Repeat("bcdefghij.", 19) + "org": TooLong,
		strings.Repeat("k", 5000): TooLong,
	} {
		a, err := ParseEmail(in)
		var e *Error
		if !errors.As(err, &e) || e.Reason != want || !a.IsZero() {
			t.Errorf("ParseEmail(%q) = %q, %v; want reason %s", in, a.Reveal(), err, want)
		}
		if info := InspectEmail(in); info.Valid || info.Reason != want || info.Normalized != "" {
			t.Errorf("InspectEmail(%q) = %+v", in, info)
		}
	}
}

func TestFoldIsOnePerson(t *testing.T) {
	t.Parallel()
	parse := func(s string) Address {
		a, err := ParseEmail(s)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	a, b := parse("Kim@Example.org"), parse("kim@example.org")
	if a == b {
		t.Error("the local part lost its case")
	}
	if a.Fold() != b.Fold() {
		t.Errorf("%q and %q are two persons", a.Fold(), b.Fold())
	}
	if parse("kim+a@example.org").Fold() == b.Fold() {
		t.Error("a tag was taken for the same mailbox")
	}
}

func FuzzParseEmail(f *testing.F) {
	for _, s := range []string{"kim@example.org", `"a b"@example.org`, "영희@인권.한국", "k\r\n@x.org", "a@[::1]", "\"\\", "@", "x <y@z.org>", "k@xn--a.org"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := ParseEmail(s)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Message("ko") == e.Reason {
				t.Fatalf("%q: %v has no sentence", s, err)
			}
			return
		}
		v := a.Reveal()
		if strings.ContainsFunc(v, isHidden) || !utf8.ValidString(v) || len(v) > maxEmail {
			t.Fatalf("%q became %q", s, v)
		}
		if again, err := ParseEmail(v); err != nil || again != a {
			t.Fatalf("%q is not canonical: %q, %v", v, again.Reveal(), err)
		}
		if d := a.Domain(); d == "" || d != strings.ToLower(d) {
			t.Fatalf("%q has the domain %q", s, d)
		}
	})
}
