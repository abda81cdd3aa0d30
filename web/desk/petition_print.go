package desk

import (
	"context"
	"slices"

	"clarion/petition"
	"clarion/petition/paper"
)

// PrintSheets prints sheets that were issued, as a PDF in a language of the petition, else
// in its first. Who prints a sheet again never hands out both.
func (d *Desk) PrintSheets(ctx context.Context, numbers []uint32, lang string) ([]byte, error) {
	roll, err := d.signatures()
	if err != nil {
		return nil, err
	}
	if len(numbers) == 0 || len(numbers) > petition.MostSheets {
		return nil, Mistake("numbers: 1 to %d sheets are printed at once, such as 1-20", petition.MostSheets)
	}
	if !slices.Contains(roll.Languages, lang) {
		lang = roll.Languages[0]
	}
	var out []paper.Issued
	for _, n := range numbers {
		s, err := roll.Sheet(ctx, n)
		if err != nil {
			return nil, err
		}
		out = append(out, d.issued(roll, s))
	}
	// The time is that at which they were issued: printed again they are the same.
	press := &paper.Press{Campaign: roll.Campaign, Language: lang, Public: d.Links.Public, Sender: d.Links.Organisation, At: out[0].Times[petition.SheetIssued]}
	return press.Sheets(out)
}

// issued is a sheet with what stands on it beside.
func (d *Desk) issued(roll *petition.Roll, s *petition.Sheet) paper.Issued {
	i := paper.Issued{Sheet: *s, Token: roll.SheetToken(s.Number)}
	if s.Volunteer > 0 && d.Petition != nil {
		i.Code = d.Petition.Code(s.Volunteer)
	}
	return i
}
