package petition

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"clarion/internal/redisdb"
)

// A Root is what is published of a night: the hash of all that was certain then.
type Root struct {
	Day        string    `json:"day"`  // as "2013-06-10", where the petition is; it was made when that day had ended
	Root       string    `json:"root"` // SHA-256 in hexadecimal digits
	Size       int       `json:"size"` // leaves: signatures in order of number, then sheets
	Signatures int       `json:"signatures"`
	Sheets     int       `json:"sheets"`
	At         time.Time `json:"at"`
}

// nightsKept is for how many nights a slip can be proven. Who is in one is in the next
// too, so that more are of no use.
const nightsKept = 7

// Why there is no proof.
var (
	ErrNoRoot    = &Refusal{"", [2]string{"no root is published yet: come back tomorrow", "아직 공개된 해시가 없습니다. 내일 다시 확인해 주십시오."}}
	ErrNotInRoot = &Refusal{"", [2]string{"the signature is not in the last root: it came later, or is not confirmed, or withdrawn, or invalid", "마지막으로 공개된 해시에 이 서명이 없습니다. 그 뒤에 왔거나, 아직 확인되지 않았거나, 철회 또는 무효 처리된 서명입니다."}}
)

// errPast means that a day has no root, and gets none any more.
var errPast = errors.New("the roots are further on")

// Roots returns all roots that were published, the first day first.
func (r *Roll) Roots(ctx context.Context) ([]Root, error) {
	lines, err := r.rdb.LRange(ctx, keyRoots.Name(r.ID), 0, -1).Result()
	if err != nil {
		return nil, fmt.Errorf("read the roots: %w", err)
	}
	return parseRoots(lines)
}

func parseRoots(lines []string) ([]Root, error) {
	out := make([]Root, len(lines))
	for i, l := range lines {
		if err := json.Unmarshal([]byte(l), &out[i]); err != nil {
			return nil, fmt.Errorf("read the roots: %w", err)
		}
	}
	return out, nil
}

// Publish publishes the root of a day ("2013-06-10") over all that is certain now, once:
// whoever comes later gets the root that is there. Days only go forward.
func (r *Roll) Publish(ctx context.Context, day string) (Root, error) {
	if _, err := time.Parse(time.DateOnly, day); err != nil {
		return Root{}, fmt.Errorf("%q is no day", day)
	}
	for {
		standing, sheets, roots, err := r.night(ctx)
		if err != nil {
			return Root{}, err
		}
		for _, have := range roots {
			if have.Day == day {
				return have, nil
			}
		}
		if n := len(roots); n > 0 && roots[n-1].Day > day {
			return Root{}, fmt.Errorf("%w: there is one of %s, and none of %s", errPast, roots[n-1].Day, day)
		}
		leaves, err := r.leaves(ctx, standing)
		if err != nil {
			return Root{}, err
		}
		root := Root{Day: day, Signatures: len(leaves), At: r.clk.Now().UTC().Truncate(time.Second)}
		for _, s := range sheets {
			if s.State == SheetCounted {
				leaves = append(leaves, s.leaf(r.ID))
			}
		}
		root.Size, root.Sheets = len(leaves), len(leaves)-root.Signatures
		t := newTree(leaves)
		top := t.root()
		root.Root = hex.EncodeToString(top[:])
		if done, err := r.publish(ctx, root, roots, t, standing); err != nil || done {
			return root, err
		}
	}
}

// night reads at one moment all that a root is made of.
func (r *Roll) night(ctx context.Context) (standing []byte, sheets []Sheet, roots []Root, err error) {
	var bitmap *redis.StringCmd
	var texts *redis.MapStringStringCmd
	var lines *redis.StringSliceCmd
	_, err = r.rdb.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
		bitmap, texts, lines = pipe.Get(ctx, keyStanding.Name(r.ID)), pipe.HGetAll(ctx, keySheets.Name(r.ID)), pipe.LRange(ctx, keyRoots.Name(r.ID), 0, -1)
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, nil, nil, fmt.Errorf("read what is certain: %w", err)
	}
	if sheets, err = r.openSheets(texts.Val(), nil); err == nil {
		roots, err = parseRoots(lines.Val())
	}
	return []byte(bitmap.Val()), sheets, roots, err
}

