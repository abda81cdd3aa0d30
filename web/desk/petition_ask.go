package desk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"clarion/internal/audit"
	"clarion/lists/address"
	"clarion/petition"
	"clarion/worker"
)

// A SheetAsk is what came of asking for the late sheets.
type SheetAsk struct {
	Asked     int           `json:"asked"`     // sheets that are asked for by text now
	Before    int           `json:"before"`    // that were asked for before, since their day: nobody is asked twice
	Telephone []SheetHolder `json:"telephone"` // who has late sheets and left no number here: they are telephoned
}

// A SheetHolder is somebody who has late sheets.
type SheetHolder struct {
	Volunteer uint32   `json:"volunteer,omitempty"` // number in the team, 0 for nobody in particular
	Name      string   `json:"name,omitempty"`
	Label     string   `json:"label,omitempty"` // school or team of the first
	Sheets    []uint32 `json:"sheets"`
}

// AskForSheets asks each volunteer who has late sheets for them, by one text, once for
// each sheet and its day; noted first. Names are those of the team who forward, by number.
func (d *Desk) AskForSheets(ctx context.Context, names map[uint32]string, note Note) (*SheetAsk, error) {
	roll, err := d.signatures()
	if err != nil {
		return nil, err
	}
	late, err := roll.LateSheets(ctx)
	if err != nil {
		return nil, err
	}
	before, err := roll.AskedFor(ctx)
	if err != nil {
		return nil, err
	}
	out, letters := &SheetAsk{Telephone: []SheetHolder{}}, map[uint32]sheetLetter{}
	for _, s := range late {
		to, err := d.numberOf(ctx, s.Volunteer)
		if err != nil {
			return nil, err
		}
		switch due, asked := before[s.Number]; {
		case to.Number.IsZero():
			out.telephone(&s, names[s.Volunteer])
		case asked && due == s.Due.Unix():
			out.Before++
		default:
			out.Asked++
			letters[s.Volunteer] = sheetLetter{to, append(letters[s.Volunteer].sheets, s)}
		}
	}
	if out.Asked == 0 {
		return out, nil
	}
	if err := note(audit.SheetsAskedFor, petitionObject(roll), map[string]string{"sheets": strconv.Itoa(out.Asked)}); err != nil {
		return nil, err
	}
	for volunteer, l := range letters {
		if err := d.Letters.Tell(ctx, l.id(roll.ID, volunteer), l.letter(d.Links.Organisation, d.Links.Public)); err != nil {
			return nil, err
		}
		if err := roll.NoteAskedFor(ctx, l.sheets); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// numberOf is the number at which a volunteer is texted, zero for none.
func (d *Desk) numberOf(ctx context.Context, volunteer uint32) (petition.Reachable, error) {
	if volunteer == 0 || d.Petition == nil || d.Letters == nil || !slices.Contains(d.Reach, address.SMS) {
		return petition.Reachable{}, nil
	}
	return d.Petition.Reach(ctx, volunteer)
}

// telephone adds a sheet to what somebody is to be telephoned for.
func (a *SheetAsk) telephone(s *petition.Sheet, name string) {
	for i := range a.Telephone {
		h := &a.Telephone[i]
		if h.Volunteer == s.Volunteer && (s.Volunteer != 0 || h.Label == s.Label) {
			h.Sheets = append(h.Sheets, s.Number)
			return
		}
	}
	a.Telephone = append(a.Telephone, SheetHolder{s.Volunteer, name, s.Label, []uint32{s.Number}})
}

// A sheetLetter asks one volunteer for sheets.
type sheetLetter struct {
	to     petition.Reachable
	sheets []petition.Sheet
}

// id is the same for the same sheets and days: who died before it was noted that they
// were asked for sends no second text.
func (l sheetLetter) id(petition string, volunteer uint32) string {
	var what []string
	for _, s := range l.sheets {
		what = append(what, fmt.Sprintf("%d %d", s.Number, s.Due.Unix()))
	}
	sum := sha256.Sum256([]byte(strings.Join(what, ",")))
	return fmt.Sprintf("sheets-%s-%d-%s", petition, volunteer, hex.EncodeToString(sum[:6]))
}

func (l sheetLetter) letter(organisation, public string) worker.Letter {
	var numbers []string
	for i := range l.sheets {
		numbers = append(numbers, strconv.FormatUint(uint64(l.sheets[i].Number), 10))
	}
	text := say(l.to.Language, "%s: sheets that you have are late (%s). Please bring them back, or tell us if one is lost. %s/volunteer",
		"%s: 가지고 계신 서명지의 기한이 지났습니다(번호 %s). 돌려주시거나, 잃어버리셨으면 알려 주십시오. %s/volunteer")
	return worker.Letter{To: l.to.Number, Text: fmt.Sprintf(text, organisation, strings.Join(numbers, ", "), strings.TrimSuffix(public, "/"))}
}

// LeaveNumber keeps the mobile number at which a volunteer is asked for sheets; "" takes
// it back.
func (d *Desk) LeaveNumber(ctx context.Context, volunteer uint32, text, lang string) error {
	r := petition.Reachable{Language: lang}
	if text = strings.TrimSpace(text); text != "" {
		all, err := ReadAddress(text, d.Links.Region, address.SMS)
		if err != nil {
			return err
		}
		r.Number = all[0]
	}
	return d.Petition.LeaveNumber(ctx, volunteer, r)
}

// ownNumber is the number that a volunteer left, masked; "" for none.
func (d *Desk) ownNumber(ctx context.Context, volunteer uint32) (string, error) {
	r, err := d.Petition.Reach(ctx, volunteer)
	if err != nil || r.Number.IsZero() {
		return "", err
	}
	return r.Number.String(), nil
}
