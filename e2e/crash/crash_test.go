package crash

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"clarion/internal/redistest"
	"clarion/templates"
)

const (
	recipients  = 3000
	connections = 4 // a worker
)

var build = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "clarion-crash-")
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "clarion")
	out, err := exec.Command("go", "build", "-o", file, "clarion/cmd/clarion").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build the program: %w: %s", err, out)
	}
	return file, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if file, err := build(); err == nil {
		os.RemoveAll(filepath.Dir(file))
	}
	os.Exit(code)
}

// A run is a call that is sent by worker processes to a sink.
type run struct {
	t       *testing.T
	program string
	dir     string
	config  string
	redis   *redistest.Instance // nil when it is a group
	sink    *Sink
	call    string
}

// begin imports the recipients and writes config and call; inDoubt is call.toml's in_doubt.
// journal says that the workers keep one, as they do unless told otherwise.
func begin(t *testing.T, inDoubt string, journal bool) *run {
	t.Helper()
	server := redistest.Server(t, "--appendonly", "yes", "--appendfsync", "always")
	r := beginOn(t, server.URL(), inDoubt, journal, 0)
	r.redis = server
	return r
}

// beginOn begins on the Redis that url names, with wait_replicas.
func beginOn(t *testing.T, url, inDoubt string, journal bool, wait int) *run {
	t.Helper()
	program, err := build()
	if err != nil {
		t.Fatal(err)
	}
	r := &run{t: t, program: program, dir: t.TempDir()}
	if r.sink, err = StartSink(2 * time.Millisecond); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.sink.Close() })
	host, port, err := net.SplitHostPort(r.sink.Addr)
	r.must(err)
	r.config = filepath.Join(r.dir, "clarion.toml")
	keep := ""
	if !journal {
		keep = `journal = ""`
	}
	r.write("clarion.toml", fmt.Sprintf(`data = %q
organisation = "Save 9 Campaign"
[redis]
url = %q
wait_replicas = %d
[inbox]
domain = "bounce.example.org"
[dns]
lanes = false

[worker]
liveness = "1s"
grace = "2s"
drain = "10s"
sweep = "200ms"
%s
[gateway.relay]
kind = "smtp"
host = %q
port = %s
tls = "none"
connections = %d
`, filepath.Join(r.dir, "data"), url, wait, keep, host, port, connections))
	r.must(os.CopyFS(filepath.Join(r.dir, "call"), templates.Example()))
	toml, err := os.ReadFile(filepath.Join(r.dir, "call", "call.toml"))
	r.must(err)
	text := string(toml)
	for _, change := range [][2]string{
		{`channels = ["email", "sms", "fax"]`, `channels = ["email"]`}, {`in_doubt = "resend"`, fmt.Sprintf("in_doubt = %q", inDoubt)}, {"email = 200\n", ""},
	} {
		if !strings.Contains(text, change[0]) {
			t.Fatalf("the example call has no %s", change[0])
		}
		text = strings.Replace(text, change[0], change[1], 1)
	}
	r.write("call/call.toml", text)
	var csv strings.Builder
	csv.WriteString("name,email\n")
	for i := range recipients {
		fmt.Fprintf(&csv, "Person %d,p%d@mail%d.example\n", i, i, i%3)
	}
	r.write("people.csv", csv.String())
	r.clarion("lists", "import", filepath.Join(r.dir, "people.csv"), "--list", "supporters")
	return r
}

func (r *run) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *run) write(name, text string) {
	r.t.Helper()
	r.must(os.WriteFile(filepath.Join(r.dir, name), []byte(text), 0o600))
}

// clarion runs a command, which must go well, and returns what it prints.
func (r *run) clarion(args ...string) []byte {
	r.t.Helper()
	out, err := r.ask(args...)
	r.must(err)
	return out
}

// ask runs a command and returns what it prints.
func (r *run) ask(args ...string) ([]byte, error) {
	cmd := exec.Command(r.program, append(args, "--json", "--config", r.config)...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return out.Bytes(), fmt.Errorf("clarion %s: %w\n%s%s", strings.Join(args, " "), err, out.String(), errs.String())
	}
	return out.Bytes(), nil
}