// leaves are those of the signatures in a bitmap, which never change.
func (r *Roll) leaves(ctx context.Context, standing []byte) ([]Hash, error) {
	var out []Hash
	for first := uint32(0); int(first) < len(standing)*8; first += bucketSize {
		var fields []string
		for n := first; n < first+bucketSize; n++ {
			if hasBit(standing, n) {
				fields = append(fields, strconv.Itoa(int(n-first)))
			}
		}
		if len(fields) == 0 {
			continue
		}
		leaves, err := r.rdb.HMGet(ctx, keyLeaf.Name(r.ID, first/bucketSize), fields...).Result()
		if err != nil {
			return nil, fmt.Errorf("read leaves: %w", err)
		}
		for i, leaf := range leaves {
			text, _ := leaf.(string)
			if len(text) != leafSize {
				return nil, fmt.Errorf("signature %d has no leaf", int(first)+i)
			}
			out = append(out, Hash([]byte(text[:len(Hash{})])))
		}
	}
	return out, nil
}

// hasBit says whether a bit is set, in Redis's order of bits.
func hasBit(bitmap []byte, n uint32) bool {
	return int(n/8) < len(bitmap) && bitmap[n/8]&(0x80>>(n%8)) != 0
}

func (r *Roll) publish(ctx context.Context, root Root, before []Root, t tree, standing []byte) (bool, error) {
	text, err := json.Marshal(root)
	if err != nil {
		return false, fmt.Errorf("publish a root: %w", err)
	}
	keys := []string{keyCertificate.Name(r.ID), keyRoots.Name(r.ID), keyTree.Name(r.ID, root.Day), keyNight.Name(r.ID, root.Day)}
	if n := len(before); n >= nightsKept {
		old := before[n-nightsKept].Day
		keys = append(keys, keyTree.Name(r.ID, old), keyNight.Name(r.ID, old))
	}
	n, err := publishScript.Run(redisdb.Kept(ctx), r.rdb, keys, len(before), text, t.flat(), standing).Int()
	if err != nil {
		return false, fmt.Errorf("publish a root: %w", err)
	}
	if n == purged {
		return false, ErrPurged
	}
	return n == 1, nil
}

// Prove returns the proof that a signature is in the last root, after the purge too. The
// error is ErrNotInRoot where it is not.
func (r *Roll) Prove(ctx context.Context, number uint32) (*Proof, error) {
	lines, err := r.rdb.LRange(ctx, keyRoots.Name(r.ID), -1, -1).Result()
	if err != nil {
		return nil, fmt.Errorf("prove a signature: %w", err)
	}
	roots, err := parseRoots(lines)
	if err != nil {
		return nil, err
	}
	if len(roots) == 0 {
		return nil, ErrNoRoot
	}
	root := roots[0]
	index, err := r.index(ctx, root, number)
	if err != nil {
		return nil, err
	}
	p := &Proof{Petition: r.ID, Day: root.Day, Size: root.Size, Index: index, Root: root.Root, Path: []string{}}
	var hashes []*redis.StringCmd
	_, err = r.rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for _, place := range siblings(index, root.Size) {
			at := int64(place * len(Hash{}))
			hashes = append(hashes, pipe.GetRange(ctx, keyTree.Name(r.ID, root.Day), at, at+int64(len(Hash{}))-1))
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("prove a signature: %w", err)
	}
	for _, h := range hashes {
		p.Path = append(p.Path, hex.EncodeToString([]byte(h.Val())))
	}
	return p, nil
}

// index is how many signatures of a night stand before number.
func (r *Roll) index(ctx context.Context, root Root, number uint32) (int, error) {
	key, at := keyNight.Name(r.ID, root.Day), int64(number/8)
	var before *redis.IntCmd
	var own *redis.StringCmd
	_, err := r.rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		if at > 0 {
			before = pipe.BitCount(ctx, key, &redis.BitCount{Start: 0, End: at - 1})
		}
		own = pipe.GetRange(ctx, key, at, at)
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("prove a signature: %w", err)
	}
	if !hasBit([]byte(own.Val()), number%8) {
		return 0, ErrNotInRoot
	}
	index := bits.OnesCount8(own.Val()[0] >> (8 - number%8))
	if before != nil {
		index += int(before.Val())
	}
	return index, nil
}
