package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"clarion/internal/port"
)

// publish serves the records that dkim show --json printed into a file, with the
// lines of dnsmasq's settings in a second one, and sets $DNS to the name server.
func publish(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("publish FILE [ZONE]")
	}
	var conf strings.Builder
	conf.WriteString("no-resolv\nno-hosts\nlocal=/#/\nbind-interfaces\nlisten-address=127.0.0.1\npid-file=\n")
	for d := json.NewDecoder(strings.NewReader(ts.ReadFile(args[0]))); d.More(); {
		var k dkimKey
		ts.Check(d.Decode(&k))
		fmt.Fprintf(&conf, "txt-record=%s", k.Name)
		for text := k.Text; text != ""; {
			n := min(255, len(text))
			fmt.Fprintf(&conf, ",%q", text[:n])
			text = text[n:]
		}
		conf.WriteString("\n")
	}
	if len(args) == 2 {
		conf.WriteString(ts.ReadFile(args[1]))
	}
	file := ts.MkAbs("dnsmasq.conf")
	ts.Check(os.WriteFile(file, []byte(conf.String()), 0o600))
	free, err := port.Free()
	ts.Check(err)
	addr := fmt.Sprintf("127.0.0.1:%d", free)
	if !startDNS(ts, file, strconv.Itoa(free), addr) {
		ts.Fatalf("dnsmasq does not start: is it installed? scripts/setup.sh test")
	}
	ts.Setenv("DNS", addr)
}

func startDNS(ts *testscript.TestScript, file, port, addr string) bool {
	ctx, cancel := context.WithCancel(context.Background())
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, "dnsmasq", "--keep-in-foreground", "--conf-file="+file, "--port="+port, "--user=")
	cmd.Stderr = &said
	ts.Check(cmd.Start())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait() // it is killed when the script ends
	}()
	ts.Defer(func() { cancel(); <-ended })
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); {
		if c, err := net.Dial("tcp", addr); err == nil {
			c.Close()
			return true
		}
		select {
		case <-ended:
			ts.Logf("dnsmasq: %s", said.String())
			return false
		case <-time.After(10 * time.Millisecond):
		}
	}
	return false
}
