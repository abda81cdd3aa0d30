// Package child owns the processes that must not outlive the program that
// started them: each gets a thread of its own, and a signal should we die.
package child

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

// A Process is a running, or ended, child.
type Process struct {
	process *os.Process
	done    chan struct{}
	err     error // what Wait answered; read only after done is closed
}

// Start starts cmd; the kernel sends it onDeath when this program dies, be it
// by SIGKILL. Linux sends that signal when the starting *thread* ends
// (prctl(2), PR_SET_PDEATHSIG), so a locked thread stays until the child has
// ended, and reaps it.
//
// The child stands in a process group of its own: a Ctrl-C at the terminal
// reaches us alone, and we decide when the child stops.
func Start(cmd *exec.Cmd, onDeath syscall.Signal) (*Process, error) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = onDeath
	cmd.SysProcAttr.Setpgid = true

	p := &Process{done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if err := cmd.Start(); err != nil {
			started <- err
			return
		}
		p.process = cmd.Process
		started <- nil
		p.err = cmd.Wait()
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	return p, nil
}

// PID is the child's process id.
func (p *Process) PID() int { return p.process.Pid }

// Signal sends sig; a child that has ended is no error.
func (p *Process) Signal(sig syscall.Signal) error {
	if err := p.process.Signal(sig); err != nil && err != os.ErrProcessDone {
		return fmt.Errorf("send %v to process %d: %w", sig, p.PID(), err)
	}
	return nil
}

// Done is closed when the child has ended and was reaped.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err says how the child ended, nil for status 0. It waits for the end.
func (p *Process) Err() error {
	<-p.done
	return p.err
}
