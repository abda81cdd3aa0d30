// Package inbox owns the ways in which mail comes back: a listener to which the
// relay hands what is addressed to our bounce domain, and a mailbox elsewhere that
// is read over IMAP. It decides what a mail is; what follows from it the sink decides.
package inbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
	"golang.org/x/net/netutil"
	"golang.org/x/time/rate"

	"clarion/worker/gateway"
)

// A Sink takes what came back. Its methods return only once that is kept for
// good; after an error the relay brings the same mail again, so they must bear
// repetition.
type Sink interface {
	// Accepts says whether we made the token for this purpose. It is asked
	// before a mail is taken, and must be quick.
	Accepts(p Purpose, token string) bool
	// Report takes what a mail says of deliveries, whose tokens were made for p.
	Report(ctx context.Context, p Purpose, reports []gateway.Report) error
	// Unsubscribe takes a person's word that the address of a delivery is to hear
	// no more: their mail to the unsubscribe address, or their answer that says so.
	Unsubscribe(ctx context.Context, p Purpose, token string) error
	// UnsubscribeAddress takes the same of a mail that names no delivery, but its author.
	UnsubscribeAddress(ctx context.Context, from string) error
	// Reply takes any other mail of a person, to be handed on to the organisation.
	// token is "" where it answers no delivery. ErrRefused: nobody will take it.
	Reply(ctx context.Context, token string, mail []byte) error
}

// Purpose is what an address of the bounce domain is for.
type Purpose uint8

// The purposes.
const (
	Bounce      Purpose = iota + 1 // b+TOKEN: envelope sender of a delivery
	Unsubscribe                    // u+TOKEN: the address in List-Unsubscribe
	Forwarded                      // ForwardLocal: envelope sender of what was handed on to the organisation
)

// ForwardLocal is the local part of the envelope sender of what is handed on.
const ForwardLocal = "forwarded"

// String returns the purpose in lower case.
func (p Purpose) String() string {
	switch p {
	case Bounce:
		return "bounce"
	case Unsubscribe:
		return "unsubscribe"
	case Forwarded:
		return "forwarded"
	}
	return fmt.Sprintf("purpose(%d)", uint8(p))
}

// Protocol is what the listener speaks.
type Protocol string

// The protocols.
const (
	SMTP Protocol = "smtp" // RFC 5321; the default
	LMTP Protocol = "lmtp" // RFC 2033: an answer for each recipient
)

// Config says where to listen and what to take. A zero limit means its default.
type Config struct {
	Listen         string        // host:port; reachable for the relay alone, as it neither encrypts nor asks who is there
	Protocol       Protocol      // "" is SMTP
	Domains        []string      // the bounce domains; mail for any other is refused
	Hostname       string        // how the listener names itself; the first domain if empty
	MaxSize        int64         // octets of a mail; 16 MiB
	MaxRecipients  int           // of a mail; 50
	MaxConnections int           // at once; 20. The next ones wait
	Rate           float64       // mails a second taken over a while; 200. What is faster is put off with 451
	Timeout        time.Duration // for a command, a mail's text, and the sink; 1 minute
}

// A Server listens for returned mail.
type Server struct {
	cfg      Config
	sink     Sink
	taker    taker
	log      *slog.Logger
	listener net.Listener
	limit    *rate.Limiter

	mu       sync.Mutex
	draining bool
	inHand   sync.WaitGroup // mails being taken
}

// New opens the listener. Serve must be called, or Close.
func New(cfg Config, sink Sink, log *slog.Logger) (*Server, error) {
	cfg.Protocol = cmp.Or(cfg.Protocol, SMTP)
	if cfg.Protocol != SMTP && cfg.Protocol != LMTP {
		return nil, fmt.Errorf("listen for returned mail: protocol is %q, but must be %q or %q", cfg.Protocol, SMTP, LMTP)
	}
	if len(cfg.Domains) == 0 {
		return nil, errors.New("listen for returned mail: no bounce domain is set")
	}
	cfg.Domains = cleanDomains(cfg.Domains)
	cfg.Hostname = cmp.Or(cfg.Hostname, cfg.Domains[0])
	cfg.MaxSize = cmp.Or(cfg.MaxSize, 16<<20)
	cfg.MaxRecipients = cmp.Or(cfg.MaxRecipients, 50)
	cfg.MaxConnections = cmp.Or(cfg.MaxConnections, 20)
	cfg.Rate = cmp.Or(cfg.Rate, 200)
	cfg.Timeout = cmp.Or(cfg.Timeout, time.Minute)

	l, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen for returned mail: %w", err)
	}
	s := &Server{
		cfg: cfg, sink: sink, taker: taker{sink, log, cfg.Timeout}, log: log,
		listener: lingers{netutil.LimitListener(l, cfg.MaxConnections), cfg.MaxSize},
		limit:    rate.NewLimiter(rate.Limit(cfg.Rate), int(cfg.Rate)+1),
	}
	return s, nil
}

// Addr returns where the server listens.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Close ends a server that is not served.
func (s *Server) Close() error { return s.listener.Close() }

// drainTime is how long mails in hand may take once Serve is to end.
const drainTime = 10 * time.Second

// Serve takes mail until ctx is done. Mails in hand are finished; new ones are
// put off, and the relay keeps them.
func (s *Server) Serve(ctx context.Context) error {
	// A mail in hand outlives ctx, within its own limit of time.
	work := context.WithoutCancel(ctx)
	srv := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &session{server: s, ctx: work, conn: c.Conn()}, nil
	}))
	srv.LMTP = s.cfg.Protocol == LMTP
	srv.Domain = s.cfg.Hostname
	srv.MaxMessageBytes = s.cfg.MaxSize
	srv.MaxRecipients = s.cfg.MaxRecipients
	srv.MaxLineLength = maxLine
	srv.ReadTimeout, srv.WriteTimeout = s.cfg.Timeout, s.cfg.Timeout
	srv.EnableSMTPUTF8 = true // a report on an SMTPUTF8 mail is one too (RFC 6533)
	srv.ErrorLog = wireLog{s.log}

	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(s.listener) }()
	select {
	case err := <-ended:
		return fmt.Errorf("take returned mail: %w", cmp.Or(err, net.ErrClosed))
	case <-ctx.Done():
	}
	s.drain()
	_ = srv.Close() // idle connections end too; what was not answered comes again
	if err := <-ended; err != nil {
		return fmt.Errorf("take returned mail: %w", err)
	}
	return nil
}

// drain refuses new mails and waits for those in hand.
func (s *Server) drain() {
	s.mu.Lock()
	s.draining = true
	s.mu.Unlock()
	done := make(chan struct{})
	go func() {
		s.inHand.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(drainTime):
	}
}

// begin counts a mail as in hand; it answers false once the server drains.
func (s *Server) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining {
		return false
	}
	s.inHand.Add(1)
	return true
}

// wireLog takes what go-smtp has to say without its values, which may hold
// addresses.
type wireLog struct{ log *slog.Logger }

func (w wireLog) Printf(format string, _ ...any) {
	w.log.Warn("a connection for returned mail ended badly", "said", format)
}

func (w wireLog) Println(...any) { w.log.Warn("a connection for returned mail ended badly") }
