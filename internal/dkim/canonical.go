package dkim

// appendField appends a header field in relaxed form (RFC 6376 §3.4.2): its name
// in lower case, its value on one line, each run of blanks one space, none at
// its ends. raw is the field as it stands in the message, name its name in lower
// case. The line end after it is not appended.
func appendField(dst []byte, name string, raw []byte) []byte {
	dst = append(dst, name...)
	i := len(name)
	for i < len(raw) && raw[i] != ':' {
		i++
	}
	dst = append(dst, ':')
	blank, begun := false, false
	for _, c := range raw[min(i+1, len(raw)):] {
		switch c {
		case ' ', '\t', '\r', '\n': // a line end inside a field is followed by a blank
			blank = true
			continue
		}
		if blank && begun {
			dst = append(dst, ' ')
		}
		blank, begun = false, true
		dst = append(dst, c)
	}
	return dst
}

// appendBody appends a body in relaxed form (RFC 6376 §3.4.4): no blanks at line
// ends, each run of others one space, no empty lines at the end. Line ends are
// CRLF.
func appendBody(dst, body []byte) []byte {
	end := len(body)
	for { // lines of nothing, or of blanks alone, at the end
		e := end
		for e > 0 && (body[e-1] == ' ' || body[e-1] == '\t') {
			e--
		}
		if e > 1 && body[e-1] == '\n' && body[e-2] == '\r' {
			end = e - 2
			continue
		}
		end = e
		break
	}
	if end == 0 {
		return dst
	}
	kept := 0 // from here on, what is as it should be is not copied yet
	for i := 0; i < end; {
		c := body[i]
		if c != ' ' && c != '\t' {
			i++
			continue
		}
		run := i + 1
		for run < end && (body[run] == ' ' || body[run] == '\t') {
			run++
		}
		if c == ' ' && run == i+1 && body[run] != '\r' { // run < end: no blank ends the body
			i = run
			continue
		}
		dst = append(dst, body[kept:i]...)
		if body[run] != '\r' {
			dst = append(dst, ' ')
		}
		i, kept = run, run
	}
	dst = append(dst, body[kept:end]...)
	return append(dst, "\r\n"...)
}
