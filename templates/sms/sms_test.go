package sms

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"
)

func TestCount(t *testing.T) {
	t.Parallel()
	a := strings.Repeat
	for _, c := range []struct {
		name, text string
		encoding   Encoding
		units      int
		cuts       []int // characters in each part
	}{
		{"empty", "", GSM7, 0, []int{0}},
		{"full", a("a", 160), GSM7, 160, []int{160}},
		{"one more", a("a", 161), GSM7, 161, []int{153, 8}},
		{"as Kannel cuts 330", a("b", 330), GSM7, 330, []int{153, 153, 24}},
		{"as Kannel cuts 178 Korean", a("가", 178), UCS2, 178, []int{67, 67, 44}},
		{"Korean full", a("가", 70), UCS2, 70, []int{70}},
		{"Korean one more", a("가", 71), UCS2, 71, []int{67, 4}},
		{"the extension costs two", a("€", 80), GSM7, 160, []int{80}},
		{"no part ends within an escape pair", a("a", 152) + "€" + a("a", 10), GSM7, 164, []int{152, 11}},
		{"no part ends within a surrogate pair", a("가", 66) + "😀" + a("가", 10), UCS2, 78, []int{66, 11}},
		{"a pair that just fits", a("가", 65) + "😀" + a("가", 10), UCS2, 77, []int{66, 10}},
		{"extension and escape", "[]{}~\\|^€\f", GSM7, 20, []int{10}},
		{"Greek capitals", "ΔΦΓΛΩΠΨΣΘΞ", GSM7, 10, []int{10}},
		{"ç is not Ç", "Ç", GSM7, 1, []int{1}},
		{"ç is UCS-2", "ç", UCS2, 1, []int{1}},
		{"a backquote is UCS-2", "`", UCS2, 1, []int{1}},
		{"a tab is UCS-2", "\t", UCS2, 1, []int{1}},
		{"the escape is no character", "\x1b", UCS2, 1, []int{1}},
		{"line ends", "\r\n", GSM7, 2, []int{2}},
		{"not UTF-8", "a\xffb", UCS2, 3, []int{3}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := Count(c.text)
			var cuts []int
			for _, p := range got.Parts {
				cuts = append(cuts, utf8.RuneCountInString(p))
			}
			if got.Encoding != c.encoding || got.Units != c.units || got.Segments != len(c.cuts) || !slices.Equal(cuts, c.cuts) {
				t.Errorf("got %s, %d units, %d segments cut at %v; want %s, %d, %v", got.Encoding, got.Units, got.Segments, cuts, c.encoding, c.units, c.cuts)
			}
		})
	}
}

func TestKoreanCarriers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text    string
		bytes   int // -1: not encodable
		class   Class
		at      int
		instead string
	}{
		{strings.Repeat("가", 45), 90, SMS, 0, ""},
		{strings.Repeat("가", 45) + "a", 91, LMS, 0, ""},
		{strings.Repeat("가", 1000), 2000, LMS, 0, ""},
		{strings.Repeat("가", 1000) + "a", 2001, "", 0, ""},
		{"한자 中文, ①, ★, €", 21, SMS, 0, ""},
		{"똠", -1, "", 1, ""}, // code page 949 alone
		{"안녕 😀", -1, "", 4, ""},
		{"가격 – 100", -1, "", 4, "―"},
		{"café", -1, "", 4, ""},
		{"값 ₩100", -1, "", 3, "￦"},
		{"", 0, SMS, 0, ""},
	} {
		info := Count(c.text)
		switch {
		case c.bytes < 0 && (info.EUCKR != nil || info.Korean != nil):
			t.Errorf("%.20q: got %d bytes, want none", c.text, *info.EUCKR)
		case c.bytes >= 0 && (info.EUCKR == nil || *info.EUCKR != c.bytes):
			t.Errorf("%.20q: want %d bytes", c.text, c.bytes)
		case c.class != "" && (info.Korean == nil || *info.Korean != c.class), c.class == "" && info.Korean != nil:
			t.Errorf("%.20q: class %v, want %q", c.text, info.Korean, c.class)
		}
		for _, p := range info.Problems {
			if p.Kind == KindOutsideEUCKR && (p.Position != c.at || p.Suggestion != c.instead) {
				t.Errorf("%.20q: position %d, suggestion %q; want %d, %q", c.text, p.Position, p.Suggestion, c.at, c.instead)
			}
		}
		if c.at == 0 && has(info, KindOutsideEUCKR) || c.at > 0 && !has(info, KindOutsideEUCKR) {
			t.Errorf("%.20q: problems %v", c.text, info.Problems)
		}
	}
}

