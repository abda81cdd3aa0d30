package main

import (
	"strings"
	"testing"

	"clarion/broadcast"
	"clarion/web/desk"
)

// A call's status, as a person reads it.
func TestStatusInWords(t *testing.T) {
	t.Parallel()
	one := &desk.StatusReport{ID: "c1", Name: "launch", State: broadcast.Running, Audience: 1, InDoubt: 1,
		Channels: map[string]desk.ChannelStatus{"email": {Total: 1, States: map[string]int{"in_doubt": 1}, OptedOut: 1}},
		Lanes:    []desk.LaneRow{{Channel: "email", Lane: "other", Sent: 7}, {Channel: "email", Lane: "naver.com", Connections: &desk.Connections{InUse: 2, Most: 10}}, {Channel: "sms", Lane: "kr", Sent: 8}}}
	for lang, want := range map[string][]string{
		"en": {"Call c1, \"launch\": running. 1 delivery.\n", "\nemail: 1, 0.0 a second\n", "1  said stop because of it\n", "\nemail  all others                   7 ", "\nsms    kr                           8 ", "1 in doubt: clarion call doubt c1\n", "a second  connections\n", " 0.0      2 of 10\n"},
		"ko": {"발송 c1, “launch”: 발송 중. 모두 1건.\n", "\n이메일: 1건, 초당 0.0건\n", "불확실      넘기는 중에", "1  이 발송을 받고 수신을 거부했습니다.\n", "\n이메일 그 밖의 수신처               7 ", "\n문자   kr                           8 ", "1건은 나갔는지 알 수 없습니다: clarion call doubt c1\n", "초당        연결\n", " 0.0         2/10\n"},
	} {
		var out strings.Builder
		writeStatus(&out, one, lang)
		for _, w := range want {
			if !strings.Contains(out.String(), w) {
				t.Errorf("%s: it does not say %q:\n%s", lang, w, &out)
			}
		}
	}
}
