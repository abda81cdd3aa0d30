package console

import (
	"context"
	"fmt"
	"html/template"
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"

	"clarion/broadcast"
	"clarion/internal/chart"
	"clarion/lists/address"
	"clarion/web/access"
	"clarion/web/desk"
	"clarion/worker"
	"clarion/worker/gateway"
)

// stateClasses say how a state looks; what it means is said in words beside it.
var stateClasses = map[broadcast.State]string{
	broadcast.Pending: "rest", broadcast.Sending: "rest", broadcast.Deferred: "wait",
	broadcast.Sent: "good", broadcast.Delivered: "good",
	broadcast.Bounced: "bad", broadcast.Rejected: "bad", broadcast.Failed: "bad",
	broadcast.InDoubt: "doubt", broadcast.Suppressed: "quiet", broadcast.Cancelled: "quiet",
}

// A stateLine is a state with its word and sentence.
type stateLine struct {
	Word, Sentence, Class string
	Count                 int
}

func callState(s broadcast.CallState, lang string) stateLine {
	class := map[broadcast.CallState]string{broadcast.Running: "good", broadcast.Done: "good", broadcast.Paused: "bad", broadcast.Stopping: "wait", broadcast.Scheduled: "wait"}[s]
	return stateLine{Word: s.Word(lang), Sentence: s.Sentence(lang), Class: class}
}

// A bar is a drawing of parts, and its key.
type bar struct {
	Drawing template.HTML
	Parts   []barPart
}

type barPart struct {
	chart.Part
	Swatch template.HTML
}

// barOf draws how a call's deliveries stand.
func barOf(n broadcast.Counts, lang string) bar {
	var parts []chart.Part
	for _, p := range desk.Standing(n, lang) {
		parts = append(parts, chart.Part{Words: p.Words, Count: p.Count, Class: "fill-" + p.Kind})
	}
	b := bar{}
	label := ""
	for _, p := range parts {
		b.Parts = append(b.Parts, barPart{p, chart.Swatch(p.Class)})
		if p.Count > 0 {
			if label != "" {
				label += ", "
			}
			label += p.Words + " " + number(p.Count)
		}
	}
	b.Drawing = chart.Bar(label, parts)
	return b
}

// A callView is a call as its page shows it.
type callView struct {
	ID         broadcast.ID
	Name, Note string
	State      stateLine
	Over       bool // nothing goes out or is held by a gateway: the page stays as it is
	MayCorrect bool
	MaySettle  bool
	Release    *desk.Release // a second person is asked for
	Acts       []act
	Token      string // against forged forms

	Audience, Reached, Waiting, FailedCount, InDoubt, OptedOut, Replied int

	Lines   []channelView
	Held    []string // gateways and lanes that are left alone
	Says    []string // what sleeps, what goes first
	Chart   template.HTML
	Minutes []minute
	Reasons []reasonLine
	Lanes   []laneLine
}

// An act is a button on a call's page.
type act struct {
	Do, Words string
	Quiet     bool
}

type channelView struct {
	Channel, Key string
	Total        int
	Rate         string
	ToGo         time.Duration
	Bar          bar
	States       []stateLine
	Chart        template.HTML
	Minutes      []minute
}

// A minute is what moved from At on, for a minute, or a longer span where it is long ago.
type minute struct {
	At           time.Time
	Span         time.Duration
	Gone, Failed int
}

type reasonLine struct {
	Channel, Sentence string
	Count             int
}

type laneLine struct {
	Channel, Name                   string
	Total, Reached, Waiting, Failed int
	Open                            string // connections in use, where they are limited
}

