package alarm

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"clarion/broadcast"
	"clarion/internal/redisdb"
	"clarion/lists/address"
	"clarion/worker"
	"clarion/worker/gateway"
)

// conditions find what is wrong; each sees a snapshot and nothing else.
var conditions = [...]func(Snapshot, Limits) []Finding{shares, complaints, heldCalls, lateCalls, endings, replies, releases, gateways, lanes, queues, stores, lost}

// Find returns all that is wrong.
func Find(s Snapshot, l Limits) (all []Finding) {
	for _, condition := range conditions {
		all = append(all, condition(s, l)...)
	}
	return all
}

// worse is Critical where bad holds.
func worse(bad bool) Level {
	if bad {
		return Critical
	}
	return Warning
}

// say makes the same sentence in both languages of the same values.
func say(en, ko string, args ...any) Words {
	return Words{fmt.Sprintf(en, args...), fmt.Sprintf(ko, args...)}
}

// named is how sentences call a call.
func (c Call) named() string { return fmt.Sprintf("%s (%s)", c.Name, c.ID) }

func (c Call) object(ch address.Channel) string { return string(c.ID) + ":" + ch.String() }

// percent writes a share.
func percent(part, whole int) string {
	places := 0
	if 20*part < whole {
		places = 2
	}
	return strconv.FormatFloat(100*float64(part)/float64(whole), 'f', places, 64) + " %"
}

// shares looks at what became of a call's deliveries lately.
func shares(s Snapshot, l Limits) (out []Finding) {
	for _, c := range s.Calls {
		for _, ch := range address.Channels {
			n := c.lately(ch)
			if tried := n.Reached + n.Failed + n.Deferred; tried >= l.Least && float64(n.Reached) < l.DeliveryBelow*float64(tried) {
				out = append(out, Finding{Kind: DeliveryFalls, Object: c.object(ch), Level: worse(float64(n.Reached) < l.DeliveryBelow/2*float64(tried)), Sentence: Words{
					fmt.Sprintf("%s, %s: of %d that were tried lately only %s was taken.", c.named(), ch, tried, percent(n.Reached, tried)),
					fmt.Sprintf("%s, %s: 최근 시도한 %d건 가운데 %s만 접수되었습니다.", c.named(), ch.Korean(), tried, percent(n.Reached, tried))}})
			}
			if ended := n.Reached + n.Bounced + n.Failed; ended >= l.Least && float64(n.Bounced) > l.BouncesAbove*float64(ended) {
				out = append(out, Finding{Kind: BouncesRise, Object: c.object(ch), Level: worse(float64(n.Bounced) > 2*l.BouncesAbove*float64(ended)), Sentence: Words{
					fmt.Sprintf("%s, %s: of the last %d messages %s bounced for good.", c.named(), ch, ended, percent(n.Bounced, ended)),
					fmt.Sprintf("%s, %s: 최근 %d건 가운데 %s가 없는 주소나 번호로 반송되었습니다.", c.named(), ch.Korean(), ended, percent(n.Bounced, ended))}})
			}
		}
	}
	return out
}

// complaintsLeast is how many complaints say something: one person is one person.
const complaintsLeast = 3

// complaints looks at a call as a whole, as providers do.
func complaints(s Snapshot, l Limits) (out []Finding) {
	for _, c := range s.Calls {
		for _, ch := range address.Channels {
			reached, n := c.tally(ch).Reached, c.Flags[ch][broadcast.Complained]
			if n < complaintsLeast || float64(n) <= l.ComplaintsAbove*float64(reached) {
				continue
			}
			of := max(reached, n)
			out = append(out, Finding{Kind: ComplaintsRise, Object: c.object(ch), Level: worse(float64(n) > 3*l.ComplaintsAbove*float64(reached)), Sentence: Words{
				fmt.Sprintf("%s, %s: %d of %d who were reached call it spam (%s).", c.named(), ch, n, of, percent(n, of)),
				fmt.Sprintf("%s, %s: 받은 %d명 가운데 %d명(%s)이 스팸으로 신고했습니다.", c.named(), ch.Korean(), of, n, percent(n, of))}})
		}
	}
	return out
}

// heldCalls finds calls that paused themselves.
func heldCalls(s Snapshot, _ Limits) (out []Finding) {
	for _, c := range s.Calls {
		if c.State == broadcast.Paused && c.Note.Cause != "" && c.Note.Cause != broadcast.Overridden {
			out = append(out, Finding{Kind: CallHeld, Object: string(c.ID), Level: Critical, Sentence: Words{
				c.named() + " paused itself: " + c.Note.Sentence("en") + ".", c.named() + ": 스스로 멈췄습니다. " + c.Note.Sentence("ko") + "."}})
		}
	}
	return out
}

