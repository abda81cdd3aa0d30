package petition

import (
	"fmt"
	"slices"
)

// A Way is how a signature came.
type Way string

// The ways.
const (
	WayWeb   Way = "web"   // the form on the campaign page; counts for certain once it is confirmed
	WayReply Way = "reply" // the answer to a text message or an email
	WayFax   Way = "fax"   // a form that came by fax
	WayPost  Way = "post"  // a form that came by post
	WayHand  Way = "hand"  // a form of one person, handed in
	WaySheet Way = "sheet" // a line of a sheet: counted, never written down by name
)

// Ways are all ways, in the order in which they are shown.
var Ways = []Way{WayWeb, WayReply, WayFax, WayPost, WayHand, WaySheet}

var wayWords = map[Way][2]string{
	WayWeb: {"on the web", "웹"}, WayReply: {"by reply", "회신"}, WayFax: {"by fax", "팩스"},
	WayPost: {"by post", "우편"}, WayHand: {"by hand", "직접 제출"}, WaySheet: {"on sheets", "서명지"},
}

// Word is what people call the way, in lang ("ko", else English).
func (w Way) Word(lang string) string { return in(lang, wayWords[w]) }

// named says whether signatures of the way have names here.
func (w Way) named() bool { return w != WaySheet && slices.Contains(Ways, w) }

// A Stage is how far a signature, or a sheet that was counted, is on its way to the
// addressee. It only goes forward.
type Stage uint8

// The stages, in their order.
const (
	Collected    Stage = iota // it came
	Counted                   // a person looked at it
	Boxed                     // it lies in a box, or in the book that is printed
	HandedOver                // the addressee has it
	Acknowledged              // the addressee says so
)

// Stages are all stages, in their order.
var Stages = []Stage{Collected, Counted, Boxed, HandedOver, Acknowledged}

var (
	stageNames = [...]string{"collected", "counted", "boxed", "handed_over", "acknowledged"}
	stageWords = [...][2]string{
		{"collected", "모음"}, {"counted", "확인함"}, {"boxed", "상자에 담음"}, {"handed over", "전달함"}, {"acknowledged", "접수 확인"},
	}
)

// String is the stage as programs read it, such as "handed_over".
func (s Stage) String() string {
	if int(s) < len(stageNames) {
		return stageNames[s]
	}
	return "unknown"
}

// MarshalText is String.
func (s Stage) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (s *Stage) UnmarshalText(text []byte) error {
	i := slices.Index(stageNames[:], string(text))
	if i < 0 {
		return fmt.Errorf("%q is no stage of a signature", text)
	}
	*s = Stage(i)
	return nil
}

// Word is what people call the stage, in lang ("ko", else English).
func (s Stage) Word(lang string) string {
	if int(s) < len(stageWords) {
		return in(lang, stageWords[s])
	}
	return s.String()
}

// in is the one of two texts, English and Korean, that is in lang.
func in(lang string, words [2]string) string {
	if lang == "ko" {
		return words[1]
	}
	return words[0]
}
