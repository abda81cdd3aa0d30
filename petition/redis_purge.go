package petition

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"clarion/internal/redisdb"
)

// Certificate returns that of the purge, nil while there was none.
func (r *Roll) Certificate(ctx context.Context) (*Certificate, error) {
	_, c, err := r.certificate(ctx)
	return c, err
}

func (r *Roll) certificate(ctx context.Context) (text string, c *Certificate, err error) {
	text, err = r.rdb.Get(ctx, keyCertificate.Name(r.ID)).Result()
	if errors.Is(err, redis.Nil) {
		return "", nil, nil
	}
	if err != nil {
		return "", nil, fmt.Errorf("read the certificate: %w", err)
	}
	c = &Certificate{}
	if err := json.Unmarshal([]byte(text), c); err != nil {
		return "", nil, fmt.Errorf("read the certificate: %w", err)
	}
	return text, c, nil
}

// Purge deletes who signed, once the petition has ended: all sealed records, all keyed
// hashes of persons, what is written on sheets. The count, the roots and the leaves
// stay, and so does the certificate that it returns. From its first step on nothing else
// changes; after an error, or a kill, run it again and it goes on where it was.
func (r *Roll) Purge(ctx context.Context, by uint32) (*Certificate, error) {
	if r.clk.Now().Before(r.Closes) {
		return nil, ErrStillOpen
	}
	for {
		text, c, err := r.certificate(ctx)
		if err != nil {
			return nil, err
		}
		now := r.clk.Now().UTC().Truncate(time.Second)
		switch {
		case c == nil:
			c, err = r.beginPurge(ctx, by, now)
		case !c.Counted:
			err = r.countNames(ctx, c)
		case c.Done.IsZero():
			if err = r.deleteNames(ctx); err == nil {
				c.Done = now
				err = c.sign(r.keys)
			}
		default:
			return c, nil
		}
		if errors.Is(err, ErrPurged) {
			continue // another process began it meanwhile
		}
		if err != nil {
			return nil, fmt.Errorf("purge: %w", err)
		}
		next, err := json.Marshal(c)
		if err != nil {
			return nil, fmt.Errorf("purge: %w", err)
		}
		// If another process was faster, the next turn reads what it wrote.
		if err := certifyScript.Run(redisdb.Kept(ctx), r.rdb, []string{keyCertificate.Name(r.ID)}, text, next).Err(); err != nil {
			return nil, fmt.Errorf("purge: %w", err)
		}
	}
}

// beginPurge publishes a root of all that there is, which is the last one.
func (r *Roll) beginPurge(ctx context.Context, by uint32, now time.Time) (*Certificate, error) {
	if err := r.finishAll(ctx); err != nil {
		return nil, err
	}
	root, err := r.Publish(ctx, r.Day(now))
	return &Certificate{Petition: r.ID, Begun: now, By: by, Root: root}, err
}

// countNames counts what is to be deleted, when nothing can be added to it any more.
func (r *Roll) countNames(ctx context.Context, c *Certificate) error {
	last, err := r.last(ctx)
	if err != nil {
		return err
	}
	var records, hashes []*redis.IntCmd
	var labels, waiting *redis.IntCmd
	_, err = r.rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for bucket := range last/bucketSize + 1 {
			records = append(records, pipe.HLen(ctx, keyRecord.Name(r.ID, bucket)))
			hashes = append(hashes, pipe.HLen(ctx, keyPerson.Name(r.ID, bucket)))
		}
		hashes = append(hashes, pipe.HLen(ctx, keySame.Name(r.ID)), pipe.HLen(ctx, keyAlike.Name(r.ID)))
		labels, waiting = pipe.HLen(ctx, keyLabels.Name(r.ID)), pipe.HLen(ctx, keyWaiting.Name(r.ID))
		return nil
	})
	for _, n := range records {
		c.Records += int(n.Val())
	}
	for _, n := range hashes {
		c.Hashes += int(n.Val())
	}
	c.Labels, c.Waiting, c.Counted = int(labels.Val()), int(waiting.Val()), true
	return err
}

// waitingNames are the keys of what waits. Those of faxes come first: they are found by
// the hash that comes after them.
func (r *Roll) waitingNames(ctx context.Context) ([]string, error) {
	ids, err := r.rdb.HKeys(ctx, keyWaiting.Name(r.ID)).Result()
	if err != nil {
		return nil, fmt.Errorf("read what waits: %w", err)
	}
	var names []string
	for _, id := range ids {
		names = append(names, keyFax.Name(r.ID, id))
	}
	for _, day := range r.daysSince(r.Opens) {
		names = append(names, keyAsked.Name(r.ID, day))
	}
	return append(names, keyWaiting.Name(r.ID), keySettled.Name(r.ID), keyFaxBytes.Name(r.ID)), nil
}

// deleteNames deletes, and looks whether anything is left.
func (r *Roll) deleteNames(ctx context.Context) error {
	last, err := r.last(ctx)
	if err != nil {
		return err
	}
	names, err := r.waitingNames(ctx)
	if err != nil {
		return err
	}
	names = append(names, keySame.Name(r.ID), keyAlike.Name(r.ID), keyLabels.Name(r.ID))
	for bucket := range last/bucketSize + 1 {
		names = append(names, keyRecord.Name(r.ID, bucket), keyPerson.Name(r.ID, bucket))
	}
	var left []*redis.IntCmd
	_, err = r.rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for _, name := range names {
			pipe.Unlink(ctx, name)
			left = append(left, pipe.Exists(ctx, name))
		}
		return nil
	})
	for _, n := range left {
		if err == nil && n.Val() > 0 {
			err = errors.New("something with names in it is still there")
		}
	}
	return err
}