// lateCalls finds running calls of which something is due that nobody takes up.
func lateCalls(s Snapshot, l Limits) (out []Finding) {
	for _, c := range s.Calls {
		if c.State == broadcast.Running && !c.Next.IsZero() && s.At.Sub(c.Next) > l.Stuck {
			out = append(out, Finding{Kind: CallLate, Object: string(c.ID), Level: Critical, Since: c.Next, Sentence: say(
				"%s stands still: what was due at %s has not been taken up.", "%s: %s에 보냈어야 할 것이 아직 시작되지 않았습니다.", c.named(), s.clock(c.Next))})
		}
	}
	return out
}

// endings finds calls that end soon while people wait for them. A hundredth that
// is only tried again is what every call ends with.
func endings(s Snapshot, l Limits) (out []Finding) {
	for _, c := range s.Calls {
		span := c.Ends.Sub(s.At)
		left, untried := c.left()
		if c.State != broadcast.Running && c.State != broadcast.Paused || c.Ends.IsZero() || span < 0 || span > l.RunsOut || untried == 0 && 100*left <= c.Audience {
			continue
		}
		out = append(out, Finding{Kind: ClockRunsOut, Object: string(c.ID), Level: worse(4*span < l.RunsOut), Sentence: Words{
			fmt.Sprintf("%s ends at %s, and %d messages have not left.", c.named(), s.clock(c.Ends), left),
			fmt.Sprintf("%s: %s에 끝나는데 %d건이 아직 나가지 못했습니다.", c.named(), s.clock(c.Ends), left)}})
	}
	return out
}

// replyNear is how long before its end the clock of an answer is told of.
const replyNear = 3 * 24 * time.Hour

// replies finds an answer that is due soon, or was.
func replies(s Snapshot, _ Limits) []Finding {
	if s.Reply.IsZero() || s.Reply.Sub(s.At) > replyNear {
		return nil
	}
	f := Finding{Kind: ReplyDue, Object: "petition", Level: Warning, Sentence: say(
		"The addressee of the petition is to answer by %s.", "서명 운동의 수신처가 답해야 하는 기한은 %s입니다.", s.clock(s.Reply))}
	if !s.At.Before(s.Reply) {
		f.Level, f.Sentence = Critical, say("The addressee of the petition was to answer by %s, and has not.", "서명 운동의 수신처가 %s까지 답하기로 되어 있었으나 답이 없습니다.", s.clock(s.Reply))
	}
	return []Finding{f}
}

// aMoment is how long a call with a time may be on its way to the schedule.
const aMoment = time.Minute

// releases finds calls whose time comes, or is past, and that nobody has released.
func releases(s Snapshot, l Limits) (out []Finding) {
	for _, c := range s.Calls {
		if c.State != broadcast.Planned || c.Start.IsZero() || s.At.Sub(c.Made) < aMoment || c.Start.Sub(s.At) > l.RunsOut {
			continue
		}
		f := Finding{Kind: ReleaseWaits, Object: string(c.ID), Level: Warning, Sentence: say(
			"%s is to go out at %s, and nobody has released it.", "%s: %s에 발송할 예정인데 아직 승인되지 않았습니다.", c.named(), s.clock(c.Start))}
		if !s.At.Before(c.Start) {
			f.Level, f.Sentence = Critical, say("%s was to go out at %s, and nobody has released it.", "%s: %s에 발송했어야 하는데 승인되지 않았습니다.", c.named(), s.clock(c.Start))
		}
		out = append(out, f)
	}
	return out
}

// held returns what running calls wait for: gateways, or lanes.
func held(s Snapshot, lanes bool) map[string]worker.Hold {
	out := map[string]worker.Hold{}
	for _, c := range s.Calls {
		if c.State != broadcast.Running {
			continue
		}
		for _, h := range c.Holds {
			if (h.Channel != 0) != lanes {
				continue
			}
			name := h.What
			if lanes {
				name = h.Channel.String() + ":" + h.What
			}
			h.Waiting += out[name].Waiting
			out[name] = h
		}
	}
	return out
}

// sentence is a hold's in both languages.
func (s Snapshot) sentence(h worker.Hold) Words {
	now := s.At.In(s.Zone)
	return Words{h.Sentence("en", now), h.Sentence("ko", now)}
}

