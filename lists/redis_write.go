package lists

import (
	"context"
	_ "embed"
	"fmt"
	"strconv"

	"github.com/redis/go-redis/v9"

	"clarion/internal/redisdb"
	"clarion/lists/address"
)

//go:embed write.lua
var writeSource string

var writeScript = redis.NewScript(writeSource)

// A change gathers what is to be written for some contacts, to be written all
// at once or not at all.
type change struct {
	names                                         []string
	at                                            map[string]int // position of a name, from 1
	index, record, hash, bits, members, eligibles []any
}

func newChange() *change {
	c := &change{at: make(map[string]int, 256)}
	for _, ch := range address.Channels {
		c.key(keySuppression.Name(ch))
		c.key(keyOK.Name(ch))
		for _, out := range outKeys(ch) {
			c.key(out)
		}
	}
	return c
}

func (c *change) key(name string) int {
	i, ok := c.at[name]
	if !ok {
		c.names = append(c.names, name)
		i = len(c.names)
		c.at[name] = i
	}
	return i
}

// expectIndex makes the change depend on an index entry being as it was read.
func (c *change) expectIndex(k AddressKey, value string) {
	c.index = append(c.index, c.key(k.bucket()), k.field(), value)
}

// expectRecord makes the change depend on a record being as it was read: its
// nonce is new at each writing, and so is its version.
func (c *change) expectRecord(n uint32, nonce string) {
	c.record = append(c.record, c.key(contactBucket(n)), n%bucketSize, nonce)
}

// setIndex sets an index entry; "" removes it.
func (c *change) setIndex(k AddressKey, value string) {
	c.hash = append(c.hash, c.key(k.bucket()), k.field(), value)
}

// setRecord sets a sealed record; nil removes it.
func (c *change) setRecord(n uint32, sealed []byte) {
	c.hash = append(c.hash, c.key(contactBucket(n)), n%bucketSize, sealed)
}

func (c *change) bit(key string, n uint32, set bool) {
	v := 0
	if set {
		v = 1
	}
	c.bits = append(c.bits, c.key(key), n, v)
}

// name adds a name to the set of the names in use.
func (c *change) name(set, name string) { c.members = append(c.members, c.key(set), name) }

// eligible has the script set the bitmaps ok and out of a contact: k is nil when
// it has no address on the channel, reachable when it has one and consents.
func (c *change) eligible(ch address.Channel, n uint32, k *AddressKey, reachable, fresh bool) {
	key, flags := "", [2]int{}
	if k != nil {
		key = string(k[:])
	}
	if reachable {
		flags[0] = 1
	}
	if fresh {
		flags[1] = 1
	}
	c.eligibles = append(c.eligibles, int(ch), n, key, flags[0], flags[1])
}

// write runs the change. It is false, and nothing is written, when what the
// change expects no longer holds.
func (s *Store) write(ctx context.Context, c *change) (bool, error) {
	args := make([]any, 0, 6+len(c.index)+len(c.record)+len(c.hash)+len(c.bits)+len(c.members)+len(c.eligibles))
	args = append(args, len(c.index)/3, len(c.record)/3, len(c.hash)/3, len(c.bits)/3, len(c.members)/2, len(c.eligibles)/5)
	for _, part := range [...][]any{c.index, c.record, c.hash, c.bits, c.members, c.eligibles} {
		args = append(args, part...)
	}
	n, err := writeScript.Run(ctx, s.rdb, c.names, args...).Int()
	if err != nil {
		return false, fmt.Errorf("write contacts: %w", err)
	}
	return n == 1, nil
}

// A version of a contact: what was read, and the nonce that tells whether it
// still stands.
type stored struct {
	Contact
	nonce string
}

const nonceStart, nonceEnd = 1, 13 // of a sealed record, after the key version (seal.Seal)

// readStored reads contacts together with their nonces, for changing them.
func (s *Store) readStored(ctx context.Context, numbers []uint32) ([]stored, error) {
	if len(numbers) == 0 {
		return nil, nil
	}
	pipe := s.rdb.Pipeline()
	r := s.QueueRead(ctx, pipe, numbers)
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, fmt.Errorf("read contacts: %w", err)
	}
	contacts, err := r.Contacts(nil)
	if err != nil {
		return nil, err
	}
	all := make([]stored, len(contacts))
	err = r.sealed(func(i int, record string) error {
		all[i].Contact = contacts[i]
		if len(record) >= nonceEnd {
			all[i].nonce = record[nonceStart:nonceEnd]
		}
		return nil
	})
	return all, err
}

// numbers reserves n contact numbers that are next to each other, and returns
// the first.
func (s *Store) numbers(ctx context.Context, n int) (uint32, error) {
	last, err := s.rdb.IncrBy(ctx, keyNext.Name(), int64(n)).Result()
	if err != nil {
		return 0, fmt.Errorf("number new contacts: %w", err)
	}
	if last > 1<<32-1 {
		return 0, fmt.Errorf("number new contacts: %d contacts are more than there are numbers", last)
	}
	return uint32(last) - uint32(n) + 1, nil
}

