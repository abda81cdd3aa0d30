package sms

import "strings"

// Answer is what an automatic answer is about.
type Answer uint8

// The answers. Each is one message, carries no appeal, and is sent even to a
// number that was suppressed a moment ago (47 CFR 64.1200(a)(12) allows one text
// that confirms an opt-out).
const (
	OptedOut Answer = iota + 1 // to STOP
	Help                       // to HELP
	Started                    // to START
)

// Reply returns the answer in Korean for lang "ko" (or "ko-…") and in English
// for any other, signed with the organisation's name. contact, a telephone
// number or an address on the web, stands in the answer to HELP; it may be "". A
// name too long for one message is shortened, and a contact that does not fit is
// left out.
func Reply(lang string, a Answer, organisation, contact string) string {
	organisation, contact = tidy(strings.ReplaceAll(organisation, "\n", " ")), tidy(strings.ReplaceAll(contact, "\n", " "))
	write, ask := english, " Ask: "
	if lang == "ko" || strings.HasPrefix(lang, "ko-") {
		write, ask = korean, " 문의: "
	}
	end := ""
	if a == Help && contact != "" {
		end = ask + contact
	}
	name := []rune(organisation)
	for n := len(name); ; n-- {
		short := string(name[:n])
		if n < len(name) {
			short = strings.TrimRight(short, " ") + ".."
		}
		text := write(a, short)
		switch {
		case oneMessage(text + end):
			return text + end
		case n <= min(len(name), 8) && end != "":
			end, n = "", len(name)+1
		case n == 0:
			return text
		}
	}
}

// oneMessage reports whether text is one message abroad and, where Korean
// carriers can show it, one SMS in Korea.
func oneMessage(text string) bool {
	info := Count(text)
	return info.Segments == 1 && (info.EUCKR == nil || *info.EUCKR <= maxSMS || info.Encoding == GSM7)
}

func english(a Answer, name string) string {
	if name != "" {
		name += ": "
	}
	switch a {
	case OptedOut:
		return name + "You get no more texts from us. START undoes it."
	case Help:
		return name + "Campaign texts. STOP ends them."
	default:
		return name + "You get our texts again. STOP ends them."
	}
}

func korean(a Answer, name string) string {
	if name != "" {
		name = "[" + name + "] "
	}
	switch a {
	case OptedOut:
		return name + "수신거부 처리되어 더는 문자를 보내지 않습니다. 다시 받기: START"
	case Help:
		return name + "활동 소식 문자입니다. 그만 받기: STOP 회신."
	default:
		return name + "문자를 다시 보내 드립니다. 그만 받기: STOP 회신."
	}
}
