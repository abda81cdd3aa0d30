package inbox

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// An imapSession is one connection, logged in.
type imapSession struct {
	client  *imapclient.Client
	cfg     MailboxConfig
	news    chan struct{} // something new is in the folder
	made    map[string]bool
	stopped func() bool
}

const imapDialTime = 30 * time.Second

// dial connects, starts TLS and logs in. The session ends with ctx.
func (m *Mailbox) dial(ctx context.Context) (*imapSession, error) {
	c := m.cfg
	t, err := c.tlsConfig()
	if err != nil {
		return nil, err
	}
	dialing, cancel := context.WithTimeout(ctx, imapDialTime)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(dialing, "tcp", net.JoinHostPort(c.Host, strconv.Itoa(c.Port)))
	if err != nil {
		return nil, fmt.Errorf("connect to the mailbox: %w", err)
	}
	if c.TLS == "implicit" {
		secure := tls.Client(conn, t)
		if err := secure.HandshakeContext(dialing); err != nil {
			conn.Close()
			return nil, tlsTrouble(err)
		}
		conn = secure
	}
	s := &imapSession{cfg: c, news: make(chan struct{}, 1), made: map[string]bool{}}
	options := &imapclient.Options{TLSConfig: t, UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Mailbox: func(data *imapclient.UnilateralDataMailbox) {
			if data.NumMessages != nil {
				select {
				case s.news <- struct{}{}:
				default:
				}
			}
		},
	}}
	stop := context.AfterFunc(dialing, func() { conn.Close() })
	if c.TLS == "starttls" {
		s.client, err = imapclient.NewStartTLS(conn, options)
	} else {
		s.client = imapclient.New(conn, options)
		err = s.client.WaitGreeting()
	}
	if err != nil {
		conn.Close()
		return nil, tlsTrouble(err)
	}
	if err := s.login(); err != nil {
		s.client.Close()
		return nil, err
	}
	if !stop() {
		s.client.Close()
		return nil, errors.New("log in to the mailbox: it takes too long")
	}
	// A mail in hand is finished first.
	s.stopped = context.AfterFunc(ctx, func() { time.AfterFunc(drainTime, func() { s.client.Close() }) })
	return s, nil
}

func (s *imapSession) close() {
	s.stopped()
	s.client.Close()
}

// wrap tells what failed without what the server said, which may name somebody:
// only its answer and response code (RFC 9051 §7.1) are kept.
func wrap(what string, err error) error {
	var said *imap.Error
	if errors.As(err, &said) {
		return &refusal{what, said.Type, said.Code}
	}
	return fmt.Errorf("%s: %w", what, err)
}

// A refusal is an answer of NO or BAD.
type refusal struct {
	what string
	typ  imap.StatusResponseType
	code imap.ResponseCode
}

// Error says what was refused, and by what code.
func (r *refusal) Error() string {
	s := r.what + ": the server answers " + string(r.typ)
	if r.code != "" {
		s += " [" + string(r.code) + "]"
	}
	return s
}

// passing reports whether the server may do later what it refuses now (RFC 5530).
func (r *refusal) passing() bool {
	switch r.code {
	case imap.ResponseCodeUnavailable, imap.ResponseCodeInUse, imap.ResponseCodeLimit, imap.ResponseCodeServerBug:
		return true
	}
	return false
}

// tlsTrouble tells a server that is not who it says it is from a broken line.
func tlsTrouble(err error) error {
	var cert *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &cert):
		return fmt.Errorf("the mail server's certificate does not hold: look at host and ca_file of inbox.imap: %w", cert.Err)
	case errors.As(err, &record):
		return errors.New("the mail server does not speak TLS on this port: look at port and tls of inbox.imap")
	}
	return wrap("connect to the mailbox", err)
}

func (s *imapSession) selectFolder() error {
	if _, err := s.client.Select(s.cfg.Folder, nil).Wait(); err != nil {
		return wrap("open the folder of inbox.imap", err)
	}
	return nil
}

// unread lists what is in the folder, oldest first, with sizes.
func (s *imapSession) unread() ([]imap.UID, error) {
	found, err := s.client.UIDSearch(&imap.SearchCriteria{NotFlag: []imap.Flag{imap.FlagDeleted}}, nil).Wait()
	if err != nil {
		return nil, wrap("look into the folder", err)
	}
	return found.AllUIDs(), nil
}

