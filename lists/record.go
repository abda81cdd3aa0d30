package lists

import (
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"clarion/lists/address"
)

// A record is a version byte and then items, each a tag byte, the length of what
// follows (uvarint) and that many bytes. Times are 4 bytes, big-endian, in
// seconds since 1970. A phrase is a uvarint h and, when h is even, h/2 bytes of
// text; when odd, the text is word number h/2 of the store's words.
const recordVersion = 1

const (
	tagName         = 1
	tagOrganisation = 2
	tagLanguage     = 3
	tagZone         = 4
	tagEmail        = 5 // a domain of domains is one byte in place of "@" and itself
	tagSMS          = 6 // an address on sms or fax: the digits of an E.164 number, big-endian, or a 0 byte and text
	tagFax          = 7
	tagTag          = 8  // once for each tag
	tagField        = 9  // phrase name, then the value
	tagConsent      = 10 // flags, time, phrase source, phrase words; once for each distinct answer
	tagCreated      = 11 // time
)

const (
	consentChannels = 0b0000_0111 // bit 0 email, 1 sms, 2 fax
	consentGiven    = 0b0000_1000
)

var errRecord = errors.New("the record is damaged, or a newer version of this program wrote it")

// pack appends c's record to dst. Texts that ids knows are written by number.
func pack(dst []byte, c *Contact, ids map[string]uint64) []byte {
	dst = append(dst, recordVersion)
	text := func(tag byte, s string) {
		if s != "" {
			dst = append(dst, tag)
			dst = binary.AppendUvarint(dst, uint64(len(s)))
			dst = append(dst, s...)
		}
	}
	var scratch [64]byte
	item := func(tag byte, payload []byte) {
		dst = append(dst, tag)
		dst = binary.AppendUvarint(dst, uint64(len(payload)))
		dst = append(dst, payload...)
	}
	text(tagName, c.Name)
	text(tagOrganisation, c.Organisation)
	text(tagLanguage, c.Language)
	text(tagZone, c.Zone)
	text(tagEmail, packEmail(c.Email.Reveal()))
	if !c.SMS.IsZero() {
		item(tagSMS, packNumber(scratch[:0], c.SMS.Reveal()))
	}
	if !c.Fax.IsZero() {
		item(tagFax, packNumber(scratch[:0], c.Fax.Reveal()))
	}
	for _, t := range c.Tags {
		text(tagTag, t)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Fields)) {
		item(tagField, append(appendPhrase(scratch[:0], name, ids), c.Fields[name]...))
	}
	var done byte
	for i, ch := range address.Channels {
		a, ok := c.Consent[ch]
		if !ok || !a.Recorded || done&(1<<i) != 0 {
			continue
		}
		flags := byte(1 << i)
		for j := i + 1; j < len(address.Channels); j++ {
			if b, ok := c.Consent[address.Channels[j]]; ok && sameConsent(a, b) {
				flags |= 1 << j
			}
		}
		done |= flags
		if a.Given {
			flags |= consentGiven
		}
		payload := appendTime(append(scratch[:0], flags), a.At)
		payload = appendPhrase(payload, a.Source, ids)
		item(tagConsent, appendPhrase(payload, a.Words, ids))
	}
	if !c.Created.IsZero() {
		item(tagCreated, appendTime(scratch[:0], c.Created))
	}
	return dst
}

func sameConsent(a, b Consent) bool {
	return a.Given == b.Given && a.Recorded == b.Recorded && a.At.Equal(b.At) && a.Source == b.Source && a.Words == b.Words
}

// domains are the mailbox providers that most supporters use: a tenth of a
// record. The first stands for byte 1; new ones go to the end. No canonical
// address holds bytes this low.
var domains = [...]string{
	"@naver.com", "@gmail.com", "@daum.net", "@hanmail.net", "@kakao.com", "@nate.com", "@hotmail.com", "@outlook.com", "@yahoo.com",
	"@icloud.com", "@yahoo.co.kr", "@korea.kr", "@proton.me", "@googlemail.com", "@live.com", "@me.com",
}

func packEmail(s string) string {
	if at := strings.LastIndexByte(s, '@'); at > 0 {
		if i := slices.Index(domains[:], s[at:]); i >= 0 {
			return s[:at] + string(rune(i+1))
		}
	}
	return s
}

func unpackEmail(s string) string {
	if last := len(s) - 1; last > 0 && s[last] >= 1 && int(s[last]) <= len(domains) {
		return s[:last] + domains[s[last]-1]
	}
	return s
}

// packNumber appends an E.164 number as its digits' value: 6 bytes where the
// text has 13.
func packNumber(dst []byte, number string) []byte {
	if len(number) > 1 && number[0] == '+' && number[1] != '0' && number[1] != '+' {
		if v, err := strconv.ParseUint(number[1:], 10, 63); err == nil && v != 0 {
			n := binary.BigEndian.AppendUint64(nil, v)
			for n[0] == 0 {
				n = n[1:]
			}
			return append(dst, n...)
		}
	}
	return append(append(dst, 0), number...)
}

