package desk

import (
	"context"
	"crypto/rand"
	_ "embed"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"clarion/broadcast"
)

var (
	//go:embed save.lua
	saveSource string
	//go:embed delete.lua
	deleteSource string
	//go:embed claim.lua
	claimSource string

	saveScript   = redis.NewScript(saveSource)
	deleteScript = redis.NewScript(deleteSource)
	claimScript  = redis.NewScript(claimSource)
)

// What the scripts answer.
const (
	answerOut      = -2
	answerGone     = -1
	answerConflict = 0
)

// SaveDraft saves a draft and returns it with its id, version and time. One without
// an id is new. Else s.Version is the one that the editor began with: if the draft
// has another by now it is left as it is, with ErrConflict; if it was deleted, with
// ErrNoDraft. What cannot be kept is an *InputError.
func (d *Desk) SaveDraft(ctx context.Context, s SavedDraft) (*SavedDraft, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	if s.ID == "" {
		s.ID, s.Version = strings.ToLower(rand.Text()), 0
	}
	began := s.Version
	s.Version++
	s.Changed = d.Clock.Now().UTC().Truncate(1e6)
	head, files, err := d.sealDraft(&s)
	if err != nil {
		return nil, err
	}
	err = d.answer(saveScript.Run(ctx, d.Redis, draftKeys(s.ID), s.ID, began, s.Changed.UnixMilli(), head, files), s.ID)
	if err != nil {
		return nil, err
	}
	return &s, nil
}

// LoadDraft returns a draft with its files, or ErrNoDraft.
func (d *Desk) LoadDraft(ctx context.Context, id string) (*SavedDraft, error) {
	pipe := d.Redis.TxPipeline() // both of one version
	head := pipe.HMGet(ctx, keyDraft.Name(id), "version", "head")
	files := pipe.Get(ctx, keyDraftFiles.Name(id))
	if _, err := pipe.Exec(ctx); errors.Is(err, redis.Nil) {
		return nil, ErrNoDraft
	} else if err != nil {
		return nil, fmt.Errorf("read draft: %w", err)
	}
	s, err := d.head(id, head)
	if err != nil {
		return nil, err
	}
	if err := d.open(&s.Files, files.Val(), place("draft_files", id, s.Version)); err != nil {
		return nil, fmt.Errorf("read draft %s: %w", id, err)
	}
	return s, nil
}

// Drafts returns all saved drafts without their files, the one last changed first.
func (d *Desk) Drafts(ctx context.Context) ([]SavedDraft, error) {
	ids, err := d.Redis.ZRevRange(ctx, keyDrafts.Name(), 0, -1).Result()
	if err != nil || len(ids) == 0 {
		return []SavedDraft{}, err
	}
	pipe := d.Redis.Pipeline()
	heads := make([]*redis.SliceCmd, len(ids))
	for i, id := range ids {
		heads[i] = pipe.HMGet(ctx, keyDraft.Name(id), "version", "head")
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, fmt.Errorf("read the drafts: %w", err)
	}
	all := make([]SavedDraft, 0, len(ids))
	for i, id := range ids {
		s, err := d.head(id, heads[i])
		if errors.Is(err, ErrNoDraft) {
			continue // deleted since
		} else if err != nil {
			return nil, err
		}
		all = append(all, *s)
	}
	return all, nil
}

// DeleteDraft deletes a draft if it still has the version that the editor saw; else
// it returns ErrConflict, or ErrNoDraft.
func (d *Desk) DeleteDraft(ctx context.Context, id string, version int64) error {
	return d.answer(deleteScript.Run(ctx, d.Redis, draftKeys(id), id, version), id)
}

// once lets send go on with a draft as it was read, if nobody has sent this very
// version before, for this purpose: a form that comes twice must reach nobody
// twice. What fails before a call is there gives the version back; what fails later
// does not, since nobody knows how far it came.
func (d *Desk) once(ctx context.Context, s *SavedDraft, purpose string, send func() (broadcast.ID, error)) (broadcast.ID, error) {
	if err := d.answer(claimScript.Run(ctx, d.Redis, []string{keyDraft.Name(s.ID)}, s.Version, purpose), s.ID); err != nil {
		return "", err
	}
	id, err := send()
	if err != nil && id == "" {
		if rerr := d.Redis.HDel(ctx, keyDraft.Name(s.ID), purpose).Err(); rerr != nil {
			err = errors.Join(err, fmt.Errorf("give back draft %s: %w", s.ID, rerr))
		}
	}
	return id, err
}

func draftKeys(id string) []string {
	return []string{keyDraft.Name(id), keyDraftFiles.Name(id), keyDrafts.Name()}
}

func (d *Desk) answer(cmd *redis.Cmd, id string) error {
	n, err := cmd.Int()
	switch {
	case err != nil:
		return fmt.Errorf("change draft %s: %w", id, err)
	case n == answerOut:
		return ErrOut
	case n == answerGone:
		return ErrNoDraft
	case n == answerConflict:
		return ErrConflict
	}
	return nil
}

func (d *Desk) head(id string, cmd *redis.SliceCmd) (*SavedDraft, error) {
	values := cmd.Val()
	version, _ := values[0].(string)
	sealed, ok := values[1].(string)
	if !ok {
		return nil, ErrNoDraft
	}
	n, err := strconv.ParseInt(version, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("read draft %s: its version is %q", id, version)
	}
	return d.openHead(id, n, sealed)
}
