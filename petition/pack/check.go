package pack

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"clarion/petition"
)

// A Kind is how a pack differs from what it was, or from what is so now.
type Kind string

// The kinds.
const (
	Unfinished Kind = "unfinished" // it was never made to its end
	Missing    Kind = "missing"    // a file is not there
	Added      Kind = "added"      // a file is there that the manifest does not name
	Changed    Kind = "changed"    // a file is not what it was
	Moved      Kind = "moved"      // the count is another by now
)

var kindWords = map[Kind][2]string{
	Unfinished: {"the pack was not made to its end: make it again", "끝까지 만들어지지 않은 묶음입니다. 다시 만들어 주십시오."},
	Missing:    {"%s is missing", "%s 파일이 없습니다."},
	Added:      {"%s is not of the pack", "%s 파일은 이 묶음의 것이 아닙니다."},
	Changed:    {"%s is not what it was", "%s 파일이 처음과 다릅니다."},
}

// A Difference is one thing that is not as it was.
type Difference struct {
	Kind Kind   `json:"kind"`
	File string `json:"file,omitempty"`
	What string `json:"what,omitempty"` // of a count: at_least, at_most, signatures, sheets
	Then int    `json:"then,omitempty"` // in the pack
	Now  int    `json:"now,omitempty"`
}

var countWords = map[string][2]string{
	"at_least":   {"at least %s in the pack, %s now", "적어도: 묶음에는 %s명, 지금은 %s명"},
	"at_most":    {"at most %s in the pack, %s now", "많아야: 묶음에는 %s명, 지금은 %s명"},
	"signatures": {"signatures with a name: %s in the pack, %s now", "이름 있는 서명: 묶음에는 %s명, 지금은 %s명"},
	"sheets":     {"sheets that count: %s in the pack, %s now", "센 서명지: 묶음에는 %s장, 지금은 %s장"},
}

// Sentence says it in lang ("ko", else English).
func (d Difference) Sentence(lang string) string {
	words, args := kindWords[d.Kind], []any{d.File}
	switch d.Kind {
	case Moved:
		words, args = countWords[d.What], []any{petition.Thousands(d.Then), petition.Thousands(d.Now)}
	case Unfinished:
		args = nil
	}
	if lang == "ko" {
		return fmt.Sprintf(words[1], args...)
	}
	return fmt.Sprintf(words[0], args...)
}

// A Checked is what Check found.
type Checked struct {
	*Made       `json:"pack"`
	Differences []Difference `json:"differences"` // empty when all is as it was
}

// Why a folder cannot be checked.
var (
	ErrNoPack = errors.New("the folder holds no delivery pack: there is no manifest.txt")
	ErrOther  = errors.New("the pack is of another petition")
)

// mostManifest is more than a manifest of a million signatures has, in bytes.
const mostManifest = 1 << 20

// Check holds the files of a folder against its manifest, and the manifest's count
// against the one of now. What goes by email and fax is not handed over, and not looked at.
func Check(ctx context.Context, dir string, roll *petition.Roll) (*Checked, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open the pack: %w", err)
	}
	defer root.Close()
	text, err := read(root, manifestName, mostManifest)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, ErrNoPack
	case err != nil:
		return nil, fmt.Errorf("read the manifest: %w", err)
	}
	c := &Checked{Differences: []Difference{}}
	if c.Made, err = parseManifest(text); err != nil {
		return nil, err
	}
	if c.Petition != roll.ID {
		return nil, fmt.Errorf("%w: %s", ErrOther, c.Petition)
	}
	if err := c.files(root); err != nil {
		return nil, err
	}
	return c, c.count(ctx, roll)
}

func read(root *os.Root, name string, most int64) ([]byte, error) {
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, most))
}

// files looks at each file of the manifest, and at what else is there.
func (c *Checked) files(root *os.Root) error {
	known := []string{manifestName, CallFolder}
	for _, f := range c.Files {
		known = append(known, f.Name)
		sum, err := hashOf(root, f.Name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			c.differ(Difference{Kind: Missing, File: f.Name})
		case err != nil:
			return fmt.Errorf("read %s: %w", f.Name, err)
		case sum != f.SHA256:
			c.differ(Difference{Kind: Changed, File: f.Name})
		}
	}
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return fmt.Errorf("read the pack: %w", err)
	}
	for _, e := range entries {
		switch {
		case e.Name() == unfinished:
			c.differ(Difference{Kind: Unfinished})
		case !slices.Contains(known, e.Name()):
			c.differ(Difference{Kind: Added, File: strings.ToValidUTF8(e.Name(), "?")})
		}
	}
	return nil
}

func (c *Checked) differ(d Difference) { c.Differences = append(c.Differences, d) }

func hashOf(root *os.Root, name string) (string, error) {
	f, err := root.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// count holds the manifest's count against the one of now.
func (c *Checked) count(ctx context.Context, roll *petition.Roll) error {
	t, err := roll.Tally(ctx)
	if err != nil {
		return err
	}
	for _, n := range []struct {
		what      string
		then, now int
	}{{"at_least", c.AtLeast, t.AtLeast}, {"at_most", c.AtMost, t.AtMost}, {"signatures", c.Signatures, t.Certain()}, {"sheets", c.Sheets, t.Sheets.Counted}} {
		if n.then != n.now {
			c.differ(Difference{Kind: Moved, What: n.what, Then: n.then, Now: n.now})
		}
	}
	return nil
}
