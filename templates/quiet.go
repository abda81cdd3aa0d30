package templates

import (
	"clarion/internal/quiet"
	"clarion/lists/address"
)

// quiet takes the call's own quiet hours.
func (p *parser) quiet(d *document) {
	p.call.Quiet = map[address.Channel]quiet.Span{}
	for ch, span := range map[address.Channel]*quiet.Span{address.Email: d.Quiet.Email, address.SMS: d.Quiet.SMS, address.Fax: d.Quiet.Fax} {
		switch {
		case span == nil:
		case !(quiet.Hours{*span}).Open():
			p.tell(at("quiet", ch.String()), "quiet.%s is the whole day: no message would ever go", ch)
		default:
			p.call.Quiet[ch] = *span
		}
	}
}
