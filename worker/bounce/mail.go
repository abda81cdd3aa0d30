package bounce

import (
	"bufio"
	"bytes"
	"io"
	"mime"
	"regexp"
	"strings"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // lets go-message decode what is not UTF-8
	"github.com/emersion/go-message/textproto"
)

// Bounds of what is read of one mail. What lies beyond them is ignored: a
// report stands before the message that it returns.
const (
	maxMail    = 1 << 20 // octets; the message that comes back may be longer
	maxHeader  = 64 << 10
	maxHeading = 8 << 10   // octets of one header field
	maxPart    = 256 << 10 // octets of one part, decoded
	maxText    = 32 << 10  // octets of the words that a server wrote
	maxWords   = 2 << 10   // octets of the words on one recipient
	maxParts   = 200
	maxDepth   = 8
)

// A mail is a message with its parts, decoded as far as they can be.
type mail struct {
	header message.Header
	parts  []part  // the leaves in order; an enclosed message is a leaf
	words  *notice // see notice
	inner  bool    // it stood in another
}

// A part is a leaf of the MIME tree.
type part struct {
	typ  string // media type in lower case, "text/plain" where none is told
	body []byte // transfer encoding undone; text is UTF-8 where its charset is known
}

// readMail reads a message. Broken MIME is read as far as it goes; what
// cannot be understood becomes text.
func readMail(r io.Reader) (*mail, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxMail))
	if err != nil {
		return nil, err
	}
	m := &mail{}
	var body []byte
	m.header, body = splitHeader(raw)
	m.walk(m.header, body, 0)
	return m, nil
}

// walk adds the leaves of an entity.
func (m *mail) walk(h message.Header, body []byte, depth int) {
	if len(m.parts) >= maxParts {
		return
	}
	typ, params := contentType(h)
	if strings.HasPrefix(typ, "multipart/") && depth < maxDepth {
		if sections := splitMultipart(body, params["boundary"]); len(sections) > 0 {
			for _, s := range sections {
				sub, content := splitHeader(s)
				m.walk(sub, content, depth+1)
			}
			return
		}
		// The boundary is missing or wrong: take the whole as text.
		h.Set("Content-Type", "text/plain")
		typ = "text/plain"
	}
	m.parts = append(m.parts, part{typ: typ, body: decode(h, body)})
}

// decode undoes transfer encoding and charset; what does not decode stays as it is.
func decode(h message.Header, body []byte) []byte {
	e, _ := message.New(h, bytes.NewReader(body))
	if e == nil {
		return body[:min(len(body), maxPart)]
	}
	out, err := io.ReadAll(io.LimitReader(e.Body, maxPart))
	if err != nil && len(out) < min(len(body), maxPart)/2 {
		return body[:min(len(body), maxPart)]
	}
	return out
}

var boundaryParam = regexp.MustCompile(`(?i)boundary\s*=\s*(?:"([^"]+)"|([^\s;"]+))`)

// contentType returns the media type in lower case and its parameters. A
// field that RFC 2045 does not allow still yields its type and boundary.
func contentType(h message.Header) (string, map[string]string) {
	field := h.Get("Content-Type")
	typ, params, err := mime.ParseMediaType(field)
	if err != nil {
		typ, _, _ = strings.Cut(field, ";")
		params = map[string]string{}
		if m := boundaryParam.FindStringSubmatch(field); m != nil {
			params["boundary"] = m[1] + m[2]
		}
	}
	if typ = strings.ToLower(firstWord(typ)); !strings.Contains(typ, "/") {
		typ = "text/plain"
	}
	return typ, params
}

// splitHeader parts the header of an entity from its body. A line that cannot
// be a header field ends the header, except a mailbox's "From " line before it.
func splitHeader(raw []byte) (message.Header, []byte) {
	var clean bytes.Buffer
	rest := raw
	field := 0 // octets of the present one
	for first := true; len(rest) > 0 && clean.Len() < maxHeader; first = false {
		line, after := cutLine(rest)
		if len(line) == 0 {
			rest = after
			break
		}
		if first && (bytes.HasPrefix(line, []byte("From ")) || bytes.HasPrefix(line, []byte(">From "))) {
			rest = after
			continue
		}
		if folded := line[0] == ' ' || line[0] == '\t'; folded && clean.Len() == 0 || !folded && !isField(line) {
			break
		}
		rest = after
		if line[0] != ' ' && line[0] != '\t' {
			field = 0
		}
		if line = line[:min(len(line), maxHeading-field)]; len(line) > 0 {
			clean.Write(line)
			clean.WriteString("\r\n")
			field += len(line)
		}
	}
	clean.WriteString("\r\n")
	h, err := textproto.ReadHeader(bufio.NewReader(&clean))
	if err != nil {
		return message.Header{}, raw
	}
	return message.Header{Header: h}, rest
}

// isField reports whether line starts with a field name (RFC 5322 §2.2).
func isField(line []byte) bool {
	colon := bytes.IndexByte(line, ':')
	if colon <= 0 {
		return false
	}
	for _, c := range bytes.TrimRight(line[:colon], " \t") {
		if c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return true
}

// cutLine returns the first line without its end, and what follows.
func cutLine(b []byte) (line, rest []byte) {
	i := bytes.IndexByte(b, '\n')
	if i < 0 {
		return b, nil
	}
	return bytes.TrimSuffix(b[:i], []byte("\r")), b[i+1:]
}

// splitMultipart returns the sections between the delimiter lines (RFC 2046
// §5.1.1). Unlike a strict reader it takes a body whose last delimiter was
// lost, as happens to cut-off returned mail.
func splitMultipart(body []byte, boundary string) [][]byte {
	if boundary == "" {
		return nil
	}
	var sections [][]byte
	start := -1
	delimiter := []byte("--" + boundary)
	for at := 0; at < len(body); {
		line, rest := cutLine(body[at:])
		next := len(body) - len(rest)
		if bytes.HasPrefix(line, delimiter) {
			tail := bytes.TrimRight(line[len(delimiter):], " \t\r")
			if len(tail) == 0 || string(tail) == "--" {
				if start >= 0 {
					sections = append(sections, body[start:at])
				}
				start = next
				if len(tail) != 0 || len(sections) >= maxParts {
					return sections
				}
			}
		}
		at = next
	}
	if start >= 0 && start < len(body) {
		sections = append(sections, body[start:])
	}
	return sections
}

// find returns the body of the first part of one of the types.
func (m *mail) find(types ...string) ([]byte, bool) {
	for _, p := range m.parts {
		for _, t := range types {
			if p.typ == t {
				return p.body, true
			}
		}
	}
	return nil, false
}

// returned returns the header of the message that came back, if any of it did.
func (m *mail) returned() message.Header {
	body, ok := m.find("message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global", "message/global-headers")
	if !ok {
		return message.Header{}
	}
	h, _ := splitHeader(bytes.TrimLeft(body, "\r\n"))
	return h
}

// subject returns the decoded subject.
func (m *mail) subject() string {
	s, err := m.header.Text("Subject")
	if err != nil {
		return m.header.Get("Subject")
	}
	return s
}
