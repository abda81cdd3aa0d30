package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"clarion/internal/child"
)

// A sink is Postfix's smtp-sink(1): it takes every mail and throws it away.
type sink struct {
	process *child.Process
	port    int
}

func startSink(ctx context.Context) (*sink, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("find a port for smtp-sink: %w", err)
	}
	s := &sink{port: l.Addr().(*net.TCPAddr).Port}
	l.Close()
	var args []string
	if os.Geteuid() == 0 {
		args = append(args, "-u", "nobody") // it refuses to run as root
	}
	// No counter (-c): printing it would be most of its work.
	cmd := exec.Command("/usr/sbin/smtp-sink", append(args, s.addr(), "200")...)
	if s.process, err = child.Start(cmd, syscall.SIGKILL); err != nil {
		return nil, fmt.Errorf("start smtp-sink (package postfix): %w", err)
	}
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	for {
		conn, err := net.Dial("tcp", s.addr())
		if err == nil {
			return s, conn.Close()
		}
		select {
		case <-s.process.Done():
			return nil, fmt.Errorf("smtp-sink ended: %w", s.process.Err())
		case <-ctx.Done():
			s.stop()
			return nil, ctx.Err()
		case <-poll.C:
		}
	}
}

func (s *sink) addr() string { return "127.0.0.1:" + strconv.Itoa(s.port) }

func (s *sink) stop() {
	s.process.Signal(syscall.SIGKILL)
	<-s.process.Done()
}

// shape is what the messages of both senders have in common.
type shape struct {
	octets   int // of a message, headers included
	from, to int // of the addresses of its envelope
}

// source sends n messages of a shape over so many connections that stay, by
// Postfix's smtp-source(1), and returns how long it took and its processor time.
func (s *sink) source(ctx context.Context, n, connections int, sh shape) (took, cpu time.Duration, err error) {
	const domain = "@source.example.org"
	from := strings.Repeat("f", max(sh.from-len(domain), 1)) + domain
	to := strings.Repeat("t", max(sh.to-len(domain), 1)) + domain
	// It writes these headers itself; -l counts what comes after.
	headers := len("From: <>\r\nTo: <>\r\nDate: Mon, 24 Nov 2026 10:00:00 +0000 (UTC)\r\nMessage-Id: <0000.0000.0000@source.example.org>\r\n\r\n") + len(from) + len(to)
	cmd := exec.CommandContext(ctx, "/usr/sbin/smtp-source", "-d", "-s", strconv.Itoa(connections), "-m", strconv.Itoa(n), "-l", strconv.Itoa(max(sh.octets-headers, 1)),
		"-M", "source.example.org", "-f", from, "-t", to, s.addr())
	began := time.Now()
	out, err := cmd.CombinedOutput()
	if err != nil {
		return 0, 0, fmt.Errorf("run smtp-source (package postfix): %w: %s", err, strings.TrimSpace(string(out)))
	}
	return time.Since(began), cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), nil
}
