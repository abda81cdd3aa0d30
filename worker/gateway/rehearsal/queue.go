package rehearsal

import (
	"container/heap"
	"time"

	"clarion/worker/gateway"
)

// item is a report or a text, and when it is due.
type item struct {
	due    time.Time
	n      int // order of arrival, among those due at one time
	report gateway.Report
	text   *gateway.Inbound // nil for a report
}

// queue holds what is to come, reports and texts apart.
type queue struct {
	n              int
	reports, texts items
}

func (q *queue) push(it item) {
	it.n = q.n
	q.n++
	if it.text != nil {
		heap.Push(&q.texts, it)
	} else {
		heap.Push(&q.reports, it)
	}
}

// take removes and returns what is due at now, in order.
func (q *queue) take(now time.Time, texts bool) []item {
	h := &q.reports
	if texts {
		h = &q.texts
	}
	var out []item
	for len(*h) > 0 && !(*h)[0].due.After(now) {
		out = append(out, heap.Pop(h).(item))
	}
	return out
}

// items is a heap.Interface, the earliest first.
type items []item

func (s items) Len() int { return len(s) }
func (s items) Less(i, j int) bool {
	if !s[i].due.Equal(s[j].due) {
		return s[i].due.Before(s[j].due)
	}
	return s[i].n < s[j].n
}
func (s items) Swap(i, j int) { s[i], s[j] = s[j], s[i] }
func (s *items) Push(x any)   { *s = append(*s, x.(item)) }
func (s *items) Pop() any {
	old := *s
	it := old[len(old)-1]
	old[len(old)-1] = item{}
	*s = old[:len(old)-1]
	return it
}
