package smtp

import (
	"net"
	"sync"
)

// guarded is a connection that may be closed before, while and after it is made.
type guarded struct {
	mu     sync.Mutex
	conn   net.Conn
	closed bool
}

func (g *guarded) set(c net.Conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.conn = c
	if g.closed {
		c.Close()
	}
}

func (g *guarded) get() net.Conn {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.conn
}

func (g *guarded) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	if g.conn != nil {
		g.conn.Close()
	}
}
