package bounce

import (
	"regexp"
	"strings"

	"clarion/worker/gateway"
	"clarion/worker/gateway/smtpreply"
)

// readProse reads a notice that states its case in words alone, as qmail, Exim,
// Postfix without a report, Sendmail, Exchange, Gmail, Yahoo and many others
// send it. It asks for a server as the writer, a subject or a mark that only
// returned mail has, and for an address that failed.
func readProse(m *mail) *Result {
	if !m.fromServer() {
		return nil
	}
	n := m.notice()
	res := &Result{}
	if strings.Contains(strings.ToLower(n.text), "final-recipient:") {
		res.Recipients = readStatus([]byte(n.text), n.text)
	}
	if len(res.Recipients) == 0 {
		action := "failed"
		if delayed(m.subject(), n.text) {
			action = "delayed"
		}
		failures := n.failures(m)
		for _, f := range failures {
			all := n.text
			if len(failures) > 1 {
				all = f.words
			}
			res.Recipients = append(res.Recipients, judgeWords(f.address, action, f.words, all, stageOf(f.address, f.words, n.text)))
		}
	}
	if len(res.Recipients) == 0 {
		return m.readInner()
	}
	return res
}

// readInner reads a notice that a server passed on within its own.
func (m *mail) readInner() *Result {
	if m.inner || len(m.notice().rest) == 0 {
		return nil
	}
	inner := &mail{inner: true}
	var body []byte
	inner.header, body = splitHeader(m.notice().rest)
	inner.walk(inner.header, body, 0)
	if !inner.fromServer() {
		return nil
	}
	if res := readDSN(inner); res != nil {
		return res
	}
	return readProse(inner)
}

var (
	serverName = regexp.MustCompile(`(?i)mailer[-_.]?daemon|mail (?:delivery|deliver)\b|mail administrator|delivery (?:status|subsystem)|system administrator|courier mail server|interscan|` +
		`^\W*postmaster\W*<|(?:^|<|\s)(?:postmaster|post_master|mdaemon)@`)
	returnSubject = regexp.MustCompile(`(?i)undeliver|returned (?:mail|to sender)|returning (?:message|to sender)|delivery (?:status|fail|error|has failed|report|notification|problem)|fail(?:ure|ed) (?:notice|delivery|mail)|mail (?:system error|delivery|failed|failure|could not be delivered)|non[- ]?deliver|could not be (?:sent|delivered)|message (?:delayed|status|not delivered)|\bwarning: (?:message|could not send)|DELAYED|` +
		`반송|전송 ?실패|전달 ?실패|배달 ?실패|배달되지|unzustellbar|zustellung|non remis|non distribu|échec de (?:la )?remise|no se (?:puede|pudo|ha podido) entregar|no entregado|não foi possível entregar|não entregue|mancata consegna|non recapitato|недоставлен|не доставлено|配信不能|配信エラー|送信エラー|退信|退回|无法送达`)
	// notDelivered is how a notice says what it is, where its subject does not.
	notDelivered = regexp.MustCompile(`(?i)(?:could|can|was|has|have)(?: ?not|n't)(?: yet)? be(?:en)? (?:delivered|sent to)|was not delivered|(?:not|n't) able to deliver|unable to deliver|undeliverable|trouble delivering|delivery (?:errors|problems|has failed|failed)|permanent (?:fatal )?(?:delivery )?errors?|no valid recipients|rejected recipient|cannot be delivered|did not reach the following|` +
		`nicht zugestellt|pas pu être (?:remis|distribué|livré)|no se (?:pudo|ha podido|puede) entregar|no pudo ser entregado|não (?:foi|pôde ser) entregue|impossibile (?:consegnare|recapitare)|не (?:может|могло|удалось|была|было)\S* (?:быть )?достав|전(?:송|달)되지 (?:않|못)|배달되지 (?:않|못)|(?:配信|配送|送信|お届け)できません|届けられません|被退回|无法投递|无法送达`)
)

