package worker

import (
	"sync/atomic"
	"time"
)

// fewEvery is how often a worker says that it waits for replicas.
const fewEvery = 10 * time.Second

// turns tell when it is time to say something again that holds for long.
type turns struct{ last atomic.Int64 }

// turn reports whether the last turn was so long ago, and takes the next.
func (t *turns) turn(every time.Duration) bool {
	now, last := time.Now().UnixNano(), t.last.Load()
	return now-last >= int64(every) && t.last.CompareAndSwap(last, now)
}
