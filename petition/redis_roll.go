package petition

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/redis/go-redis/v9"

	"clarion/internal/clock"
	"clarion/internal/redisdb"
	"clarion/internal/seal"
)

// A Roll holds the signatures of a petition, by name and by sheet, and the one count
// of them. Whatever changes them changes the counters in the same script. It is safe
// for concurrent use, by any number of processes.
type Roll struct {
	*Campaign
	rdb  redis.UniversalClient
	keys *seal.Keyring
	clk  clock.Clock
	turn chan struct{} // who adds; others of this process wait, since numbers are given one by one
}

// OpenRoll returns the roll of a petition in rdb.
func OpenRoll(c *Campaign, rdb redis.UniversalClient, keys *seal.Keyring, clk clock.Clock) *Roll {
	return &Roll{c, rdb, keys, clk, make(chan struct{}, 1)}
}

// Added is what became of a signing.
type Added struct {
	Number    uint32
	Again     bool // it was there already: the same form, or the same name and contact
	Confirmed bool
	// Slip is what the signer keeps. It is made here once and kept nowhere: who signs
	// again, by another form, gets none.
	Slip *Slip
}

// Add enters a signing, once: the same form, or the same name and contact, is the same
// signature however often it comes. All ways but WayWeb confirm it. Show the same page
// for what was there already: else anybody learns who signed. The error is a *Refusal
// where the signer can mend it; after any other it may be sent again.
func (r *Roll) Add(ctx context.Context, s Signing) (Added, error) {
	if !s.Way.named() {
		return Added{}, fmt.Errorf("%q is no way by which names come", s.Way)
	}
	if s.Once != nil && (len(s.Once) < minOnce || len(s.Once) > maxOnce) {
		return Added{}, fmt.Errorf("what tells forms apart has %d bytes, not %d to %d", len(s.Once), minOnce, maxOnce)
	}
	s, err := r.checked(s, r.clk.Now())
	if err != nil {
		return Added{}, err
	}
	added, how, err := r.enter(ctx, &s)
	if err != nil || !added.Again {
		return added, err
	}
	// Who comes again by a way that confirms has confirmed.
	if s.Way != WayWeb {
		if err := r.Confirm(ctx, added.Number); err != nil {
			return Added{}, err
		}
	}
	have, err := r.Read(ctx, added.Number)
	if err != nil {
		return Added{}, err
	}
	added.Confirmed = have.Confirmed
	if how == sameForm && !have.Withdrawn {
		added.Slip = r.slip(have, r.salt(s.Once))
	}
	return added, nil
}

// What lua/add.lua answers.
const (
	purged     = -1
	notNext    = 0
	isAdded    = 1
	sameForm   = 2
	samePerson = 3
)

// enter runs the script under the next number until that is still the next.
func (r *Roll) enter(ctx context.Context, s *Signing) (Added, int, error) {
	select {
	case r.turn <- struct{}{}:
		defer func() { <-r.turn }()
	case <-ctx.Done():
		return Added{}, 0, fmt.Errorf("add a signature: %w", ctx.Err())
	}
	last, err := r.last(ctx)
	if err != nil {
		return Added{}, 0, err
	}
	version, words := r.Agreement(s.Language)
	salt := r.salt(s.Once)
	for {
		sig := &Signature{Number: last + 1, Way: s.Way, Confirmed: s.Way != WayWeb, At: s.At, Day: r.Day(s.At), Volunteer: s.Volunteer, Region: s.Region,
			Name: s.Name, District: s.District, Contact: s.Contact, Language: s.Language, Agreed: s.Agreed, Agreement: version, Passed: s.Passed}
		record, err := sig.record()
		if err != nil {
			return Added{}, 0, fmt.Errorf("add a signature: %w", err)
		}
		slip := r.slip(sig, salt)
		leaf := slip.leaf()
		bucket := sig.Number / bucketSize
		keys := append(r.changeKeys(bucket), keyLast.Name(r.ID), keyLeaf.Name(r.ID, bucket), keyWords.Name(r.ID))
		reply, err := addScript.Run(redisdb.Kept(ctx), r.rdb, keys, sig.Number, sig.Number%bucketSize, r.form(s.Once), r.identity(s), r.group(s),
			sig.state(), r.keys.Seal(nil, record, r.place(sig.Number)), append(leaf[:], r.recognition(sig.Number, salt)...), version, words).Int64Slice()
		if err != nil {
			return Added{}, 0, fmt.Errorf("add a signature: %w", err)
		}
		number := uint32(reply[1])
		switch reply[0] {
		case purged:
			return Added{}, 0, ErrPurged
		case notNext:
			last = number
		case isAdded:
			return Added{Number: number, Confirmed: sig.Confirmed, Slip: slip}, isAdded, nil
		default:
			return Added{Number: number, Again: true}, int(reply[0]), nil
		}
	}
}