// view reads a call's counters; no delivery is looked at.
func (c *console) view(ctx context.Context, id broadcast.ID, lang string) (*callView, *broadcast.Progress, error) {
	now := c.Clock.Now()
	board, err := c.Desk.Watch(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	p, flow, release := board.Progress, board.Flow, board.Release
	v := &callView{ID: id, Name: p.Name, Note: p.Note.Sentence(lang), State: callState(p.State, lang), Audience: p.Audience, Over: (p.State == broadcast.Stopped || p.State == broadcast.Done) && c.Desk.Held(p) == 0}
	if release.Waiting() && p.State == broadcast.Planned {
		say := sayer(lang)
		v.Release = release
		v.State = stateLine{Word: say("waits for release", "승인 대기"), Sentence: say("Nothing goes out before a second person has released it.", "다른 한 사람이 승인하기 전에는 아무것도 보내지 않습니다."), Class: "wait"}
	}
	v.Minutes = minutes(flow)
	whole := c.whole(v.Minutes, now, v.Over)
	if len(whole) > 1 {
		v.Chart = c.overTime(whole, lang)
	}
	for _, ch := range address.Channels {
		n := p.Channels[ch]
		total := n.Sum()
		if total == 0 {
			continue
		}
		v.Reached, v.Waiting, v.FailedCount, v.InDoubt = v.Reached+n.Reached(), v.Waiting+n.Waiting(), v.FailedCount+n.Failed(), v.InDoubt+n[broadcast.InDoubt]
		v.OptedOut, v.Replied = v.OptedOut+p.Flags[ch][broadcast.OptedOut], v.Replied+p.Flags[ch][broadcast.Replied]
		line := channelView{Channel: channelWord(ch, lang), Key: ch.String(), Total: total, Bar: barOf(n, lang)}
		if rate := rateOf(flow, ch, now); rate > 0 && p.State == broadcast.Running {
			line.Rate = strconv.FormatFloat(rate, 'f', 1, 64)
			line.ToGo = time.Duration(float64(n[broadcast.Pending]+n[broadcast.Sending]) / rate * float64(time.Second))
		}
		own := slices.DeleteFunc(slices.Clone(flow), func(f broadcast.Flow) bool { return f.Channel != ch })
		line.Minutes = minutes(own)
		if whole := c.whole(line.Minutes, now, v.Over); len(whole) > 1 {
			line.Chart = c.overTime(whole, lang)
		}
		for _, s := range broadcast.States {
			if n[s] > 0 {
				line.States = append(line.States, stateLine{s.Word(lang), s.Sentence(lang), stateClasses[s], n[s]})
			}
		}
		v.Lines = append(v.Lines, line)
	}
	for _, h := range board.Holds {
		v.Held = append(v.Held, h.Sentence(lang, now.In(c.Zone)))
	}
	v.Says = desk.Waits(p, lang)
	v.Reasons, v.Lanes = reasonLines(p, lang), laneLines(board.Board, lang)
	return v, p, nil
}

// minutes sums the flow by point in time, the first one first. A span ends where the
// next point begins.
func minutes(flow []broadcast.Flow) []minute {
	by := map[time.Time]*minute{}
	for _, f := range flow {
		m := by[f.At]
		if m == nil {
			m = &minute{At: f.At}
			by[f.At] = m
		}
		m.Span = max(m.Span, f.Span)
		switch f.State {
		case broadcast.Sent:
			m.Gone += f.Count
		case broadcast.Bounced, broadcast.Rejected, broadcast.Failed:
			m.Failed += f.Count
		}
	}
	var out []minute
	for _, m := range by {
		out = append(out, *m)
	}
	slices.SortFunc(out, func(a, b minute) int { return a.At.Compare(b.At) })
	for i := range out[:max(len(out)-1, 0)] {
		out[i].Span = min(out[i].Span, out[i+1].At.Sub(out[i].At))
	}
	return out
}

// whole leaves out the present minute of a call that goes on: it is not over, and would
// look like a fall.
func (c *console) whole(all []minute, now time.Time, over bool) []minute {
	if n := len(all); n > 2 && !over && now.Sub(all[n-1].At) < time.Minute {
		return all[:n-1]
	}
	return all
}

// rateOf is how many messages a second of a channel were taken in the last whole
// minute and the present one.
func rateOf(flow []broadcast.Flow, ch address.Channel, now time.Time) float64 {
	from := now.Truncate(time.Minute).Add(-time.Minute)
	gone, first := 0, now
	for _, f := range flow {
		if f.Channel == ch && f.State == broadcast.Sent && !f.At.Before(from) {
			gone += f.Count
			if f.At.Before(first) {
				first = f.At
			}
		}
	}
	return float64(gone) / max(now.Sub(first).Seconds(), 1)
}

func (c *console) overTime(ms []minute, lang string) template.HTML {
	say := sayer(lang)
	var gone, bad chart.Series
	gone.Class, bad.Class = "stroke-good", "stroke-bad"
	add := func(x, g, b float64) {
		gone.X, gone.Y, bad.X, bad.Y = append(gone.X, x), append(gone.Y, g), append(bad.X, x), append(bad.Y, b)
	}
	end := math.Inf(1)
	for _, m := range ms {
		x, span := float64(m.At.Unix()), m.Span.Minutes()
		if x > end { // minutes in which nothing moved
			add(end, 0, 0)
			if x-60 > end {
				add(x-60, 0, 0)
			}
		}
		add(x, float64(m.Gone)/span, float64(m.Failed)/span)
		end = x + m.Span.Seconds()
	}
	at := func(v float64) string { return time.Unix(int64(v), 0).In(c.Zone).Format("15:04") }
	if len(ms) > 0 && ms[len(ms)-1].At.Sub(ms[0].At) > 24*time.Hour {
		at = func(v float64) string { return time.Unix(int64(v), 0).In(c.Zone).Format("01-02 15:04") }
	}
	return chart.Lines(say("Messages handed over and failed, by minute", "분당 넘긴 메시지와 실패"),
		chart.Axis{Write: at, Least: 60}, chart.Axis{Write: func(v float64) string { return number(int(v)) }, Least: 4}, []chart.Series{gone, bad})
}

func reasonLines(p *broadcast.Progress, lang string) (out []reasonLine) {
	for _, s := range p.Reasons {
		n, err := strconv.Atoi(s.Name)
		if k := s.Counts.Failed() + s.Counts[broadcast.Deferred]; err == nil && k > 0 {
			out = append(out, reasonLine{channelWord(s.Channel, lang), gateway.Reason(n).Sentence(lang), k})
		}
	}
	slices.SortStableFunc(out, func(a, b reasonLine) int { return b.Count - a.Count })
	return out
}

func laneLines(b *worker.Board, lang string) (out []laneLine) {
	say := sayer(lang)
	for i, s := range b.Lanes {
		name := s.Name
		if name == broadcast.OtherLane {
			name = say("all others", "그 밖의 곳")
		}
		line := laneLine{channelWord(s.Channel, lang), name, s.Counts.Sum(), s.Counts.Reached(), s.Counts.Waiting(), s.Counts.Failed(), ""}
		if r := b.Rows[i]; r.Bears > 0 {
			line.Open = fmt.Sprintf(say("%d of %d", "%d/%d"), r.InUse, r.Bears)
		}
		out = append(out, line)
	}
	return out
}

// Several reports whether the call has more than one channel, of which each has a chart
// of its own then.
func (v *callView) Several() bool { return len(v.Lines) > 1 }

// Limited reports whether connections to a receiving system of the call are limited.
func (v *callView) Limited() bool {
	return slices.ContainsFunc(v.Lanes, func(l laneLine) bool { return l.Open != "" })
}

// watch is the page of one call.
func (c *console) watch(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	id, err := broadcast.ParseID(r.PathValue("id"))
	if err != nil {
		return fmt.Errorf("%w: %w", broadcast.ErrNoCall, err)
	}
	lang := languageOf(r, who)
	v, p, err := c.view(r.Context(), id, lang)
	if err != nil {
		return err
	}
	c.offer(v, p, who, lang)
	return c.show(w, r, who, "call", page{Title: p.Name, Rehearsal: p.Rehearsal, Data: v})
}

// live is what is fetched anew while the call runs: what can be done with it, and
// the numbers.
func (c *console) live(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	id, err := broadcast.ParseID(r.PathValue("id"))
	if err != nil {
		return fmt.Errorf("%w: %w", broadcast.ErrNoCall, err)
	}
	lang := languageOf(r, who)
	v, p, err := c.view(r.Context(), id, lang)
	if err != nil {
		return err
	}
	c.offer(v, p, who, lang)
	return c.part(w, r, who, "call", "live", v)
}
