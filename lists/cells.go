package lists

import (
	"regexp"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"
)

const maxName = 64 // characters of a list's or tag's name

// tidy takes off what stands around a cell's text and makes it one line, in
// composed form (NFC): Macs write Korean in parts. A leading apostrophe, with
// which a spreadsheet guards a formula, goes.
func tidy(s string) string {
	s = norm.NFC.String(strings.ToValidUTF8(s, "\uFFFD"))
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
	s = strings.Trim(s, " \u00a0\u3000\ufeff\u200b")
	if len(s) > 1 && s[0] == '\'' && strings.ContainsRune("=+-@'", rune(s[1])) {
		s = s[1:]
	}
	return s
}

// listName returns the name under which a list is kept.
func listName(s string) (string, error) {
	name := norm.NFC.String(strings.TrimSpace(s))
	if name == "" || len([]rune(name)) > maxName || strings.ContainsFunc(name, misleads) || !isText(name) {
		return "", ErrBadName
	}
	return name, nil
}

// misleads are characters by which a name shows as another than it is.
func misleads(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }

func isText(s string) bool { return strings.ToValidUTF8(s, "") == s }

// Names of languages as people write them, beside their codes. KR is Korea, not
// the language kr.
func parseLanguage(s string) (code string, ok bool) {
	switch strings.ToLower(s) {
	case "kr", "kor", "korean", "한국어", "한글", "국어", "국문", "한국":
		return "ko", true
	case "eng", "english", "영어", "영문":
		return "en", true
	case "jp", "jpn", "japanese", "日本語", "일본어", "일어":
		return "ja", true
	case "cn", "chinese", "中文", "중국어", "중문":
		return "zh", true
	case "vn", "vietnamese", "tiếng việt", "베트남어":
		return "vi", true
	case "french", "français", "프랑스어", "불어":
		return "fr", true
	case "spanish", "español", "스페인어":
		return "es", true
	case "russian", "русский", "러시아어":
		return "ru", true
	case "arabic", "العربية", "아랍어":
		return "ar", true
	}
	tag, err := language.Parse(s)
	if err != nil {
		return "", false
	}
	base, confidence := tag.Base()
	if confidence != language.Exact {
		return "", false
	}
	// The texts of a call are by language; of variants only the script of
	// Chinese decides what a person can read.
	if script, sure := tag.Script(); base.String() == "zh" && sure != language.No && script.String() == "Hant" {
		return "zh-Hant", true
	}
	return base.String(), true
}

// answer is what a consent column says.
type answer uint8

const (
	unsaid answer = iota
	yes
	no
)

// A reply is an answer and its words, as they stood in the row.
type reply struct {
	answer answer
	words  string
}

// parseAnswer reads a consent column. Words that are neither yes nor no are
// taken for what the person agreed to ("서명지 2026-03-02").
func parseAnswer(s string) reply {
	switch strings.ToLower(strings.Join(strings.Fields(s), "")) {
	case "", "-", "?", "n/a", "na", "null", "none", "unknown", "미확인", "모름", "미정":
		return reply{}
	case "no", "n", "false", "f", "0", "x", "✗", "✕", "off", "refused", "declined", "denied", "withdrawn", "optout", "opt-out", "unsubscribed",
		"거부", "거절", "아니오", "아니요", "아뇨", "미동의", "비동의", "부동의", "동의안함", "동의하지않음", "수신거부", "철회":
		return reply{no, s}
	}
	return reply{yes, s}
}

func parseTags(s string) []string {
	var tags []string
	for tag := range strings.FieldsFuncSeq(s, func(r rune) bool { return strings.ContainsRune(",;|、", r) }) {
		if tag = strings.TrimSpace(tag); tag != "" && len([]rune(tag)) <= maxName {
			tags = union(tags, []string{tag})
		}
	}
	return tags
}

// Dates as people and exporters write them, year first; day and month first
// would have to be guessed.
var dateLayouts = []string{
	"2006-1-2T15:04:05", "2006-1-2 15:04:05", "2006-1-2 15:04", "2006-1-2", "20060102",
	"2006-1-2 PM 3:04:05", "2006-1-2 PM 3:04", // "2026. 3. 2 오후 2:30:15": Google Forms in Korean
}

// Writing them alike: "2026. 3. 2.", "2026년 3월 2일" and "2026/3/2" are "2026-3-2".
var (
	dateWords = strings.NewReplacer("년", "-", "월", "-", "일", " ", "오전", "AM", "오후", "PM", ". ", "-", ".", "-", "/", "-")
	dateGaps  = strings.NewReplacer("- ", "-", "  ", " ")
	dateEnd   = regexp.MustCompile(`^(\d{4}-\d{1,2}-\d{1,2})[- ]+`)
)

// parseDate reads a date or an instant; one without a zone is taken as UTC.
func parseDate(s string) (time.Time, bool) {
	if at, err := time.Parse(time.RFC3339, s); err == nil {
		return at.UTC().Truncate(time.Second), at.Unix() > 0 && at.Year() < 2100
	}
	s = dateEnd.ReplaceAllString(dateGaps.Replace(dateWords.Replace(s)), "$1 ")
	s = strings.TrimSpace(s)
	for _, layout := range dateLayouts {
		if at, err := time.Parse(layout, s); err == nil {
			return at, at.Unix() > 0 && at.Year() < 2100
		}
	}
	return time.Time{}, false
}

// union returns the strings of both, in the order of a and then of b, each once.
func union(a, b []string) []string {
	all := append([]string(nil), a...)
next:
	for _, s := range b {
		for _, t := range all {
			if s == t {
				continue next
			}
		}
		all = append(all, s)
	}
	return all
}
