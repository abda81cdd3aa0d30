package main

import (
	"fmt"
	"net"
	"net/smtp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// A postman brings returned mail to the inbox, as a relay does: again and again
// until it is taken (RFC 5321 §4.5.4.1, with shorter waits).
type postman struct {
	inbox   *atomic.Int64 // port
	mu      sync.Mutex
	refused int       // tries that failed
	taken   []report  // answered with 250
	waiting int       // not taken yet
	giveUp  time.Time // zero: never
	work    sync.WaitGroup
	slots   chan struct{}
}

// A report is one returned mail.
type report struct {
	token, to string
	hard      bool // the mailbox does not exist; else it is full
}

func newPostman(inbox *atomic.Int64) *postman {
	return &postman{inbox: inbox, slots: make(chan struct{}, 4)}
}

// bring takes the message's return for one recipient in five; one in a hundred
// says that the mailbox does not exist.
func (p *postman) bring(m message) {
	local, _, _ := strings.Cut(m.to, "@")
	n, err := strconv.Atoi(local[1:])
	if err != nil || n%5 != 0 {
		return
	}
	p.mu.Lock()
	p.waiting++
	p.mu.Unlock()
	p.work.Go(func() { p.deliver(report{m.token, m.to, n%100 == 0}) })
}

func (p *postman) deliver(r report) {
	for wait := 20 * time.Millisecond; ; wait = min(2*wait, 300*time.Millisecond) {
		p.slots <- struct{}{}
		err := p.hand(r)
		<-p.slots
		p.mu.Lock()
		if err == nil {
			p.taken = append(p.taken, r)
			p.waiting--
			p.mu.Unlock()
			return
		}
		p.refused++
		over := !p.giveUp.IsZero() && time.Now().After(p.giveUp)
		p.mu.Unlock()
		if over {
			return
		}
		time.Sleep(wait)
	}
}

// hand is one try to hand a report over.
func (p *postman) hand(r report) error {
	conn, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", p.inbox.Load()), time.Second)
	if err != nil {
		return err
	}
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	c, err := smtp.NewClient(conn, "127.0.0.1")
	if err != nil {
		conn.Close()
		return err
	}
	defer c.Close()
	to := "b+" + r.token + "@" + bounceDomain
	if err := c.Mail(""); err != nil {
		return err
	}
	if err := c.Rcpt(to); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	status := "5.2.2\r\nDiagnostic-Code: smtp; 552 5.2.2 Mailbox full"
	if r.hard {
		status = "5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 User unknown"
	}
	fmt.Fprintf(w, "From: MAILER-DAEMON@sink.example\r\nTo: %s\r\nSubject: Undelivered Mail Returned to Sender\r\nMIME-Version: 1.0\r\n"+
		"Content-Type: multipart/report; report-type=delivery-status; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\nIt came back.\r\n"+
		"--x\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; sink.example\r\n\r\n"+
		"Final-Recipient: rfc822; %s\r\nAction: failed\r\nStatus: %s\r\n\r\n--x--\r\n", to, r.to, status)
	if err := w.Close(); err != nil {
		return err
	}
	c.Quit() // what was answered is taken
	return nil
}

// settled waits until every report was taken; what is not by then is given up.
func (p *postman) settled(limit time.Duration) error {
	p.mu.Lock()
	p.giveUp = time.Now().Add(limit)
	p.mu.Unlock()
	p.work.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.waiting > 0 {
		return fmt.Errorf("%d returned mails were not taken in %v", p.waiting, limit)
	}
	return nil
}

// state is how many reports were taken, how many wait, and how many tries failed.
func (p *postman) state() (taken, waiting, refused int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.taken), p.waiting, p.refused
}

// reports are those that were taken.
func (p *postman) reports() []report {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.taken)
}
