package petition

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/redis/go-redis/v9"

	"clarion/internal/redisdb"
	"clarion/internal/seal"
	"clarion/lists/address"
)

// KeepAsk keeps who is to be asked, by what names their message, and returns it with its
// ID and Day. The same message is the same ask.
func (r *Roll) KeepAsk(ctx context.Context, source []byte, a Ask) (*Ask, error) {
	a.ID = r.keyed("ask", source)
	if !slices.Contains(r.Languages, a.Language) {
		a.Language = r.Languages[0]
	}
	for _, day := range r.askedDays() {
		have, err := r.readAsk(ctx, a.ID, day)
		if !errors.Is(err, ErrAsk) {
			return have, err
		}
	}
	a.Day = r.Day(r.clk.Now())
	record, err := a.record()
	if err != nil {
		return nil, fmt.Errorf("keep who is to be asked: %w", err)
	}
	keys := []string{keyCertificate.Name(r.ID), keyAsked.Name(r.ID, a.Day)}
	n, err := askScript.Run(redisdb.Kept(ctx), r.rdb, keys, a.ID, r.keys.Seal(nil, record, r.askPlace(a.ID)), r.askedField(a.Contact), int(AskKept.Seconds())).Int()
	if err != nil {
		return nil, fmt.Errorf("keep who is to be asked: %w", err)
	}
	if n == purged {
		return nil, ErrPurged
	}
	return &a, nil
}

func (r *Roll) askPlace(id string) []byte { return []byte("petition:" + r.ID + ":ask:" + id) }

// askedField is where the last ask of an address is noted.
func (r *Roll) askedField(a address.Address) string {
	return r.keyed("asked", []byte(a.Channel().String()), []byte(a.Fold()))
}

// readAsk reads an ask of a day. The error is ErrAsk where there is none.
func (r *Roll) readAsk(ctx context.Context, id, day string) (*Ask, error) {
	sealed, err := r.rdb.HGet(ctx, keyAsked.Name(r.ID, day), id).Bytes()
	if errors.Is(err, redis.Nil) {
		return nil, ErrAsk
	} else if err != nil {
		return nil, fmt.Errorf("read who was asked: %w", err)
	}
	record, err := r.keys.Open(nil, sealed, r.askPlace(id))
	if err != nil {
		return nil, fmt.Errorf("read who was asked: %w", err)
	}
	a := &Ask{ID: id, Day: day}
	return a, a.parseRecord(record)
}

// OpenAsk returns the ask of a link's token. The error is seal.ErrToken, or ErrAsk where
// it is there no more.
func (r *Roll) OpenAsk(ctx context.Context, token string) (*Ask, error) {
	id, day, err := r.openAskToken(token)
	if err != nil {
		return nil, err
	}
	return r.readAsk(ctx, id, day)
}

// LastAsk is what an address was asked last. The error is ErrAsk where that is nothing,
// or was answered.
func (r *Roll) LastAsk(ctx context.Context, of address.Address) (*Ask, error) {
	for _, day := range r.askedDays() {
		id, err := r.rdb.HGet(ctx, keyAsked.Name(r.ID, day), r.askedField(of)).Result()
		if errors.Is(err, redis.Nil) {
			continue
		} else if err != nil {
			return nil, fmt.Errorf("read who was asked: %w", err)
		}
		return r.readAsk(ctx, id, day)
	}
	return nil, ErrAsk
}

// SignAsk enters the signature of somebody who was asked and has agreed: by reply,
// confirmed, and once, whether they answer by the link, by a word, or by both. The ask
// stays until DropAsk.
func (r *Roll) SignAsk(ctx context.Context, a *Ask, agreed Agreed, age bool) (Added, error) {
	sum := r.keys.Sum(seal.Signer, []byte(r.ID), []byte("ask"), []byte(a.ID))
	return r.Add(ctx, Signing{Way: WayReply, Name: a.Name, Region: a.Region, District: a.District, Contact: a.Contact, Language: a.Language, Agreed: agreed, Age: age, Once: sum[:]})
}

// DropAsk forgets an ask that was answered.
func (r *Roll) DropAsk(ctx context.Context, a *Ask) error {
	if err := r.rdb.HDel(ctx, keyAsked.Name(r.ID, a.Day), a.ID).Err(); err != nil {
		return fmt.Errorf("forget who was asked: %w", err)
	}
	return nil
}
