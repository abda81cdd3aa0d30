package petition

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/redis/go-redis/v9"
)

// Read returns a signature. The error is ErrNoSignature where there is none.
func (r *Roll) Read(ctx context.Context, number uint32) (*Signature, error) {
	bucket, field := number/bucketSize, strconv.Itoa(int(number%bucketSize))
	var state, record *redis.StringCmd
	_, err := r.rdb.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
		state, record = pipe.HGet(ctx, keyState.Name(r.ID, bucket), field), pipe.HGet(ctx, keyRecord.Name(r.ID, bucket), field)
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, fmt.Errorf("read a signature: %w", err)
	}
	if state.Val() == "" {
		return nil, ErrNoSignature
	}
	return r.open(number, state.Val(), record.Val())
}

func (r *Roll) open(number uint32, state, record string) (*Signature, error) {
	s := &Signature{Number: number}
	if err := s.parseState(state); err != nil {
		return nil, fmt.Errorf("signature %d: %w", number, err)
	}
	if record == "" {
		return s, nil
	}
	data, err := r.keys.Open(nil, []byte(record), r.place(number))
	if err != nil {
		return nil, fmt.Errorf("signature %d: %w", number, err)
	}
	return s, s.parseRecord(data)
}

// Walk hands all signatures to do, in order of number. It reads a hundred at a time:
// what changes meanwhile is seen as it was or as it is.
func (r *Roll) Walk(ctx context.Context, do func(*Signature) error) error {
	return r.walk(ctx, true, do)
}

// walk is Walk, without the sealed records if named is false.
func (r *Roll) walk(ctx context.Context, named bool, do func(*Signature) error) error {
	last, err := r.last(ctx)
	if err != nil {
		return err
	}
	for bucket := range last/bucketSize + 1 {
		states, records := &redis.MapStringStringCmd{}, &redis.MapStringStringCmd{}
		_, err := r.rdb.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
			states = pipe.HGetAll(ctx, keyState.Name(r.ID, bucket))
			if named {
				records = pipe.HGetAll(ctx, keyRecord.Name(r.ID, bucket))
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("read signatures: %w", err)
		}
		for i := range uint32(bucketSize) {
			number, field := bucket*bucketSize+i, strconv.Itoa(int(i))
			state, ok := states.Val()[field]
			if !ok || number > last {
				continue
			}
			s, err := r.open(number, state, records.Val()[field])
			if err != nil {
				return err
			}
			if err := do(s); err != nil {
				return err
			}
		}
	}
	return nil
}

// Find returns the signature of a slip's code, however it was copied, after the purge
// too. The error is ErrSlip for what is no slip of this petition.
func (r *Roll) Find(ctx context.Context, code string) (*Signature, error) {
	number, salt, err := readCode(r.ID, code)
	if err != nil {
		return nil, err
	}
	leaf, err := r.rdb.HGet(ctx, keyLeaf.Name(r.ID, number/bucketSize), strconv.Itoa(int(number%bucketSize))).Bytes()
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, fmt.Errorf("find a slip: %w", err)
	}
	if len(leaf) != leafSize || !bytes.Equal(leaf[len(Hash{}):], r.recognition(number, salt)) {
		return nil, ErrSlip
	}
	return r.Read(ctx, number)
}

// SlipOf is the slip of a signature whose code its holder has, as it was given to them.
// The error is ErrSlip where the code is another's, and ErrNoSignature where the names
// are gone.
func (r *Roll) SlipOf(ctx context.Context, code string) (*Slip, error) {
	s, err := r.Find(ctx, code)
	if err != nil {
		return nil, err
	}
	if s.Name == "" {
		return nil, ErrNoSignature
	}
	_, salt, err := readCode(r.ID, code)
	if err != nil {
		return nil, err
	}
	return r.slip(s, salt), nil
}

// Words returns words that signers agreed to, by the version that their records name.
func (r *Roll) Words(ctx context.Context) (map[string]string, error) {
	words, err := r.rdb.HGetAll(ctx, keyWords.Name(r.ID)).Result()
	if err != nil {
		return nil, fmt.Errorf("read what was agreed to: %w", err)
	}
	return words, nil
}