func unpackNumber(s string) (string, bool) {
	if s == "" || len(s) > 8 && s[0] != 0 {
		return "", false
	}
	if s[0] == 0 {
		return s[1:], len(s) > 1
	}
	var v uint64
	for i := range len(s) {
		v = v<<8 | uint64(s[i])
	}
	var b [21]byte
	return string(strconv.AppendUint(append(b[:0], '+'), v, 10)), true
}

func appendTime(dst []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(dst, 0, 0, 0, 0)
	}
	return binary.BigEndian.AppendUint32(dst, uint32(t.Unix()))
}

func appendPhrase(dst []byte, s string, ids map[string]uint64) []byte {
	if id, ok := ids[s]; ok {
		return binary.AppendUvarint(dst, id<<1|1)
	}
	dst = binary.AppendUvarint(dst, uint64(len(s))<<1)
	return append(dst, s...)
}

// unpack reads record into c, whose maps and slices it uses again. The strings
// share record's memory. lookup finds a word by its number.
func unpack(c *Contact, record string, lookup func(id uint64) (string, bool)) error {
	return unpackPart(c, record, true, lookup)
}

// unpackPart is unpack, without what the contact agreed to if consent is false.
func unpackPart(c *Contact, record string, consent bool, lookup func(id uint64) (string, bool)) error {
	*c = Contact{Number: c.Number, Tags: c.Tags[:0], Fields: c.Fields, Consent: c.Consent}
	clear(c.Fields)
	clear(c.Consent)
	if record == "" || record[0] != recordVersion {
		return errRecord
	}
	r := reader{record[1:], lookup, true}
	for r.rest != "" && r.ok {
		tag := r.byte()
		v := r.take(r.uvarint())
		switch tag {
		case tagName:
			c.Name = v
		case tagOrganisation:
			c.Organisation = v
		case tagLanguage:
			c.Language = v
		case tagZone:
			c.Zone = v
		case tagEmail:
			c.Email = address.Canonical(address.Email, unpackEmail(v))
		case tagSMS, tagFax:
			number, ok := unpackNumber(v)
			r.ok = r.ok && ok
			ch := address.SMS
			if tag == tagFax {
				ch = address.Fax
			}
			c.setAddress(address.Canonical(ch, number))
		case tagTag:
			c.Tags = append(c.Tags, v)
		case tagField:
			p := reader{v, lookup, r.ok}
			name := p.phrase()
			if c.Fields == nil {
				c.Fields = make(map[string]string)
			}
			c.Fields[name] = p.rest
			r.ok = p.ok
		case tagConsent:
			if !consent {
				continue
			}
			p := reader{v, lookup, r.ok}
			c.unpackConsent(&p)
			r.ok = p.ok && p.rest == ""
		case tagCreated:
			p := reader{v, lookup, r.ok}
			c.Created = p.time()
			r.ok = p.ok && p.rest == ""
		default:
			r.ok = false
		}
	}
	if !r.ok {
		return errRecord
	}
	if consent {
		c.fillConsent()
	}
	return nil
}

func (c *Contact) unpackConsent(r *reader) {
	flags := r.byte()
	a := Consent{Recorded: true, Given: flags&consentGiven != 0, At: r.time(), Source: r.phrase(), Words: r.phrase()}
	if flags&^(consentChannels|consentGiven) != 0 || flags&consentChannels == 0 {
		r.ok = false
	}
	for i, ch := range address.Channels {
		if flags&(1<<i) != 0 {
			c.setConsent(ch, a)
		}
	}
}

func (c *Contact) setConsent(ch address.Channel, a Consent) {
	if c.Consent == nil {
		c.Consent = make(map[address.Channel]Consent, len(address.Channels))
	}
	c.Consent[ch] = a
}

// fillConsent notes the unrecorded answer where there is an address and no other.
func (c *Contact) fillConsent() {
	for _, ch := range address.Channels {
		if _, ok := c.Consent[ch]; !ok && !c.Address(ch).IsZero() {
			c.setConsent(ch, Consent{Given: true})
		}
	}
}

// A reader takes a record apart; after the first fault it yields zeros.
type reader struct {
	rest   string
	lookup func(uint64) (string, bool)
	ok     bool
}

func (r *reader) take(n uint64) string {
	if n > uint64(len(r.rest)) {
		r.rest, r.ok = "", false
		return ""
	}
	s := r.rest[:n]
	r.rest = r.rest[n:]
	return s
}

func (r *reader) byte() byte {
	if s := r.take(1); s != "" {
		return s[0]
	}
	return 0
}

func (r *reader) uvarint() uint64 {
	var v uint64
	for shift := 0; shift < 63; shift += 7 {
		b := r.byte()
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return v
		}
	}
	r.rest, r.ok = "", false
	return 0
}

func (r *reader) time() time.Time {
	s := r.take(4)
	if s == "" || s == "\x00\x00\x00\x00" {
		return time.Time{}
	}
	sec := uint32(s[0])<<24 | uint32(s[1])<<16 | uint32(s[2])<<8 | uint32(s[3])
	return time.Unix(int64(sec), 0).UTC()
}

func (r *reader) phrase() string {
	h := r.uvarint()
	if h&1 == 0 {
		return r.take(h >> 1)
	}
	s, ok := r.lookup(h >> 1)
	r.ok = r.ok && ok
	return s
}
