package tabular

import (
	"bytes"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/unicode"
)

// Encodings lists every value of Table.Encoding.
var Encodings = [...]string{"utf-8", "utf-16le", "utf-16be", "cp949", "windows-1252"}

// charset is an encoding as found in a file. ascii says that nothing but ASCII
// was seen, so that the name is a guess that the rest of the file may overturn.
type charset struct {
	name  string
	bom   string
	codec encoding.Encoding
	ascii bool
}

func utf8Charset(bom string) charset { return charset{name: "utf-8", bom: bom, codec: unicode.UTF8} }

func utf16Charset(name, bom string, order unicode.Endianness) charset {
	return charset{name: name, bom: bom, codec: unicode.UTF16(order, unicode.IgnoreBOM)}
}

// detect names the encoding of a file that begins with head; whole says that
// head is all of it.
func detect(head []byte, whole bool) charset {
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		return utf8Charset("\xef\xbb\xbf")
	case bytes.HasPrefix(head, []byte("\xff\xfe")):
		return utf16Charset("utf-16le", "\xff\xfe", unicode.LittleEndian)
	case bytes.HasPrefix(head, []byte("\xfe\xff")):
		return utf16Charset("utf-16be", "\xfe\xff", unicode.BigEndian)
	}
	if c, ok := detectUTF16(head); ok {
		return c
	}
	return detectBytes(head, whole)
}

// detectUTF16 tells UTF-16 without a byte order mark by its zero bytes: commas,
// digits and line ends have them, all on one side.
func detectUTF16(head []byte) (charset, bool) {
	head = head[:min(len(head), 4096)&^1]
	var zero [2]int
	for i, b := range head {
		if b == 0 {
			zero[i&1]++
		}
	}
	few := len(head) / 2 / 20 // of the code units
	switch {
	case zero[1] > few && zero[0]*20 <= zero[1]:
		return utf16Charset("utf-16le", "", unicode.LittleEndian), true
	case zero[0] > few && zero[1]*20 <= zero[0]:
		return utf16Charset("utf-16be", "", unicode.BigEndian), true
	}
	return charset{}, false
}

// detectBytes tells the encodings that keep ASCII as it is. UTF-8 and CP949 are
// allowed a few broken bytes, which then mark their rows.
func detectBytes(b []byte, whole bool) charset {
	good, bad := countUTF8(b, whole)
	switch {
	case good+bad == 0:
		return charset{name: "utf-8", codec: unicode.UTF8, ascii: true}
	case bad*20 <= good:
		return utf8Charset("")
	case isCP949(b):
		return charset{name: "cp949", codec: korean.EUCKR}
	default:
		return charset{name: "windows-1252", codec: charmap.Windows1252}
	}
}

// countUTF8 counts the characters beyond ASCII and the bytes that belong to none.
func countUTF8(b []byte, whole bool) (good, bad int) {
	for len(b) > 0 {
		if b[0] < utf8.RuneSelf {
			b = b[1:]
			continue
		}
		r, size := utf8.DecodeRune(b)
		switch {
		case r != utf8.RuneError || size > 1:
			good++
		case !whole && !utf8.FullRune(b): // cut off by the look-ahead
			return good, bad
		default:
			bad++
		}
		b = b[size:]
	}
	return good, bad
}

// isCP949 reports whether b reads as CP949 (Microsoft code page 949, of which
// EUC-KR is a part) and at least half of it as the syllables of KS X 1001, which
// stand in rows B0 to C8. Latin letters with accents make pairs too, but
// elsewhere.
func isCP949(b []byte) bool {
	pairs, syllables, bad := 0, 0, 0
	for i := 0; i < len(b); i++ {
		if b[i] < utf8.RuneSelf {
			continue
		}
		if i+1 == len(b) {
			break
		}
		trail := b[i+1]
		isTrail := 'A' <= trail && trail <= 'Z' || 'a' <= trail && trail <= 'z' || 0x81 <= trail && trail <= 0xfe
		if b[i] < 0x81 || b[i] > 0xfe || !isTrail {
			bad++
			continue
		}
		pairs++
		if 0xb0 <= b[i] && b[i] <= 0xc8 && trail >= 0xa1 {
			syllables++
		}
		i++
	}
	return pairs > 0 && bad*50 <= pairs && syllables*2 >= pairs
}

// decode turns the beginning of a file into text. A character that the end of a
// beginning cuts in two is left out.
func (c charset) decode(head []byte, whole bool) (string, error) {
	dst := make([]byte, 3*len(head)+utf8.UTFMax)
	n, _, err := c.codec.NewDecoder().Transform(dst, head[len(c.bom):], whole)
	if err != nil && whole {
		return "", err
	}
	return string(dst[:n]), nil
}
