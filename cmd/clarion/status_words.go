package main

import (
	"fmt"
	"io"
	"slices"

	"clarion/broadcast"
	"clarion/lists/address"
	"clarion/web/desk"
	"clarion/worker"
)

// writeStatus says where a call stands, in "ko" or "en".
func writeStatus(w io.Writer, r *desk.StatusReport, lang string) {
	say := func(says words, values ...any) { fmt.Fprintln(w, says.in(lang, values...)) }
	say(words{"Call %[1]s, %[2]q: %[3]s. %[4]s.", "발송 %[1]s, “%[2]s”: %[5]s. 모두 %[6]s건."}, r.ID, r.Name, r.State, many(r.Audience, "delivery", "deliveries"), r.State.Word(lang), grouped(r.Audience))
	if note := r.Why(lang); note != "" {
		fmt.Fprintf(w, "  %s\n", note)
	}
	for _, ch := range address.Channels {
		s, ok := r.Channels[ch.String()]
		if !ok || s.Total == 0 {
			continue
		}
		fmt.Fprintln(w)
		say(words{"%s: %d, %.1f a second", "%s: %d건, 초당 %.1f건"}, channelWord(ch.String(), lang), s.Total, s.RatePerSecond)
		for _, state := range broadcast.States {
			if n := s.States[state.String()]; n > 0 {
				fmt.Fprintf(w, "  %7d  %s %s\n", n, padded(stateWord(state, lang), 11), state.Sentence(lang))
			}
		}
		for _, f := range []struct {
			n    int
			says words
		}{{s.OptedOut, words{"said stop because of it", "이 발송을 받고 수신을 거부했습니다."}}, {s.Complained, words{"called it spam", "스팸으로 신고했습니다."}}, {s.Replied, words{"wrote back", "답장했습니다."}}} {
			if f.n > 0 {
				fmt.Fprintf(w, "  %7d  %s\n", f.n, f.says.in(lang))
			}
		}
	}
	writeLanes(w, r.Lanes, lang)
	for _, c := range r.Canary {
		if s := c.Sentence(lang); s != "" {
			fmt.Fprintf(w, "\n%s%s\n", s, goOn(c, r.ID, lang))
		}
	}
	for i, s := range r.Asleep {
		if i == 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintln(w, s.Sentence(lang))
	}
	for _, h := range r.Waiting {
		fmt.Fprintf(w, "\n%s\n", h.Sentence(lang))
	}
	if r.NextDue != nil && r.State == broadcast.Running {
		fmt.Fprintln(w)
		say(words{"The next attempt is due at %s.", "다음 시도는 %s입니다."}, r.NextDue.Local().Format("15:04:05 MST"))
	}
	if r.InDoubt > 0 {
		fmt.Fprintln(w)
		say(words{"%d in doubt: clarion call doubt %s", "%d건은 나갔는지 알 수 없습니다: clarion call doubt %s"}, r.InDoubt, r.ID)
	}
}

// goOn says how a person lets the rest follow that waits for its canary.
func goOn(c desk.CanaryRow, id broadcast.ID, lang string) string {
	switch {
	case c.Phase != broadcast.CanaryWatching:
		return ""
	case lang == "ko":
		return fmt.Sprintf(" 바로 계속하려면: clarion call resume %s", id)
	}
	return fmt.Sprintf(" To go on at once: clarion call resume %s", id)
}

// writeLanes prints the board of lanes.
func writeLanes(w io.Writer, rows []desk.LaneRow, lang string) {
	if len(rows) == 0 {
		return
	}
	head := "where                            sent delivered  deferred    failed   waiting  a second"
	if lang == "ko" {
		head = "수신처                           발송      도착      연기      실패      대기      초당"
	}
	if slices.ContainsFunc(rows, func(r desk.LaneRow) bool { return r.Connections != nil }) {
		head += words{"  connections", "        연결"}.in(lang)
	}
	fmt.Fprintf(w, "\n%s\n", head)
	for _, r := range rows {
		open := ""
		if c := r.Connections; c != nil {
			open = fmt.Sprintf("%13s", words{"%d of %d", "%d/%d"}.in(lang, c.InUse, c.Most))
		}
		fmt.Fprintf(w, "%s %s %9d %9d %9d %9d %9d %9.1f%s\n", padded(channelWord(r.Channel, lang), 6), padded(laneWord(r.Lane, lang), 20), r.Sent, r.Delivered, r.Deferred, r.Failed, r.Waiting, r.RatePerSecond, open)
	}
}

// laneWord is what a person calls a lane: by its name, but for the lane of all that
// few people share.
func laneWord(lane, lang string) string {
	if lane == worker.OtherLane {
		return words{"all others", "그 밖의 수신처"}.in(lang)
	}
	return lane
}

// stateWord is what a person calls a state: in English as JSON has it.
func stateWord(s broadcast.State, lang string) string {
	if lang == "ko" {
		return s.Word(lang)
	}
	return s.String()
}