// fromServer reports whether a mail server wrote the mail, and of a mail that
// came back.
func (m *mail) fromServer() bool {
	h := m.header
	if len(listedRecipients(h.Get("X-Failed-Recipients"))) > 0 {
		return true
	}
	named := serverName.MatchString(h.Get("From")) || serverName.MatchString(h.Get("Return-Path"))
	null := strings.TrimSpace(h.Get("Return-Path")) == "<>"
	if !named && !null || autoSubject.MatchString(m.subject()) {
		return false
	}
	if returnSubject.MatchString(m.subject()) {
		return true
	}
	answer := strings.HasPrefix(strings.ToLower(h.Get("Auto-Submitted")), "auto-replied") // a person's mailbox answers from nowhere too
	return (named || !answer) && notDelivered.MatchString(m.notice().text)
}

var delayWords = regexp.MustCompile(`(?i)\(delay\)|has been delayed|not yet been delivered|will be retried|delivery attempts will continue|warning message only|still being retried|will (?:keep|continue) (?:trying|to try)|배달이 지연|전송이 지연|noch nicht zugestellt|pas encore été|todavía no se ha|ainda não foi|配信が遅延`)

// delayed reports whether the server goes on trying.
func delayed(subject, text string) bool {
	return delayWords.MatchString(subject) || delayWords.MatchString(text)
}

// A failure is an address and the words that stand with it.
type failure struct{ address, words string }

// addr matches an address in running text; what it catches is only compared and
// shown, never written to. How long its parts may be shorten sees to: counting
// here would cost a hundred times the time.
const addr = `[A-Za-z0-9!#$%&'*+/=?^_{|}~.-]+@[A-Za-z0-9.-]+[A-Za-z0-9]`

// How notices name whom they are about, the surest first: the address starts a
// line, or follows a label, or stands anywhere.
var recipientForms = [...]*regexp.Regexp{
	regexp.MustCompile(`(?m)^[ \t]*(?:[*•-] +)?(?:\d{3} )?<?(` + addr + `)>?(?:[ \t]*$|[ \t]*[:(\[]|\.\.\.| \.\.\.|[ \t]+[A-Z])`),
	regexp.MustCompile(`(?im)(?:^|\b)(?:to|recipient|recipient address|addressed to|delivered to|rcpt to|your (?:mail|message) to|delivering your mail to|recipients?:)[ \t:]+<?(` + addr + `)>?`),
	regexp.MustCompile(`<?(` + addr + `)>?`),
}

// failures returns the addresses that failed, in order, each with the words up
// to the next.
func (n *notice) failures(m *mail) []failure {
	own := n.own(m, true)
	listed := listedRecipients(m.header.Get("X-Failed-Recipients"))
	out := n.search(own, listed)
	if len(out) == 0 {
		// Somebody who writes to themselves, or whose mail was passed on.
		out = n.search(n.own(m, false), listed)
	}
	seen := map[string]bool{}
	for _, f := range out {
		seen[strings.ToLower(f.address)] = true
	}
	for _, a := range listed {
		if !seen[strings.ToLower(a)] && len(out) < maxRecipients {
			out = append(out, failure{a, n.text})
		}
	}
	if len(out) == 0 {
		if to := typedAddress(n.back.Get("To")); strings.Contains(to, "@") && !own[strings.ToLower(to)] {
			out = append(out, failure{to, n.text})
		}
	}
	return out
}

// search tries the forms from the surest on.
func (n *notice) search(own map[string]bool, listed []string) []failure {
	if !strings.Contains(n.text, "@") {
		return nil
	}
	for _, form := range recipientForms {
		if out := n.named(form, own, listed); len(out) > 0 {
			return out
		}
	}
	return nil
}

