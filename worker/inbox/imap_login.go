package inbox

import (
	"errors"
	"fmt"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-sasl"
)

// login logs in by password, or by an access token.
func (s *imapSession) login() error {
	if s.cfg.Auth != "" {
		return s.loginByToken()
	}
	caps := s.client.Caps()
	var err error
	switch {
	case caps.Has(imap.AuthCap(sasl.Plain)):
		err = s.client.Authenticate(sasl.NewPlainClient("", s.cfg.Username, s.cfg.Password.Reveal()))
	case caps.Has(imap.CapLoginDisabled):
		return errors.New(`the mail server takes no password on this connection: set tls = "implicit" or "starttls", or auth if it wants an access token`)
	default:
		err = s.client.Login(s.cfg.Username, s.cfg.Password.Reveal()).Wait()
	}
	if err != nil {
		return wrap("log in to the mailbox, with username and password of inbox.imap", err)
	}
	return nil
}

// xoauth2 is the login by access token that Google and Microsoft had before RFC 7628.
const xoauth2 = "XOAUTH2"

var errToken = errors.New("the mail server does not take the access token in password of inbox.imap: see that it is fresh, and that it is for IMAP and for this username")

func (s *imapSession) loginByToken() error {
	if !s.client.Caps().Has(imap.AuthCap(s.cfg.Auth)) {
		return fmt.Errorf("the mail server does not offer %s: look at auth, host and tls of inbox.imap", s.cfg.Auth)
	}
	token, err := s.cfg.Password.Current()
	if err != nil {
		return fmt.Errorf("read the access token of inbox.imap: %w", err)
	}
	var client sasl.Client = bearer{s.cfg.Username, token}
	if s.cfg.Auth == sasl.OAuthBearer {
		client = sasl.NewOAuthBearerClient(&sasl.OAuthBearerOptions{Username: s.cfg.Username, Token: token, Host: s.cfg.Host, Port: s.cfg.Port})
	}
	err = s.client.Authenticate(client)
	var refused *sasl.OAuthBearerError
	var said *imap.Error
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errToken), errors.As(err, &refused), errors.As(err, &said) && said.Type == imap.StatusResponseTypeNo:
		return errToken
	}
	return wrap("log in to the mailbox, with an access token", err)
}

// A bearer logs in by XOAUTH2.
type bearer struct{ user, token string }

// Start says all that there is to say.
func (b bearer) Start() (mechanism string, first []byte, err error) {
	return xoauth2, []byte("user=" + b.user + "\x01auth=Bearer " + b.token + "\x01\x01"), nil
}

// Next gets why the token is refused; nothing more can be said to that.
func (bearer) Next([]byte) ([]byte, error) { return nil, errToken }
