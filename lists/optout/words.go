package optout

import (
	"slices"
	"strings"
)

// Words that are a request when they are the whole message, however they are
// spaced ("opt out", "수신 거부"). The first stop words are those that 47 CFR
// 64.1200(a)(10) names; carriers act on the same and on STOPALL (CTIA Messaging
// Principles §5.1.3). Accents are written out and also left off, as on telephones.
var stopWords = [...]string{
	// English
	"stop", "quit", "end", "revoke", "optout", "cancel", "unsubscribe", "stopall", "stopit", "stopp", "stopnow", "stop2end", "2stop",
	"remove", "removeme", "unsub", "unsubscribeme", "unsubscribeall", "unsuscribe", "unsubcribe", "unsubscibe", "optmeout", "leavemealone", "nomore", "stoptheseall",
	// Korean
	"수신거부", "거부", "무료수신거부", "무료거부", "광고거부", "그만", "중지", "해지", "중단", "정지", "취소", "철회", "탈퇴", "차단", "거절", "스톱", "스탑", "구독취소", "구독해지",
	// Japanese
	"停止", "配信停止", "配信解除", "登録解除", "解除", "退会", "購読解除", "受信拒否", "拒否", "ストップ", "停止してください", "配信停止してください", "配信停止希望", "配信停止をお願いします", "送らないでください", "もう送らないでください", "やめてください",
	// Chinese
	"退订", "退訂", "取消", "取消订阅", "取消訂閱", "停止发送", "停止發送", "拒收", "td", "回复td", "不要再发", "不要再發", "不要再发了", "别再发了", "請停止", "请停止", "退出",
	// Spanish, Portuguese
	"parar", "pare", "baja", "alto", "cancelar", "detener", "darmedebaja", "darsedebaja", "damedebaja", "nomás", "nomas", "salir", "desuscribir", "desuscribirme", "suprimir", "nomásmensajes", "nomasmensajes", "basta", "sair", "descadastrar", "cancelarinscrição", "cancelarinscricao",
	// French
	"arret", "arrêt", "arrete", "arrête", "arreter", "arrêter", "arrêtez", "arretez", "stopsvp", "désabonner", "desabonner", "sedésabonner", "sedesabonner", "désabonnement", "desabonnement", "désinscription", "desinscription", "désinscrire", "desinscrire",
	// German, Dutch, Nordic
	"abmelden", "abbestellen", "austragen", "kündigen", "kuendigen", "stoppen", "bittestoppen", "bitteabmelden", "afmelden", "uitschrijven", "avsluta", "avregistrera", "avsluttar", "avslutt", "afmeld", "framelding", "lopeta", "peruuta",
	// Italian
	"ferma", "fermare", "annulla", "cancella", "cancellami", "disiscrivi", "disiscrivimi", "cancellazione",
	// whole sentences in these
	"nomeenvienmasmensajes", "nomeenvíenmásmensajes", "nomeenviesmasmensajes", "nomeenvíesmásmensajes", "nomeescribanmas", "nomeescribanmás", "noquieromasmensajes", "noquieromásmensajes", "nemenvoyezplusdemessages", "nemenvoyezplusdesms", "nemenvoyezplusrien", "nemecontactezplus", "plusdemessages", "plusdesms", "keinenachrichtenmehr", "keinesmsmehr", "keinemailsmehr", "keineemailsmehr", "nãoenviemaismensagens", "naoenviemaismensagens", "nonscrivetemipiù", "nonscrivetemipiu",
	// Slavic, Mongolian
	"стоп", "отписаться", "отписка", "отпишите", "отменить", "отмена", "хватит", "прекратить", "прекратите", "відписатися", "відписка", "припинити", "wypisz", "rezygnuję", "rezygnuje", "odhlásit", "odhlasit", "неприсылайте", "неприсылайтебольше", "большенеприсылайте", "большенеписать", "непишитемне", "зогсоо", "зогс", "болих",
	// Thai, Vietnamese, Indonesian, Malay, Filipino
	"ยกเลิก", "หยุด", "เลิกรับ", "ยกเลิกการรับ", "hủy", "huỷ", "huy", "dừng", "dung", "ngừng", "ngung", "từchối", "tuchoi", "hủyđăngký", "huydangky", "berhenti", "batal", "henti", "berhentilangganan", "tigil", "ihinto", "itigil",
	// Arabic, Persian, Hebrew, Turkish, Hindi, Greek
	"توقف", "إيقاف", "ايقاف", "الغاء", "إلغاء", "إلغاءالاشتراك", "الغاءالاشتراك", "لغو", "توقفکنید", "הסר", "הפסק", "להסיר", "iptal", "dur", "durdur", "ret", "abonelikteniptal", "रोकें", "रोको", "बंद", "बंदकरो", "στοπ", "διαγραφή", "διαγραφη",
}