// readIndex reads the index entries of the keys.
func (s *Store) readIndex(ctx context.Context, keys []AddressKey) ([]string, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	pipe := s.rdb.Pipeline()
	cmds := make([]*redis.StringCmd, len(keys))
	for i, k := range keys {
		cmds[i] = pipe.HGet(ctx, k.bucket(), k.field())
	}
	if _, err := pipe.Exec(ctx); err != nil && !missing(err) {
		return nil, fmt.Errorf("find addresses: %w", err)
	}
	values := make([]string, len(keys))
	for i, cmd := range cmds {
		if err := cmd.Err(); err != nil && !missing(err) {
			return nil, fmt.Errorf("find addresses: %w", err)
		}
		values[i] = cmd.Val()
	}
	return values, nil
}

// suppressed reports for each address key whether it is suppressed on ch.
func (s *Store) suppressed(ctx context.Context, ch address.Channel, keys []AddressKey) ([]bool, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	fields := make([]string, len(keys))
	for i, k := range keys {
		fields[i] = string(k[:])
	}
	values, err := s.rdb.HMGet(ctx, keySuppression.Name(ch), fields...).Result()
	if err != nil {
		return nil, fmt.Errorf("read suppressions: %w", err)
	}
	out := make([]bool, len(keys))
	for i, v := range values {
		out[i] = v != nil
	}
	return out, nil
}

// eraseTries is how often an erasure starts over when imports change the contact
// under its hands.
const eraseTries = 100

// Erase removes a contact: record, index entries, and its bit in every bitmap.
// Suppression of its addresses stays, under keyed hashes. It is false when
// there is no such contact.
func (s *Store) Erase(ctx context.Context, n uint32) (bool, error) {
	for range eraseTries {
		c, err := s.readStored(ctx, []uint32{n})
		if err != nil || c[0].Number == 0 {
			return false, err
		}
		change, err := s.erasure(ctx, &c[0])
		if err != nil {
			return false, err
		}
		if done, err := s.write(redisdb.Kept(ctx), change); done || err != nil {
			return done, err
		}
	}
	return false, ErrBusy
}

func (s *Store) erasure(ctx context.Context, c *stored) (*change, error) {
	ch := newChange()
	ch.expectRecord(c.Number, c.nonce)
	ch.setRecord(c.Number, nil)
	for _, set := range []struct {
		names  string
		bitmap func(...any) string
	}{{keyLists.Name(), keyList.Name}, {keyTags.Name(), keyTag.Name}, {keyLanguages.Name(), keyLanguage.Name}} {
		names, err := s.rdb.SMembers(ctx, set.names).Result()
		if err != nil {
			return nil, fmt.Errorf("erase contact %d: %w", c.Number, err)
		}
		for _, name := range names {
			ch.bit(set.bitmap(name), c.Number, false)
		}
	}
	for _, channel := range address.Channels {
		for _, key := range []string{keyHas.Name(channel), keyConsent.Name(channel), keyRecorded.Name(channel), keyShared.Name(channel)} {
			ch.bit(key, c.Number, false)
		}
		ch.eligible(channel, c.Number, nil, false, false)
		a := c.Address(channel)
		if a.IsZero() {
			continue
		}
		k := s.Key(a)
		values, err := s.readIndex(ctx, []AddressKey{k})
		if err != nil {
			return nil, err
		}
		holders, err := parseNumbers(values[0])
		if err != nil {
			return nil, err
		}
		ch.expectIndex(k, values[0])
		rest := without(holders, c.Number)
		ch.setIndex(k, formatNumbers(rest))
		if len(rest) == 1 {
			ch.bit(keyShared.Name(channel), rest[0], false)
		}
	}
	return ch, nil
}

func without(numbers []uint32, n uint32) []uint32 {
	rest := make([]uint32, 0, len(numbers))
	for _, m := range numbers {
		if m != n {
			rest = append(rest, m)
		}
	}
	return rest
}

// ListsOf returns the names of the lists that the contact is on, sorted.
func (s *Store) ListsOf(ctx context.Context, n uint32) ([]string, error) {
	names, err := s.names(ctx, keyLists)
	if err != nil {
		return nil, err
	}
	pipe := s.rdb.Pipeline()
	bits := make([]*redis.IntCmd, len(names))
	for i, name := range names {
		bits[i] = pipe.GetBit(ctx, keyList.Name(name), int64(n))
	}
	if len(names) > 0 {
		if _, err := pipe.Exec(ctx); err != nil {
			return nil, fmt.Errorf("find the lists of contact %s: %w", strconv.Itoa(int(n)), err)
		}
	}
	on := make([]string, 0, len(names))
	for i, name := range names {
		if bits[i].Val() == 1 {
			on = append(on, name)
		}
	}
	return on, nil
}
