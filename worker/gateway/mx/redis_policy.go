package mx

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"clarion/internal/rkey"
	"clarion/internal/seal"
)

var keyPolicy = rkey.Key{Pattern: "mta-sts:<domain>", Type: rkey.String, Expiry: "as the policy says, a year at most", Personal: true, Doc: "by the keyed hash of a mail domain its MTA-STS policy as it was fetched, sealed"}

// Keys declares the keys of this package.
func Keys() []rkey.Key { return []rkey.Key{keyPolicy} }

// Share has the gateway know the policies that other processes fetched, and tell
// them of its own. It is called before the gateway is used.
func (g *Gateway) Share(rdb redis.UniversalClient, keys *seal.Keyring) {
	if g.finder.policies != nil {
		g.finder.policies.store = redisPolicies{rdb, keys}
	}
}

// redisPolicies keeps policies in Redis. A domain may be one person's: it stands
// there as a keyed hash, and the rest is sealed.
type redisPolicies struct {
	rdb  redis.UniversalClient
	keys *seal.Keyring
}

// A policyRecord is a policy as it lies in Redis.
type policyRecord struct {
	Text    string    `json:"text"`
	ID      string    `json:"id"`
	Fetched time.Time `json:"fetched"`
}

func (r redisPolicies) key(domain string) string {
	sum := r.keys.Sum(seal.MailSystem, []byte(domain))
	return keyPolicy.Name(hex.EncodeToString(sum[:16]))
}

func (r redisPolicies) load(ctx context.Context, domain string) (heldPolicy, error) {
	fail := func(err error) (heldPolicy, error) {
		return heldPolicy{}, fmt.Errorf("read an MTA-STS policy: %w", err)
	}
	key := r.key(domain)
	sealed, err := r.rdb.Get(ctx, key).Bytes()
	if errors.Is(err, redis.Nil) {
		return heldPolicy{}, nil
	} else if err != nil {
		return fail(err)
	}
	text, err := r.keys.Open(nil, sealed, []byte(key))
	if err != nil {
		return fail(err)
	}
	var rec policyRecord
	if err := json.Unmarshal(text, &rec); err != nil {
		return fail(err)
	}
	p, err := parsePolicy(rec.Text)
	if err != nil {
		return fail(err)
	}
	return heldPolicy{policy: p, text: rec.Text, id: rec.ID, fetched: rec.Fetched}, nil
}

func (r redisPolicies) save(ctx context.Context, domain string, h heldPolicy) error {
	left := time.Until(h.fetched.Add(h.maxAge))
	if left < time.Second {
		return nil // it is over before anybody could ask
	}
	text, err := json.Marshal(policyRecord{h.text, h.id, h.fetched})
	if err == nil {
		key := r.key(domain)
		err = r.rdb.Set(ctx, key, r.keys.Seal(nil, text, []byte(key)), left).Err()
	}
	if err != nil {
		return fmt.Errorf("keep an MTA-STS policy: %w", err)
	}
	return nil
}
