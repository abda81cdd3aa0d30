package conf

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
)

// A Secret is a password or a key from a configuration file, written there as
// the secret itself, as "file:PATH" (its first line; PATH is relative to the
// configuration file) or as "env:NAME". It prints masked wherever it ends up;
// only Reveal gives it away. The zero Secret is none.
type Secret struct {
	// A pointer, since fmt calls no method of a value in an unexported field: it
	// would print the text, but of a pointer inside a struct only the address.
	value *string
	file  *string // where its first line was read, nil if it was not
}

// A SecretText is a Secret of several lines, such as a key in PEM form: "file:"
// means the whole file.
type SecretText struct{ Secret }

// NewSecret makes a Secret of its text.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{value: &text}
}

// Reveal returns the secret itself. Its result must not reach a log, an error
// or Redis.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// Current returns the secret as it stands now. What came from the first line of a
// file is read anew: an access token is short-lived, and some other program writes
// the next one there.
func (s Secret) Current() (string, error) {
	if s.file == nil {
		return s.Reveal(), nil
	}
	now, err := readSecret("file:"+*s.file, "", firstLine)
	return now.Reveal(), err
}

// IsZero reports whether there is no secret.
func (s Secret) IsZero() bool { return s.value == nil }

// String returns a mask of one length for every secret, "" for none.
func (s Secret) String() string {
	if s.value == nil {
		return ""
	}
	return "••••••"
}

// GoString masks.
func (s Secret) GoString() string { return s.String() }

// Format masks under every verb.
func (s Secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, s.String()) }

// LogValue masks in slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText masks in JSON and any other text encoding.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a secret as it is written in a configuration; "file:" is
// relative to the working directory.
func (s *Secret) UnmarshalText(text []byte) error {
	v, err := readLine(string(text), "")
	if err == nil {
		*s = v
	}
	return err
}

// readLine reads a secret of one line.
func readLine(text, dir string) (Secret, error) {
	s, err := readSecret(text, dir, firstLine)
	if path, ok := strings.CutPrefix(text, "file:"); ok && err == nil {
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		s.file = &path
	}
	return s, err
}

// readSecret never repeats what it was given, but for the name of a file or a
// variable.
func readSecret(text, dir string, part func(file string) string) (Secret, error) {
	if name, ok := strings.CutPrefix(text, "env:"); ok {
		v := os.Getenv(name)
		if v == "" {
			return Secret{}, fmt.Errorf("environment variable %s is not set", name)
		}
		return NewSecret(v), nil
	}
	path, ok := strings.CutPrefix(text, "file:")
	if !ok {
		return NewSecret(text), nil
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	data, err := os.ReadFile(path)
	var failed *fs.PathError
	if errors.As(err, &failed) {
		return Secret{}, fmt.Errorf("read the file of a secret: %s: %w", path, failed.Err)
	} else if err != nil {
		return Secret{}, fmt.Errorf("read the file of a secret: %w", err)
	}
	secret := part(string(data))
	if secret == "" {
		return Secret{}, fmt.Errorf("the file of a secret, %s, is empty in its first line", path)
	}
	return NewSecret(secret), nil
}

func firstLine(file string) string {
	line, _, _ := strings.Cut(file, "\n")
	return strings.TrimRight(line, "\r")
}

func wholeFile(file string) string { return file }
