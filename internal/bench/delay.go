package main

import (
	"fmt"
	"net"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// A distance is a proxy that makes the way to a server long: what comes in on
// either side goes out on the other after a fixed time, as much at once as may
// come. So it costs time and no throughput, as a long line does. (The kernel can
// do it too, by tc-netem(8), but only for all of loopback, and as root.)
type distance struct {
	listener net.Listener
	to       string
	delay    time.Duration // each way
	way      chan parcel
	open     map[net.Conn]bool
	mu       sync.Mutex
	done     sync.WaitGroup
}

// A parcel is what one read brought; without data it says that no more comes.
type parcel struct {
	due  time.Time
	data []byte
	to   chan<- []byte
}

func startDistance(to string, delay time.Duration) (*distance, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start the proxy that delays: %w", err)
	}
	d := &distance{listener: l, to: to, delay: delay, way: make(chan parcel, 1<<12), open: map[net.Conn]bool{}}
	go d.deliver()
	d.done.Go(func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			d.done.Go(func() { d.join(near) })
		}
	})
	return d, nil
}

func (d *distance) port() int { return d.listener.Addr().(*net.TCPAddr).Port }

func (d *distance) stop() {
	d.listener.Close()
	d.mu.Lock()
	for c := range d.open {
		c.Close()
	}
	d.mu.Unlock()
	d.done.Wait()
	close(d.way)
}

// deliver hands parcels on when they are due. The delay is the same for all, so
// they are due in the order in which they came. It sleeps in the kernel, since
// the runtime's timers are right to a millisecond only when all is idle.
func (d *distance) deliver() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for p := range d.way {
		if wait := time.Until(p.due); wait > 0 {
			t := syscall.NsecToTimespec(int64(wait))
			for syscall.Nanosleep(&t, &t) == syscall.EINTR {
			}
		}
		if p.data == nil {
			close(p.to)
		} else {
			p.to <- p.data
		}
	}
}

// join carries what comes on near to a connection of its own, and back.
func (d *distance) join(near net.Conn) {
	far, err := net.Dial("tcp", d.to)
	if err != nil {
		near.Close()
		return
	}
	d.mu.Lock()
	d.open[near], d.open[far] = true, true
	d.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { d.carry(near, far) })
	both.Go(func() { d.carry(far, near) })
	both.Wait()
	d.mu.Lock()
	delete(d.open, near)
	delete(d.open, far)
	d.mu.Unlock()
}

// carry reads one side to its end; what it read is written to the other by a
// goroutine of its own, so that a slow reader keeps up nobody else.
func (d *distance) carry(from, to net.Conn) {
	out := make(chan []byte, 1<<10)
	var written sync.WaitGroup
	written.Go(func() {
		for data := range out {
			to.Write(data) // a side that is gone shows when it is read
		}
		to.Close()
	})
	buffer := make([]byte, 1<<16)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			d.way <- parcel{time.Now().Add(d.delay), append([]byte(nil), buffer[:n]...), out}
		}
		if err != nil {
			d.way <- parcel{time.Now().Add(d.delay), nil, out}
			break
		}
	}
	written.Wait()
}
