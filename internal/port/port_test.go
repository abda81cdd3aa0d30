package port

import (
	"fmt"
	"net"
	"testing"
)

func TestFree(t *testing.T) {
	t.Parallel()
	seen := map[int]bool{}
	for range 200 {
		p, err := Free()
		if err != nil {
			t.Fatal(err)
		}
		if seen[p] {
			t.Fatalf("port %d is given out twice", p)
		}
		seen[p] = true
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", p))
		if err != nil {
			t.Fatalf("port %d is not free: %v", p, err)
		}
		l.Close()
		if name, err := net.Listen("unix", fmt.Sprintf("@clarion-port-%d", p)); err == nil {
			name.Close()
			t.Fatalf("another process may be given port %d too", p)
		}
	}
}
