package inbox

import (
	"io"
	"net"
	"sync/atomic"
	"time"
)

// lingers are connections that hear a client out whose mail was refused in the middle.
type lingers struct {
	net.Listener
	most int64 // octets
}

// Accept waits for the next one.
func (l lingers) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &linger{Conn: c, most: l.most}, nil
}

// A linger reads what its client still sends before it is closed, for a moment: closed
// with that unread, it would be reset, and the client would never see why it was refused,
// and come again.
type linger struct {
	net.Conn
	most    int64
	refused atomic.Bool
}

// lingerTime bounds how long a client is heard out.
const lingerTime = time.Second

// Close closes the connection.
func (l *linger) Close() error {
	if l.refused.Swap(false) && l.SetReadDeadline(time.Now().Add(lingerTime)) == nil {
		_, _ = io.Copy(io.Discard, io.LimitReader(l.Conn, l.most))
	}
	return l.Conn.Close()
}