// A process is a worker process.
type process struct {
	cmd  *exec.Cmd
	done chan error
	log  *log
}

// A log is a process's standard error, read while it is written.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (r *run) worker() *process {
	r.t.Helper()
	return r.start(exec.Command(r.program, "worker", "--channels", "email", "--config", r.config))
}

// start starts a process, which is killed when the test ends.
func (r *run) start(cmd *exec.Cmd) *process {
	r.t.Helper()
	p := &process{cmd: cmd, done: make(chan error, 1), log: &log{}}
	p.cmd.Stderr = p.log
	r.must(p.cmd.Start())
	go func() { p.done <- p.cmd.Wait() }()
	r.t.Cleanup(func() {
		if err := p.cmd.Process.Signal(syscall.SIGKILL); err == nil || !errors.Is(err, os.ErrProcessDone) {
			<-p.done
		}
	})
	return p
}

// launch launches the call and waits until some of it has gone out.
func (r *run) launch() {
	r.t.Helper()
	var launched struct {
		ID       string
		Audience int
	}
	r.must(json.Unmarshal(r.clarion("call", "launch", filepath.Join(r.dir, "call"), "--yes"), &launched))
	if launched.Audience != recipients {
		r.t.Fatalf("launched to %d", launched.Audience)
	}
	r.call = launched.ID
	r.await("the first messages", func() bool { return r.sink.Total() > recipients/6 })
}

// await polls until holds says yes.
func (r *run) await(what string, holds func() bool) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), 2*time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-ctx.Done():
			out, err := r.ask("call", "status", r.call)
			r.t.Fatalf("waited in vain for %s; status: %s %v", what, out, err)
		case <-tick.C:
		}
	}
}

// An outcome is how the run ended: at the sink, and in the ledger.
type outcome struct {
	missing, doubled int
	inDoubt          int
	differences      int // that the audit found
	states           map[string]int
}

// end waits for the call's end and sets sink and ledger side by side.
func (r *run) end() outcome {
	r.t.Helper()
	last := time.Time{}
	r.await("the call's end", func() bool {
		if time.Since(last) < 300*time.Millisecond {
			return false
		}
		last = time.Now()
		var s struct{ State string }
		out, err := r.ask("call", "status", r.call)
		if err != nil && r.redis == nil {
			return false // a group without a master for a while
		}
		r.must(errors.Join(err, json.Unmarshal(out, &s)))
		return s.State == "done"
	})
	var audit struct {
		OK          bool
		Audience    int
		States      map[string]int
		Differences []string
	}
	out, err := r.ask("call", "audit", r.call)
	r.must(json.Unmarshal(out, &audit))
	if err != nil {
		r.t.Error(err)
	}
	o := outcome{states: audit.States, inDoubt: audit.States["in_doubt"], differences: len(audit.Differences)}
	got := r.sink.Got()
	for i := range recipients {
		switch n := got[fmt.Sprintf("p%d@mail%d.example", i, i%3)]; {
		case n == 0:
			o.missing++
		case n > 1:
			o.doubled += n - 1
		}
	}
	if len(got) > recipients {
		r.t.Errorf("%d recipients at the sink", len(got))
	}
	r.t.Logf("missing %d, doubled %d, states %v", o.missing, o.doubled, o.states)
	return o
}

// takenOver counts what the workers' logs report as in doubt.
func takenOver(ps ...*process) (n int) {
	for _, p := range ps {
		for line := range strings.Lines(p.log.String()) {
			if _, after, ok := strings.Cut(line, "in_doubt="); ok {
				k := 0
				fmt.Sscanf(after, "%d", &k)
				n += k
			}
		}
	}
	return n
}

// Without the journal, as when the machine is gone, all that was claimed is in doubt.
func TestKilledWorkerLeavesItsDoubtToAPerson(t *testing.T) {
	t.Parallel()
	killOne(t, false, connections*16)
}

