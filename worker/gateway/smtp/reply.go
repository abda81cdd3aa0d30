package smtp

import (
	"bufio"
	"errors"
	"fmt"
)

// A reply is what the relay answered. Its text is looked at and never shown.
type reply struct {
	code int
	text string // "" for a positive reply
}

func (r reply) ok() bool      { return r.code/100 == 2 }
func (r reply) goAhead() bool { return r.code == 354 }

// closing reports whether the relay ends the session (RFC 5321 §3.8).
func (r reply) closing() bool { return r.code == 421 }

// maxReply bounds the octets of one reply with all its lines.
const maxReply = 16 << 10

var errProtocol = errors.New("the relay's answer is no SMTP reply")

// readReply reads one reply, of as many lines as it has (RFC 5321 §4.2.1). A
// positive one costs no allocation.
func readReply(r *bufio.Reader) (reply, error) {
	var out reply
	var text []byte
	for total := 0; ; {
		line, err := r.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			return out, fmt.Errorf("%w: a line has no end", errProtocol)
		}
		if err != nil {
			return out, err
		}
		if total += len(line); total > maxReply {
			return out, fmt.Errorf("%w: it has no end", errProtocol)
		}
		line = line[:len(line)-1]
		if n := len(line); n > 0 && line[n-1] == '\r' {
			line = line[:n-1]
		}
		code, more, ok := replyLine(line)
		if !ok || (out.code != 0 && code != out.code) {
			return reply{}, errProtocol
		}
		out.code = code
		if code >= 400 && len(line) > 4 {
			if text != nil {
				text = append(text, ' ')
			}
			text = append(text, line[4:]...)
		}
		if !more {
			out.text = string(text)
			return out, nil
		}
	}
}

// replyLine takes a line apart: three digits, then a space, a hyphen when more
// lines follow, or nothing.
func replyLine(line []byte) (code int, more, ok bool) {
	if len(line) < 3 || (len(line) > 3 && line[3] != ' ' && line[3] != '-') {
		return 0, false, false
	}
	for _, c := range line[:3] {
		if c < '0' || c > '9' {
			return 0, false, false
		}
		code = code*10 + int(c-'0')
	}
	return code, len(line) > 3 && line[3] == '-', code >= 200 && code < 600
}
