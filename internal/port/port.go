// Package port owns the choice of a port for a server that is started next: by
// tests, and by those who play with servers of their own.
package port

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
)

// held keeps others away from the ports that were given out last.
var (
	mu   sync.Mutex
	held []net.Listener
)

const most = 256 // who plays for hours asks for thousands

// Free returns a TCP port of 127.0.0.1 on which nobody listens. It lies below the
// range that the kernel hands to outgoing connections (32768 and up, ip(7)), so
// that no client takes it before the server does, and nobody else is given it while
// this process lives and has not asked for 256 more: its name is held as an abstract
// socket (unix(7)).
func Free() (int, error) {
	for range 200 {
		port := 12_000 + rand.IntN(20_000)
		name, err := net.Listen("unix", fmt.Sprintf("@clarion-port-%d", port))
		if err != nil {
			continue // another process was given it
		}
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			name.Close()
			continue
		}
		l.Close()
		mu.Lock()
		defer mu.Unlock()
		if held = append(held, name); len(held) > most {
			held[0].Close()
			held = held[1:]
		}
		return port, nil
	}
	return 0, errors.New("find a free port: 200 tries failed")
}
