package worker

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"clarion/lists/address"
)

// beat says that the worker lives: each time with another word, so that others
// can tell by their own clocks. The key's expiry goes by that of Redis, and only
// those ask it who look once.
func (w *Worker) beat(ctx context.Context) error {
	pipe := w.rdb.Pipeline()
	pipe.Set(ctx, keyLive.Name(w.id), fmt.Sprintf("%s|%d", w.channelNames(), w.beats.Add(1)), w.cfg.Liveness)
	pipe.ZAdd(ctx, keyLives.Name(), redis.Z{Score: float64(w.clk.Now().UnixMilli()), Member: w.id})
	if id := w.lineage.ID(); id != "" && w.lineage.Stood(w.turnWait()) {
		pipe.Set(ctx, keyLineage.Name(), id, 0)
	}
	_, err := pipe.Exec(ctx)
	return err
}

// expect reads under which replication id workers last saw the data.
func (w *Worker) expect(ctx context.Context) error {
	if w.lineage == nil {
		return nil
	}
	id, err := w.rdb.Get(ctx, keyLineage.Name()).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return fmt.Errorf("ask which Redis there was before: %w", err)
	}
	w.lineage.Expect(id)
	return nil
}

// goodbye takes a worker off the living: this one, or one that is known to be dead.
func (w *Worker) goodbye(ctx context.Context, id string) {
	pipe := w.rdb.Pipeline()
	pipe.Del(ctx, keyLive.Name(id))
	pipe.ZRem(ctx, keyLives.Name(), id)
	if _, err := pipe.Exec(ctx); err != nil {
		w.log.Warn("could not sign off; other workers will see it by the clock", "error", err)
	}
}

// A sign is what a worker last said, and since when this process has heard nothing
// newer, by the monotonic clock.
type sign struct {
	word  string
	since time.Time
}

// living reports which workers of a set are alive: all but those that signed off
// and those that have said nothing new for the liveness time. signs is what was
// heard before; what is new enters it.
func (w *Worker) living(ctx context.Context, ids map[string]bool, signs map[string]sign) error {
	if len(ids) == 0 {
		return nil
	}
	names := make([]string, 0, len(ids))
	words, there := make([]*redis.StringCmd, 0, len(ids)), make([]*redis.FloatCmd, 0, len(ids))
	pipe := w.rdb.Pipeline()
	for id := range ids {
		names = append(names, id)
		words, there = append(words, pipe.Get(ctx, keyLive.Name(id))), append(there, pipe.ZScore(ctx, keyLives.Name(), id))
	}
	if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
		return fmt.Errorf("look for living workers: %w", err)
	}
	now := time.Now()
	for i, id := range names {
		for _, err := range []error{words[i].Err(), there[i].Err()} {
			if err != nil && !errors.Is(err, redis.Nil) {
				return fmt.Errorf("look for living workers: %w", err)
			}
		}
		last, known := signs[id]
		if word := words[i].Val(); !known || word != "" && word != last.word {
			last = sign{word, now}
			signs[id] = last
		}
		ids[id] = there[i].Err() == nil && now.Sub(last.since) < w.cfg.Liveness
	}
	return nil
}

// forget takes workers off the list that have said nothing for a day.
func (w *Worker) forget(ctx context.Context) error {
	before := strconv.FormatInt(w.clk.Now().Add(-24*time.Hour).UnixMilli(), 10)
	if err := w.rdb.ZRemRangeByScore(ctx, keyLives.Name(), "-inf", "("+before).Err(); err != nil {
		return fmt.Errorf("forget workers that are long dead: %w", err)
	}
	return nil
}

// A WorkerState is what a worker last said of itself.
type WorkerState struct {
	ID       string // host, process and a chance: "web1-4711-9f3a2c01"
	Channels []address.Channel
	Sign     time.Time // the last sign of life, by the worker's own clock
	Alive    bool      // that sign still holds, by Redis's clock
}

// Workers lists those that have not signed off, the one that was heard last first.
// Who is silent stays there for a day.
func Workers(ctx context.Context, rdb redis.UniversalClient) ([]WorkerState, error) {
	ids, err := rdb.ZRevRangeWithScores(ctx, keyLives.Name(), 0, -1).Result()
	if err != nil {
		return nil, fmt.Errorf("look for living workers: %w", err)
	}
	out := make([]WorkerState, len(ids))
	words := make([]*redis.StringCmd, len(ids))
	pipe := rdb.Pipeline()
	for i, z := range ids {
		out[i] = WorkerState{ID: fmt.Sprint(z.Member), Sign: time.UnixMilli(int64(z.Score)).UTC()}
		words[i] = pipe.Get(ctx, keyLive.Name(out[i].ID))
	}
	if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
		return nil, fmt.Errorf("look for living workers: %w", err)
	}
	for i, word := range words {
		if errors.Is(word.Err(), redis.Nil) {
			continue // gone without a word
		} else if word.Err() != nil {
			return nil, fmt.Errorf("look for living workers: %w", word.Err())
		}
		out[i].Alive = true
		channels, _, _ := strings.Cut(word.Val(), "|")
		for _, ch := range address.Channels {
			if containsWord(channels, ch.String()) {
				out[i].Channels = append(out[i].Channels, ch)
			}
		}
	}
	return out, nil
}

// Alive returns the channels that some living worker serves.
func Alive(ctx context.Context, rdb redis.UniversalClient) (map[address.Channel]bool, error) {
	workers, err := Workers(ctx, rdb)
	if err != nil {
		return nil, err
	}
	out := map[address.Channel]bool{}
	for _, w := range workers {
		for _, ch := range w.Channels {
			out[ch] = true
		}
	}
	return out, nil
}

// permanent reports whether trying again would not help: Redis answered, and it
// is not one of its passing states.
func permanent(err error) bool {
	var answer redis.Error
	if !errors.As(err, &answer) || errors.Is(err, redis.Nil) {
		return false
	}
	for _, passing := range []string{"LOADING", "READONLY", "CLUSTERDOWN", "MASTERDOWN", "MOVED", "ASK", "TRYAGAIN", "MISCONF", "OOM", "NOREPLICAS", "BUSY", "NOSCRIPT", "ERR max number of clients"} {
		if strings.HasPrefix(answer.Error(), passing) {
			return false
		}
	}
	return true
}
