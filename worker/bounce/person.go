package bounce

import (
	"bytes"
	"fmt"
)

// Words returns who wrote a person's mail, "" unless that is one address, and what the
// mail says, with whatever it quotes. It reads as much of it as Read.
func Words(raw []byte) (from, text string, err error) {
	m, err := readMail(bytes.NewReader(raw))
	if err != nil {
		return "", "", fmt.Errorf("read a person's mail: %w", err)
	}
	body, ok := m.find("text/plain")
	if !ok || len(bytes.TrimSpace(body)) == 0 {
		body, _ = m.find("text/html")
		body = []byte(plain(string(body[:min(len(body), maxText)])))
	}
	return m.author(), string(body[:min(len(body), maxText)]), nil
}
