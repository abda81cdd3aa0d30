package gateway

// sentences say to the operator why a delivery failed: English, Korean.
var sentences = [...][2]string{
	MailboxUnknown:  {"There is no such mailbox, number or line.", "없는 메일함, 번호 또는 회선입니다."},
	MailboxFull:     {"The mailbox or the phone's memory is full.", "메일함이나 휴대전화 저장 공간이 가득 찼습니다."},
	MailboxDisabled: {"The mailbox or line is switched off or barred.", "메일함이나 회선이 정지되었습니다."},
	DomainUnknown:   {"The domain does not exist, or takes no mail.", "없는 도메인이거나 메일을 받지 않는 도메인입니다."},
	Moved:           {"The address has moved elsewhere.", "주소가 다른 곳으로 옮겨졌습니다."},
	Policy:          {"The receiver's rules refuse it.", "받는 쪽의 정책에 따라 거부되었습니다."},
	Spam:            {"It was taken for spam.", "스팸으로 판단되었습니다."},
	SenderBlocked:   {"Our server or number is blocked there.", "우리 서버나 발신번호가 차단되어 있습니다."},
	Authentication:  {"SPF, DKIM, DMARC or the login failed.", "SPF, DKIM, DMARC 또는 로그인 인증에 실패했습니다."},
	TooLarge:        {"The message is too large.", "메시지가 너무 큽니다."},
	Network:         {"The connection failed or broke.", "연결하지 못했거나 연결이 끊겼습니다."},
	Expired:         {"It could not be delivered in time.", "정해진 시간 안에 전달하지 못했습니다."},
	Content:         {"What is in the message is refused.", "메시지의 내용이 거부되었습니다."},
	RateLimited:     {"We sent too many messages, or too fast.", "너무 많이 보냈거나 너무 빨리 보냈습니다."},
	Busy:            {"The fax line is busy.", "팩스 회선이 통화 중입니다."},
	NoAnswer:        {"Nobody answered, or no fax machine did.", "응답이 없거나 팩스가 받지 않았습니다."},
	PersonAnswered:  {"A person answered a fax call.", "팩스 전화를 사람이 받았습니다."},
	OptOut:          {"The person said stop.", "수신을 거부한 분입니다."},
	Greylisted:      {"The server asked to come back a little later.", "서버가 잠시 뒤에 다시 보내 달라고 했습니다."},
	OtherReason:     {"The far side gave no reason that is known.", "상대 쪽이 알려진 이유를 밝히지 않았습니다."},
}

// Sentence says to the operator why a delivery failed, in "ko" or "en"; "" of no reason.
func (r Reason) Sentence(lang string) string {
	if int(r) >= len(sentences) {
		return ""
	}
	if lang == "ko" {
		return sentences[r][1]
	}
	return sentences[r][0]
}
