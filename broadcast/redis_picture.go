package broadcast

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// ErrNoPicture means that no call shows a picture of the name asked for.
var ErrNoPicture = errors.New("there is no such picture")

// Publish lets everybody fetch pictures of a call's folder: files of it by the name
// that each goes by, which is of its content. They are there as long as the folder.
func (l *Ledger) Publish(ctx context.Context, id ID, files map[string]string) error {
	if len(files) == 0 {
		return nil
	}
	pipe := l.rdb.Pipeline()
	for name, file := range files {
		pipe.HSet(ctx, keyPicture.Name(name), string(id), file)
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return fmt.Errorf("publish the pictures of call %s: %w", id, err)
	}
	return nil
}

// Picture returns a picture that was published. The error is ErrNoPicture when there
// is none, or no call is left that shows it.
func (l *Ledger) Picture(ctx context.Context, name string) ([]byte, error) {
	shown, err := l.rdb.HGetAll(ctx, keyPicture.Name(name)).Result()
	if err != nil {
		return nil, fmt.Errorf("look for a picture: %w", err)
	}
	for id, file := range shown {
		data, err := l.rdb.HGet(ctx, keyFiles.Name(id), file).Bytes()
		if err == nil {
			return data, nil
		} else if !errors.Is(err, redis.Nil) {
			return nil, fmt.Errorf("read a picture of call %s: %w", id, err)
		}
	}
	return nil, ErrNoPicture
}
