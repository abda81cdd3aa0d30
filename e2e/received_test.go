package e2e_test

import (
	"bytes"
	"fmt"
	"image"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/http"
	"net/mail"
	"net/smtp"
	"net/url"
	"os"
	"strings"
	"testing"

	"clarion/e2e/rig"

	"golang.org/x/image/tiff"
)

// A letter is a mail as a mail program shows it.
type letter struct {
	to, sender        string // header To; envelope sender
	subject, id, list string
	text, html        string
	pictures          int
	page, mailto      string // of List-Unsubscribe
	oneClick          string // List-Unsubscribe-Post
}

func readLetter(t *testing.T, l rig.Letter) (v letter) {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(l.Data))
	must(t, err)
	to, err := mail.ParseAddress(m.Header.Get("To"))
	must(t, err)
	v.to, v.sender, v.id, v.list, v.oneClick = to.Address, l.From, m.Header.Get("Message-ID"), m.Header.Get("List-Id"), m.Header.Get("List-Unsubscribe-Post")
	v.subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	must(t, err)
	for link := range strings.SplitSeq(m.Header.Get("List-Unsubscribe"), ",") {
		link = strings.Trim(strings.TrimSpace(link), "<>")
		if strings.HasPrefix(link, "mailto:") {
			v.mailto = link
		} else {
			v.page = link
		}
	}
	v.parts(t, m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), m.Body)
	return v
}

// parts gathers the texts of a mail and counts its pictures.
func (v *letter) parts(t *testing.T, contentType, encoding string, body io.Reader) {
	t.Helper()
	kind, params, err := mime.ParseMediaType(contentType)
	must(t, err)
	if strings.HasPrefix(kind, "multipart/") {
		r := multipart.NewReader(body, params["boundary"])
		for {
			p, err := r.NextRawPart()
			if err == io.EOF {
				return
			}
			must(t, err)
			v.parts(t, p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p)
		}
	}
	if encoding == "quoted-printable" {
		body = quotedprintable.NewReader(body)
	}
	b, err := io.ReadAll(body)
	must(t, err)
	switch kind {
	case "text/plain":
		v.text = strings.ReplaceAll(string(b), "\r\n", "\n")
	case "text/html":
		v.html = string(b)
	case "image/png":
		v.pictures++
	}
}

// A texts is what the SMSC was given for one number, in order.
type texts struct {
	from   string
	bodies []string
}

// textsTo joins the parts of the messages that the SMSC took, by number as it is
// dialled. Parts of one message come one after the other; the last one has its
// own count as number (3GPP TS 23.040 §9.2.3.24.1).
func textsTo(submits []rig.Submit) map[string]*texts {
	all := map[string]*texts{}
	open := map[string]string{}
	for _, s := range submits {
		if s.Refused != 0 {
			continue
		}
		m := all[s.To]
		if m == nil {
			m = &texts{from: s.From}
			all[s.To] = m
		}
		open[s.To] += s.Text
		if n := len(s.UDH); n >= 4 && s.UDH[n-2:] != s.UDH[n-4:n-2] {
			continue
		}
		m.bodies = append(m.bodies, open[s.To])
		delete(open, s.To)
	}
	for to, rest := range open {
		all[to].bodies = append(all[to].bodies, "unfinished: "+rest)
	}
	return all
}

// click does what a mail program does when its user presses "unsubscribe" (RFC
// 8058), after a scanner has followed the link.
func (s *site) click(v letter) {
	s.t.Helper()
	client := s.pages.Client()
	asked := ""
	for range 2 {
		page, err := client.Get(v.page)
		must(s.t, err)
		body, err := io.ReadAll(page.Body)
		page.Body.Close()
		must(s.t, err)
		if page.StatusCode != http.StatusOK || asked != "" && string(body) != asked {
			s.t.Errorf("looking at the unsubscribe page was answered %s, and changed it", page.Status)
		}
		asked = string(body)
	}
	for range 2 { // some mail programs try twice
		done, err := client.PostForm(v.page, url.Values{"List-Unsubscribe": {"One-Click"}})
		must(s.t, err)
		done.Body.Close()
		if done.StatusCode != http.StatusOK {
			s.t.Errorf("the one-click request was answered %s", done.Status)
		}
	}
	page, err := client.Get(v.page)
	must(s.t, err)
	defer page.Body.Close()
	if body, err := io.ReadAll(page.Body); err != nil || string(body) == asked {
		s.t.Errorf("the page says the same after the one-click request (%v)", err)
	}
}

// mailStop writes to the mailto of List-Unsubscribe, as a mail program would.
func (s *site) mailStop(v letter) {
	s.t.Helper()
	link, err := url.Parse(v.mailto)
	must(s.t, err)
	to, query, _ := strings.Cut(link.Opaque, "?")
	values, err := url.ParseQuery(query)
	must(s.t, err)
	body := fmt.Sprintf("From: %s\r\nTo: %s\r\nSubject: %s\r\nMessage-ID: <%s.stop@mail.example>\r\n\r\n", v.to, to, values.Get("subject"), strings.ReplaceAll(v.to, "@", "."))
	must(s.t, smtp.SendMail(s.mail.RelayAddr, nil, v.to, []string{to}, []byte(body)))
}

// scan returns how wide the first page of a received fax is, how many dots are
// black, and how many of those stand above our own header line, where HylaFAX
// would write one.
func scan(t *testing.T, path string) (width, ink, above int) {
	t.Helper()
	f, err := os.Open(path)
	must(t, err)
	defer f.Close()
	page, err := tiff.Decode(f)
	must(t, err)
	b := page.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			if dark(page, x, y) {
				ink++
				if y < 40 {
					above++
				}
			}
		}
	}
	return b.Dx(), ink, above
}

func dark(page image.Image, x, y int) bool {
	r, _, _, _ := page.At(x, y).RGBA()
	return r < 0x8000
}
