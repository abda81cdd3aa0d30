package desk

import (
	"context"

	"clarion/lists"
	"clarion/lists/address"
	"clarion/lists/tabular"
)

// A Reach is the size of an audience: contacts, and deliveries on each channel.
type Reach struct {
	Contacts int `json:"contacts"`
	Email    int `json:"email"`
	SMS      int `json:"sms"`
	Fax      int `json:"fax"`
}

func newReach(c lists.Counts) Reach {
	return Reach{c.Contacts, c.Channel[address.Email], c.Channel[address.SMS], c.Channel[address.Fax]}
}

// A LeftOut counts who gets nothing on a channel, and says why.
type LeftOut struct {
	Channel string `json:"channel,omitempty"` // "" for all of them
	Reason  string `json:"reason"`
	Count   int    `json:"count"`
}

func leftOut(all []lists.LeftOut) []LeftOut {
	out := []LeftOut{}
	for _, lo := range all {
		row := LeftOut{Reason: lo.Reason, Count: lo.Count}
		if lo.Channel != 0 {
			row.Channel = lo.Channel.String()
		}
		out = append(out, row)
	}
	return out
}

// Sentence says in words why contacts are left out.
func (l LeftOut) Sentence(lang string) string { return WhyLeftOut(l.Reason, lang) }

// WhyLeftOut says in words, "ko" or "en", why contacts are left out for a reason.
func WhyLeftOut(reason, lang string) string {
	words, ok := whyLeftOut[reason]
	switch {
	case !ok:
		return reason
	case lang == "ko":
		return words.ko
	}
	return words.en
}

var whyLeftOut = map[string]struct{ en, ko string }{
	lists.NoAddress:           {"they have no address on this channel", "이 채널의 주소가 없습니다"},
	lists.NoConsent:           {"they have not agreed to be written to", "받겠다고 동의하지 않았습니다"},
	lists.OptedOut.String():   {"they said stop", "받지 않겠다고 했습니다"},
	lists.Bounced.String():    {"their address is dead", "쓸 수 없는 주소입니다"},
	lists.Complained.String(): {"they called an earlier message spam", "이전 메시지를 스팸으로 신고했습니다"},
	lists.Blocked.String():    {"they are blocked by staff", "담당자가 차단했습니다"},
	lists.SameAddress:         {"another contact gets it at the same address", "같은 주소로 다른 사람이 받습니다"},
	lists.OtherChannel:        {"they are reached on another channel", "다른 채널로 받습니다"},
	lists.Excluded:            {"they are on a list that is left out", "제외한 명단에 있습니다"},
}

// WhyRejected says in words, "ko" or "en", why an import left a value out.
func WhyRejected(reason, lang string) string {
	words, ok := whyRejected[reason]
	switch {
	case !ok:
		return (&address.Error{Reason: reason}).Message(lang)
	case lang == "ko":
		return words.ko
	}
	return words.en
}

var whyRejected = map[string]struct{ en, ko string }{
	lists.NoUsableAddress: {"it has no usable email address, mobile or fax number", "쓸 수 있는 이메일, 휴대전화, 팩스가 없습니다"},
	lists.UnknownLanguage: {"this is no language that is known: ko and en are", "알 수 없는 언어입니다. ko, en처럼 적습니다"},
	lists.UnknownZone:     {"this is no time zone: Asia/Seoul is written like that", "시간대가 아닙니다. Asia/Seoul처럼 적습니다"},
	lists.UnknownDate:     {"this is no date: 2026-11-24 is right", "날짜가 아닙니다. 2026-11-24처럼 적습니다"},
	tabular.BrokenText:    {"bytes that mean nothing in the file's encoding", "글자가 깨져 있습니다"},
	tabular.UnclosedQuote: {"a quotation mark is never closed", "따옴표가 닫히지 않았습니다"},
}

// Count says how many an audience is now, and who is left out and why.
func (d *Desk) Count(ctx context.Context, who lists.Audience) (Reach, []LeftOut, error) {
	counts, err := d.People.Count(ctx, who)
	if err != nil {
		return Reach{}, nil, err
	}
	return newReach(counts), leftOut(counts.LeftOut), nil
}

// Lists returns every list with its size, sorted by name.
func (d *Desk) Lists(ctx context.Context) ([]lists.ListInfo, error) { return d.People.Lists(ctx) }

// List returns one list, and who of it cannot be written to, and why.
func (d *Desk) List(ctx context.Context, name string) (lists.ListInfo, error) {
	return d.People.List(ctx, name)
}
