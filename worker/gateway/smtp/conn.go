package smtp

import (
	"fmt"
	"net"
	"sync"
)

// maxOpening bounds the octets that come before a session is open: greeting, EHLO
// twice, certificates, log-in. go-mail reads replies however long they are, and
// whoever has a domain can be the one who answers.
const maxOpening = 256 << 10

// opening is a connection whose far side may say only so much, until it is open.
type opening struct {
	net.Conn
	open bool
	read int // octets
}

// Read reads as net.Conn does.
func (o *opening) Read(b []byte) (int, error) {
	n, err := o.Conn.Read(b)
	if o.open {
		return n, err
	}
	if o.read += n; o.read > maxOpening {
		return 0, fmt.Errorf("%w: it has no end", errProtocol)
	}
	return n, err
}

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

func (g *guarded) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	if g.conn != nil {
		g.conn.Close()
	}
}
