package worker

import (
	"fmt"
	"strings"
	"time"

	"clarion/lists/address"
	"clarion/worker/gateway"
)

// A Hold is a gateway or a lane that is left alone, or that has taken nothing
// since it was.
type Hold struct {
	What    string          // gateway or lane: "relay", "naver.com"
	Channel address.Channel // of a lane; 0 for a gateway
	Kind    gateway.Kind    // what it answered
	Reason  gateway.Reason
	Code    string
	Since   time.Time // when it first answered so
	Till    time.Time // how long it is left alone; zero: it is being tried again
	Waiting int       // deliveries of a call that wait for a lane; 0 for a gateway
}

// holdWords say what a gateway or a lane has done since when, English and Korean.
var holdWords = map[gateway.Kind][2]string{
	gateway.Throttled:     {"%s has asked us to go slower since %s.", "%s: %s부터 속도를 줄여 달라고 합니다."},
	gateway.Temporary:     {"%s has asked us to come back later since %s.", "%s: %s부터 나중에 다시 오라고 합니다."},
	gateway.Refused:       {"%s has refused us since %s.", "%s: %s부터 받기를 거부합니다."},
	gateway.Misconfigured: {"%s has not let us in since %s.", "%s: %s부터 접속을 거부합니다."},
}

// Sentence says who does what since when, why, what waits for it, and when it is
// tried again, in "ko" or "en"; times are those of now's zone, which is named.
func (h Hold) Sentence(lang string, now time.Time) string {
	words, ok := holdWords[h.Kind]
	if !ok || h.Kind == gateway.Temporary && h.Channel == 0 && h.Reason == gateway.Network {
		words = [2]string{"%s cannot be reached since %s.", "%s: %s부터 연결되지 않습니다."}
	}
	in := func(en, ko string, values ...any) string {
		if lang == "ko" {
			en = ko
		}
		return fmt.Sprintf(en, values...)
	}
	at := func(t time.Time) string {
		if t = t.In(now.Location()); t.Format(time.DateOnly) == now.Format(time.DateOnly) {
			return t.Format("15:04 MST")
		}
		return t.Format("2006-01-02 15:04 MST")
	}
	who := h.What
	if h.Channel != 0 && h.What == OtherLane {
		who = in("One of the small systems", "작은 수신처 가운데 하나")
	}
	said := []string{in(words[0], words[1], who, at(h.Since))}
	switch why := strings.TrimSuffix(h.Reason.Sentence(lang), "."); {
	case why != "" && h.Code != "":
		said = append(said, fmt.Sprintf("%s (%s).", why, h.Code))
	case why != "":
		said = append(said, why+".")
	case h.Code != "":
		said = append(said, in("It answered %s.", "응답은 %s입니다.", h.Code))
	}
	switch {
	case h.Waiting == 1:
		said = append(said, in("1 message waits for it.", "1건이 기다립니다."))
	case h.Waiting > 1:
		said = append(said, in("%d messages wait for it.", "%d건이 기다립니다.", h.Waiting))
	}
	if h.Till.IsZero() {
		said = append(said, in("It is being tried again.", "지금 다시 시도합니다."))
	} else {
		said = append(said, in("It is tried again at %s.", "%s에 다시 시도합니다.", at(h.Till)))
	}
	return strings.Join(said, " ")
}
