package bounce

import (
	"strings"
	"testing"

	"clarion/lists/optout"
)

// What a person wrote is read out of whatever their program made of it.
func TestWords(t *testing.T) {
	t.Parallel()
	const head = "From: Kim Minsu <kim@example.org>\nSubject: Re: Save 9\nMIME-Version: 1.0\n"
	for name, mail := range map[string]string{
		"plain":  head + "\nSIGN Kim Minsu\n\nOn Mon, 10 Jun 2013, Save 9 wrote:\n> SIGN\n",
		"base64": head + "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\nU0lHTiBLaW0gTWluc3UK\n",
		"both":   head + "Content-Type: multipart/alternative; boundary=x\n\n--x\nContent-Type: text/html\n\n<p>other</p>\n--x\nContent-Type: text/plain\n\nSIGN Kim Minsu\n--x--\n",
		"HTML":   head + "Content-Type: text/html; charset=utf-8\n\n<html><head><style>p{}</style></head><body><div>SIGN&nbsp;Kim Minsu</div><blockquote><div>&gt; SIGN me</div></blockquote></body></html>\n",
	} {
		from, text, err := Words([]byte(strings.ReplaceAll(mail, "\n", "\r\n")))
		if err != nil || from != "kim@example.org" || strings.Join(strings.Fields(optout.Written(text)), " ") != "SIGN Kim Minsu" {
			t.Errorf("%s is read as %q of %s, %v", name, text, from, err)
		}
	}
	if from, text, err := Words([]byte("Subject: x\r\n\r\n")); err != nil || from != "" || strings.TrimSpace(text) != "" {
		t.Errorf("nothing is read as %q of %q, %v", text, from, err)
	}
}