// named finds the addresses in one form. When the header lists the failed ones,
// no other counts.
func (n *notice) named(form *regexp.Regexp, own map[string]bool, listed []string) []failure {
	var out []failure
	failed := map[string]bool{}
	for _, a := range listed {
		failed[strings.ToLower(a)] = true
	}
	index := map[string]int{}
	last := -1
	at := 0
	help := map[string]bool{}
	for _, loc := range anyAddress.FindAllStringIndex(n.text, maxRecipients) {
		if asksToWrite(n.text[:loc[0]]) {
			help[strings.ToLower(n.text[loc[0]:loc[1]])] = true
		}
	}
	for _, loc := range form.FindAllStringSubmatchIndex(n.text, maxRecipients) {
		a := n.text[loc[2]:loc[3]]
		key := strings.ToLower(a)
		if help[key] || own[key] || !failed[key] && (len(failed) > 0 || serverName.MatchString(a)) {
			continue
		}
		if last >= 0 {
			out[last].words += about(n.text[at:loc[0]], true)
		}
		i, again := index[key]
		if !again {
			i = len(out)
			index[key] = i
			out = append(out, failure{address: a})
		}
		last, at = i, loc[0]
	}
	if last >= 0 {
		out[last].words += about(n.text[at:], len(out) > 1)
	}
	return out
}

// asksToWrite reports whether the text ends by sending the reader to somebody.
func asksToWrite(before string) bool {
	before = strings.ToLower(strings.TrimRight(before[max(0, len(before)-24):], " <:\r\n"))
	for _, w := range [...]string{"contact", "write to", "questions to", "help at", "mail to postmaster"} {
		if strings.HasSuffix(before, w) {
			return true
		}
	}
	return false
}

// about cuts the words that follow an address to those that are on it, where
// others are named too: its line, when that says something, and the lines folded
// under it.
func about(words string, others bool) string {
	if !others {
		return words
	}
	line, rest, _ := strings.Cut(strings.TrimLeft(words, "\r\n"), "\n")
	if _, said, ok := strings.Cut(line, "@"); !ok || len(strings.Fields(said)) < 3 {
		return words
	}
	for rest != "" && (rest[0] == ' ' || rest[0] == '\t') && !anyAddress.MatchString(firstWord(rest)) {
		var more string
		more, rest, _ = strings.Cut(rest, "\n")
		line += " " + strings.TrimSpace(more)
	}
	return line + "\n"
}

// own returns our addresses, which are not whom the notice is about.
// With headers false, only the sender of the message that came back counts.
func (n *notice) own(m *mail, headers bool) map[string]bool {
	own := map[string]bool{}
	note := func(field string) {
		for _, a := range anyAddress.FindAllString(field, 20) {
			own[strings.ToLower(a)] = true
		}
	}
	if headers {
		for _, name := range []string{"To", "From", "Delivered-To"} {
			note(m.header.Get(name))
		}
	}
	for _, name := range []string{"From", "Return-Path", "Reply-To", "Sender"} {
		note(n.back.Get(name))
	}
	return own
}

var anyAddress = regexp.MustCompile(addr)

// listedRecipients reads X-Failed-Recipients, as Exim and Gmail write it.
func listedRecipients(field string) []string {
	var out []string
	for a := range strings.FieldsFuncSeq(field, func(r rune) bool { return r == ',' || r == ' ' || r == ';' }) {
		if len(out) == maxRecipients {
			break
		}
		if a = typedAddress(a); strings.Contains(a, "@") {
			out = append(out, a)
		}
	}
	return out
}

// judgeWords judges by the words that stand with the address, and by the whole
// notice where those say nothing.
func judgeWords(address, action, words, all string, stage smtpreply.Stage) Recipient {
	r := judge(address, action, "", words, stage)
	if r.Reason == gateway.OtherReason || r.Reason == 0 {
		if whole := judge(address, action, "", all, stage); whole.Reason != gateway.OtherReason {
			return whole
		}
	}
	return r
}
