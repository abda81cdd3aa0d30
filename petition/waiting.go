package petition

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode"

	"clarion/lists/address"
)

// A Waiting is what came in and waits for a person, who settles it: a fax, whose pages
// are kept beside it, or a reply in which no name could be read.
type Waiting struct {
	ID     string // 20 hexadecimal digits: a keyed hash of what it came from, by which it is known when it comes again
	Way    Way    // WayFax or WayReply
	At     time.Time
	From   address.Address // who replied; zero of a fax
	Number string          // from which a fax came, as the line says; "" where it did not say
	Text   string          // of a reply
	Pages  int             // of a fax
	// Entered is how many signatures were entered from it so far. It is what two people
	// who settle at once are told apart by.
	Entered int
}

// What may wait. Whoever sends more is told, or comes again later.
const (
	mostWaiting  = 5000
	mostBytes    = 256 << 20 // of all faxes that wait
	maxReply     = 2000      // letters that are kept of a reply
	maxFaxNumber = 40        // letters
)

// An Outcome is what a person made of something that waited. It names nobody.
type Outcome struct {
	By         uint32    `json:"by"` // number in the team
	At         time.Time `json:"at"`
	Way        Way       `json:"way"`
	Signatures int       `json:"signatures,omitempty"` // that were entered by name
	Sheet      uint32    `json:"sheet,omitempty"`      // as which it was counted
	Aside      Aside     `json:"aside,omitempty"`      // why it counts nothing
}

// An Aside is why something that waited counts nothing.
type Aside string

// The reasons. They are a closed list, so that no name gets into the trail by them.
const (
	AsideUnreadable Aside = "unreadable" // nobody can read it
	AsideUnsigned   Aside = "unsigned"   // it is not signed, or what a signer must agree to is not ticked
	AsideTwice      Aside = "twice"      // it came before, by whatever way
	AsideOther      Aside = "other"      // it is about something else
	AsideHandedOn   Aside = "handed_on"  // somebody of the team answers it in person
	AsideTakenBack  Aside = "taken_back" // whoever sent it has taken it back
)

// Asides are all reasons, in the order in which they are shown.
var Asides = []Aside{AsideUnreadable, AsideUnsigned, AsideTwice, AsideOther, AsideHandedOn, AsideTakenBack}

var asideWords = map[Aside][2]string{
	AsideUnreadable: {"cannot be read", "읽을 수 없음"}, AsideUnsigned: {"not signed, or not agreed to", "서명이나 동의 표시가 없음"},
	AsideTwice: {"came before", "이미 받은 것"}, AsideOther: {"about something else", "서명과 관계없음"},
	AsideHandedOn: {"answered in person", "담당자가 직접 답함"}, AsideTakenBack: {"taken back by the sender", "보낸 분이 취소함"},
}

// Word is what people call the reason, in lang ("ko", else English).
func (a Aside) Word(lang string) string { return in(lang, asideWords[a]) }

// Why something that waits cannot be settled.
var (
	ErrNoWaiting = &Refusal{"", [2]string{"nothing of this kind waits: somebody settled it already, or it never came", "기다리는 것이 없습니다. 다른 사람이 이미 처리했거나 온 적이 없습니다."}}
	ErrSettled   = &Refusal{"", [2]string{"somebody else was quicker: look at it once more", "다른 사람이 먼저 처리했습니다. 다시 열어 확인하십시오."}}
	ErrAside     = &Refusal{"reason", [2]string{"choose a reason from the list", "이유를 목록에서 골라 주십시오."}}
	ErrNotSheet  = &Refusal{"sheet", [2]string{"only a fax can be a sheet", "서명지로 셀 수 있는 것은 팩스뿐입니다."}}
	ErrFull      = &Refusal{"", [2]string{"too much waits for a person already: settle some of it on the page of what waits", "확인을 기다리는 것이 너무 많습니다. ‘확인 대기’ 페이지에서 먼저 처리하십시오."}}
)

// waitingRecord is what is sealed of one that waits.
type waitingRecord struct {
	Way     Way             `json:"w"`
	At      time.Time       `json:"a"`
	Channel address.Channel `json:"h,omitempty"`
	From    string          `json:"f,omitempty"`
	Number  string          `json:"n,omitempty"`
	Text    string          `json:"t,omitempty"`
	Pages   int             `json:"p,omitempty"`
}

func (w *Waiting) record() ([]byte, error) {
	return json.Marshal(waitingRecord{w.Way, w.At, w.From.Channel(), w.From.Reveal(), w.Number, w.Text, w.Pages})
}

func (w *Waiting) parseRecord(data []byte) error {
	var r waitingRecord
	if err := json.Unmarshal(data, &r); err != nil {
		return errWaiting // the cause would quote it
	}
	w.Way, w.At, w.From, w.Number, w.Text, w.Pages = r.Way, r.At, address.Canonical(r.Channel, r.From), r.Number, r.Text, r.Pages
	return nil
}

// tidy brings what came from outside into bounds.
func (w *Waiting) tidy(now time.Time) {
	if w.At.IsZero() || w.At.After(now) {
		w.At = now
	}
	w.At = w.At.UTC().Truncate(time.Second)
	w.Text, w.Number = bounded(w.Text, maxReply), bounded(w.Number, maxFaxNumber)
}

// bounded is at most n letters of a text, without what would control whatever shows it.
func bounded(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	if letters := []rune(s); len(letters) > n {
		s = string(letters[:n]) + "…"
	}
	return strings.TrimSpace(s)
}

// MaySetAside says why something cannot be set aside for a reason, nil where it can.
func MaySetAside(a Aside) error {
	if !slices.Contains(Asides, a) {
		return ErrAside
	}
	return nil
}
