package optout

import (
	"strings"
	"testing"
)

// table checks that each message has the wish.
func table(t *testing.T, want Wish, messages ...string) {
	t.Helper()
	for _, m := range messages {
		if got := Intent(m); got != want {
			t.Errorf("Intent(%q) = %q, want %q", m, got, want)
		}
	}
}

func TestKeywords(t *testing.T) {
	t.Parallel()
	for _, l := range []struct {
		want  Wish
		words []string
	}{{Stop, stopWords[:]}, {Start, startWords[:]}, {Help, helpWords[:]}} {
		for _, w := range l.words {
			table(t, l.want, w, strings.ToUpper(w), " "+w+"!\n", "«"+w+"».", "["+w+"]", "\u200b"+w+" 🙏")
		}
	}
}

func TestStopHoweverWritten(t *testing.T) {
	t.Parallel()
	table(t, Stop,
		"STOP", "Ｓｔｏｐ", "S T O P", "stop stop STOP", "Stop...", "‘stop’", "“STOP”", "opt-out", "Opt Out", "STOP ALL", "Stop please", "pls STOP", "OK stop", "Re: STOP", "🛑 STOP 🛑",
		"stop por favor", "Bitte abmelden", "arrêt svp", "停止 お願いします", "STOP\r\n", "수신거부", "수신 거부", "（수신거부）", "수 신 거 부", "수신거부 010-2345-6789", "Re: 수신거부", "답장: 수신거부")
}

func TestEnglishRequests(t *testing.T) {
	t.Parallel()
	table(t, Stop,
		"please stop", "Please stop texting me.", "stop texting me", "Stop sending me these messages", "STOP SENDING ME EMAILS!!!", "stop it", "Stop all texts and emails", "Quit texting me", "you need to stop",
		"Can you please stop sending texts to this number?", "Could you stop emailing me", "stop calling me", "Stop messaging me, thanks", "ok, stop now", "I want you to stop texting me", "I said stop",
		"unsubscribe me", "Please unsubscribe me from this list", "I would like to unsubscribe", "how do I unsubscribe?", "I want to unsubscribe from your mailing list", "unsubscribe my email address please",
		"opt me out", "I want to opt out", "I'd like to opt out of these messages", "opt out of all",
		"cancel my subscription", "cancel these texts", "End these messages", "end all texts",
		"I revoke my consent", "I hereby withdraw my consent to receive messages", "I am revoking my consent",
		"Remove me", "remove me from your list", "Please remove my number from your database", "take me off your list", "Take me off this list please", "delete my number", "please delete my contact information",
		"Don't text me", "don’t text me anymore", "Do not contact me again", "do not email me", "never text this number again", "dont send me messages", "Please do not fax me", "no more texts", "No more emails please", "no more of these messages",
		"I don't want these messages", "I do not want to receive texts from you", "I no longer wish to receive these emails", "I didn't sign up for these texts", "leave me alone", "Lose my number", "not interested in your emails", "get me off this list",
		"How can I stop these texts?", "i want to stop getting messages", "Enough. Stop.", "stop messaging this number", "Wrong number, stop", "stop contacting me or I will sue", "pls remove me from ur list", "I want to cancel", "I want out", "Stop with the texts", "I need you to stop", "stop sending me this crap", "I'm opting out", "reply STOP", "remove from list", "Hi, please take my email address off your mailing list. Thank you!")
}

func TestEnglishVoices(t *testing.T) {
	t.Parallel()
	table(t, None,
		"", "   ", "?!", "👍",
		"stop the repatriation!", "Stop forced repatriation now", "STOP THE DEPORTATION", "Please stop the deportation", "We must stop this", "how can we stop this?", "I want to stop this", "we have to stop it now", "Please stop China", "We want to stop this", "please stop by", "stop killing them or we will protest", "Can't stop, won't stop", "stop this nonsense in Beijing", "text Kim",
		"Don't stop!", "please don't stop sending me updates", "Never stop", "do not unsubscribe me", "I can't stop crying", "why did you stop texting me", "I do not want you to stop the messages",
		"stop by tomorrow", "Stop by the embassy at 5", "the bus stop is closed", "I will stop at the embassy", "stop and call me", "nonstop", "one-stop",
		"the end", "in the end we will win", "End this", "End the silence", "end of May is fine", "quit my job for this", "cancel the meeting", "cancelled", "Was the rally cancelled?", "I have to cancel my signature",
		"remove the second line please", "take me to the rally", "get me five copies", "get my number from Kim", "delete the photo", "drop me a line", "leave the flyer at the office", "Help them", "send me information about the rally",
		"don't text while driving, lol", "Do not send them back", "no more deportations", "no more silence", "No worries", "I don't want them to be sent back", "not interested in excuses, bring them home",
		"I stopped by yesterday", "Signed! Do not give up", "Thank you for your messages", "revoke the order", "I opted for the petition", "Yes, I will come", "yes please send more", "start with the embassy", "Please stop sending faxes to the old office, use the new number")
}

