package optout

import (
	"regexp"
	"strings"
)

// Where what the person wrote ends: the line over a quoted message, the dashes
// over a signature (RFC 3676 §4.3), what telephones and mail programs add, in
// English and Korean.
var endOfReply = regexp.MustCompile(`(?i)^(?:>` +
	`|-- ?$|[-_]{5,}` +
	`|-+ ?(?:original message|forwarded message|원본 메[시세]지|원문|전달된 메[시세]지|original)` +
	`|on .{5,200} wrote:$|.{5,200}(?:님이 작성|님이 .*작성)\s*:?$|\d{4}년 .{3,120}(?:작성|썼습니다|wrote)\s*:?$` +
	`|(?:from|보낸 ?사람|보낸이|발신|sent|보낸 ?날짜) ?: ` +
	`|sent from (?:my )?|나의 .{2,30}에서 보냄|내 .{2,30}에서 보냄|.{2,30}에서 보냄$|get outlook for|outlook for .* 다운로드` +
	`)`)

// Written returns what a person wrote, without what a program put under it. Lines
// keep their ends; runs of empty lines become one.
func Written(text string) string {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	var out []string
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimSpace(line)
		if endOfReply.MatchString(line) {
			break
		}
		if line == "" && (len(out) == 0 || out[len(out)-1] == "") {
			continue
		}
		out = append(out, line)
	}
	return strings.TrimSpace(strings.Join(out, "\n"))
}
