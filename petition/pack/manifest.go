package pack

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"clarion/petition/paper"
)

// manifestName is the file that is written last: without it there is no pack.
const manifestName = "manifest.txt"

// A File is one of a pack.
type File struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"` // in hexadecimal digits
	Bytes  int    `json:"bytes,omitempty"`
}

func newFile(name string, data []byte) File {
	sum := sha256.Sum256(data)
	return File{name, hex.EncodeToString(sum[:]), len(data)}
}

// manifest is what sha256sum -c reads (GNU coreutils, which passes over lines that begin
// with '#'), and in those lines what the pack tells of.
func (m *Made) manifest() []byte {
	var b bytes.Buffer
	note := func(key, format string, args ...any) {
		fmt.Fprintf(&b, "# %s: %s\n", key, fmt.Sprintf(format, args...))
	}
	note("petition", "%s", m.Petition)
	note("made", "%s", m.At.Format(time.RFC3339))
	note("at least", "%d", m.AtLeast)
	note("at most", "%d", m.AtMost)
	note("signatures in the book", "%d", m.Signatures)
	note("sheets", "%d", m.Sheets)
	if len(m.Unboxed) > 0 {
		note("sheets in no box", "%s", paper.Ranges(m.Unboxed))
	}
	if len(m.Unprintable) > 0 {
		note("signatures with letters that could not be printed", "%s", paper.Ranges(m.Unprintable))
	}
	if m.Root != nil {
		note("root of "+m.Root.Day, "%s", m.Root.Root)
	}
	for _, f := range m.Files {
		fmt.Fprintf(&b, "%s  %s\n", f.SHA256, f.Name)
	}
	return b.Bytes()
}

// ErrManifest means that a manifest was not written by us.
var ErrManifest = errors.New("manifest.txt is no list of a delivery pack")

var manifestLine = regexp.MustCompile(`^([0-9a-f]{64}) [ *]([a-z0-9.-]+)$`)

// parseManifest reads what manifest writes: the count and the files.
func parseManifest(text []byte) (*Made, error) {
	m := &Made{}
	said := map[string]string{}
	for l := range strings.Lines(string(text)) {
		l = strings.TrimRight(l, "\r\n")
		if note, ok := strings.CutPrefix(l, "# "); ok {
			key, value, _ := strings.Cut(note, ": ")
			said[key] = value
			continue
		}
		f := manifestLine.FindStringSubmatch(l)
		if f == nil {
			return nil, ErrManifest
		}
		m.Files = append(m.Files, File{Name: f[2], SHA256: f[1]})
	}
	m.Petition = said["petition"]
	for key, to := range map[string]*int{"at least": &m.AtLeast, "at most": &m.AtMost, "signatures in the book": &m.Signatures, "sheets": &m.Sheets} {
		n, err := strconv.Atoi(said[key])
		if err != nil {
			return nil, ErrManifest
		}
		*to = n
	}
	at, err := time.Parse(time.RFC3339, said["made"])
	if err != nil || m.Petition == "" || len(m.Files) == 0 {
		return nil, ErrManifest
	}
	m.At = at
	return m, nil
}
