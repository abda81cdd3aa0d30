package petition

import (
	"cmp"
	"context"
	"fmt"
	"html/template"
	"maps"
	"slices"
	"time"

	"clarion/internal/redisdb"
)

// An Answer is what the addressee said, for whoever finds it by their slip.
type Answer struct {
	On   time.Time                // when it came
	Text map[string]template.HTML // by language of the petition; nil until its words were published
}

// answerOn is the field of when it came; each other one is a language, with Markdown.
const answerOn = "on"

// NoteAnswer notes that the addressee has answered.
func (r *Roll) NoteAnswer(ctx context.Context, on time.Time) error {
	return r.saveAnswer(ctx, map[string]string{answerOn: on.UTC().Format(time.RFC3339)})
}

// PublishAnswer shows the words of the answer, Markdown by language, to whoever has a
// slip. They name nobody.
func (r *Roll) PublishAnswer(ctx context.Context, text map[string]string) error {
	return r.saveAnswer(ctx, text)
}

func (r *Roll) saveAnswer(ctx context.Context, fields map[string]string) error {
	if err := r.rdb.HSet(redisdb.Kept(ctx), keyAnswer.Name(r.ID), fields).Err(); err != nil {
		return fmt.Errorf("note the answer: %w", err)
	}
	return nil
}

// Answer returns what the addressee said, nil while that is not noted.
func (r *Roll) Answer(ctx context.Context) (*Answer, error) {
	fields, err := r.rdb.HGetAll(ctx, keyAnswer.Name(r.ID)).Result()
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	if fields[answerOn] == "" {
		return nil, nil
	}
	a := &Answer{}
	if a.On, err = time.Parse(time.RFC3339, fields[answerOn]); err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	delete(fields, answerOn)
	if len(fields) == 0 {
		return a, nil
	}
	a.Text = map[string]template.HTML{}
	first := slices.Min(slices.Collect(maps.Keys(fields)))
	for _, lang := range r.Languages {
		if a.Text[lang], err = markdown([]byte(cmp.Or(fields[lang], fields[first]))); err != nil {
			return nil, fmt.Errorf("read the answer: %w", err)
		}
	}
	return a, nil
}