var errTooLarge = errors.New("it is over 16 MB")

// fetch reads one mail whole, without marking it as seen; nil when it is gone.
func (s *imapSession) fetch(uid imap.UID) (raw []byte, err error) {
	size, err := s.client.Fetch(imap.UIDSetNum(uid), &imap.FetchOptions{UID: true, RFC822Size: true}).Collect()
	switch {
	case err != nil:
		return nil, wrap("ask for the size of a mail", err)
	case len(size) == 0:
		return nil, nil
	case size[0].RFC822Size > maxMessage:
		return nil, errTooLarge
	}
	cmd := s.client.Fetch(imap.UIDSetNum(uid), &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{{Peek: true}}})
	defer func() {
		if cerr := cmd.Close(); cerr != nil && err == nil {
			raw, err = nil, wrap("read a mail", cerr)
		}
	}()
	for msg := cmd.Next(); msg != nil; msg = cmd.Next() {
		for item := msg.Next(); item != nil; item = msg.Next() {
			body, ok := item.(imapclient.FetchItemDataBodySection)
			if !ok || body.Literal == nil {
				continue
			}
			if raw, err = io.ReadAll(io.LimitReader(body.Literal, maxMessage+1)); err != nil {
				return nil, fmt.Errorf("read a mail: %w", err)
			}
			if len(raw) > maxMessage { // the server told another size
				return nil, errTooLarge
			}
		}
	}
	return raw, nil
}

// move puts a mail into another folder. Where the server cannot move (RFC 6851), it
// is copied, and deleted only once that is done: and of what is marked as deleted,
// only this one is taken away (UIDPLUS, RFC 4315), since the rest is not ours.
func (s *imapSession) move(uid imap.UID, folder string) error {
	if err := s.make(folder); err != nil {
		return err
	}
	set := imap.UIDSetNum(uid)
	if s.client.Caps().Has(imap.CapMove) {
		_, err := s.client.Move(set, folder).Wait()
		return wrapUnlessNil("move a mail", err)
	}
	if _, err := s.client.Copy(set, folder).Wait(); err != nil {
		return wrap("copy a mail", err)
	}
	if err := s.client.Store(set, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagDeleted}}, nil).Close(); err != nil {
		return wrap("mark a mail as deleted", err)
	}
	if !s.client.Caps().Has(imap.CapUIDPlus) {
		return nil // marked as deleted, it is not read again
	}
	return wrapUnlessNil("take away a mail that was copied", s.client.UIDExpunge(set).Close())
}

func wrapUnlessNil(what string, err error) error {
	if err == nil {
		return nil
	}
	return wrap(what, err)
}

// make makes a folder unless it is there.
func (s *imapSession) make(folder string) error {
	if s.made[folder] {
		return nil
	}
	found, err := s.client.List("", folder, nil).Collect()
	if err != nil {
		return wrap("look for a folder", err)
	}
	if len(found) == 0 {
		if err := s.client.Create(folder, nil).Wait(); err != nil {
			return wrap("make the folders done and unclear of inbox.imap", err)
		}
	}
	s.made[folder] = true
	return nil
}

// await returns when there may be new mail: the server says so, or poll has
// passed. Its error is that of the connection.
func (s *imapSession) await(ctx context.Context) error {
	timer := time.NewTimer(time.Duration(s.cfg.Poll))
	defer timer.Stop()
	if !s.client.Caps().Has(imap.CapIdle) {
		select {
		case <-ctx.Done():
			return nil
		case <-s.client.Closed():
			return errors.New("the mail server has ended the connection")
		case <-timer.C:
		}
		return wrapUnlessNil("ask for new mail", s.client.Noop().Wait())
	}
	idle, err := s.client.Idle()
	if err != nil {
		return wrap("wait for new mail", err)
	}
	select {
	case <-ctx.Done():
	case <-s.client.Closed():
	case <-s.news:
	case <-timer.C:
	}
	if err := idle.Close(); err != nil {
		return wrap("wait for new mail", err)
	}
	return wrapUnlessNil("wait for new mail", idle.Wait())
}