func TestHints(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, kind, instead string }{
		{"a curly quote", "Don’t forget", KindCostly, "'"},
		{"a dash", "9 – 11 March", KindCostly, "-"},
		{"an ellipsis", "Soon…", KindCostly, "..."},
		{"Hangul in pieces", "\u1112\u1161\u11ab", KindDecomposed, ""},
		{"too many parts", strings.Repeat("a", 153*255+1), KindTooLong, ""},
		{"not UTF-8", "abc\xff", KindInvalidText, ""},
	} {
		info := Count(c.text)
		if !has(info, c.kind) {
			t.Errorf("%s: problems %v, want %s", c.name, info.Problems, c.kind)
		}
		for _, p := range info.Problems {
			if p.Kind == c.kind && p.Suggestion != c.instead {
				t.Errorf("%s: suggestion %q, want %q", c.name, p.Suggestion, c.instead)
			}
		}
	}
	for _, text := range []string{"“안녕”", "plain", "Don’t 😀"} { // Korean and emoji need UCS-2 anyhow
		if has(Count(text), KindCostly) {
			t.Errorf("%q: a hint that saves nothing", text)
		}
	}
}

func TestInfoAsJSON(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"안녕": `{"encoding":"UCS-2","segments":1,"units":2,"parts":["안녕"],"euckr_bytes":4,"korean_class":"SMS","problems":[]}`,
		"é":  `{"encoding":"GSM-7","segments":1,"units":1,"parts":["é"],"euckr_bytes":null,"korean_class":null,"problems":[{"kind":"outside_euckr","position":1,"character":"é","message":"character 1, 'é', is not in EUC-KR; Korean carriers cannot show it"}]}`,
	} {
		if got, err := json.Marshal(Count(text)); err != nil || string(got) != want {
			t.Errorf("got  %s (%v)\nwant %s", got, err, want)
		}
	}
}

func FuzzCount(f *testing.F) {
	for _, s := range []string{"", "hello", "안녕하세요", strings.Repeat("€", 200), strings.Repeat("가😀", 80), "a\xff\xf0\x9f", strings.Repeat("x", 152) + "€€", "\ufffd"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		info := Count(text)
		if got, want := strings.Join(info.Parts, ""), strings.ToValidUTF8(text, "\uFFFD"); utf8.ValidString(text) && got != text || len(got) == 0 != (len(want) == 0) {
			t.Fatalf("parts %q are not the text %q", info.Parts, text)
		}
		if info.Segments != len(info.Parts) {
			t.Fatalf("%d segments, %d parts", info.Segments, len(info.Parts))
		}
		total := 0
		for _, p := range info.Parts {
			if !utf8.ValidString(p) {
				t.Fatalf("part %q is cut within a character", p)
			}
			n := len(utf16.Encode([]rune(p)))
			limit, single := ucs2Part, ucs2Single
			if info.Encoding == GSM7 {
				limit, single, n = gsm7Part, gsm7Single, 0
				for _, r := range p {
					if septets(r) == 0 {
						t.Fatalf("%q is not in GSM-7", r)
					}
					n += septets(r)
				}
			}
			if n > limit && len(info.Parts) > 1 || n > single {
				t.Fatalf("part of %d units", n)
			}
			if n == 0 && len(info.Parts) > 1 {
				t.Fatal("an empty part")
			}
			total += n
		}
		if total != info.Units {
			t.Fatalf("parts have %d units, the text %d", total, info.Units)
		}
		if (info.EUCKR == nil) != has(info, KindOutsideEUCKR) {
			t.Fatalf("EUC-KR length %v with problems %v", info.EUCKR, info.Problems)
		}
	})
}

func has(info Info, kind string) bool {
	for _, p := range info.Problems {
		if p.Kind == kind {
			return true
		}
	}
	return false
}
