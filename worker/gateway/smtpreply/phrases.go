package smtpreply

import "clarion/worker/gateway"

// A rule is a reason and the words in which servers give it. In a phrase "…"
// stands for anything between, and a "*" ends a word that may go on.
type rule struct {
	reason  gateway.Reason
	source  string // who writes so
	sure    bool   // of MailboxUnknown: believed whoever says it, see reply.namesRecipient
	phrases []string
}

// rules are the words of refusals. The first that matches decides, so narrow
// ones stand before wide ones: a code of a provider before its sentence, what is
// said of us before what is said of the person. Lower case, no punctuation (see
// normalise).
var rules = [...]rule{
	// Codes of providers, from their pages for postmasters.
	{gateway.Policy, "Facebook, response codes: what the person set", false, []string{"rcp p2"}},
	{gateway.MailboxUnknown, "Facebook", true, []string{"rcp p1"}},
	{gateway.MailboxDisabled, "Facebook", false, []string{"rcp p3", "rcp p4"}},
	{gateway.SenderBlocked, "Facebook", false, []string{"pol p1", "pol p5", "dns p*"}},
	{gateway.Content, "Facebook", false, []string{"pol p2", "pol p3", "pol p4", "pol p6"}},
	{gateway.Authentication, "Facebook", false, []string{"pol p7"}},
	{gateway.RateLimited, "Facebook", false, []string{"con t*", "rcp t*"}},
	{gateway.RateLimited, "Yahoo and AOL, SMTP error codes", false, []string{"tss0*", "tss1*", "ts01", "ts02", "ts03", "temporarily deferred due to … volume"}},
	{gateway.SenderBlocked, "Yahoo and AOL", false, []string{"bl21", "bl22", "bl23", "rly b*", "rly c*", "rly s*", "con b1", "rtr b*", "rtr d*", "rtr c*", "dyn t1", "permanently deferred"}},
	{gateway.Content, "AOL", false, []string{"hvu b*", "ph01"}},
	{gateway.RateLimited, "Outlook.com, postmaster page", false, []string{"rp 001", "rp 002", "rp 003"}},
	{gateway.SenderBlocked, "Outlook.com", false, []string{"ou 001", "ou 002", "dy 001", "dy 002", "sc 003", "sc 004", "s3140", "s3150", "part of their network is on our block list"}},
	{gateway.Spam, "Outlook.com; Exchange Online Protection", false, []string{"sc 001", "as 42004", "as 780*"}},
	{gateway.SenderBlocked, "GoDaddy, bounce-back codes", false, []string{"ib0*", "ib10*", "ib11*", "ib4*"}},
	{gateway.Spam, "GoDaddy", false, []string{"ib2*"}},
	{gateway.RateLimited, "GoDaddy", false, []string{"ib5*"}},
	{gateway.Content, "GoDaddy", false, []string{"ib7*"}},
	{gateway.SenderBlocked, "Comcast, Cox, Charter: codes of refusal", false, []string{"bl0000*", "pt00000*", "aup i*", "aup out", "aup blk", "aup pol", "aup snd", "cxbl", "cxdns", "cxsndr"}},
	{gateway.RateLimited, "Comcast, Cox", false, []string{"rl0000*", "cxcnct", "cxmxrt", "cxthrt"}},
	{gateway.Spam, "NetEase (163.com), codes of its bounce page", false, []string{"dt spm", "dt sum", "hl rep"}},
	{gateway.RateLimited, "NetEase", false, []string{"mi stc", "mi cel", "rp qrc", "rp trc", "rp cel", "rp ccl", "rp drc", "ip fre", "hl itc"}},
	{gateway.SenderBlocked, "NetEase", false, []string{"mi spb", "mi dmc", "mi nhd", "rp dip", "hl ipb"}},
	{gateway.Spam, "Tencent (QQ), error codes", false, []string{"mail content denied", "suspected spam", "suspected bounce attacks"}},
	{gateway.RateLimited, "Tencent", false, []string{"frequency limited", "domain frequency"}},

	{gateway.SenderBlocked, "Tencent: our domain", false, []string{"domain may not exist or dns check failed"}},
	{gateway.Policy, "Tencent; Daum, Kakao: what the person set", false, []string{"mail is rejected by recipients", "by user s reject list"}},
	{gateway.DomainUnknown, "cPanel, fail_remote_domains: one of four", false, unproven},
	{gateway.Policy, "Exchange: who may write to a group or a mailbox", false, restricted},
	{gateway.Policy, "Mimecast; Zoho: blocked by the organisation", false, []string{"envelope blocked", "manually blocked senders", "mail rejected by destination domain"}},
	{gateway.TooLarge, "Python's smtpd and aiosmtpd", false, []string{"error too much mail data"}},
	{gateway.MailboxFull, "NTT docomo", false, []string{"too much mail data"}},

	{gateway.Greylisted, "Postgrey, milter-greylist, rspamd, SQLgrey", false, []string{
		"greylist*", "grey listed", "grey listing", "graylist*", "gray listed", "postgrey", "try again later … first time",
	}},
	{gateway.RateLimited, "all: how much or how often", false, []string{
		"rate limit*", "ratelimit*", "rate exceeded", "throttled", "throttling", "too many connections", "too many concurrent", "too many recipients", "too many messages",
		"too many emails", "too many e mails", "too many mails", "too many sessions", "too many requests", "unusual rate", "at a rate that", "too quickly", "sending too fast", "slow down", "unexpected volume",
		"exceeded … connections", "exceeded the limit of messages", "daily sending quota", "sending limit*", "sending quota", "hourly limit", "daily limit", "over limit count",
		"relay quota", "relay limit", "message rate", "connection limit", "mail flood", "frequency limit", "unusual sending activity", "max connections", "too much mail", "발송량 초과", "送信制限",
	}},
	{gateway.Authentication, "RFC 7372, RFC 7489 and who follows them", false, []string{
		"dmarc", "spf", "dkim", "sender id", "unauthenticated senders", "unauthenticated email", "authentication checks failed", "authentication information", "fails to pass authentication", "not authenticated",
		"authentication required", "authentication credentials invalid", "authentication failed", "does not pass … verification",
	}},
	{gateway.SenderBlocked, "all: our server's name and address", false, []string{
		"reverse dns", "rdns", "ptr record", "ptr records", "ptr resource record", "no ptr", "invalid ptr", "ip name lookup failed", "cannot find your hostname", "cannot find your reverse hostname",
		"helo command rejected", "invalid domain name", "unverifyable sending ips", "client host rejected", "client host … blocked", "client … blocked using",
		"blocked using", "blocklisted", "blocklist", "block listed", "ip blocked", "554 blocked see", "blacklisted", "blacklist", "black list", "block list", "dnsbl", "rbl", "spamhaus", "spamcop", "barracuda",
		"cloudmark", "low reputation", "poor reputation", "bad reputation", "ip reputation", "reputation of the sending", "banned sending ip", "your ip", "ip address … blocked",
		"host network not allowed", "open relay", "not accepting connections", "may not be mail exchanger", "sender ip", "sending ip", "access denied … ip",
		"too many unwanted messages", "domain … blocked", "proofpoint", "access from … denied", "no access from mail server", "ip source bloquee", "sender … blocked",
		"service refused", "listed in … dnsbl", "dynamic ip", "residential", "generic rdns", "no mail from your", "refuse mail from", "do not accept mail from", "wir nehmen keine … von", "차단된 ip", "発信元",
	}},
	{gateway.MailboxFull, "all: full", false, []string{
		"mailbox full", "mailbox is full", "mailbox … is full", "mail box full", "mailbox has exceeded", "mailbox exceeds allowed size", "mailbox size limit", "mailbox limit", "over quota", "overquota", "overquotatemp", "overquotaperm",
		"quota exceeded", "quota … exceeded", "exceeded quota", "exceeds quota", "exceeded … quota", "exceeded … storage", "exceed … quota", "exceeds … quota",
		"disk quota", "user over quota", "out of storage", "out of storage space", "insufficient storage", "insufficient disk space", "insufficient system storage",
		"not enough disk space", "not enough storage", "storage limit", "storage allocation", "inbox is full", "inbox full", "account is full", "mailfolder is full", "recipient s mailbox exceeded",
		"mailboxfull", "full mailbox", "quota violation", "quotaexceeded", "mapiexceptionshutoffquotaexceeded", "diskspace quota", "would exceed … quota", "exceeded the local limit", "exceeding … mailbox",
		"postfach voll", "postfach ist voll", "postfach … voll", "speicherplatz … überschritten", "boite pleine", "boîte … pleine", "boîte aux lettres … saturée", "quota dépassé", "buzón lleno", "buzón … lleno", "casella piena",
		"casella … piena", "caixa … cheia", "caixa postal cheia", "ящик переполнен", "почтовый ящик … переполнен", "переполнен", "메일함이 가득", "용량 초과", "용량이 초과", "용량이 부족", "편지함이 가득",
		"容量オーバー", "メールボックスがいっぱい", "容量を超え", "邮箱已满", "郵箱已滿", "空间不足",
	}},
	{gateway.TooLarge, "all: size", false, []string{
		"message too large", "message too big", "message is too large", "message size exceeds", "message length exceeds", "message exceeds", "size limit exceeded", "mail size limit",
		"maximum message size", "message size limits", "maximum size", "maximum allowed size", "too large", "too big", "exceeds fixed maximum", "exceeds the maximum", "exceeded … message size", "exceeds size limit",
		"größe überschreitet", "nachricht ist zu groß", "message trop volumineux", "mensaje demasiado grande", "메일 크기", "サイズが大きすぎ", "邮件过大",
	}},
	{gateway.Policy, "all: rules of the receiver", false, []string{
		"recipient preferences", "policy reasons", "policy violation", "local policy", "security policy", "security policies", "content policy", "due to policy", "administrative prohibition", "on hold",
		"message not accepted for policy", "not accepted for policy", "delivery not authorized", "not authorized to send", "relaying denied", "relay access denied",
		"unable to relay", "not permitted to relay", "no relaying", "relay not permitted", "relaying not allowed", "is not verified", "restricted", "prohibited by administrator",
		"system config error", "not rfc 5322 compliant", "rfc 5322", "tls required", "must issue a starttls", "permission to post", "only accepts messages from", "insufficient permission",
		"not accepting mail from unauthenticated", "수신이 거부", "수신 거부", "수신거부", "受信拒否", "annahme verweigert", "拒收",
	}},
	{gateway.Spam, "all: taken for spam", false, []string{
		"spam", "junk mail", "unsolicited", "ube", "uce", "bulk mail", "looks like spam", "phishing", "suspicious", "spamassassin", "identified as spam", "considered spam", "bulk email filter",
		"스팸", "迷惑メール", "спам", "垃圾邮件", "pourriel",
	}},
	{gateway.Content, "all: what is in it", false, []string{
		"virus", "malware", "content rejected", "content filter", "content presents a potential security issue", "content blocked", "prohibited content", "blocked attachment", "attachment type", "mail rejected", "mail rejete", "bad header",
		"improper use of 8 bit data", "ウイルス", "вирус", "바이러스",
	}},
	{gateway.DomainUnknown, "all: no such system", false, []string{
		"host unknown", "unknown host", "host not found", "host or domain name not found", "lookup failure … not found", "domain not found", "no such domain", "unknown domain", "domain unknown", "unknown mail server",
		"unrouteable address", "unrouteable mail domain", "unroutable", "unable to route", "no route to host … domain", "domain does not exist", "domain … does not exist", "name or service not known",
		"nxdomain", "nullmx", "null mx", "does not accept mail", "does not accept email", "no mx", "no valid mx", "bad destination system address", "domain has no mx", "couldn t find any host named", "couldn t find any host by that name",
		"system not accepting network messages", "all relevant mx records point to non existent hosts", "no matches to nameserver query", "domain … couldn t be found", "domain … isn t valid", "invalid final delivery host",
		"not listed in domino directory … domain", "domain ist unbekannt", "domaine inconnu", "dominio desconocido", "домен не найден", "도메인을 찾을 수 없", "존재하지 않는 도메인", "ドメインが見つかりません", "域名不存在",
	}},
	{gateway.MailboxDisabled, "all: there, and closed", false, []string{
		"mailbox disabled", "mailbox is disabled", "mailbox … disabled", "account disabled", "account is disabled", "account has been disabled", "account … disabled", "user disabled",
		"user is disabled", "account … inactive", "account inactive", "mailbox is inactive", "mailbox inactive", "user inactive", "inactive user", "inactive account", "inactive mailbox", "inactive mbox", "suspended user", "suspended account", "suspended mailbox",
		"tried to reach … is disabled", "tried to reach … is inactive", "account … suspended", "user suspended", "user … suspended", "mailbox … suspended", "account … deactivated", "account … locked", "mailbox … locked",
		"account … closed", "account … expired", "disabled recipient", "recipient … disabled", "user account disabled", "is a deactivated mailbox", "mailbox … frozen", "user is terminated", "not accepting messages", "not accepting mail",
		"dormant", "blocked due to inactivity", "currently suspended", "disabled or discontinued", "konto … gesperrt", "postfach … gesperrt", "compte … désactivé", "cuenta … desactivada", "account … disattivato", "ящик заблокирован", "ящик отключен",
		"휴면", "정지된", "利用停止", "冻结", "停用",
	}},
	{gateway.SenderBlocked, "all: our envelope sender", false, badSender},
	{gateway.MailboxUnknown, "Gmail, Exchange, Domino, GroupWise, Notes: their own directory", true, []string{
		"account that you tried to reach does not exist", "address couldn t be found", "group you tried to contact … may not exist", "recipnotfound", "recipientnotfound", "resolver adr … not found",
		"not listed in … directory", "not listed in … name address book", "recipient name is not recognized", "no such user in directory", "no valid recipients for this mm", "user not found in … directory",
		"adresse … introuvable", "adresse wurde nicht gefunden", "no se ha encontrado la dirección", "não foi possível encontrar o endereço", "주소를 찾을 수 없", "アドレスが見つかりません", "找不到地址",
	}},
	{gateway.MailboxUnknown, "Hotmail and GMX, in the words of RFC 5321 §4.2.3 for RCPT; Yahoo; Mail.ru; Symantec's address registration", true, []string{
		"requested action not taken mailbox unavailable", "doesn t have a … account", "does not have a … account", "542 … rejected", "local mailbox is unavailable user not found",
	}},
	{gateway.MailboxUnknown, "all: nobody there", false, []string{
		"user unknown", "unknown user", "user … unknown", "unknown recipient", "recipient unknown", "unknown address", "address unknown", "unknown e mail address", "unknown email address", "unknown mailbox", "mailbox unknown", "unknown account", "unknown local part",
		"unknown or illegal alias", "no such user", "no such mailbox", "no such recipient", "no such address", "no such account", "no such person", "no such local user", "no such alias", "no such mail drop", "no such id",
		"user not found", "mailbox not found", "recipient not found", "address not found", "account not found", "user … not found", "mailbox … not found", "recipient … not found",
		"user not exist", "user does not exist", "user doesn t exist", "mailbox does not exist", "mailbox … does not exist", "recipient does not exist", "recipient … does not exist", "may not exist",
		"address does not exist", "account does not exist", "account … does not exist", "user … does not exist", "does not have an account", "doesn t have a", "is not a valid mailbox", "not a valid mailbox",
		"not a valid recipient", "not a valid user", "invalid recipient", "invalid mailbox", "invalid user", "invalid address", "invalid recipients", "invalid final delivery userid", "recipient invalid", "recipient is invalid", "bad destination mailbox", "bad address syntax",
		"mailbox unavailable", "mailbox not available", "user invalid", "not our user", "not our customer", "no mailbox here by that name", "no mailbox", "no account by that name", "not a known user", "not known here", "not listed in", "address rejected … unknown",
		"recipient rejected", "isn t a user", "not a user", "user doesn t have", "no longer available", "no longer valid", "no longer in use", "no longer exists", "no longer with", "has left the company", "could not be found or was misspelled", "non existent account", "recipient verification failed",
		"utilisateur inconnu", "destinataire inconnu", "adresse destinataire invalide", "boîte … inexistante", "adresse … n existe pas", "n existe pas",
		"benutzer unbekannt", "empfänger unbekannt", "empfaenger unbekannt", "unbekannter benutzer", "unbekannter empfänger", "adresse … existiert nicht", "empfänger … existiert nicht", "existiert nicht",
		"usuario desconocido", "usuario no existe", "destinatario desconocido", "dirección no existe", "no existe", "utente sconosciuto", "utente inesistente", "destinatario inesistente", "indirizzo inesistente", "non esiste",
		"usuário desconhecido", "usuário inexistente", "endereço inexistente", "destinatário desconhecido", "não existe",
		"пользователь не найден", "нет такого пользователя", "не существует", "адрес не найден", "неизвестный пользователь", "存在しません", "存在しない", "見つかりません", "ユーザーが見つかりません", "ユーザが見つかりません", "宛先不明",
		"존재하지 않는", "존재하지 않습니다", "없는 사용자", "없는 계정", "없는 아이디", "사용자를 찾을 수 없", "收件人不存在", "用户不存在", "邮箱不存在", "地址不存在", "不存在", "查無此",
	}},
	{gateway.RateLimited, "Postfix: anvil", false, []string{"too many errors"}},
	{gateway.Moved, "RFC 5321 §3.4", false, []string{"has moved", "user moved", "new address is", "not local please try", "relocated"}},
	{gateway.Expired, "all: time ran out", false, []string{
		"message expired", "retry timeout exceeded", "has been in the queue too long", "been in the queue too long", "delivery time expired", "retry time not reached", "maximum queue lifetime", "could not be delivered for too long",
		"gave up after", "delivery failed … attempts", "unable to deliver … in … minutes", "cannot send message for", "has exceeded … retry", "time out in queue", "message timed out", "timed out … queue", "giving up", "i m not going to try again",
	}},
	{gateway.Network, "all: the line", false, []string{
		"connection timed out", "connection refused", "connection reset", "no route to host", "network unreachable", "network is unreachable", "lost connection", "did not accept our requests to connect",
		"socket error", "conversation with … timed out", "read timeout", "operation timed out", "tls handshake", "does not support tls", "unable to contact destination", "did not reach host", "couldn t establish an smtp connection", "wasn t able to establish an smtp connection",
		"mail loop", "loop detected", "routing loop", "too many hops", "hop count exceeded", "mail for … loops back to myself",
	}},
	{gateway.Policy, "all: no, and not why", false, []string{
		"not allowed", "not permitted", "access denied", "denied", "forbidden", "rejected for policy", "prohibited", "administratively", "not authorized", "unauthorized", "policy", "permanent failure for one or more recipients",
	}},
}

// restricted are words of a group or a mailbox that takes no mail from outside.
// They ask for a login, and do not mean one at our relay.
var restricted = []string{
	"resolver rst sendernotauthenticated*", "resolver rst notauthorized", "resolver rst restrictedtorecipientspermission", "delivery restriction check failed", "sender not in allowed senders list",
}

// unproven are words that name an unknown domain among other causes.
var unproven = []string{"account or domain may not exist … blacklisted"}

// badSender are the words of a server that minds our envelope sender.
var badSender = []string{
	"sender address", "sender rejected", "sender denied", "sender verify failed", "sender verification", "sender domain", "domain of sender", "domain of sender address", "from domain is invalid",
	"sender is invalid", "invalid sender", "envelope sender", "sender not", "not owned by user",
}

// relayDenied are the words of a relay that does not know us.
var relayDenied = []string{
	"relay access denied", "relaying denied", "unable to relay", "not permitted to relay", "no relaying", "relay not permitted", "relaying not allowed", "relay denied", "not authorized to relay",
}

// loginWanted are the words of a relay that wants a login first.
var loginWanted = []string{
	"authenticate first", "authentication required", "authentication is required", "must authenticate", "auth required", "not authenticated",
}
