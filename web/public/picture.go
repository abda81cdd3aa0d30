package public

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"sync"
	"time"

	"clarion/templates/email"
	"clarion/web"
)

// Pictures are those that mails of calls link to.
type Pictures interface {
	Picture(ctx context.Context, name string) ([]byte, error)
}

// pictureName is the SHA-256 of a picture's bytes, and its format.
var pictureName = regexp.MustCompile(`^([0-9a-f]{64})\.(png|jpeg|gif)$`)

// A gallery keeps what was asked for lately: a call is opened by many at once, and
// Redis has its messages to bring out meanwhile.
type gallery struct {
	from Pictures
	log  *slog.Logger

	mu   sync.Mutex
	kept map[string][]byte
	size int // of those kept, in bytes
}

// galleryMost is how many bytes of pictures are kept in memory.
const galleryMost = 32 << 20

// NewPictures serves the pictures of mails. What stands under a name never changes,
// and nobody has names of their own: whoever fetches one may keep it for ever, and
// nothing can be told from who does. Mail providers fetch for all of their users from
// a few addresses, so that no client is slowed down.
func NewPictures(from Pictures, log *slog.Logger) http.Handler {
	g := &gallery{from: from, log: log, kept: map[string][]byte{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+email.PicturePath+"{name}", g.show)
	return mux
}

func (g *gallery) show(w http.ResponseWriter, r *http.Request) {
	name := pictureName.FindStringSubmatch(r.PathValue("name"))
	if name == nil {
		web.Fail(w, r, web.ErrNotFound)
		return
	}
	data, err := g.picture(r.Context(), name[0])
	if err != nil {
		if web.ProblemOf(err).Status != http.StatusNotFound {
			g.log.Error("a picture failed", "error", err)
		}
		web.Fail(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "image/"+name[2])
	h.Set("ETag", fmt.Sprintf("%q", name[1]))
	h.Set("Cache-Control", "public, max-age=31536000, immutable") // a year; RFC 8246
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
}

func (g *gallery) picture(ctx context.Context, name string) ([]byte, error) {
	g.mu.Lock()
	data, ok := g.kept[name]
	g.mu.Unlock()
	if ok {
		return data, nil
	}
	data, err := g.from.Picture(ctx, name)
	if err != nil {
		return nil, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.size+len(data) > galleryMost {
		clear(g.kept)
		g.size = 0
	}
	if _, ok := g.kept[name]; !ok {
		g.kept[name], g.size = data, g.size+len(data)
	}
	return data, nil
}
