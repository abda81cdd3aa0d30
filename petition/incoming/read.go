package incoming

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"clarion/lists/optout"
	"clarion/petition"
)

// A Said is what a reply says.
type Said uint8

// What replies say; Else is anything that is none of our matter.
const (
	Else   Said = iota
	Signs       // a name that can be read, after the word
	Unread      // the word, and no name that can be read
	Agrees      // that they agree to what they were asked
)

// A reading is what Read makes of a reply.
type reading struct {
	said     Said
	name     string
	place    string // what stands after a comma, or after the word that agrees; it may be anything
	resident bool   // a resident registration number is in it: it is kept nowhere
}

// The words that begin a reply, longest first, as they are spelled without blanks.
var (
	signWords  = []string{"서명합니다", "서명하겠습니다", "서명할게요", "서명해요", "서명함", "서명이요", "서명", "isign", "signed", "sign"}
	agreeWords = []string{"동의합니다", "동의해요", "동의함", "동의", "iagree", "agreed", "agree"}
)

// maxLead is how long the line with the word may be, in letters: what is longer is
// somebody's letter to us.
const maxLead = 140

// read reads a reply: "서명 홍길동, 서울 관악구", "SIGN Kim Minsu", "동의 서울". What a
// mail program put under it is not read.
func read(text string) reading {
	lines := strings.Split(optout.Written(text), "\n")
	lead := tidied(lines[0])
	if len([]rune(lead)) > maxLead {
		return reading{}
	}
	if rest, ok := after(agreeWords, lead); ok {
		return reading{said: Agrees, place: thanks.ReplaceAllString(rest, "")}
	}
	rest, ok := after(signWords, lead)
	if !ok {
		return reading{}
	}
	if rest == "" && len(lines) > 1 { // the name stands on the next line
		rest = tidied(lines[1])
	}
	r := reading{said: Unread, resident: petition.HasResidentNumber(text)}
	name, place, _ := strings.Cut(rest, ",")
	if name, ok := asName(name); ok && !r.resident {
		r.said, r.name, r.place = Signs, name, tidied(place)
	}
	return r
}

// thanks are what people put after a word, and what says nothing.
var thanks = regexp.MustCompile(`(?i)\s*(?:감사합니다|고맙습니다|수고하세요|thanks|thank you)$`)

// tidied is a line in ordinary width, without marks around it, and with one kind of comma.
func tidied(s string) string {
	s = strings.NewReplacer("、", ",", "،", ",", "·", " ", "\u3000", " ").Replace(norm.NFKC.String(s))
	s = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) || unicode.IsControl(r) && r != '\t' {
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.Fields(strings.Trim(s, " \t\"'“”‘’«»「」『』<>()[]{}.,:;!?~*_-–—#/\\|")), " ")
}

// after is what stands after one of the words, which may be written with blanks in it.
// Without anything between them, only three letters of a Korean name may follow.
func after(words []string, s string) (rest string, ok bool) {
	for _, w := range words {
		rest, ok := cut(w, s)
		switch {
		case !ok:
		case rest == "":
			return "", true
		case strings.ContainsRune(" .,:;!~-–—/<>()[]{}\"'“”‘’「」", []rune(rest)[0]):
			return tidied(rest), true
		case isGlued(rest):
			return rest, true
		}
	}
	return "", false
}

// cut takes a word off the beginning of a text, whatever its case and blanks.
func cut(word, s string) (rest string, ok bool) {
	want := []rune(word)
	for i, r := range s {
		if len(want) == 0 {
			return s[i:], true
		}
		if r == ' ' && i > 0 {
			continue
		}
		if unicode.ToLower(r) != want[0] {
			return "", false
		}
		want = want[1:]
	}
	return "", len(want) == 0
}

// isGlued says whether a Korean name follows its word without a blank: "서명홍길동".
func isGlued(rest string) bool {
	name, _, _ := strings.Cut(rest, ",")
	letters := []rune(strings.TrimSpace(name))
	return len(letters) == 3 && isKorean(letters) && strings.ContainsRune(gluedSurnames, letters[0])
}

// gluedSurnames are the most frequent ones of Statistics Korea's census of 2015, without
// those that also begin the ending of a word: 이, 하, 도, 은, 지, 부, 기, 원, 전, 한, 인.
const gluedSurnames = "김박최정강조윤장임오서신권황안송류홍고문양손배백허남심노곽성차주우구민나진엄채천방공현함변염여추"

// surnames are those of one syllable that some hundreds of people have at least (the same).
const surnames = "김이박최정강조윤장임한오서신권황안송류전홍고문양손배백허유남심노하곽성차주우구라나민진지엄채원천방공현함변염여추도소석선설마길연위표명기반왕금옥육인맹제모탁국어은편용예경봉사부가복태목형피두감음빈온호범좌팽승간견당"

// twoSyllables are surnames of two.
var twoSyllables = []string{"남궁", "황보", "제갈", "사공", "선우", "서문", "독고", "동방"}

// manners are what people put after their name.
var manners = regexp.MustCompile(`\s*(?:입니다|이에요|예요|드림|올림|씀|배상)$`)

// sentence are endings that no name has: somebody asks or tells something.
var sentence = regexp.MustCompile(`(?:습니다|니다|세요|네요|까요|나요|가요|어요|아요|해요|하고|에서|으로|하는|한다|했다|부탁|방법|운동|용지)$`)

// asName is the name in what follows the word, tidied; false where it is none for sure.
// What merely might be none is: the person sees it in our question, and agrees or not.
func asName(s string) (string, bool) {
	s = manners.ReplaceAllString(tidied(s), "")
	letters := []rune(strings.ReplaceAll(s, " ", ""))
	if len(letters) < 2 || len([]rune(s)) > maxName || petition.Invented(s) || strings.ContainsFunc(s, oddInName) {
		return "", false
	}
	if isKorean(letters) {
		return string(letters), isKoreanName(letters) && !sentence.MatchString(string(letters))
	}
	return s, isLatinName(s)
}

const maxName = 40 // letters

func oddInName(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsMark(r) && !strings.ContainsRune(" '’.-", r)
}

func isKorean(letters []rune) bool {
	return !slices.ContainsFunc(letters, func(r rune) bool { return r < '가' || r > '힣' })
}

func isKoreanName(letters []rune) bool {
	for _, two := range twoSyllables {
		if given, ok := strings.CutPrefix(string(letters), two); ok && len([]rune(given)) <= 3 && given != "" {
			return true
		}
	}
	return len(letters) <= 4 && strings.ContainsRune(surnames, letters[0])
}

// notNames are words that people write after SIGN and that are nobody's name.
var notNames = []string{"a", "about", "again", "an", "and", "any", "are", "at", "can", "do", "every", "for", "have", "here", "how", "i", "in", "is", "it", "me", "my", "name", "no", "not",
	"of", "off", "on", "online", "or", "our", "petition", "please", "pls", "thank", "thanks", "that", "the", "them", "they", "this", "to", "up", "us", "want", "we", "what", "when", "where", "why", "will", "with", "yes", "you", "your"}

// isLatinName says whether the words may be the name of somebody who does not write it in
// Hangul: of two words at least where its script puts blanks between them.
func isLatinName(s string) bool {
	words := strings.Fields(s)
	for _, w := range words {
		if slices.Contains(notNames, strings.ToLower(strings.Trim(w, ".'’-"))) {
			return false
		}
	}
	spaced := strings.ContainsFunc(s, func(r rune) bool { return !unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) })
	return len(words) <= 5 && (len(words) >= 2 || !spaced)
}
