package lists

import (
	"context"
	"crypto/rand"
	_ "embed"
	"fmt"
	"slices"

	"github.com/redis/go-redis/v9"

	"clarion/lists/address"
)

//go:embed sizes.lua
var sizesSource string

var sizesScript = redis.NewScript(sizesSource)

// A ListInfo is the size of a list.
type ListInfo struct {
	Name     string                  `json:"name"`
	Contacts int                     `json:"contacts"`           // all of them
	Channels map[address.Channel]int `json:"channels"`           // who can be written to
	LeftOut  []LeftOut               `json:"left_out,omitempty"` // of List only: who cannot, and why
}

// Lists returns every list, sorted by name.
func (s *Store) Lists(ctx context.Context) ([]ListInfo, error) {
	names, err := s.names(ctx, keyLists)
	if err != nil || len(names) == 0 {
		return nil, err
	}
	keys := []string{keyTmp.Name(rand.Text())}
	for _, ch := range address.Channels {
		keys = append(keys, keyOK.Name(ch))
	}
	for _, name := range names {
		keys = append(keys, keyList.Name(name))
	}
	sizes, err := sizesScript.Run(ctx, s.rdb, keys).Int64Slice()
	if err != nil {
		return nil, fmt.Errorf("count the lists: %w", err)
	}
	infos := make([]ListInfo, len(names))
	for i, name := range names {
		infos[i] = ListInfo{Name: name, Contacts: int(sizes[4*i]), Channels: map[address.Channel]int{}}
		for j, ch := range address.Channels {
			infos[i].Channels[ch] = int(sizes[4*i+1+j])
		}
	}
	return infos, nil
}

// List returns one list, and who of it cannot be written to, by channel and
// reason.
func (s *Store) List(ctx context.Context, name string) (ListInfo, error) {
	c, err := s.Count(ctx, Audience{Lists: []string{name}, Channels: address.Channels[:]})
	if err != nil {
		return ListInfo{}, err
	}
	info := ListInfo{Name: name, Contacts: c.Selected, Channels: c.Channel, LeftOut: c.LeftOut}
	return info, nil
}

// Tags returns the tags in use, sorted.
func (s *Store) Tags(ctx context.Context) ([]string, error) { return s.names(ctx, keyTags) }

// Languages returns the languages in use, sorted.
func (s *Store) Languages(ctx context.Context) ([]string, error) { return s.names(ctx, keyLanguages) }

// Each calls yield with the contacts of a list, by number, in portions, until it
// returns an error. The portion is valid only during the call.
func (s *Store) Each(ctx context.Context, list string, yield func([]Contact) error) error {
	if err := s.checkNames(ctx, Audience{Lists: []string{list}}); err != nil {
		return err
	}
	const piece = 4096 // bytes of the bitmap at a time
	var contacts []Contact
	for start := int64(0); ; start += piece {
		bits, err := s.rdb.GetRange(ctx, keyList.Name(list), start, start+piece-1).Result()
		if err != nil {
			return fmt.Errorf("read list %q: %w", list, err)
		}
		var numbers []uint32
		for n := range Numbers([]byte(bits)) {
			numbers = append(numbers, n+uint32(start)*8)
		}
		for portion := range slices.Chunk(numbers, 500) {
			pipe := s.rdb.Pipeline()
			read := s.QueueRead(ctx, pipe, portion)
			if _, err := pipe.Exec(ctx); err != nil {
				return fmt.Errorf("read list %q: %w", list, err)
			}
			if contacts, err = read.Contacts(contacts); err != nil {
				return fmt.Errorf("read list %q: %w", list, err)
			}
			there := slices.DeleteFunc(slices.Clone(contacts), func(c Contact) bool { return c.Number == 0 })
			if err := yield(there); err != nil {
				return err
			}
		}
		if len(bits) < piece {
			return nil
		}
	}
}
