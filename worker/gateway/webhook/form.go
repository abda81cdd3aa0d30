package webhook

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/url"
	"strings"
)

// A form is the fields of a request; of a field that comes twice all values.
type form map[string][]string

// Bounds of a form.
const (
	maxFields = 1000
	maxValue  = 1 << 20
)

// first returns the first value of a field, "" if there is none.
func (f form) first(name string) string {
	if v := f[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// get returns the last value of a field, "" if there is none.
func (f form) get(name string) string {
	if v := f[name]; len(v) > 0 {
		return v[len(v)-1]
	}
	return ""
}

// has reports whether there is such a field.
func (f form) has(name string) bool { return len(f[name]) > 0 }

// readForm reads the fields of a multipart or urlencoded body; nil for any other.
func readForm(contentType string, body []byte) (form, error) {
	typ, params, err := mime.ParseMediaType(contentType)
	switch {
	case err != nil:
		return nil, nil
	case typ == "application/x-www-form-urlencoded":
		v, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, errors.New("its form is broken")
		}
		return form(v), nil
	case typ != "multipart/form-data":
		return nil, nil
	}
	f := form{}
	parts := multipart.NewReader(bytes.NewReader(body), params["boundary"])
	for n := 0; n < maxFields; n++ {
		p, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return f, nil
		} else if err != nil {
			return nil, errors.New("its form is broken")
		}
		value, err := io.ReadAll(io.LimitReader(p, maxValue))
		if err != nil {
			return nil, errors.New("its form is broken")
		}
		if name := p.FormName(); name != "" && p.FileName() == "" {
			f[name] = append(f[name], strings.TrimSuffix(string(value), "\r\n"))
		}
	}
	return nil, fmt.Errorf("its form has more than %d fields", maxFields)
}

// isInbound reports whether the form is a mail that came in, as Mailgun's routes
// and SendGrid's parse webhook bring it.
func (r *request) isInbound() bool {
	return r.form.has("message-headers") || r.form.has("body-mime") || r.form.has("envelope") || r.form.has("email") || r.form.has("body-plain")
}
