package console

import (
	"errors"
	"fmt"
	"time"

	"clarion/web/desk"
)

// sayer returns what picks the words of a language out of a pair.
func sayer(lang string) func(en, ko string) string {
	return func(en, ko string) string {
		if lang == korean {
			return ko
		}
		return en
	}
}

// What the desk says in reports is said alike on the pages.
var (
	number       = desk.Number
	share        = desk.Share
	channelWord  = desk.ChannelWord
	languageWord = desk.LanguageWord
)

// span writes a length of time in its two largest units.
func span(d time.Duration, lang string) string {
	d = d.Round(time.Second)
	units := []struct {
		of     time.Duration
		en, ko string
	}{{24 * time.Hour, "d", "일"}, {time.Hour, "h", "시간"}, {time.Minute, "min", "분"}, {time.Second, "s", "초"}}
	say := sayer(lang)
	for i, u := range units {
		if d < u.of && u.of != time.Second {
			continue
		}
		first := fmt.Sprintf("%d%s", d/u.of, say(" "+u.en, u.ko))
		if i+1 < len(units) {
			if rest := d % u.of / units[i+1].of; rest > 0 {
				return first + fmt.Sprintf(" %d%s", rest, say(" "+units[i+1].en, units[i+1].ko))
			}
		}
		return first
	}
	return ""
}

// dict hands several values to a part of a page.
func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, errors.New("dict: a name without a value")
	}
	m := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("dict: %v is no name", pairs[i])
		}
		m[name] = pairs[i+1]
	}
	return m, nil
}
