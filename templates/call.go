// Package templates owns what a call's folder says: its settings, its texts in
// every language, the merge fields in them, and every mistake with file and
// line. How a text looks on a channel belongs to the packages below; who gets
// it, to broadcast.
package templates

import (
	"bytes"
	"net/mail"
	"slices"
	"strings"
	"time"

	"clarion/internal/quiet"
	"clarion/lists/address"
)

// Class says what a call is before the law; a person chooses it.
type Class string

// The classes.
const (
	Appeal      Class = "appeal"      // no commerce
	Fundraising Class = "fundraising" // treated as advertising (Korea: Network Act art. 50)
	Service     Class = "service"     // confirmations, receipts: no opt-out line
)

// Classes lists every class.
var Classes = [...]Class{Appeal, Fundraising, Service}

// What a contact with several addresses gets.
const (
	ReachEvery = "every" // the call on every channel that it can be reached on
	ReachFirst = "first" // the call on the first of Channels that it can be reached on
)

// What becomes of an email that may or may not have left when a process died.
const (
	InDoubtResend = "resend" // sent again, with the same Message-ID
	InDoubtHold   = "hold"   // left for a person
)

// What a call has unless call.toml says otherwise.
const (
	DefaultEndsAfter   = 5 * 24 * time.Hour // RFC 5321 §4.5.4.1: give up after 4 to 5 days
	DefaultHardBounces = 0.05
	DefaultComplaints  = 0.002 // mailbox providers: stay below 0.001, never reach 0.003
	DefaultAfter       = 200
)

// A Call is one broadcast of one message to an audience, as its folder says. It
// is not changed once parsed and is safe for concurrent use.
type Call struct {
	Campaign  string
	Name      string
	Class     Class
	Languages []string          // BCP 47; the first is for contacts whose own language is not among them
	Channels  []address.Channel // in order of preference, when Reach is ReachFirst
	Reach     string            // ReachEvery or ReachFirst

	Audience Audience
	Email    Email
	SMS      SMS
	Fax      Fax

	Quiet     map[address.Channel]quiet.Span // the call's own quiet hours; a channel without has those of clarion.toml
	Pace      map[address.Channel]float64    // messages a second at most; a channel without one has no pace of its own
	Limits    Limits
	Canary    *Canary           // nil: all go at once
	InDoubt   string            // email: InDoubtResend or InDoubtHold
	Schedule  time.Time         // not before; zero: at once
	EndsAfter time.Duration     // counted from the start; retries end then
	Values    map[string]string // [values]: the call's own merge fields
	Fields    []string          // contact fields that the texts may use, beside the built-in ones

	texts    map[textKey]*Text
	subjects map[string]*Text
	files    map[string][]byte
}

// An Audience says who gets the call: contacts on any of Lists (everyone, when
// there are none) who have all of Tags and one of Languages, but nobody on a
// list in Without; on a channel of Only nobody who is not on that list too.
type Audience struct {
	Lists     []string
	Without   []string
	Tags      []string
	Languages []string
	Only      map[address.Channel]string
}

// Email holds a call's settings for email.
type Email struct {
	From    string            // mailbox, RFC 5322 §3.4: "Save 9 <save9@example.org>"
	ReplyTo string            // mailbox, or ""
	Subject map[string]string // by language, with merge fields; Call.Subject has it parsed
	Accent  string            // of links and buttons, "#rrggbb", or ""

	Pictures string // PicturesEmbedded or PicturesLinked
}

// Where the pictures of a mail are.
const (
	PicturesEmbedded = "embedded" // within each mail
	PicturesLinked   = "linked"   // on the public pages, the same address for everybody
)

// Domain returns the domain that mail says it is from, in lower case.
func (e Email) Domain() string {
	a, err := mail.ParseAddress(e.From)
	if err != nil {
		return ""
	}
	return strings.ToLower(a.Address[strings.LastIndexByte(a.Address, '@')+1:])
}

// SMS holds a call's settings for text messages.
type SMS struct {
	From   string // sender's number or name as registered
	OptOut string // toll-free number for opting out (Korea, fundraising), or ""
}

// Fax holds a call's settings for fax.
type Fax struct {
	From        string // sender's number, in the header line (47 CFR 68.318(d))
	Station     string // sender's name, in the header line
	Picture     string // file in the folder, or ""
	OptOutPhone string // for the notice on page 1 (47 CFR 64.1200(a)(4)(iii))
	OptOutFax   string // the same; From unless set
}

// Limits say when a call stops itself: when, after at least After messages on a
// channel, the share of hard bounces or complaints (0 to 1) is above its limit.
type Limits struct {
	HardBounces float64
	Complaints  float64
	After       int
}

type textKey struct {
	channel  address.Channel
	language string
}

// Text returns the text for a channel and a language of the call, nil if there
// is none. Fields that are the same for everyone ([values], call, campaign,
// language) are filled in already.
//
// Email reads text.LANG.md, fax fax.LANG.md or else text.LANG.md, sms
// sms.LANG.txt.
func (c *Call) Text(ch address.Channel, language string) *Text {
	return c.texts[textKey{ch, language}]
}

// Subject returns the email's subject in a language, filled as Text's texts
// are; nil if there is none.
func (c *Call) Subject(language string) *Text { return c.subjects[language] }

// Language returns the language of the call that a contact who reads l gets: l,
// else l without its region, else the first.
func (c *Call) Language(l string) string {
	if slices.Contains(c.Languages, l) {
		return l
	}
	if base, _, ok := cutRegion(l); ok && slices.Contains(c.Languages, base) {
		return base
	}
	if len(c.Languages) == 0 {
		return ""
	}
	return c.Languages[0]
}

// Has reports whether the call goes out on a channel.
func (c *Call) Has(ch address.Channel) bool { return slices.Contains(c.Channels, ch) }

// File returns a file of the folder, such as a picture. It must not be changed.
func (c *Call) File(name string) ([]byte, bool) {
	data, ok := c.files[name]
	return data, ok
}

// Files returns a copy of what is stored with the call, by file name; Parse
// makes the same call of it again.
func (c *Call) Files() map[string][]byte {
	out := make(map[string][]byte, len(c.files))
	for name, data := range c.files {
		out[name] = bytes.Clone(data)
	}
	return out
}
