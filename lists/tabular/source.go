package tabular

import (
	"bufio"
	"errors"
	"io"
	"unicode/utf8"

	"golang.org/x/text/transform"
)

// source is the text of a file, decoded as it is read. It starts with the
// charset that Open found; where that was plain ASCII it decides anew at the
// first byte beyond it.
type source struct {
	counted *counter
	raw     *bufio.Reader
	enc     charset
	decoded *transform.Reader // nil as long as all is ASCII
}

func newSource(counted *counter, raw *bufio.Reader, enc charset) *source {
	s := &source{counted: counted, raw: raw, enc: enc}
	if !enc.ascii {
		s.decoded = transform.NewReader(raw, enc.codec.NewDecoder())
	}
	return s
}

func (s *source) Read(p []byte) (int, error) {
	if s.decoded != nil {
		return s.decoded.Read(p)
	}
	if len(p) == 0 {
		return 0, nil
	}
	if _, err := s.raw.Peek(1); err != nil {
		return 0, err
	}
	ready, _ := s.raw.Peek(min(len(p), s.raw.Buffered()))
	n := 0
	for n < len(ready) && ready[n] < utf8.RuneSelf {
		n++
	}
	if n > 0 {
		copy(p, ready[:n])
		_, err := s.raw.Discard(n)
		return n, err
	}
	ahead, err := s.raw.Peek(sniffSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	s.enc = detectBytes(ahead, err != nil)
	s.decoded = transform.NewReader(s.raw, s.enc.codec.NewDecoder())
	return s.decoded.Read(p)
}

func (s *source) consumed() int64 { return s.counted.n - int64(s.raw.Buffered()) }
