package smtp

import (
	"context"
	"errors"
	"time"

	"clarion/worker/gateway"
	"clarion/worker/gateway/smtpreply"
)

// run is one SendGroup. Its methods return an error when the session can be used
// no more; what has no result by then was not sent.
type run struct {
	*session
	ctx     context.Context
	group   []gateway.Message
	proceed func(int) bool
	result  func(int, gateway.Receipt, error)
	ahead   int // replies that come before those of the next envelope: to RSET or a lone dot
}

var (
	errStopped = errors.New("told to stop before a message")
	errClosing = errors.New("the relay ends the session")
)

// fail tells that message i failed, unless its result was told.
func (r *run) fail(i int, err error) {
	if !r.done[i] {
		r.done[i] = true
		r.result(i, gateway.Receipt{}, err)
	}
}

// next returns the first message from i on that the relay can take, and fails
// those that it cannot.
func (r *run) next(i int) int {
	for ; i < len(r.group); i++ {
		err := r.ext.check(r.group[i])
		if err == nil {
			break
		}
		r.fail(i, err)
	}
	return i
}

// all sends the group.
func (r *run) all() error {
	r.buf = r.buf[:0]
	i := r.next(0)
	r.envelope(i)
	for i < len(r.group) {
		ready, err := r.begin(i)
		if err != nil {
			return err
		}
		if !ready {
			i = r.next(i + 1)
			r.envelope(i)
			continue
		}
		// DATA was answered, so only the body may follow or the end of the
		// connection: a lone dot would deliver an empty mail.
		if !r.proceed(i) {
			return errStopped
		}
		r.buf = append(appendBody(r.buf[:0], r.group[i].Body), finalDot...)
		body := len(r.buf)
		r.open = false
		n := r.next(i + 1)
		r.envelope(n)
		if err := r.finish(i, body); err != nil {
			return err
		}
		i = n
	}
	return r.settle() // the lone dot after a last refusal
}

// envelope adds the commands before the body of message i to what is to be
// written, when the relay takes them in one go.
func (r *run) envelope(i int) {
	if i >= len(r.group) || !r.ext.pipelining {
		return
	}
	if r.open {
		r.buf = append(r.buf, reset...)
		r.open = false
		r.ahead++
	}
	r.buf = r.ext.appendMail(r.buf, r.group[i])
	r.buf = append(appendRcpt(r.buf, r.group[i]), data...)
}

// begin brings message i to where its body may be sent. ready is false when the
// relay refused it; its result is told then.
func (r *run) begin(i int) (ready bool, err error) {
	if err := r.settle(); err != nil {
		return false, err
	}
	if r.ext.pipelining {
		return r.answers(i)
	}
	return r.steps(i)
}

// settle writes what is waiting and reads the replies that only end what was
// before.
func (r *run) settle() error {
	if _, err := r.flush(); err != nil {
		return err
	}
	for ; r.ahead > 0; r.ahead-- {
		if _, err := r.read(r.timeout); err != nil {
			return err
		}
	}
	return nil
}

// answers reads the replies to MAIL, RCPT and DATA of message i. All three come,
// whatever the first said (RFC 2920 §3.1).
func (r *run) answers(i int) (ready bool, err error) {
	stages := [...]smtpreply.Stage{smtpreply.Sender, smtpreply.Recipient, smtpreply.Body}
	var rep reply
	var refused *gateway.Error
	for n, stage := range stages {
		rep, err = r.read(r.timeout)
		if err != nil {
			return false, r.lost(i, n == 0, stage, rep, err)
		}
		if good := rep.ok() && stage != smtpreply.Body || rep.goAhead() && stage == smtpreply.Body; good {
			r.open = r.open || stage == smtpreply.Sender
		} else if rep.code < 400 && refused == nil {
			return false, r.lost(i, false, stage, rep, errProtocol)
		} else if refused == nil {
			refused = judge(stage, rep)
		}
	}
	r.used = true
	if refused == nil {
		return true, nil
	}
	r.fail(i, refused)
	if rep.goAhead() { // RFC 2920 §3.1: a lone dot, since there is no valid recipient
		r.buf = append(r.buf[:0], finalDot...)
		r.open = false
		r.ahead++
	}
	return false, nil
}

