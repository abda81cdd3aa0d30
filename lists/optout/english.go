package optout

import (
	"regexp"
	"strings"
	"sync"
)

// English requests, as a grammar over the folded words of the whole message:
// manners, an optional wish, one request, and manners again. Every noun in it is
// a name for our messages or for the person; any other noun makes the sentence
// about something else. Compiling the grammars allocates 12 MB, so that it
// is done when the first message is read, not at each start of the program.
var englishRequest = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(?:` +
		`(?:` + manners + ` )*` +
		`(?:` + wish + ` )?` +
		`(?:` + strings.Join(requests[:], "|") + `)` +
		`(?: ` + manners + `)*(?: ` + threat + `)?)$`)
})

const (
	manners = `(?:please|pls|plz|plse|kindly|just|hi|hello|hey|dear|sir|madam|ok|okay|no|nope|enough|sorry|and|thanks|thx|ty|thank you|many thanks|no thanks|no thank you|now|right now|today|immediately|at once|asap|as soon as possible|effective immediately|already|again|anymore|any more|any longer|forever|permanently|for good|at all|all|ever|god|omg|i said|i mean it|wrong number|you have the wrong number|i repeat|i beg you|stop)`

	wish = `(?:i (?:want|wish|need|prefer|demand|request|ask|am asking|am requesting|am writing)(?: you)? to|i want|i(?:d| would) (?:like|prefer)(?: you)? to|i ask that you|i have asked you to|(?:can|could|would|will) (?:you|u|i|we)(?: please| kindly| just)?|(?:you|u) (?:must|need to|should|have to|can)|how (?:do|can|would|to)(?: i| we)?|we (?:want|wish|would like|must|need|have|should)(?: you)?(?: to)?|let me|may i)`

	threat = `(?:or|before|if not|otherwise) (?:else|(?:i|we|ill|il|well)\b.*)`

	message  = `(?:text|texts|txt|txts|texting|text messages?|messages?|messaging|msgs?|sms|smses|emails?|emailing|e mails?|mails?|mailings?|fax|faxes|faxing|calls|calling|phone calls|spam|spamming|notifications?|alerts?|updates?|newsletters?|subscriptions?|communications?|contact|contacting|correspondence|solicitations?|ads?|adverts?|advertising|advertisements?|marketing|junk|bulletins?)`
	messages = message + `(?: (?:and|or) (?:(?:your|the|any|all|my) )?` + message + `)*`
	place    = `(?:(?:to|on|at|from|off) (?:this|my|the|your) (?:number|phone|phone number|cell|cell phone|mobile|email|email address|e mail|address|inbox|account))`
	list     = `(?:(?:from|off|off of|of|to|out of|on) (?:(?:your|ur|the|this|any|all|of|these|those|every) )*(?:(?:mailing|contact|distribution|email|text|sms|fax|call|broadcast|phone|subscriber) )?(?:lists?|database|system|records|files|service|services|everything))`
	object   = `(?:` + messages + `|` + place + `|` + list + `|sending|send|getting|receiving|to receive|to get|receive|get|hear|hearing|writing|writing to|bothering|bugging|harassing|annoying|disturbing|all|any|every|this|these|those|the|your|ur|my|such|more|further|future|other|it|me|us|to me|to us|from|for|of|here|you|u|both|unwanted|unsolicited|automated|mass|bulk|constant|stupid|annoying|political|and)`
	rubbish  = `(?:(?:sending|texting|emailing|mailing|faxing)(?: me| us)?(?: (?:your|ur|this|that|these|such|any|more|all))* (?:stuff|crap|shit|bs|garbage|nonsense|rubbish|things|propaganda))`
	details  = `(?:me|us|(?:(?:my|our|this|the) )?(?:name|number|phone number|phone|cell|email address|email|e mail|address|mail|contact|contact info|contact information|contact details|info|information|details|data)(?: (?:and|or) (?:(?:my|our|the) )?(?:name|number|phone number|email|email address|address|data|details))*)`
)

var requests = [...]string{
	`(?:stop|quit|cease|cease and desist|discontinue|halt|stopp)(?: with)?(?: (?:` + object + `|` + rubbish + `|(?:this|my) (?:number|phone|cell)))*`,
	`(?:end|cancel|terminate|block|suspend|cut off)(?: ` + object + `)* (?:` + messages + `)(?: ` + object + `)*`,
	`cancel(?: (?:it|this|me|everything))?|remove ` + list,
	`(?:i )?(?:hereby )?(?:revoke|withdraw|rescind|am revoking|am withdrawing|cancel)(?: (?:my|all|any|prior|express|written|previous))* (?:consent|permission|authorization|authorisation|subscription|opt in)(?: ` + object + `)*`,
	`(?:unsubscribe|un subscribe|unsub|unsuscribe|unsubcribe|unsubscibe|deregister|(?:i )?opt (?:me |us )?out|optout|(?:i am |im )?opting out|be unsubscribed|be removed|be taken off|be left alone|get unsubscribed)(?: (?:` + object + `|` + details + `))*`,
	`(?:remove|delete|erase|scrub|strike|unlist|drop)(?: ` + details + `)(?: (?:` + object + `|off))*`,
	`(?:take|get|pull|drop|strike|cross|leave) ` + details + ` (?:off|out|from)(?: (?:` + object + `|` + list + `|your|list|lists|mailing list))*`,
	`(?:do not|dont|do nt|never|not to|you may not|you do not have (?:my )?permission to|you dont have (?:my )?permission to)(?: ever)? (?:text|txt|message|msg|sms|email|e mail|mail|fax|call|contact|write|write to|bother|spam|send)(?: (?:` + object + `|` + details + `))*`,
	`no (?:texts|text messages|messages|emails|faxes|calls|spam|solicitations|contact)(?: ` + object + `)*`,
	`no more(?: ` + object + `)* (?:` + messages + `)(?: ` + object + `)*`,
	`(?:i|we) (?:do not|dont|no longer|never|didnt|did not) (?:want|wanted|wish|need|like|consent|consented|agree|agreed|sign up|signed up|ask|asked)(?: to)?(?: ` + object + `)* (?:` + messages + `|to be contacted)(?: ` + object + `)*`,
	`(?:leave me (?:alone|be)|lose my number|forget my number|block me|let me be|get me off|get me out of)(?: ` + object + `)*`,
	`(?:i am |im )?(?:no longer|not) interested in(?: ` + object + `)* (?:` + messages + `)(?: ` + object + `)*`,
	`(?:reply|text|txt|send|keyword) (?:stop|unsubscribe)`,
	`(?:i want out|out of(?: ` + object + `)* lists?)`,
}

var (
	// A stop that is taken back is none: "don't stop", "never unsubscribe me".
	englishNegation = regexp.MustCompile(`\b(?:dont|do not|never|not|cant|cannot|wont|why did you|did you|didnt|havent|without)(?: (?:ever|you|u|we|i|want|wish|need|to|please|be|get|have))* (?:stop|stopped|quit|end|cancel|unsubscribe|unsubscribed|opt|remove|removed|delete|drop|block|cease|discontinue)\b`)
	// "How can we stop this", "I want to stop it" are said of the cause, unless
	// messages or the person are named.
	aboutCause = regexp.MustCompile(`^(?:` + manners + ` )*(?:how\b|we\b|i (?:want|wish|need|would like) to\b|id like to\b)`)
	ofMessages = regexp.MustCompile(`\b(?:` + message + `|me|my|us|unsubscribed?|un subscribe|unsub|unsuscribe|unsubcribe|unsubscibe|opt|optout|opting|lists?|removed?|delete|cancel|taken off|left alone|sending|consent|permission)\b`)
)

// english reports whether the words are a request to leave.
func english(words []string) bool {
	s := strings.Join(words, " ")
	if !englishRequest().MatchString(s) || englishNegation.MatchString(s) {
		return false
	}
	return !aboutCause.MatchString(s) || ofMessages.MatchString(s)
}
