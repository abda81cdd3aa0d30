package broadcast

import (
	"encoding/json"
	"fmt"

	"clarion/lists/address"
)

// A Cause is what a Note is about.
type Cause string

// Causes for which a call pauses itself, and what a person said to them.
const (
	TooManyBounced    Cause = "bounced"    // hard bounces
	TooManyComplained Cause = "complained" // complaints
	TooManyFailed     Cause = "failed"     // refused or given up; of a canary alone
	Overridden        Cause = "overridden" // a person resumed the call past its limits
)

// A Note is why a call paused itself: N of its Of messages on a channel, which is a
// larger share than Limit. The zero value says nothing.
type Note struct {
	Cause   Cause           `json:"cause"`
	Canary  bool            `json:"canary,omitempty"` // it is of the part that went first
	Channel address.Channel `json:"channel,omitempty"`
	N       int             `json:"n,omitempty"`
	Of      int             `json:"of,omitempty"`
	Limit   float64         `json:"limit,omitempty"` // 0.05 for 5 %
}

// noteWords say what became of messages: English, Korean.
var noteWords = map[Cause][2]string{
	TooManyBounced:    {"bounced for good", "없는 주소나 번호여서 반송되었습니다"},
	TooManyComplained: {"were complained about", "스팸으로 신고되었습니다"},
	TooManyFailed:     {"were refused or given up", "거부되었거나 보내지 못했습니다"},
}

// Sentence says it to a person in "ko" or "en"; "" of the zero value.
func (n Note) Sentence(lang string) string {
	if n.Cause == Overridden {
		if lang == "ko" {
			return "한도를 넘었지만 담당자가 계속하게 했습니다"
		}
		return "resumed past its limits by a person"
	}
	words, ok := noteWords[n.Cause]
	if !ok {
		return ""
	}
	places := 1
	if n.Cause != TooManyBounced || n.Canary {
		places = 2
	}
	share := func(x float64) string { return fmt.Sprintf("%.*f %%", places, 100*x) }
	of := float64(n.N) / float64(max(n.Of, 1))
	switch {
	case lang == "ko" && n.Canary:
		return fmt.Sprintf("%s: 먼저 보낸 %d건 가운데 %d건이 %s. 한도 %s를 넘어 나머지는 보내지 않고 기다립니다", n.Channel.Korean(), n.Of, n.N, words[1], share(n.Limit))
	case lang == "ko":
		return fmt.Sprintf("%s: %d건 가운데 %s가 %s. 한도는 %s입니다", n.Channel.Korean(), n.Of, share(of), words[1], share(n.Limit))
	case n.Canary:
		return fmt.Sprintf("canary, %s: %d of the %d messages that went first %s, more than %s; the rest is held", n.Channel, n.N, n.Of, words[0], share(n.Limit))
	}
	return fmt.Sprintf("%s: %s of %d messages %s, the call's limit is %s", n.Channel, share(of), n.Of, words[0], share(n.Limit))
}

// text is the note as the call's record keeps it, "" for the zero value.
func (n Note) text() (string, error) {
	if n == (Note{}) {
		return "", nil
	}
	b, err := json.Marshal(n)
	return string(b), err
}

// parseNote reads what text wrote.
func parseNote(s string) (n Note) {
	if json.Unmarshal([]byte(s), &n) != nil {
		return Note{}
	}
	return n
}
