package worker

import (
	"clarion/lists"
	"clarion/worker/gateway"
)

// scratch is the memory that a batch works in; batches use it one after another.
type scratch struct {
	contacts []lists.Contact // of the claimed group
	messages []gateway.Message
	places   []int  // of messages within their group
	arena    []byte // that bodies of messages are written to
}

// keepArena is the largest arena that is kept: a group of fax pages is not.
const keepArena = 1 << 20

func (w *Worker) scratch() *scratch {
	s, ok := w.scratches.Get().(*scratch)
	if !ok {
		return &scratch{}
	}
	if cap(s.arena) > keepArena {
		s.arena = nil
	}
	return s
}