func TestKoreanRequests(t *testing.T) {
	t.Parallel()
	table(t, Stop,
		"수신거부합니다", "수신 거부 합니다.", "수신거부 해주세요", "수신거부 부탁드립니다", "수신거부 신청합니다", "문자 수신거부요", "무료수신거부", "광고 거부", "이메일 수신을 거부합니다", "수신거부 처리 부탁드립니다", "문자 수신 거부할게요", "거부합니다", "수신거부하고 싶어요", "수신거부 어떻게 하나요?",
		"그만 보내세요", "그만 보내주세요", "문자 그만 보내", "문자 그만", "이제 그만", "이제 그만 보내 주세요ㅠㅠ", "그만하세요", "제발 그만 좀 보내세요", "문자 좀 그만 보내시라고요", "그만 받을게요", "그만 받고 싶습니다", "그만 연락하세요",
		"문자 보내지 마세요", "보내지 마세요", "보내지마", "앞으로 문자 보내지 말아주세요", "더 이상 보내지 마십시오", "다시는 연락하지 마세요", "연락하지 마", "문자하지 마세요", "이런 문자 보내지 마라", "제게 메일을 보내지 말아 주십시오", "팩스 보내지 마세요",
		"문자 안 받겠습니다", "안 받을래요", "이런 문자 받고 싶지 않습니다", "받기 싫어요", "문자 받지 않겠습니다", "메일 수신을 원하지 않습니다", "이런 거 필요 없어요", "문자 싫어요", "광고 사절",
		"중지", "중지해 주세요", "문자 중단해주세요", "발송 중지 부탁합니다", "해지합니다", "구독 해지", "구독 취소해 주세요", "탈퇴할게요", "회원 탈퇴", "수신동의 철회합니다", "동의 철회", "차단합니다", "스톱", "STOP 해주세요",
		"명단에서 빼주세요", "제 번호 삭제해 주세요", "리스트에서 지워주세요", "제 번호를 명단에서 삭제해주시기 바랍니다", "저 좀 빼 주세요",
		"안녕하세요. 더 이상 문자를 받고 싶지 않습니다. 감사합니다.", "죄송하지만 문자 그만 보내주세요", "수신거부 김영희", "수신거부 했는데 왜 또 보내세요", "수신거부가 안 돼요", "메일링 리스트에서 제외해 주세요", "수신거부 바람", "전화번호 삭제 요망", "수신 안 함", "수신거부 방법 알려주세요", "아 쫌 그만 보내", "080 수신거부")
}

func TestKoreanVoices(t *testing.T) {
	t.Parallel()
	table(t, None,
		"강제북송 중지하라", "강제북송을 중지하라!", "강제북송 중단하라", "중국은 강제송환을 중단해 주세요", "즉각 중단하라", "북송 중지", "북송 반대", "강제북송을 거부합니다", "탈북민을 북한으로 보내지 마세요", "그들을 보내지 마세요", "탄압을 그만하세요", "침묵을 그만",
		"거부감이 없어요", "거부할 수 없네요", "그만두지 마세요", "멈추지 마세요", "서명 취소해 주세요", "집회 취소됐나요?", "회의 취소합니다",
		"문자 잘 받았습니다", "문자 안 받았어요", "문자를 못 받았습니다", "전화 안 받아요", "전화를 안 받으시네요", "수신거부 한 적 없어요", "수신거부 안 했는데요", "거부하지 않습니다", "네 알겠습니다", "감사합니다", "응원합니다", "끝까지 함께하겠습니다", "서명했습니다",
		"내일 보내 주세요", "자료 보내주세요", "우리 학교로 팩스 보내 주세요", "그만큼 중요합니다", "중지를 모아 봅시다", "포기하지 마세요", "우리를 보내지 마세요", "저를 보내지 마세요", "북한으로 보내지 마라", "거부권을 행사하라", "강제북송 그만", "행사 안내 방법 알려주세요")
}

func TestStartAndHelp(t *testing.T) {
	t.Parallel()
	table(t, Start, "START", "Unstop", "yes", "opt in", "수신동의", "수신 동의합니다", "다시 보내주세요", "다시 받을게요", "수신거부 취소", "수신거부 해제해 주세요", "수신거부 철회합니다", "문자 다시 받고 싶어요")
	table(t, Help, "HELP", "help!", "info", "도움말", "문의", "누구세요?", "ヘルプ", "ayuda")
}

func TestReplies(t *testing.T) {
	t.Parallel()
	table(t, Stop,
		"Unsubscribe\n\nSent from my iPhone",
		"stop\n> Dear supporter,\n> they need your voice.",
		"수신거부합니다\n\n나의 iPhone에서 보냄",
		"Please remove me from your list.\n\nOn Tue, 3 Mar 2026 at 10:02, Save 9 <call@example.org> wrote:\n> Act now",
		"메일 그만 보내주세요\n\n2026년 3월 3일 (화) 오전 10:02, Save 9 <call@example.org>님이 작성:\n\n> 지금 행동해 주세요",
		"unsubscribe\r\n-----Original Message-----\r\nFrom: Save 9\r\nHelp them",
		"STOP\n\nKim Young-hee\nSeoul",
		"stop\n-- \nKim Young-hee, Director of Everything There Is in the World, and more, and more")
	table(t, None,
		"Signed!\n\nOn Tue, 3 Mar 2026, Save 9 wrote:\n> Reply STOP to unsubscribe",
		"좋은 소식이네요\n-----원본 메시지-----\n보낸 사람: Save 9\n수신거부는 STOP",
		"STOP\nFORCED REPATRIATION",
		"> STOP")
}

func TestLongTextIsForAPerson(t *testing.T) {
	t.Parallel()
	table(t, None, strings.Repeat("stop ", 10_000), strings.Repeat("그만 보내세요 ", 5_000))
}

func FuzzIntent(f *testing.F) {
	for _, s := range []string{"STOP", "수신거부", "please stop texting me", "그만 보내세요", "stop\n\n> x", "\xff\x00", "ㅠㅠ 그만", "don't"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Intent(s)
		switch got {
		case None, Stop, Start, Help:
		default:
			t.Fatalf("Intent(%q) = %q", s, got)
		}
		if again := Intent(s); again != got {
			t.Fatalf("Intent(%q) = %q, then %q", s, got, again)
		}
		if got != None && Intent("  "+s+"  ") != got {
			t.Fatalf("%q is not %q between blanks", s, got)
		}
	})
}