// gateways finds those that take nothing; it is critical where no other is left.
// One that only wants it slower is not down.
func gateways(s Snapshot, l Limits) (out []Finding) {
	all := held(s, false)
	down := func(name string) bool {
		h, ok := all[name]
		return ok && h.Kind != gateway.Throttled && s.At.Sub(h.Since) >= l.GatewayDown
	}
	for _, g := range s.Gates {
		if !down(g.Name) {
			continue
		}
		others := slices.ContainsFunc(s.Gates, func(o worker.Gate) bool { return o.Channel == g.Channel && !down(o.Name) })
		out = append(out, Finding{Kind: GatewayDown, Object: g.Name, Level: worse(!others), Since: all[g.Name].Since, Sentence: s.sentence(all[g.Name])})
	}
	return out
}

// lanes finds receiving systems that take nothing.
func lanes(s Snapshot, l Limits) (out []Finding) {
	for name, h := range held(s, true) {
		if s.At.Sub(h.Since) >= l.LaneHeld {
			out = append(out, Finding{Kind: LaneHeld, Object: name, Level: Warning, Since: h.Since, Sentence: s.sentence(h)})
		}
	}
	slices.SortFunc(out, func(a, b Finding) int { return strings.Compare(a.Object, b.Object) })
	return out
}

// queues finds those with work that nobody takes. That work waits while other work
// is in hand is no fault: a batch of faxes takes hours.
func queues(s Snapshot, l Limits) (out []Finding) {
	for _, q := range s.Queues {
		if q.Waiting == 0 || q.Oldest < l.Stuck || !q.Paused && q.Active > 0 {
			continue
		}
		why := Words{"nobody takes it", "아무도 가져가지 않습니다"}
		switch {
		case q.Paused:
			why = Words{"a technician has paused it", "기술 담당자가 멈춰 두었습니다"}
		case !q.Served:
			why = Words{"no worker runs for it", "처리할 작업자가 없습니다"}
		}
		since := s.At.Add(-q.Oldest)
		out = append(out, Finding{Kind: QueueStuck, Object: q.Name, Level: Critical, Since: since, Sentence: Words{
			fmt.Sprintf("Work has waited in the queue %s since %s: %s.", q.Name, s.clock(since), why.En),
			fmt.Sprintf("대기열 %s: %s부터 작업이 기다리고 있습니다. %s.", q.Name, s.clock(since), why.Ko)}})
	}
	return out
}

// stores finds a Redis that is nearly full, or that could not write.
func stores(s Snapshot, l Limits) (out []Finding) {
	for _, f := range s.Redis {
		object := redisName(f)
		full := func(share float64, what Words) {
			if share <= l.RedisAbove {
				return
			}
			// Halfway from the limit to full is too near.
			out = append(out, Finding{Kind: RedisFull, Object: object + ":" + what.En, Level: worse(share > (1+l.RedisAbove)/2), Sentence: Words{
				fmt.Sprintf("The %s of Redis is %.0f %% full.", what.En, 100*share), fmt.Sprintf("Redis의 %s가 %.0f %% 찼습니다.", what.Ko, 100*share)}})
		}
		full(f.MemoryShare(), Words{"memory", "메모리"})
		full(f.DiskShare(), Words{"disk", "디스크"})
		if !f.Written {
			out = append(out, Finding{Kind: RedisUnsaved, Object: object, Level: Critical, Sentence: Words{"Redis could not write to its disk.", "Redis가 디스크에 쓰지 못했습니다."}})
		}
	}
	return out
}

func redisName(f redisdb.Figures) string {
	if f.Node == "" {
		return "redis"
	}
	return f.Node
}

// lost finds people who should be told of alarms and are not.
func lost(s Snapshot, _ Limits) (out []Finding) {
	for _, n := range s.Lost {
		out = append(out, Finding{Kind: NoticeLost, Object: "person:" + strconv.Itoa(n), Level: Warning, Sentence: say(
			"A notice to person %d of [[alarm.person]] did not arrive.", "[[alarm.person]]의 %d번째 사람에게 보낸 경보가 도착하지 않았습니다.", n)})
	}
	return out
}

// clock tells a time as people read it.
func (s Snapshot) clock(t time.Time) string {
	t, now := t.In(s.Zone), s.At.In(s.Zone)
	if t.YearDay() == now.YearDay() && t.Year() == now.Year() {
		return t.Format("15:04")
	}
	return t.Format("2006-01-02 15:04")
}
