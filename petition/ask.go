package petition

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"

	"clarion/internal/seal"
	"clarion/lists/address"
)

// An Ask is a person who replied with their name, and is asked what a signer must agree
// to. It is no signature and counts nowhere: a name beside a cause is a political opinion,
// which may be kept as one only once the person has agreed to just that, in words that
// they saw (PIPA art. 23, GDPR art. 9), and a reply to an appeal shows no such words. So
// what they wrote is kept sealed for AskKept, to ask them, and for nothing else.
type Ask struct {
	ID       string // 20 hexadecimal digits: a keyed hash of the reply
	Day      string // on which they were asked, as "2013-06-10"
	Name     string
	Region   string // id, "" where they did not say
	District string
	Contact  address.Address
	Language string
}

// AskKept is for how long somebody who was asked may answer.
const AskKept = 14 * 24 * time.Hour

// ErrAsk means that an ask is used, or older than AskKept.
var ErrAsk = &Refusal{"", [2]string{"this link was used already, or it is too old: your slip is in the message after it, or write SIGN and your name once more", "이미 쓴 링크이거나 기한이 지났습니다. 확인증은 다음 메시지에 있습니다. 아니면 ‘서명’과 이름을 다시 보내 주십시오."}}

var errAsk = errors.New("who was asked cannot be read")

// askRecord is what is sealed of an ask.
type askRecord struct {
	Name     string          `json:"n"`
	Region   string          `json:"r,omitempty"`
	District string          `json:"d,omitempty"`
	Channel  address.Channel `json:"h"`
	Contact  string          `json:"c"`
	Language string          `json:"l"`
}

func (a *Ask) record() ([]byte, error) {
	return json.Marshal(askRecord{a.Name, a.Region, a.District, a.Contact.Channel(), a.Contact.Reveal(), a.Language})
}

func (a *Ask) parseRecord(data []byte) error {
	var r askRecord
	if err := json.Unmarshal(data, &r); err != nil {
		return errAsk // the cause would quote it
	}
	a.Name, a.Region, a.District, a.Contact, a.Language = r.Name, r.Region, r.District, address.Canonical(r.Channel, r.Contact), r.Language
	return nil
}

// askedDays are the days whose asks may still be there, the last one first.
func (r *Roll) askedDays() []string { return r.daysSince(r.clk.Now().Add(-AskKept)) }

// daysSince are the days from an instant until now, the last one first.
func (r *Roll) daysSince(from time.Time) (days []string) {
	first := r.Day(from)
	for at := r.clk.Now().In(r.Zone); r.Day(at) >= first; at = at.AddDate(0, 0, -1) {
		days = append(days, r.Day(at))
	}
	return days
}

// AskToken is for the link by which somebody who was asked answers. OpenAsk reads it.
func (r *Roll) AskToken(a *Ask) string {
	id, err := hex.DecodeString(a.ID)
	if err != nil {
		panic("petition: the id of an ask is no hexadecimal number") // it is made in KeepAsk alone
	}
	return r.keys.Token(seal.Asked, append(append(id, a.Day...), r.ID...))
}

// openAskToken is the id and the day of a token.
func (r *Roll) openAskToken(token string) (id, day string, err error) {
	payload, err := r.keys.OpenToken(seal.Asked, token)
	if err != nil {
		return "", "", err
	}
	const daySize = len(time.DateOnly)
	if len(payload) < hashSize+daySize || string(payload[hashSize+daySize:]) != r.ID {
		return "", "", seal.ErrToken
	}
	return hex.EncodeToString(payload[:hashSize]), string(payload[hashSize : hashSize+daySize]), nil
}
