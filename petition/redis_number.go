package petition

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/redis/go-redis/v9"

	"clarion/internal/redisdb"
	"clarion/lists/address"
)

// A Reachable is a volunteer who may be texted.
type Reachable struct {
	Number   address.Address // zero for who left none
	Language string          // in which they read
}

// reachable is what is sealed of one.
type reachable struct {
	Number   string `json:"n"`
	Language string `json:"l"`
}

func numberPlace(volunteer uint32) []byte {
	return append([]byte("volunteer's number:"), number4(volunteer)...)
}

// LeaveNumber keeps the mobile number of a volunteer, sealed, so that they can be asked
// for sheets; a zero number takes it back.
func (d *Desk) LeaveNumber(ctx context.Context, volunteer uint32, r Reachable) error {
	field := strconv.FormatUint(uint64(volunteer), 10)
	var err error
	if r.Number.IsZero() {
		err = d.rdb.HDel(redisdb.Kept(ctx), keyNumbers.Name(), field).Err()
	} else {
		var text []byte
		if text, err = json.Marshal(reachable{r.Number.Reveal(), r.Language}); err == nil {
			err = d.rdb.HSet(redisdb.Kept(ctx), keyNumbers.Name(), field, d.keys.Seal(nil, text, numberPlace(volunteer))).Err()
		}
	}
	if err != nil {
		return fmt.Errorf("keep a volunteer's number: %w", err)
	}
	return nil
}

// Reach is how a volunteer can be texted.
func (d *Desk) Reach(ctx context.Context, volunteer uint32) (Reachable, error) {
	sealed, err := d.rdb.HGet(ctx, keyNumbers.Name(), strconv.FormatUint(uint64(volunteer), 10)).Bytes()
	if errors.Is(err, redis.Nil) {
		return Reachable{}, nil
	}
	var kept reachable
	if err == nil {
		var text []byte
		if text, err = d.keys.Open(nil, sealed, numberPlace(volunteer)); err == nil {
			err = json.Unmarshal(text, &kept)
		}
	}
	if err != nil {
		return Reachable{}, fmt.Errorf("read a volunteer's number: %w", err)
	}
	return Reachable{address.Canonical(address.SMS, kept.Number), kept.Language}, nil
}

// AskedFor says of which sheets the return was asked for, each with the day by which it
// was due then, in seconds.
func (r *Roll) AskedFor(ctx context.Context) (map[uint32]int64, error) {
	all, err := r.rdb.HGetAll(ctx, keyAskedFor.Name(r.ID)).Result()
	if err != nil {
		return nil, fmt.Errorf("read which sheets were asked for: %w", err)
	}
	out := map[uint32]int64{}
	for field, text := range all {
		number, err := strconv.ParseUint(field, 10, 32)
		due, derr := strconv.ParseInt(text, 10, 64)
		if err := errors.Join(err, derr); err != nil {
			return nil, fmt.Errorf("read which sheets were asked for: %w", err)
		}
		out[uint32(number)] = due
	}
	return out, nil
}

// NoteAskedFor notes that the return of sheets was asked for.
func (r *Roll) NoteAskedFor(ctx context.Context, sheets []Sheet) error {
	var fields []any
	for _, s := range sheets {
		fields = append(fields, s.Number, s.Due.Unix())
	}
	if err := r.rdb.HSet(redisdb.Kept(ctx), keyAskedFor.Name(r.ID), fields...).Err(); err != nil {
		return fmt.Errorf("note which sheets were asked for: %w", err)
	}
	return nil
}
