package rig

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestStartStop(t *testing.T) {
	t.Parallel()
	p := Start(t, Dir(t), "talker", "sh", "-c", "echo ready; trap '' TERM; sleep 600 & wait; wait")
	Eventually(t, 10*time.Second, "output", func() bool { return strings.Contains(p.Log(), "ready") })
	if !p.Running() {
		t.Fatal("the process ended by itself")
	}
	p.Stop()
	if p.Running() {
		t.Fatal("the process outlived Stop")
	}
	p.Stop() // the cleanup calls it once more
}

func TestFreePortIsFree(t *testing.T) {
	t.Parallel()
	if Listening("127.0.0.1:" + strconv.Itoa(FreePort(t))) {
		t.Fatal("somebody listens on the free port")
	}
}
