package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// machineFacts name the machine: an absolute figure means nothing without them.
type machineFacts struct {
	CPU     string `json:"cpu"`
	Cores   int    `json:"cores"`
	Kernel  string `json:"kernel"`
	Go      string `json:"go"`
	Redis   string `json:"redis"`
	Postfix string `json:"postfix"`
}

func machine() machineFacts {
	m := machineFacts{Cores: runtime.NumCPU(), Go: runtime.Version()}
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(info)) {
			if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
				m.CPU = strings.TrimSpace(value)
				break
			}
		}
	}
	if release, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		m.Kernel = strings.TrimSpace(string(release))
	}
	// "Redis server v=7.0.15 sha=…"
	if out, err := exec.Command("redis-server", "--version").Output(); err == nil {
		_, rest, _ := strings.Cut(string(out), "v=")
		m.Redis, _, _ = strings.Cut(rest, " ")
	}
	if out, err := exec.Command("postconf", "-dh", "mail_version").Output(); err == nil {
		m.Postfix = strings.TrimSpace(string(out))
	}
	return m
}

// commit is what was measured; a plus says that it was changed since.
func commit() string {
	out, err := exec.Command("git", "rev-parse", "--short=12", "HEAD").Output()
	if err != nil {
		return "unknown"
	}
	name := strings.TrimSpace(string(out))
	if changed, err := exec.Command("git", "status", "--porcelain", "--untracked-files=no").Output(); err == nil && len(bytes.TrimSpace(changed)) > 0 {
		name += "+"
	}
	return name
}

// ownTime is the processor time that this process has used, kernel's included.
func ownTime() (time.Duration, error) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0, fmt.Errorf("read the processor time: %w", err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), nil
}

// tick is the unit of the times in /proc: USER_HZ, 100 a second on all of Linux's
// machines that Go runs on.
const tick = 10 * time.Millisecond

// timeOf is the processor time that a process has used (proc(5): fields 14 and 15).
func timeOf(pid int) (time.Duration, error) {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0, fmt.Errorf("read the processor time of %d: %w", pid, err)
	}
	// The name, in brackets, may hold anything.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	return sumTicks(fields[11:13])
}

// busyTime is the processor time that the whole machine has used.
func busyTime() (time.Duration, error) {
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, fmt.Errorf("read the machine's processor time: %w", err)
	}
	line, _, _ := strings.Cut(string(stat), "\n")
	f := strings.Fields(line) // cpu user nice system idle iowait irq softirq steal …
	return sumTicks([]string{f[1], f[2], f[3], f[6], f[7]})
}

func sumTicks(fields []string) (time.Duration, error) {
	var sum time.Duration
	for _, f := range fields {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("read a processor time: %w", err)
		}
		sum += time.Duration(n) * tick
	}
	return sum, nil
}

// peakOf is the most memory that a process has held so far, in bytes (proc(5):
// VmHWM). What wait4(2) says of a child would count what we held when we began it.
func peakOf(pid int) (int64, error) {
	status, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0, fmt.Errorf("read the most memory of %d: %w", pid, err)
	}
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, err := strconv.ParseInt(strings.Fields(value)[0], 10, 64)
			return kb << 10, err
		}
	}
	return 0, errEnded
}

// errEnded means that a process is no more, though nobody has asked how it ended.
var errEnded = errors.New("the process has ended")
