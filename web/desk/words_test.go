package desk

import (
	"testing"
	"time"

	"clarion/broadcast"
)

func TestCanaryInWords(t *testing.T) {
	t.Parallel()
	until := time.Date(2013, 6, 10, 1, 10, 0, 0, time.Local)
	for _, c := range []struct {
		row    CanaryRow
		en, ko string
	}{
		{CanaryRow{"email", broadcast.CanarySending, 500, 99500, nil}, "email: the first 500 go out; the other 99,500 wait to see how they fare.",
			"이메일: 먼저 500건을 보내고 있습니다. 결과를 볼 때까지 나머지 99,500건은 기다립니다."},
		{CanaryRow{"sms", broadcast.CanaryWatching, 20, 1980, &until}, "sms: the first 20 are out and watched until 01:10; the other 1,980 wait.",
			"문자: 먼저 20건을 보냈고 01:10까지 지켜봅니다. 나머지 1,980건은 기다립니다."},
		{CanaryRow{"fax", broadcast.CanaryPassed, 20, 0, &until}, "", ""},
	} {
		if got := c.row.Sentence("en"); got != c.en {
			t.Errorf("in English: %s", got)
		}
		if got := c.row.Sentence("ko"); got != c.ko {
			t.Errorf("in Korean: %s", got)
		}
	}
}

func TestWhoSleepsInWords(t *testing.T) {
	t.Parallel()
	until := time.Date(2013, 6, 10, 23, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		row    SleepRow
		en, ko string
	}{
		{SleepRow{"sms", "Asia/Seoul", until, 1204}, "1,204 texts wait for 08:00 in Seoul.", "문자 1,204건이 서울 시각 08:00까지 기다립니다."},
		{SleepRow{"fax", "America/New_York", until, 1}, "1 fax waits for 19:00 in New York.", "팩스 1건이 New York 시각 19:00까지 기다립니다."},
		{SleepRow{"sms", "America/New_York,Pacific/Guam", until, 1234567}, "1,234,567 texts wait for 19:00 in New York, when all 2 time zones that they may be in are awake.",
			"문자 1,234,567건이 New York 시각(있을 수 있는 시간대 2곳이 모두 낮이 되는 때) 19:00까지 기다립니다."},
	} {
		if got := c.row.Sentence("en"); got != c.en {
			t.Errorf("in English: %s", got)
		}
		if got := c.row.Sentence("ko"); got != c.ko {
			t.Errorf("in Korean: %s", got)
		}
	}
}