// CTIA and carriers: START, YES, UNSTOP. They give back only what a stop took.
var startWords = [...]string{
	"start", "yes", "unstop", "restart", "resume", "subscribe", "resubscribe", "optin", "optmein", "optmebackin", "subscribeme", "startagain",
	"시작", "동의", "수신동의", "수신허용", "재수신", "재구독", "구독", "구독재개", "수신재개", "스타트", "수신거부해제", "수신거부취소", "수신거부철회", "거부해제", "거부취소",
	"配信再開", "再開", "開始", "登録", "恢复", "恢復", "订阅", "訂閱", "开始", "iniciar", "comenzar", "empezar", "alta", "sí", "começar", "commencer", "reprendre", "anmelden", "starten", "iscrivimi", "старт", "подписаться", "เริ่ม", "สมัคร", "bắtđầu", "batdau", "mulai", "simulan", "ابدأ", "başla", "basla",
}

var helpWords = [...]string{
	"help", "info", "helpme", "information", "support", "whoisthis", "whoareyou", "whoru",
	"도움말", "도움", "도와주세요", "문의", "안내", "정보", "헬프", "누구세요", "누구신가요", "누구십니까", "어디세요", "어디신가요",
	"ヘルプ", "帮助", "幫助", "说明", "說明", "ayuda", "información", "informacion", "ajuda", "aide", "hilfe", "aiuto", "помощь", "инфо", "ช่วยเหลือ", "trợgiúp", "trogiup", "bantuan", "tulong", "مساعدة", "yardım", "yardim", "सहायता", "मदद", "тусламж",
}

// keyword reads a message that is a keyword and nothing else, said once or
// several times over.
func keyword(words []string) Wish {
	whole := strings.Join(words, "")
	for _, list := range [...]struct {
		wish  Wish
		words []string
	}{{Stop, stopWords[:]}, {Start, startWords[:]}, {Help, helpWords[:]}} {
		if slices.Contains(list.words, whole) {
			return list.wish
		}
		if repeats(words) && slices.Contains(list.words, words[0]) {
			return list.wish
		}
	}
	if bare := strings.Join(strip(words), ""); bare != whole && slices.Contains(stopWords[:], bare) {
		return Stop
	}
	return None
}

// Manners that may stand around a stop word, in the languages of the words, and
// what mail programs put before a subject.
var courtesies = [...]string{
	"please", "pls", "plz", "kindly", "thanks", "thx", "thank", "you", "hi", "hello", "hey", "ok", "okay", "sorry", "now", "immediately", "re", "fw", "fwd", "aw", "sv", "회신", "답장",
	"por", "favor", "gracias", "obrigado", "obrigada", "svp", "stp", "sil", "vous", "te", "plaît", "plait", "merci", "bitte", "danke", "per", "favore", "grazie", "alstublieft", "пожалуйста", "спасибо", "tolong", "lütfen", "제발", "좀", "요", "감사합니다", "안녕하세요", "お願いします", "请", "請", "谢谢", "謝謝",
}

func strip(words []string) []string {
	courtesy := func(w string) bool { return slices.Contains(courtesies[:], w) }
	for len(words) > 0 && courtesy(words[0]) {
		words = words[1:]
	}
	for len(words) > 0 && courtesy(words[len(words)-1]) {
		words = words[:len(words)-1]
	}
	return words
}

func repeats(words []string) bool {
	for _, w := range words {
		if w != words[0] {
			return false
		}
	}
	return true
}
