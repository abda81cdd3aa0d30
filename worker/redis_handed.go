package worker

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"clarion/internal/redisdb"
	"clarion/internal/rkey"
	"clarion/internal/seal"
)

var keyHanded = rkey.Key{Pattern: "inbox:handed:<key>", Type: rkey.String, Expiry: "a week", Personal: true, Doc: "a person's mail went on to the organisation: its keyed hash"}

// handedKept is how long it is known that a mail went on; it may be brought
// again until whoever brings it knows that it was taken.
const handedKept = 7 * 24 * time.Hour

// HandOnce does what hands a person's mail on, unless that was done with this
// very mail before: a crash, or a line that breaks, brings a mail again.
func (in *Inbound) HandOnce(ctx context.Context, mail []byte, do func() error) error {
	digest := sha256.Sum256(mail)
	name := keyHanded.Name(fmt.Sprintf("%x", in.keys.Sum(seal.Handed, digest[:])))
	switch n, err := in.rdb.Exists(ctx, name).Result(); {
	case err != nil:
		return fmt.Errorf("look whether a mail went on: %w", err)
	case n > 0:
		return nil
	}
	if err := do(); err != nil {
		return err
	}
	// That it went cannot be undone: without the note it may go twice, under one Message-ID.
	if err := in.rdb.Set(redisdb.Kept(ctx), name, "", handedKept).Err(); err != nil {
		in.log.Warn("a mail was handed on, and that could not be noted", "error", err)
	}
	return nil
}
