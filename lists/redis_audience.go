package lists

import (
	"context"
	"crypto/rand"
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"clarion/internal/rkey"
	"clarion/lists/address"
)

//go:embed select.lua
var selectSource string

//go:embed channel.lua
var channelSource string

//go:embed settle.lua
var settleSource string

var (
	selectScript  = redis.NewScript(selectSource)
	channelScript = redis.NewScript(channelSource)
	settleScript  = redis.NewScript(settleSource)
)

const tmpSeconds = 60 // temporary bitmaps of a process that died are gone after this

// Count returns the exact size of an audience at this moment: bit operations
// inside Redis, whatever the number of contacts.
func (s *Store) Count(ctx context.Context, a Audience) (Counts, error) {
	r, err := s.resolve(ctx, a, false)
	return r.Counts, err
}

// Resolve returns the audience, frozen: who gets a message on which channel.
func (s *Store) Resolve(ctx context.Context, a Audience) (Resolved, error) {
	return s.resolve(ctx, a, true)
}

func (s *Store) resolve(ctx context.Context, a Audience, bitmaps bool) (Resolved, error) {
	r := Resolved{Counts: Counts{Channel: map[address.Channel]int{}, Unrecorded: map[address.Channel]int{}}}
	if bitmaps {
		r.Bitmaps = map[address.Channel][]byte{}
	}
	if err := s.checkNames(ctx, a); err != nil {
		return r, err
	}
	token := rand.Text()
	tmp := func(part string) string { return keyTmp.Name(token + ":" + part) }
	chosen, left, scratch, reached := tmp("selection"), tmp("channel"), tmp("scratch"), tmp("reached")
	defer func() { // whatever remains expires
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		s.rdb.Del(ctx, chosen, left, scratch, reached)
	}()

	keys, args := []string{chosen, scratch, reached}, []any{}
	for _, part := range []struct {
		key   rkey.Key
		names []string
	}{{keyList, a.Lists}, {keyTag, a.Tags}, {keyLanguage, a.Languages}, {keyList, a.Without}} {
		for _, name := range part.names {
			keys = append(keys, part.key.Name(name))
		}
		args = append(args, len(part.names))
	}
	sizes, err := selectScript.Run(ctx, s.rdb, keys, append(args, tmpSeconds)...).Int64Slice()
	if err != nil {
		return r, fmt.Errorf("select an audience: %w", err)
	}
	r.Selected = int(sizes[0])
	r.leave(0, Excluded, sizes[1])

	first := 0
	if a.First {
		first = 1
	}
	for _, ch := range a.Channels {
		only := chosen
		if name, ok := a.Only[ch]; ok {
			only = keyList.Name(name)
		}
		keys := append([]string{chosen, left, scratch, only, keyHas.Name(ch), keyConsent.Name(ch), keyShared.Name(ch)}, outKeys(ch)...)
		shared, sizes, err := split(channelScript.Run(ctx, s.rdb, keys, tmpSeconds))
		if err != nil {
			return r, fmt.Errorf("count an audience on %s: %w", ch, err)
		}
		r.leave(ch, OtherChannel, int64(r.Selected)-sizes[0])
		r.leave(ch, NoAddress, sizes[1])
		for i, reason := range Reasons {
			r.leave(ch, reason.String(), sizes[2+i])
		}
		r.leave(ch, NoConsent, sizes[2+len(Reasons)])
		losers, n, err := s.losers(ctx, ch, shared)
		if err != nil {
			return r, err
		}
		r.leave(ch, SameAddress, n)
		want := 0
		if bitmaps {
			want = 1
		}
		keys = []string{chosen, left, scratch, reached, keyRecorded.Name(ch)}
		bitmap, sizes, err := split(settleScript.Run(ctx, s.rdb, keys, losers, first, tmpSeconds, want))
		if err != nil {
			return r, fmt.Errorf("count an audience on %s: %w", ch, err)
		}
		r.Channel[ch], r.Unrecorded[ch] = int(sizes[0]), int(sizes[1])
		if bitmaps {
			r.Bitmaps[ch] = []byte(bitmap)
		}
	}
	n, err := s.rdb.BitCount(ctx, reached, nil).Result()
	if err != nil {
		return r, fmt.Errorf("count an audience: %w", err)
	}
	r.Contacts = int(n)
	return r, nil
}

func (c *Counts) leave(ch address.Channel, reason string, n int64) {
	if n > 0 {
		c.LeftOut = append(c.LeftOut, LeftOut{ch, reason, int(n)})
	}
}

// split takes a script's answer apart: the one text in it, and the numbers in
// their order.
func split(cmd *redis.Cmd) (text string, sizes []int64, err error) {
	values, err := cmd.Slice()
	for _, v := range values {
		switch v := v.(type) {
		case string:
			text = v
		case int64:
			sizes = append(sizes, v)
		}
	}
	return text, sizes, err
}

// losers returns the bitmap of those in shared whose address on ch a contact
// with a lower number in shared has too, and how many they are.
func (s *Store) losers(ctx context.Context, ch address.Channel, shared string) ([]byte, int64, error) {
	var (
		losers   []byte
		n        int64
		contacts []Contact
		taken    = make(map[string]struct{})
	)
	for numbers := range slices.Chunk(slices.Collect(Numbers([]byte(shared))), 1000) {
		pipe := s.rdb.Pipeline()
		read := s.QueueRead(ctx, pipe, numbers)
		if _, err := pipe.Exec(ctx); err != nil {
			return nil, 0, fmt.Errorf("read contacts with a shared address: %w", err)
		}
		var err error
		if contacts, err = read.Contacts(contacts); err != nil {
			return nil, 0, err
		}
		for i := range contacts {
			spelling := contacts[i].Address(ch).Fold()
			if _, ok := taken[spelling]; ok {
				losers = setBit(losers, numbers[i])
				n++
			} else if spelling != "" { // "" when erased this very moment
				taken[spelling] = struct{}{}
			}
		}
	}
	return losers, n, nil
}

// checkNames returns the sentence for the first name that is not there.
func (s *Store) checkNames(ctx context.Context, a Audience) error {
	if len(a.Lists) == 0 {
		return fmt.Errorf("an audience names at least one list (%w)", ErrUnknownName)
	}
	for _, part := range []struct {
		kind  string
		set   rkey.Key
		names []string
	}{{"list", keyLists, a.Lists}, {"list", keyLists, a.Without}, {"list", keyLists, slices.Sorted(maps.Values(a.Only))}, {"tag", keyTags, a.Tags}, {"language", keyLanguages, a.Languages}} {
		if len(part.names) == 0 {
			continue
		}
		known, err := s.names(ctx, part.set)
		if err != nil {
			return err
		}
		for _, name := range part.names {
			if !slices.Contains(known, name) {
				return unknown(part.kind, name, known)
			}
		}
	}
	return nil
}

// names returns the members of a set of names, sorted.
func (s *Store) names(ctx context.Context, set rkey.Key) ([]string, error) {
	names, err := s.rdb.SMembers(ctx, set.Name()).Result()
	if err != nil {
		return nil, fmt.Errorf("read the names of lists: %w", err)
	}
	slices.Sort(names)
	return names, nil
}
