package bounce

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
)

// hostile are mails made to be slow or large to read, each twice as long as what
// is read of one.
func hostile() map[string]string {
	const size = 2 * maxMail
	long := func(s string) string { return strings.Repeat(s, size/len(s)) }
	from := "From: MAILER-DAEMON@x.example\r\nReturn-Path: <>\r\nSubject: Undelivered Mail Returned to Sender\r\n"
	report := from + "Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nfailed\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
	var nested strings.Builder
	nested.WriteString(from)
	for i := range 20_000 {
		fmt.Fprintf(&nested, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%[1]d\r\n", i)
	}
	return map[string]string{
		"parentheses":            from + "\r\n" + long("("),
		"parentheses in a field": "From: " + long("("),
		"angles in a field":      "From: MAILER-DAEMON " + long("<"),
		"folds":                  from + "X: a\r\n" + long(" b\r\n"),
		"fields":                 from + long("X: y\r\n"),
		"a field":                from + "Subject: " + long("=?utf-8?q?a?= "),
		"no line end":            long("a"),
		"addresses":              from + "\r\nwas not delivered to\r\n" + long("<a@b.example> contact "),
		"addresses a line":       from + "\r\n" + long("a@b.example\r\n"),
		"failed recipients":      from + "X-Failed-Recipients: " + long("a@b.example, ") + "\r\n\r\n",
		"no address":             from + "\r\n" + long("aaaaaaaa.aaaaaaaa-"),
		"words":                  from + "\r\na@b.example was not delivered " + long(strings.Repeat("a", 63)+" "),
		"at signs":               from + "\r\n" + long("a@"),
		"groups":                 report + long("Final-Recipient: rfc822;a@b.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"),
		"one diagnostic":         report + "Final-Recipient: rfc822;a@b.example\r\nAction: failed\r\nDiagnostic-Code: smtp; " + long("550 5.1.1 "),
		"diagnostic folds":       report + "Final-Recipient: rfc822;a@b.example\r\nAction: failed\r\nDiagnostic-Code: smtp; 550\r\n" + long(" 5.1.1 unknown\r\n"),
		"transcript":             from + "\r\n" + long(">>> RCPT TO:<a@b.example>\r\n<<< 550\r\n"),
		"nested":                 nested.String() + long("x"),
		"parts":                  from + "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + long("--b\r\n\r\nx\r\n"),
		"base64":                 from + "Content-Transfer-Encoding: base64\r\n\r\n" + long("PGE+PGI+PGEg"),
		"base64 of nothing":      from + "Content-Transfer-Encoding: base64\r\n\r\n" + long("="),
		"quoted-printable":       from + "Content-Transfer-Encoding: quoted-printable\r\n\r\n" + long("=3D=\r\n"),
		"html":                   from + "Content-Type: text/html\r\n\r\n" + long("<style><script>"),
		"html entities":          from + "Content-Type: text/html\r\n\r\n" + long("&amp;lt;"),
		"charset":                from + "Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n" + long("\x1b$B\x1b(B"),
		"parameters":             "From: a@b.example\r\nContent-Type: multipart/mixed" + long("; a=b"),
		"boundaries":             from + "Content-Type: multipart/mixed; boundary=" + strings.Repeat("-", 70) + "\r\n\r\n" + long("-"),
		"marks":                  from + "\r\n" + long("-- message --\r\n"),
	}
}

// TestBoundsOfWork: no mail takes more than 16 MB, nor more work than a bounded
// number of octets read and copied, however it is made. It stands alone, since it
// counts what the whole process takes.
func TestBoundsOfWork(t *testing.T) {
	compile(t)
	for name, mail := range hostile() {
		r := &counting{r: strings.NewReader(mail)}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Read(r)
		runtime.ReadMemStats(&after)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if r.n > maxMail {
			t.Errorf("%s: %d octets were read", name, r.n)
		}
		if taken := after.TotalAlloc - before.TotalAlloc; taken > mostTaken {
			t.Errorf("%s: %d KiB were taken", name, taken>>10)
		}
	}
}

// compile reads what makes the reader compile all that it compiles once in the life
// of a process: that is no mail's.
func compile(t *testing.T) {
	t.Helper()
	for _, body := range []string{"no wish\n", "수신거부 바랍니다\n"} {
		if _, err := Read(strings.NewReader("From: a@b.example\nSubject: no wish either\nContent-Type: text/plain; charset=utf-8\n\n" + body)); err != nil {
			t.Fatal(err)
		}
	}
}

// counting counts the octets that were read.
type counting struct {
	r io.Reader
	n int
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += n
	return n, err
}

func BenchmarkHostile(b *testing.B) {
	for name, mail := range hostile() {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := Read(strings.NewReader(mail)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
