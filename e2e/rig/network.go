package rig

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A Network is a loopback network of its own with a name server, for hosts that
// all listen on one port.
type Network struct {
	DNS    string // ADDRESS:PORT
	Port   int
	prefix string // first three octets
}

// StartNetwork starts a network whose name server knows records, lines of
// dnsmasq.conf in which NET stands for the network's first three octets, and
// answers that there is nothing else.
func StartNetwork(t testing.TB, records string) *Network {
	t.Helper()
	n := &Network{}
	for range 50 {
		n.prefix = fmt.Sprintf("127.%d.%d", 1+rand.IntN(254), rand.IntN(256))
		l, err := net.Listen("tcp", n.prefix+".53:0")
		if err != nil {
			continue
		}
		n.Port = l.Addr().(*net.TCPAddr).Port
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		break
	}
	n.DNS = net.JoinHostPort(n.prefix+".53", strconv.Itoa(n.Port))
	dir := Dir(t)
	conf := fmt.Sprintf("port=%d\nlisten-address=%s.53\nbind-interfaces\nno-resolv\nno-hosts\nkeep-in-foreground\nuser=\npid-file=\nlocal=/#/\n%s\n",
		n.Port, n.prefix, strings.ReplaceAll(records, "NET", n.prefix))
	file := filepath.Join(dir, "dnsmasq.conf")
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	Start(t, dir, "dnsmasq", "dnsmasq", "-C", file)
	Eventually(t, 10*time.Second, "dnsmasq to listen", func() bool { return Listening(n.DNS) })
	return n
}

// Listen listens on a host of the network, at the network's port.
func (n *Network) Listen(t testing.TB, host int) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", fmt.Sprintf("%s.%d:%d", n.prefix, host, n.Port))
	if err != nil {
		t.Fatal(err)
	}
	return l
}
