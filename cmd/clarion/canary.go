package main

import (
	"fmt"
	"time"

	"clarion/broadcast"
	"clarion/lists/address"
)

// A canaryRow is where the part of a channel stands that goes first.
type canaryRow struct {
	Channel string                `json:"channel"`
	Phase   broadcast.CanaryPhase `json:"phase"`
	Size    int                   `json:"size"`
	Held    int                   `json:"held"`            // messages that wait for it
	Until   *time.Time            `json:"until,omitempty"` // watched until then
}

func canaryRows(p *broadcast.Progress) []canaryRow {
	var out []canaryRow
	for _, ch := range address.Channels {
		if c, ok := p.Canary[ch]; ok {
			row := canaryRow{Channel: ch.String(), Phase: c.Phase, Size: c.Size, Until: instant(c.Until)}
			if c.Phase != broadcast.CanaryPassed {
				row.Held = p.Unplan[ch]
			}
			out = append(out, row)
		}
	}
	return out
}

// sentence says it in words; "" once it has passed.
func (c canaryRow) sentence(lang string, id broadcast.ID) string {
	size, held := grouped(c.Size), grouped(c.Held)
	what := map[string]string{address.Email.String(): "이메일", address.SMS.String(): "문자", address.Fax.String(): "팩스"}[c.Channel]
	switch c.Phase {
	case broadcast.CanarySending:
		if lang == "ko" {
			return fmt.Sprintf("%s: 먼저 %s건을 보내고 있습니다. 결과를 볼 때까지 나머지 %s건은 기다립니다.", what, size, held)
		}
		return fmt.Sprintf("%s: the first %s go out; the other %s wait to see how they fare.", c.Channel, size, held)
	case broadcast.CanaryWatching:
		until := c.Until.Local().Format("15:04")
		if lang == "ko" {
			return fmt.Sprintf("%s: 먼저 %s건을 보냈고 %s까지 지켜봅니다. 나머지 %s건은 기다립니다. 바로 계속하려면: clarion call resume %s", what, size, until, held, id)
		}
		return fmt.Sprintf("%s: the first %s are out and watched until %s; the other %s wait. To go on at once: clarion call resume %s", c.Channel, size, until, held, id)
	}
	return ""
}
