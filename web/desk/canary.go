package desk

import (
	"fmt"
	"time"

	"clarion/broadcast"
	"clarion/lists/address"
)

// A CanaryRow is where the part of a channel stands that goes first.
type CanaryRow struct {
	Channel string                `json:"channel"`
	Phase   broadcast.CanaryPhase `json:"phase"`
	Size    int                   `json:"size"`
	Held    int                   `json:"held"`            // messages that wait for it
	Until   *time.Time            `json:"until,omitempty"` // watched until then
}

func canaryRows(p *broadcast.Progress) []CanaryRow {
	var out []CanaryRow
	for _, ch := range address.Channels {
		if c, ok := p.Canary[ch]; ok {
			row := CanaryRow{Channel: ch.String(), Phase: c.Phase, Size: c.Size, Until: instant(c.Until)}
			if c.Phase != broadcast.CanaryPassed {
				row.Held = p.Unplan[ch]
			}
			out = append(out, row)
		}
	}
	return out
}

// Sentence says it in words, "ko" or "en"; "" once it has passed.
func (c CanaryRow) Sentence(lang string) string {
	size, held := Number(c.Size), Number(c.Held)
	ch, _ := address.ParseChannel(c.Channel)
	what := ch.Korean()
	switch c.Phase {
	case broadcast.CanarySending:
		if lang == "ko" {
			return fmt.Sprintf("%s: 먼저 %s건을 보내고 있습니다. 결과를 볼 때까지 나머지 %s건은 기다립니다.", what, size, held)
		}
		return fmt.Sprintf("%s: the first %s go out; the other %s wait to see how they fare.", c.Channel, size, held)
	case broadcast.CanaryWatching:
		until := c.Until.Local().Format("15:04")
		if lang == "ko" {
			return fmt.Sprintf("%s: 먼저 %s건을 보냈고 %s까지 지켜봅니다. 나머지 %s건은 기다립니다.", what, size, until, held)
		}
		return fmt.Sprintf("%s: the first %s are out and watched until %s; the other %s wait.", c.Channel, size, until, held)
	}
	return ""
}
