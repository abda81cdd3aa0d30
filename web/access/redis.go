package access

import (
	_ "embed"
	"errors"
	"fmt"
	"net/netip"
	"net/url"

	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/redis/go-redis/v9"

	"clarion/internal/audit"
	"clarion/internal/clock"
	"clarion/internal/rkey"
	"clarion/internal/seal"
)

// All keys share the slot {staff}: what is done to the team is one script.
var (
	keyTeam        = rkey.Key{Pattern: "{staff}:team", Type: rkey.Hash, Expiry: "kept", Doc: "revision of the team, the last number given out, and until there is a director the keyed hash of the code that makes one"}
	keyAccounts    = rkey.Key{Pattern: "{staff}:accounts", Type: rkey.Hash, Expiry: "kept", Personal: true, Doc: "people of the team, sealed, by number: name, address, roles, hashes of passwords and codes, public keys"}
	keyInvitations = rkey.Key{Pattern: "{staff}:invitations", Type: rkey.Hash, Expiry: "until used, taken back, or a day after they expired", Personal: true, Doc: "invitations, sealed, by the keyed hash of their link"}
	keyIndex       = rkey.Key{Pattern: "{staff}:index", Type: rkey.Hash, Expiry: "kept", Personal: true, Doc: "keyed hashes of addresses, passkey owners and API tokens to numbers of people"}
	keyUsed        = rkey.Key{Pattern: "{staff}:used", Type: rkey.Hash, Expiry: "kept", Doc: "when each API token was last used, to the minute"}
	keySession     = rkey.Key{Pattern: "{staff}:session:<id>", Type: rkey.String, Expiry: "7 days", Personal: true, Doc: "a session, sealed, by the keyed hash of what the browser holds: whose, since when, last seen, browser family"}
	keySessions    = rkey.Key{Pattern: "{staff}:sessions:<number>", Type: rkey.Set, Expiry: "7 days after the last log-in", Personal: true, Doc: "a person's sessions"}
	keyCeremony    = rkey.Key{Pattern: "{staff}:ceremony:<id>", Type: rkey.String, Expiry: "10 minutes", Doc: "a question to a passkey that was answered: no answer counts twice"}
	keyTries       = rkey.Key{Pattern: "{staff}:tries:<minutes>:<window>:<of>", Type: rkey.String, Expiry: "twice the window", Personal: true, Doc: "failed log-ins of an account or a client, as keyed hash, within a window of time"}
)

// Keys declares every key that the package keeps in Redis.
func Keys() []rkey.Key {
	return []rkey.Key{keyTeam, keyAccounts, keyInvitations, keyIndex, keyUsed, keySession, keySessions, keyCeremony, keyTries}
}

var (
	//go:embed save.lua
	saveSource string
	//go:embed try.lua
	trySource string
	//go:embed giveback.lua
	giveBackSource string
	//go:embed touch.lua
	touchSource string

	saveScript     = redis.NewScript(saveSource)
	tryScript      = redis.NewScript(trySource)
	giveBackScript = redis.NewScript(giveBackSource)
	touchScript    = redis.NewScript(touchSource)
)

// A Store keeps the team in Redis. It is safe for concurrent use, also by
// several processes.
type Store struct {
	rdb    redis.UniversalClient
	keys   *seal.Keyring
	clk    clock.Clock
	trail  *audit.Trail
	cfg    Config
	secure bool // the console is reached by https
	hasher *hasher
	authn  *webauthn.WebAuthn // nil where browsers know no passkeys
}

// Open returns the team in rdb.
func Open(rdb redis.UniversalClient, keys *seal.Keyring, clk clock.Clock, trail *audit.Trail, cfg Config) (*Store, error) {
	u, err := url.Parse(cfg.Origin)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("open the team: %q is no origin such as https://desk.example.org", cfg.Origin)
	}
	cfg.Origin = u.Scheme + "://" + u.Host
	s := &Store{rdb: rdb, keys: keys, clk: clk, trail: trail, cfg: cfg, secure: u.Scheme == "https", hasher: newHasher(cfg.Cost)}
	// Passkeys belong to a domain (WebAuthn §5.1.2), and browsers have them where the way is safe.
	_, notIP := netip.ParseAddr(u.Hostname())
	if notIP != nil && (s.secure || u.Hostname() == "localhost") {
		if s.authn, err = newAuthn(u.Hostname(), cfg); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// missing reports whether err only says that a key or field is not there.
func missing(err error) bool { return errors.Is(err, redis.Nil) }
