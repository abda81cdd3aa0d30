package petition

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"clarion/internal/redisdb"
	"clarion/internal/seal"
)

var errWaiting = errors.New("what waits for a person cannot be read")

// WaitingID is the id of what came from source: a file's bytes, or what names a message.
func (r *Roll) WaitingID(way Way, source []byte) string {
	return r.keyed("waiting", []byte(way), source)
}

// Keep keeps what waits for a person, sealed, and with it the fax of one. It says false
// where the same came before, whatever became of it. The error is ErrFull where too much
// waits, and ErrPurged after the purge.
func (r *Roll) Keep(ctx context.Context, w Waiting, fax []byte) (bool, error) {
	w.tidy(r.clk.Now())
	record, err := w.record()
	if err != nil {
		return false, fmt.Errorf("keep what waits: %w", err)
	}
	var sealed []byte
	if fax != nil {
		sealed = r.keys.Seal(nil, fax, r.waitingPlace("fax", w.ID))
	}
	n, err := keepScript.Run(redisdb.Kept(ctx), r.rdb, r.waitingKeys(w.ID), w.ID, r.keys.Seal(nil, record, r.waitingPlace("record", w.ID)), sealed, mostWaiting, mostBytes).Int()
	if err != nil {
		return false, fmt.Errorf("keep what waits: %w", err)
	}
	switch n {
	case purged:
		return false, ErrPurged
	case 0:
		return false, ErrFull
	}
	return n == 1, nil
}

func (r *Roll) waitingKeys(id string) []string {
	return []string{keyCertificate.Name(r.ID), keyWaiting.Name(r.ID), keySettled.Name(r.ID), keyFaxBytes.Name(r.ID), keyFax.Name(r.ID, id)}
}

// waitingPlace is what something is sealed for.
func (r *Roll) waitingPlace(what, id string) []byte {
	return []byte("petition:" + r.ID + ":waiting:" + what + ":" + id)
}

// CountWaiting is how many wait for a person.
func (r *Roll) CountWaiting(ctx context.Context) (int, error) {
	n, err := r.rdb.HLen(ctx, keyWaiting.Name(r.ID)).Result()
	if err != nil {
		return 0, fmt.Errorf("count what waits: %w", err)
	}
	return int(n), nil
}

// AllWaiting is all that waits for a person, the oldest first.
func (r *Roll) AllWaiting(ctx context.Context) ([]Waiting, error) {
	all, err := r.rdb.HGetAll(ctx, keyWaiting.Name(r.ID)).Result()
	if err != nil {
		return nil, fmt.Errorf("read what waits: %w", err)
	}
	out := make([]Waiting, 0, len(all))
	for id, text := range all {
		w, err := r.openWaiting(id, text)
		if err != nil {
			return nil, err
		}
		out = append(out, *w)
	}
	slices.SortFunc(out, func(a, b Waiting) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
	return out, nil
}

// Waiting is one that waits for a person. The error is ErrNoWaiting where none does.
func (r *Roll) Waiting(ctx context.Context, id string) (*Waiting, error) {
	text, err := r.rdb.HGet(ctx, keyWaiting.Name(r.ID), id).Result()
	if errors.Is(err, redis.Nil) {
		return nil, ErrNoWaiting
	} else if err != nil {
		return nil, fmt.Errorf("read what waits: %w", err)
	}
	return r.openWaiting(id, text)
}

func (r *Roll) openWaiting(id, text string) (*Waiting, error) {
	entered, sealed, _ := bytes.Cut([]byte(text), []byte(" "))
	n, err := strconv.Atoi(string(entered))
	if err != nil {
		return nil, errWaiting
	}
	record, err := r.keys.Open(nil, sealed, r.waitingPlace("record", id))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errWaiting, err)
	}
	w := &Waiting{ID: id, Entered: n}
	return w, w.parseRecord(record)
}

// Fax is the file of a fax that waits. The error is ErrNoWaiting where none does.
func (r *Roll) Fax(ctx context.Context, id string) ([]byte, error) {
	sealed, err := r.rdb.Get(ctx, keyFax.Name(r.ID, id)).Bytes()
	if errors.Is(err, redis.Nil) {
		return nil, ErrNoWaiting
	} else if err != nil {
		return nil, fmt.Errorf("read a fax: %w", err)
	}
	fax, err := r.keys.Open(nil, sealed, r.waitingPlace("fax", id))
	if err != nil {
		return nil, fmt.Errorf("read a fax: %w", err)
	}
	return fax, nil
}

