package lists

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestParseLanguage(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"ko": "ko", "KR": "ko", "한국어": "ko", "ko-KR": "ko", "ko_KR": "ko", "English": "en", "en-US": "en", "영문": "en", "zh-TW": "zh-Hant", "zh-CN": "zh",
		"中文": "zh", "vi": "vi", "??": "", "elvish": "", "und": "",
	} {
		if got, ok := parseLanguage(in); got != want || ok != (want != "") {
			t.Errorf("%q is %q, %v, want %q", in, got, ok, want)
		}
	}
}

func TestParseAnswer(t *testing.T) {
	t.Parallel()
	for want, all := range map[answer][]string{
		no:     {"no", "N", "거부", "아니오", "동의 안함", "수신거부", "FALSE", "0", "opt-out"},
		yes:    {"yes", "Y", "동의", "예", "1", "O", "2026-03-02 서명지", "동의함"},
		unsaid: {"-", "N/A", "미확인", "unknown"},
	} {
		for _, s := range all {
			if got := parseAnswer(s); got.answer != want {
				t.Errorf("%q is %d, want %d", s, got.answer, want)
			}
		}
	}
}

func TestParseDate(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"2026-03-02": "2026-03-02T00:00:00Z", "2026. 3. 2.": "2026-03-02T00:00:00Z", "2026.03.02": "2026-03-02T00:00:00Z", "2026/3/2 9:05": "2026-03-02T09:05:00Z",
		"2026년 3월 2일": "2026-03-02T00:00:00Z", "2026년 3월 2일 14:30": "2026-03-02T14:30:00Z", "20260302": "2026-03-02T00:00:00Z", "2026-03-02 14:30:59": "2026-03-02T14:30:59Z",
		"2026. 3. 2. 14:30": "2026-03-02T14:30:00Z", "2026-03-02T09:00:00+09:00": "2026-03-02T00:00:00Z", "2026. 3. 2 오후 2:30:15": "2026-03-02T14:30:15Z", "2026-3-2 오전 12:05": "2026-03-02T00:05:00Z", "02/03/2026": "", "soon": "", "9999-01-01": "", "1900-01-01": "",
	} {
		got, ok := parseDate(in)
		if ok != (want != "") || ok && got.Format("2006-01-02T15:04:05Z07:00") != want {
			t.Errorf("%q is %v, %v, want %q", in, got, ok, want)
		}
	}
}

func TestTidy(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		" a\u00a0\u3000": "a", "a\r\nb": "a  b", "'=1+1": "=1+1", "'": "'", "it's": "it's", "\u1100\u1161": "가", "\xff": "\uFFFD",
	} {
		if got := tidy(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

// Whatever stands in a table, an entry holds clean text, and says why it has no
// address when it has none.
func FuzzEntry(f *testing.F) {
	f.Add("name", "김영희", "email", "kim@example.org")
	f.Add("sms", "010-1234-5678", "consent", "거부")
	f.Add("phone", "02-788-2001", "consent_at", "2026. 3. 2.")
	f.Add("tags", "a,b;;c", "opt_out", "Y")
	f.Add("timezone", "../etc/passwd", "language", "x-")
	f.Fuzz(func(t *testing.T, field1, value1, field2, value2 string) {
		o := &ImportOptions{Region: "KR"}
		e := &entry{row: 2}
		e.take(field1, value1, o)
		e.take(field2, value2, o)
		e.finish(o)
		if !e.usable() && len(e.rejected) == 0 {
			t.Fatal("left out without a word")
		}
		now := merge(&Contact{}, e, o, start)
		texts := append([]string{now.Name, now.Organisation, now.Language, now.Zone}, now.Tags...)
		for _, v := range now.Fields {
			texts = append(texts, v)
		}
		for _, s := range texts {
			if !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) {
				t.Fatalf("%q got in", s)
			}
		}
		var again Contact
		if err := unpack(&again, string(pack(nil, &now, nil)), noWords); err != nil {
			t.Fatal(err)
		}
	})
}
