package broadcast

// Word is the state in a word or two, in Korean or English.
func (s State) Word(lang string) string {
	if s >= stateCount {
		return s.String()
	}
	return inLanguage(stateWords[s], lang)
}

var stateWords = [...][2]string{
	Pending:    {"waiting", "대기"},
	Sending:    {"being sent", "발송 중"},
	Sent:       {"taken over", "접수됨"},
	Delivered:  {"arrived", "도착"},
	Deferred:   {"to be tried again", "재시도 예정"},
	Bounced:    {"bounced", "없는 주소"},
	Rejected:   {"refused", "거부됨"},
	Suppressed: {"held back", "발송 제외"},
	Failed:     {"failed", "실패"},
	InDoubt:    {"in doubt", "불확실"},
	Cancelled:  {"cancelled", "취소"},
}

// Word is the state in a word or two, in Korean or English.
func (s CallState) Word(lang string) string {
	if w, ok := callWords[s]; ok {
		return inLanguage(w.word, lang)
	}
	return string(s)
}

// Sentence explains the state to a person, in Korean or English.
func (s CallState) Sentence(lang string) string {
	if w, ok := callWords[s]; ok {
		return inLanguage(w.sentence, lang)
	}
	return string(s)
}

var callWords = map[CallState]struct{ word, sentence [2]string }{
	Draft:     {[2]string{"draft", "초안"}, [2]string{"Written down; whom it reaches is not fixed yet.", "작성 중이며, 받을 분들이 아직 정해지지 않았습니다."}},
	Planned:   {[2]string{"planned", "준비됨"}, [2]string{"Whom it reaches is fixed; nothing has been sent.", "받을 분들이 정해졌고, 아직 아무것도 보내지 않았습니다."}},
	Scheduled: {[2]string{"scheduled", "예약됨"}, [2]string{"It begins by itself at its time.", "정해진 시각에 저절로 시작합니다."}},
	Running:   {[2]string{"running", "발송 중"}, [2]string{"Messages are going out.", "메시지를 보내고 있습니다."}},
	Paused:    {[2]string{"paused", "일시 정지"}, [2]string{"Held: nothing new goes out until somebody resumes it.", "멈춰 있습니다. 다시 시작할 때까지 새로 보내지 않습니다."}},
	Stopping:  {[2]string{"stopping", "중단하는 중"}, [2]string{"No new message begins; what is on the wire is waited for.", "새로 보내지 않으며, 이미 넘긴 것만 기다립니다."}},
	Stopped:   {[2]string{"stopped", "중단됨"}, [2]string{"Ended by a person; what waited was cancelled, and what a gateway still held is taken back where it can.", "사람이 끝냈으며, 기다리던 것은 취소하고 게이트웨이가 아직 보내지 않은 것은 가능하면 거두어들입니다."}},
	Done:      {[2]string{"done", "완료"}, [2]string{"Nothing waits any more. Reports may still come in.", "더 기다리는 것이 없습니다. 결과 보고는 더 들어올 수 있습니다."}},
}

func inLanguage(words [2]string, lang string) string {
	if lang == "ko" {
		return words[1]
	}
	return words[0]
}
