package inbox

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/emersion/go-sasl"

	"clarion/internal/conf"
)

// MailboxConfig is the table of a mailbox that is read over IMAP (RFC 9051, RFC 3501).
type MailboxConfig struct {
	Host     string        `toml:"host"`
	Port     int           `toml:"port"`     // 0: 993, or 143 with tls = "starttls" or "none"
	TLS      string        `toml:"tls"`      // "implicit" (if ""), "starttls" or "none"
	CAFile   string        `toml:"ca_file"`  // PEM certificates to trust instead of the system's
	Username string        `toml:"username"` //
	Password conf.Secret   `toml:"password"` // with Auth an access token, read anew at each login where it is in a file
	Auth     string        `toml:"auth"`     // "" for a password; "XOAUTH2" or "OAUTHBEARER" (RFC 7628) for an access token
	Folder   string        `toml:"folder"`   // what is read; INBOX if ""
	Done     string        `toml:"done"`     // where what was taken in goes
	Unclear  string        `toml:"unclear"`  // where what was not goes
	Poll     conf.Duration `toml:"poll"`     // how often to look; 1m if 0
}

func (c MailboxConfig) withDefaults() MailboxConfig {
	set := func(s *string, to string) {
		if *s == "" {
			*s = to
		}
	}
	c.Auth = strings.ToUpper(c.Auth)
	set(&c.TLS, "implicit")
	set(&c.Folder, "INBOX")
	set(&c.Done, "Clarion done")
	set(&c.Unclear, "Clarion unclear")
	if c.Port == 0 {
		if c.Port = 143; c.TLS == "implicit" {
			c.Port = 993
		}
	}
	if c.Poll == 0 {
		c.Poll = conf.Duration(time.Minute)
	}
	return c
}

// Check finds every mistake in the settings.
func (c MailboxConfig) Check() error {
	c = c.withDefaults()
	var wrong []error
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf(format, args...)) }
	if c.Host == "" {
		say(`host is missing: the name of the mail server, as in "imap.example.org"`)
	}
	if c.TLS != "implicit" && c.TLS != "starttls" && c.TLS != "none" {
		say(`tls is %q: "implicit", "starttls" and "none" are right`, c.TLS)
	}
	if c.Port < 0 || c.Port > 65535 {
		say("port is %d: 1 to 65535 are right", c.Port)
	}
	if c.Username == "" || c.Password.IsZero() {
		say("username and password are needed")
	}
	if c.Auth != "" && c.Auth != xoauth2 && c.Auth != sasl.OAuthBearer {
		say(`auth is %q: "XOAUTH2" and "OAUTHBEARER" are right, or nothing for a password`, c.Auth)
	}
	if c.Folder == c.Done || c.Folder == c.Unclear {
		say("done and unclear must be other folders than the one that is read")
	}
	if c.Poll < conf.Duration(time.Second) {
		say("poll is %s: a second or more is right", time.Duration(c.Poll))
	}
	if _, err := c.tlsConfig(); err != nil {
		say("%w", err)
	}
	return errors.Join(wrong...)
}

func (c MailboxConfig) tlsConfig() (*tls.Config, error) {
	t := &tls.Config{ServerName: c.Host, MinVersion: tls.VersionTLS12, NextProtos: []string{"imap"}}
	if c.CAFile == "" {
		return t, nil
	}
	var err error
	if t.RootCAs, err = conf.CertPool(c.CAFile); err != nil {
		return nil, err
	}
	return t, nil
}

// A Turn lets one process at a time read a mailbox.
type Turn interface {
	// Take says whether it is our turn, for so long from now on.
	Take(ctx context.Context, d time.Duration) (bool, error)
	// Leave ends our turn.
	Leave(ctx context.Context) error
}

// How long a turn holds, and how often it is taken anew. Two that read at once do
// no harm but double the work: whatever is said twice counts once.
const (
	turnTime  = 15 * time.Second
	turnRenew = 5 * time.Second
)

// A Mailbox is read over IMAP.
type Mailbox struct {
	cfg     MailboxConfig
	domains []string
	taker   taker
	turn    Turn
	log     *slog.Logger

	// What was taken in but could not be moved, in the mailbox of one UIDVALIDITY
	// (RFC 9051 §2.3.1.1): it is moved when it is seen again.
	validity uint32
	taken    map[uint32]string // UID to folder
	waiting  func()            // told, by tests, when all is read
}

// The limits of a mailbox: as large as the listener's mails, and as long for the sink.
const (
	maxMessage   = 16 << 20
	mailSinkTime = time.Minute
)

// OpenMailbox returns a reader of the mailbox; nothing is dialled before Serve.
func OpenMailbox(c MailboxConfig, domains []string, sink Sink, turn Turn, log *slog.Logger) (*Mailbox, error) {
	if err := c.Check(); err != nil {
		return nil, fmt.Errorf("read a mailbox: %w", err)
	}
	return &Mailbox{
		cfg: c.withDefaults(), domains: cleanDomains(domains), turn: turn, log: log,
		taker: taker{sink, log, mailSinkTime}, taken: map[uint32]string{}, waiting: func() {},
	}, nil
}

// How long to wait before a mailbox is dialled again: twice as long each time.
const (
	firstWait = time.Second
	mostWait  = 5 * time.Minute
)

// Serve reads the mailbox until ctx is done. A mail in hand is finished.
func (m *Mailbox) Serve(ctx context.Context) error {
	wait := firstWait
	for {
		ours, err := m.turn.Take(ctx, turnTime)
		if err == nil && ours {
			var read bool
			read, err = m.visit(ctx)
			if lerr := m.turn.Leave(context.WithoutCancel(ctx)); lerr != nil {
				m.log.Warn("the turn at the mailbox was not given up; it ends by itself", "error", lerr)
			}
			if read {
				wait = firstWait
			}
		}
		pause := turnRenew // somebody else's turn
		if err != nil && ctx.Err() == nil {
			m.log.Warn("the mailbox cannot be read now", "again_in", wait, "error", err)
			pause = wait
			wait = min(2*wait, mostWait)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

// Probe logs in, and looks for the folder that is read.
func (m *Mailbox) Probe(ctx context.Context) error {
	s, err := m.dial(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	return s.selectFolder()
}
