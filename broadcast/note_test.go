package broadcast

import (
	"testing"

	"clarion/lists/address"
)

// What is stored says the same when it is read again, in both languages.
func TestNoteInWords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		note   Note
		en, ko string
	}{
		{Note{}, "", ""},
		{Note{Cause: Overridden}, "resumed past its limits by a person", "한도를 넘었지만 담당자가 계속하게 했습니다"},
		{Note{Cause: TooManyBounced, Channel: address.SMS, N: 11, Of: 200, Limit: 0.05}, "sms: 5.5 % of 200 messages bounced for good, the call's limit is 5.0 %",
			"문자: 200건 가운데 5.5 %가 없는 주소나 번호여서 반송되었습니다. 한도는 5.0 %입니다"},
		{Note{Cause: TooManyComplained, Channel: address.Email, N: 201, Of: 100_000, Limit: 0.002}, "email: 0.20 % of 100000 messages were complained about, the call's limit is 0.20 %",
			"이메일: 100000건 가운데 0.20 %가 스팸으로 신고되었습니다. 한도는 0.20 %입니다"},
		{Note{Cause: TooManyFailed, Canary: true, Channel: address.Fax, N: 9, Of: 40, Limit: 0.2}, "canary, fax: 9 of the 40 messages that went first were refused or given up, more than 20.00 %; the rest is held",
			"팩스: 먼저 보낸 40건 가운데 9건이 거부되었거나 보내지 못했습니다. 한도 20.00 %를 넘어 나머지는 보내지 않고 기다립니다"},
	} {
		text, err := c.note.text()
		if err != nil {
			t.Fatal(err)
		}
		read := parseNote(text)
		if read != c.note {
			t.Errorf("%+v was read as %+v", c.note, read)
		}
		if got := read.Sentence("en"); got != c.en {
			t.Errorf("%s\nwant %s", got, c.en)
		}
		if got := read.Sentence("ko"); got != c.ko {
			t.Errorf("%s\nwant %s", got, c.ko)
		}
	}
}
