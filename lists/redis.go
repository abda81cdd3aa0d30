package lists

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/redis/go-redis/v9"

	"clarion/internal/clock"
	"clarion/internal/seal"
	"clarion/lists/address"
)

// A Store keeps contacts, lists and suppression in Redis. It is safe for
// concurrent use, also by several processes.
type Store struct {
	rdb  redis.UniversalClient
	keys *seal.Keyring
	clk  clock.Clock

	batchRows int // rows written by one script

	learning sync.Mutex // held while words are read or added
	words    atomic.Pointer[words]
}

// words are the texts that many records share. A value of it never changes.
type words struct {
	byID map[uint64]string
	ids  map[string]uint64
}

// Open returns the store in rdb. The first use of a Redis notes which key seals
// it; with another key Open returns ErrWrongKey.
func Open(ctx context.Context, rdb redis.UniversalClient, keys *seal.Keyring, clk clock.Clock) (*Store, error) {
	s := &Store{rdb: rdb, keys: keys, clk: clk, batchRows: importBatch}
	if err := rdb.SetNX(ctx, keyCheck.Name(), keys.Check(), 0).Err(); err != nil {
		return nil, fmt.Errorf("open the contacts: %w", err)
	}
	check, err := rdb.Get(ctx, keyCheck.Name()).Result()
	if err != nil {
		return nil, fmt.Errorf("open the contacts: %w", err)
	}
	if check != keys.Check() {
		return nil, ErrWrongKey
	}
	if err := s.learn(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// AddressKey stands for an address where the address itself must not: its first
// 14 bits (of the first two bytes) choose a bucket of the index, the other 8
// bytes are the field. It is a keyed hash: without the key file it names nobody.
type AddressKey [10]byte

// Key returns the key of a's folded spelling on its channel.
func (s *Store) Key(a address.Address) AddressKey {
	sum := s.keys.Sum(seal.AddressIndex, []byte{byte(a.Channel())}, []byte(a.Fold()))
	var k AddressKey
	copy(k[:], sum[:])
	k[0] &= 0x3f
	return k
}

func (k AddressKey) bucket() string { return keyAddress.Name(int(k[0])<<8 | int(k[1])) }
func (k AddressKey) field() string  { return string(k[2:]) }

// place is what a record is sealed for; it does not open anywhere else.
func place(dst []byte, kind string, n uint64) []byte {
	return strconv.AppendUint(append(append(dst, kind...), ':'), n, 10)
}

const (
	maxWords  = 4096 // beyond it texts stand in the records themselves
	minWord   = 4    // shorter texts gain nothing
	wordPlace = "word"
)

// learn reads the words anew.
func (s *Store) learn(ctx context.Context) error {
	sealed, err := s.rdb.HGetAll(ctx, keyWords.Name()).Result()
	if err != nil {
		return fmt.Errorf("read the shared words: %w", err)
	}
	w := &words{byID: make(map[uint64]string, len(sealed)), ids: make(map[string]uint64, len(sealed))}
	for field, record := range sealed {
		id, err := strconv.ParseUint(field, 10, 63)
		if err != nil {
			return fmt.Errorf("read the shared words: %q is no number", field)
		}
		text, err := s.keys.Open(nil, []byte(record), place(nil, wordPlace, id))
		if err != nil {
			return fmt.Errorf("read shared word %d: %w", id, err)
		}
		w.byID[id], w.ids[string(text)] = string(text), id
	}
	s.words.Store(w)
	return nil
}

// word returns the text of a word. One that another process added since is read
// from Redis.
func (s *Store) word(ctx context.Context, id uint64) (string, bool) {
	if text, ok := s.words.Load().byID[id]; ok {
		return text, true
	}
	s.learning.Lock()
	defer s.learning.Unlock()
	if _, ok := s.words.Load().byID[id]; !ok {
		if err := s.learn(ctx); err != nil {
			return "", false
		}
	}
	text, ok := s.words.Load().byID[id]
	return text, ok
}

// share makes each text a word, so that records hold a number in its place. Two
// processes that share a text at once give it two numbers, which is harmless.
func (s *Store) share(ctx context.Context, texts ...string) error {
	s.learning.Lock()
	defer s.learning.Unlock()
	for _, text := range texts {
		w := s.words.Load()
		if _, ok := w.ids[text]; ok || len(text) < minWord || len(w.byID) >= maxWords {
			continue
		}
		for id := uint64(len(w.byID)) + 1; ; id++ {
			sealed := s.keys.Seal(nil, []byte(text), place(nil, wordPlace, id))
			added, err := s.rdb.HSetNX(ctx, keyWords.Name(), strconv.FormatUint(id, 10), sealed).Result()
			if err != nil {
				return fmt.Errorf("note a shared word: %w", err)
			}
			if added {
				next := &words{byID: maps.Clone(w.byID), ids: maps.Clone(w.ids)}
				next.byID[id], next.ids[text] = text, id
				s.words.Store(next)
				break
			}
		}
	}
	return nil
}

// missing reports whether err only says that a key or field is not there.
func missing(err error) bool { return errors.Is(err, redis.Nil) }