// steps sends MAIL, RCPT and DATA of message i one by one.
func (r *run) steps(i int) (ready bool, err error) {
	if r.open {
		r.buf = append(r.buf[:0], reset...)
		r.open = false
		r.ahead++
		if err := r.settle(); err != nil {
			return false, err
		}
	}
	for n, stage := range [...]smtpreply.Stage{smtpreply.Sender, smtpreply.Recipient, smtpreply.Body} {
		switch r.buf = r.buf[:0]; stage {
		case smtpreply.Sender:
			r.buf = r.ext.appendMail(r.buf, r.group[i])
		case smtpreply.Recipient:
			r.buf = appendRcpt(r.buf, r.group[i])
		default:
			r.buf = append(r.buf, data...)
		}
		var rep reply
		if _, err = r.flush(); err == nil {
			rep, err = r.read(r.timeout)
		}
		if err != nil {
			return false, r.lost(i, n == 0, stage, rep, err)
		}
		switch {
		case rep.ok() && stage != smtpreply.Body, rep.goAhead() && stage == smtpreply.Body:
			r.open = true
		case rep.code < 400:
			return false, r.lost(i, false, stage, rep, errProtocol)
		default:
			r.used = true
			r.fail(i, judge(stage, rep))
			return false, nil
		}
	}
	r.used = true
	return true, nil
}

// judge is the verdict on a refusal. What is said to MAIL, before a recipient is
// named, is between the relay and us.
func judge(stage smtpreply.Stage, rep reply) *gateway.Error {
	e := smtpreply.Parse(stage, rep.code, rep.text)
	e.OfGateway = stage == smtpreply.Sender
	return e
}

// lost judges message i, whose body had not begun when the session ended. A
// relay that hangs up between two messages has refused neither, and one that
// answers 421 to MAIL has refused none: it is closing (RFC 5321 §3.8).
func (r *run) lost(i int, first bool, stage smtpreply.Stage, rep reply, err error) error {
	e := &gateway.Error{Kind: gateway.Temporary, Reason: gateway.Network}
	if rep.closing() {
		e = judge(stage, rep)
	}
	notBegun := first && (r.used || rep.closing()) && e.Kind != gateway.Throttled
	if r.ctx.Err() == nil && !notBegun {
		r.fail(i, e)
	}
	return err
}

// finish writes what is waiting, of which the first body octets end with message
// i's final dot, and reads the verdict.
func (r *run) finish(i, body int) error {
	if n, err := r.flush(); n == 0 && r.ctx.Err() != nil {
		return err
	} else if err != nil {
		kind := gateway.Indeterminate
		if n < body { // without its dot it cannot be delivered (RFC 5321 §4.1.1.4)
			kind = gateway.Temporary
		}
		r.fail(i, &gateway.Error{Kind: kind, Reason: gateway.Network})
		return err
	}
	rep, err := r.read(2 * r.timeout)
	switch {
	case err != nil && rep.closing():
		r.fail(i, smtpreply.Parse(smtpreply.Body, rep.code, rep.text))
		return err
	case err == nil && rep.code/100 == 3:
		err = errProtocol
	}
	if err != nil {
		r.fail(i, &gateway.Error{Kind: gateway.Indeterminate, Reason: gateway.Network})
		return err
	}
	r.used = true
	if !rep.ok() {
		r.fail(i, smtpreply.Parse(smtpreply.Body, rep.code, rep.text))
		return nil
	}
	r.done[i] = true
	r.result(i, gateway.Receipt{}, nil)
	return nil
}

// arm sets the deadline for what follows. The context is looked at after that,
// since its end sets a deadline too.
func (r *run) arm(d time.Duration) error {
	if err := r.conn.SetDeadline(time.Now().Add(d)); err != nil {
		return err
	}
	return r.ctx.Err()
}

// flush writes what is waiting in one write. On an error, n octets at most have
// left.
func (r *run) flush() (n int, err error) {
	if len(r.buf) == 0 {
		return 0, nil
	}
	if err := r.arm(r.timeout); err != nil {
		return 0, err
	}
	n, err = r.w.Write(r.buf)
	if err == nil {
		err = r.w.Flush()
	}
	r.buf = r.buf[:0]
	return n, err
}

// read reads a reply, which has d to come. The reply that closes the session is
// returned with an error.
func (r *run) read(d time.Duration) (reply, error) {
	if r.r.Buffered() == 0 {
		if err := r.arm(d); err != nil {
			return reply{}, err
		}
	}
	rep, err := readReply(r.r)
	if err == nil && rep.closing() {
		err = errClosing
	}
	return rep, err
}