// unsettled is one that waits, if no other was entered from it since a person read it.
func (r *Roll) unsettled(ctx context.Context, id string, entered int) (*Waiting, error) {
	w, err := r.Waiting(ctx, id)
	if err == nil && w.Entered != entered {
		err = ErrSettled
	}
	return w, err
}

// MaySettle says why something that waits cannot be settled by who read it when so many
// were entered from it; way is what it must be, "" for any.
func (r *Roll) MaySettle(ctx context.Context, id string, entered int, way Way) error {
	w, err := r.unsettled(ctx, id, entered)
	if err == nil && way == WayFax && w.Way != way {
		err = ErrNotSheet
	}
	return err
}

// MayEnterWaiting says why a signing cannot be entered from what waits, nil where it can.
func (r *Roll) MayEnterWaiting(ctx context.Context, id string, entered int, s Signing) error {
	w, err := r.unsettled(ctx, id, entered)
	if err != nil {
		return err
	}
	return r.Check(w.signing(s))
}

// signing is s as it came by what waits, at the latest when that came.
func (w *Waiting) signing(s Signing) Signing {
	if s.Way = w.Way; s.At.IsZero() || s.At.After(w.At) {
		s.At = w.At
	}
	if s.Contact.IsZero() {
		s.Contact = w.From
	}
	return s
}

// EnterWaiting enters a signature that a person read in what waits, of which entered were
// entered before: two people who read the same enter it once, and the second is told
// ErrSettled. With more it goes on waiting, since others have signed on it too. By is the
// person's number in the team.
func (r *Roll) EnterWaiting(ctx context.Context, id string, entered int, s Signing, more bool, by uint32) (Added, error) {
	w, err := r.unsettled(ctx, id, entered)
	if err != nil {
		return Added{}, err
	}
	s = w.signing(s)
	// Whoever reads the same line enters the same form, whatever they type: so a person
	// who is killed in between does it again, and nobody counts twice.
	sum := r.keys.Sum(seal.Signer, []byte(r.ID), []byte("line"), []byte(id), []byte(strconv.Itoa(entered)))
	s.Once = sum[:]
	added, err := r.Add(ctx, s)
	if err != nil {
		return Added{}, err
	}
	var end *Outcome
	if !more {
		end = &Outcome{Signatures: entered + 1}
	}
	return added, r.settle(ctx, w, entered+1, end, by)
}

// SettleSheet enters a fax as the sheet that it is: so many signatures by this person's
// count, which is the first of the sheet.
func (r *Roll) SettleSheet(ctx context.Context, id string, entered int, sheet uint32, signatures int, by uint32) error {
	w, err := r.unsettled(ctx, id, entered)
	if err != nil {
		return err
	}
	if w.Way != WayFax {
		return ErrNotSheet
	}
	if err := r.Count(ctx, sheet, signatures, by); err != nil {
		return err
	}
	return r.settle(ctx, w, entered, &Outcome{Signatures: entered, Sheet: sheet}, by)
}

// SetAside settles what counts nothing, or nothing more, for a reason.
func (r *Roll) SetAside(ctx context.Context, id string, entered int, why Aside, by uint32) error {
	if err := MaySetAside(why); err != nil {
		return err
	}
	w, err := r.unsettled(ctx, id, entered)
	if err != nil {
		return err
	}
	return r.settle(ctx, w, entered, &Outcome{Signatures: entered, Aside: why}, by)
}

// settle writes how many were entered by now, and with an outcome ends it.
func (r *Roll) settle(ctx context.Context, w *Waiting, entered int, end *Outcome, by uint32) error {
	outcome := []byte{}
	if end != nil {
		end.By, end.Way, end.At = by, w.Way, r.clk.Now().UTC().Truncate(time.Second)
		var err error
		if outcome, err = json.Marshal(end); err != nil {
			return fmt.Errorf("settle what waits: %w", err)
		}
	}
	n, err := settleScript.Run(redisdb.Kept(ctx), r.rdb, r.waitingKeys(w.ID), w.ID, w.Entered, entered, outcome).Int()
	switch {
	case err != nil:
		return fmt.Errorf("settle what waits: %w", err)
	case n == purged:
		return ErrPurged
	case n == 0:
		return ErrSettled
	}
	return nil
}

// Outcome is what a person made of something that waited, nil where nobody has.
func (r *Roll) Outcome(ctx context.Context, id string) (*Outcome, error) {
	text, err := r.rdb.HGet(ctx, keySettled.Name(r.ID), id).Bytes()
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	var o Outcome
	if err == nil {
		err = json.Unmarshal(text, &o)
	}
	if err != nil {
		return nil, fmt.Errorf("read what was settled: %w", err)
	}
	return &o, nil
}
