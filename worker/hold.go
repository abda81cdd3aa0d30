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

// holdWords say what a gateway or a lane does, English and Korean.
var holdWords = map[gateway.Kind][2]string{
	gateway.Throttled:     {"%s asks us to go slower", "%s: 속도를 줄여 달라고 합니다"},
	gateway.Temporary:     {"%s asks us to come back later", "%s: 나중에 다시 오라고 합니다"},
	gateway.Refused:       {"%s refuses us", "%s: 받기를 거부합니다"},
	gateway.Misconfigured: {"%s does not let us in", "%s: 접속을 거부합니다"},
}

// Sentence says who does what since when, why, and what waits for it, in "ko" or
// "en"; times are those of the machine's zone.
func (h Hold) Sentence(lang string) string {
	words, ok := holdWords[h.Kind]
	if !ok || h.Kind == gateway.Temporary && h.Channel == 0 && h.Reason == gateway.Network {
		words = [2]string{"%s cannot be reached", "%s: 연결되지 않습니다"}
	}
	who := h.What
	if h.Channel != 0 && h.What == OtherLane {
		if who = "one of the small systems"; lang == "ko" {
			who = "작은 수신처 가운데 하나"
		}
	}
	at := func(t time.Time) string { return t.Local().Format("15:04") }
	cause := strings.TrimSpace(strings.ReplaceAll(h.Reason.String(), "_", " ") + " " + h.Code)
	if cause == "" {
		cause = h.Kind.String()
	}
	if lang == "ko" {
		if why := strings.TrimSuffix(h.Reason.Sentence(lang), "."); why != "" {
			cause = strings.TrimSuffix(why+", "+h.Code, ", ")
		}
		s := fmt.Sprintf(words[1], who) + fmt.Sprintf(" (%s부터, %s)", at(h.Since), cause)
		if h.Waiting > 0 {
			s += fmt.Sprintf(". %d건이 기다립니다", h.Waiting)
		}
		if !h.Till.IsZero() {
			return s + fmt.Sprintf(". %s에 다시 시도합니다.", at(h.Till))
		}
		return s + ". 지금 다시 시도합니다."
	}
	s := fmt.Sprintf(words[0], who) + fmt.Sprintf(" since %s: %s", at(h.Since), cause)
	if h.Waiting > 0 {
		s += fmt.Sprintf(", %d waiting", h.Waiting)
	}
	if !h.Till.IsZero() {
		return s + fmt.Sprintf("; it is tried again at %s", at(h.Till))
	}
	return s + "; it is being tried again"
}