// With it, what was on the wire is: about one a connection.
func TestKilledWorkersJournalSaysWhatLeft(t *testing.T) {
	t.Parallel()
	killOne(t, true, connections)
}

// killOne kills one of two workers, with doubt left to a person: most may be in doubt.
func killOne(t *testing.T, journal bool, most int) {
	t.Helper()
	r := begin(t, "hold", journal)
	a, b := r.worker(), r.worker()
	r.launch()
	r.must(a.cmd.Process.Kill())
	<-a.done
	o := r.end()
	r.must(b.cmd.Process.Signal(syscall.SIGTERM))
	<-b.done
	if o.doubled != 0 {
		t.Errorf("%d doubled although what is in doubt is held", o.doubled)
	}
	if o.missing > o.inDoubt {
		t.Errorf("%d missing, but only %d in doubt", o.missing, o.inDoubt)
	}
	if o.inDoubt > most {
		t.Errorf("%d in doubt, more than %d\n%s", o.inDoubt, most, b.log)
	}
	// A person sends them again: then nobody is without.
	r.worker()
	r.clarion("call", "doubt", r.call, "--resend")
	if o := r.end(); o.missing != 0 || o.inDoubt != 0 {
		t.Errorf("after --resend: %+v", o)
	}
}

func TestKilledWorkerIsSentAgain(t *testing.T) {
	t.Parallel()
	r := begin(t, "resend", true)
	a, b := r.worker(), r.worker()
	r.launch()
	r.must(a.cmd.Process.Kill())
	<-a.done
	o := r.end()
	r.must(b.cmd.Process.Signal(syscall.SIGTERM))
	<-b.done
	if o.missing != 0 || o.inDoubt != 0 {
		t.Errorf("missing %d, in doubt %d", o.missing, o.inDoubt)
	}
	if reported := takenOver(b); o.doubled > reported {
		t.Errorf("%d doubled, but only %d were reported in doubt", o.doubled, reported)
	}
}

func TestTerminatedWorkerHandsBack(t *testing.T) {
	t.Parallel()
	r := begin(t, "hold", true)
	a := r.worker()
	r.launch()
	r.must(a.cmd.Process.Signal(syscall.SIGTERM))
	select {
	case err := <-a.done:
		if err != nil {
			t.Errorf("the worker ended with %v\n%s", err, a.log)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the worker did not end within its drain time")
	}
	if r.sink.Total() == recipients {
		t.Fatal("all was sent before the signal took effect")
	}
	r.worker()
	if o := r.end(); o.missing != 0 || o.doubled != 0 || o.states["sent"] != recipients {
		t.Errorf("%+v", o)
	}
}

func TestKilledRedisLosesNothing(t *testing.T) {
	t.Parallel()
	r := begin(t, "hold", true)
	a, b := r.worker(), r.worker()
	r.launch()
	r.redis.Kill()
	r.redis.Restart()
	o := r.end()
	for _, p := range []*process{a, b} {
		r.must(p.cmd.Process.Signal(syscall.SIGTERM))
		<-p.done
	}
	if o.missing != 0 || o.doubled != 0 || o.states["sent"] != recipients {
		t.Errorf("%+v\n%s\n%s", o, a.log, b.log)
	}
}

func TestStalledWorkerIsOvertakenAndFenced(t *testing.T) {
	t.Parallel()
	r := begin(t, "hold", true)
	a, b := r.worker(), r.worker()
	r.launch()
	r.must(a.cmd.Process.Signal(syscall.SIGSTOP))
	r.await("the takeover", func() bool { return takenOver(b) > 0 })
	r.must(a.cmd.Process.Signal(syscall.SIGCONT))
	o := r.end()
	for _, p := range []*process{a, b} {
		r.must(p.cmd.Process.Signal(syscall.SIGTERM))
		<-p.done
	}
	if o.missing != 0 || o.doubled != 0 || o.states["sent"] != recipients {
		t.Errorf("%+v", o)
	}
}
