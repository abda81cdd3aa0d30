package lists

import (
	"context"
	"fmt"

	"clarion/lists/address"
)

// Leave takes the contacts that have the address off a list. They stay contacts, and
// on their other lists.
func (s *Store) Leave(ctx context.Context, list string, a address.Address) error {
	numbers, err := s.Find(ctx, a)
	if err != nil {
		return err
	}
	for _, n := range numbers {
		if err := s.rdb.SetBit(ctx, keyList.Name(list), int64(n), 0).Err(); err != nil {
			return fmt.Errorf("take a contact off a list: %w", err)
		}
	}
	return nil
}