func (r *Roll) last(ctx context.Context) (uint32, error) {
	n, err := r.rdb.Get(ctx, keyLast.Name(r.ID)).Uint64()
	if err != nil && !errors.Is(err, redis.Nil) {
		return 0, fmt.Errorf("read the last signature: %w", err)
	}
	return uint32(n), nil
}

// Confirm makes a signature certain. It may be done as often as one likes; a
// withdrawn one stays withdrawn.
func (r *Roll) Confirm(ctx context.Context, number uint32) error {
	return r.one(ctx, number, change{what: "confirm"})
}

// Withdraw takes a signature back for good, and deletes who it was of at once. Who may:
// the holder of its slip (Find), of its link (WithdrawToken), or staff.
func (r *Roll) Withdraw(ctx context.Context, number uint32) error {
	return r.one(ctx, number, change{what: "withdraw"})
}

// one changes one signature, which must be there.
func (r *Roll) one(ctx context.Context, number uint32, c change) error {
	last, err := r.last(ctx)
	if err != nil {
		return err
	}
	if number == 0 || number > last {
		return ErrNoSignature
	}
	_, err = r.change(ctx, number/bucketSize, c, []uint32{number})
	return err
}

// A change is what lua/change.lua is told to do.
type change struct {
	what, value string
	only        Filter
	stage       string
}

// change runs the script for numbers of one bucket, and says how many it changed.
func (r *Roll) change(ctx context.Context, bucket uint32, c change, numbers []uint32) (int, error) {
	args := append([]any{c.what, c.value}, c.only.args()...)
	args = append(args, c.stage)
	for _, n := range numbers {
		args = append(args, n)
	}
	reply, err := changeScript.Run(redisdb.Kept(ctx), r.rdb, r.changeKeys(bucket), args...).Int64Slice()
	if err != nil {
		return 0, fmt.Errorf("%s signatures: %w", c.what, err)
	}
	if reply[0] == purged {
		return 0, ErrPurged
	}
	return int(reply[1]), nil
}

// each runs a change over numbers, or over all up to last where numbers is nil, a
// bucket at a time, and says how many it changed. One that was cut short may be run
// again: what is so already stays.
func (r *Roll) each(ctx context.Context, c change, numbers []uint32, last uint32) (changed int, err error) {
	buckets := map[uint32][]uint32{}
	for _, n := range numbers {
		if n > 0 && n <= last {
			buckets[n/bucketSize] = append(buckets[n/bucketSize], n)
		}
	}
	for bucket := range last/bucketSize + 1 {
		in := buckets[bucket]
		if numbers == nil {
			for n := max(bucket*bucketSize, 1); n <= min(bucket*bucketSize+bucketSize-1, last); n++ {
				in = append(in, n)
			}
		}
		if len(in) == 0 {
			continue
		}
		n, err := r.change(ctx, bucket, c, in)
		if err != nil {
			return changed, err
		}
		changed += n
	}
	return changed, nil
}

// Advance brings signatures to a stage: those of numbers, however far they were, or with
// nil all that are in the stage just before. Only certain ones go, and only forward. It
// says how many went; after an error, run it again.
func (r *Roll) Advance(ctx context.Context, to Stage, numbers []uint32) (int, error) {
	if to == Collected || int(to) >= len(Stages) {
		return 0, fmt.Errorf("no signature can go to stage %q", to)
	}
	last, err := r.last(ctx)
	if err != nil {
		return 0, err
	}
	c := change{what: "advance", value: strconv.Itoa(int(to))}
	if numbers == nil {
		c.stage = strconv.Itoa(int(to) - 1)
	}
	return r.each(ctx, c, numbers, last)
}
