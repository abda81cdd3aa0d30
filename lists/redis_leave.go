package lists

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"clarion/internal/redisdb"
	"clarion/lists/address"
)

// Leave takes the contacts that have the address off a list. Who is on another list
// stays a contact; who is on none is erased.
func (s *Store) Leave(ctx context.Context, list string, a address.Address) error {
	numbers, err := s.Find(ctx, a)
	if err != nil {
		return err
	}
	for _, n := range numbers {
		if err := s.takeOff(ctx, list, n); err != nil {
			return err
		}
	}
	return nil
}

// takeOff takes a contact off a list, and erases it if it is on no other.
func (s *Store) takeOff(ctx context.Context, list string, n uint32) error {
	on, err := s.ListsOf(ctx, n)
	if err != nil {
		return err
	}
	if slices.Equal(on, []string{list}) {
		_, err := s.Erase(ctx, n)
		return err
	}
	if err := s.rdb.SetBit(redisdb.Kept(ctx), keyList.Name(list), int64(n), 0).Err(); err != nil {
		return fmt.Errorf("take a contact off a list: %w", err)
	}
	return nil
}

// Retain takes everybody off a list who is not in who, a bitmap as in Resolved; a list
// that is not there is made, with nobody on it. They stay contacts.
func (s *Store) Retain(ctx context.Context, list string, who []byte) error {
	list, err := listName(list)
	if err != nil {
		return err
	}
	only := keyTmp.Name(rand.Text())
	_, err = s.rdb.TxPipelined(redisdb.Kept(ctx), func(pipe redis.Pipeliner) error {
		pipe.SAdd(ctx, keyLists.Name(), list)
		pipe.Set(ctx, only, who, tmpSeconds*time.Second)
		pipe.BitOpAnd(ctx, keyList.Name(list), keyList.Name(list), only)
		pipe.Del(ctx, only)
		return nil
	})
	if err != nil {
		return fmt.Errorf("take contacts off a list: %w", err)
	}
	return nil
}

// Drop forgets a list, and erases the contacts that were on it and are on no other. It
// may be done again, and is done where there is no such list.
func (s *Store) Drop(ctx context.Context, list string) error {
	known, err := s.names(ctx, keyLists)
	if err != nil || !slices.Contains(known, list) {
		return err
	}
	err = s.Each(ctx, list, func(contacts []Contact) error {
		for i := range contacts {
			if err := s.takeOff(ctx, list, contacts[i].Number); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	_, err = s.rdb.TxPipelined(redisdb.Kept(ctx), func(pipe redis.Pipeliner) error {
		pipe.Del(ctx, keyList.Name(list))
		pipe.SRem(ctx, keyLists.Name(), list)
		return nil
	})
	if err != nil {
		return fmt.Errorf("forget a list: %w", err)
	}
	return nil
}
