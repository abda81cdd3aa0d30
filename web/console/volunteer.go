package console

import (
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"clarion/petition"
	"clarion/web/access"
)

// A volunteerView is a volunteer's own page.
type volunteerView struct {
	Link, Code string
	Words      []forwardText
	QR         template.HTML
	Came       petition.Came
	Nowhere    bool // there is nowhere yet to lead people to
}

// A forwardText is a text ready to be forwarded, in one language.
type forwardText struct {
	ID, Language, Title, Text string
	Mail, SMS                 template.URL // they open the person's own programs
}

// volunteer is the first page of a volunteer: what they forward, and how many came
// by it. Texts made for forwarding carry the link alone.
func (c *console) volunteer(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	lang := languageOf(r, who)
	code := c.Petition.Code(who.Number)
	v := &volunteerView{Link: strings.TrimSuffix(c.Public, "/") + "/v/" + code, Code: code[:3] + " " + code[3:], Nowhere: c.Appeal.URL == ""}
	var err error
	if v.QR, err = qr(v.Link); err != nil {
		return err
	}
	if v.Came, err = c.Petition.CameBy(r.Context(), who.Number); err != nil {
		return err
	}
	for _, of := range []string{korean, english} {
		if c.Appeal.Title[of] != "" {
			v.Words = append(v.Words, newForwardText(of, languageWord(of, lang), c.Appeal.Title[of], c.Appeal.Text[of]+"\n"+v.Link))
		}
	}
	if lang == english {
		slices.Reverse(v.Words)
	}
	return c.show(w, r, who, "volunteer", page{Title: sayer(lang)("Forward the appeal", "호소문 전하기"), Data: v})
}

func newForwardText(of, language, title, text string) forwardText {
	escape := func(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") } // RFC 6068 §5: no plus for a blank
	return forwardText{ID: of, Language: language, Title: title, Text: text,
		Mail: template.URL("mailto:?subject=" + escape(title) + "&body=" + escape(text)), //nolint:gosec // escaped
		SMS:  template.URL("sms:?body=" + escape(title+"\n"+text))}                       //nolint:gosec // escaped
}

// A volunteersView is how far volunteers have carried the appeal.
type volunteersView struct {
	Rows  []volunteerRow
	Total int
}

type volunteerRow struct {
	Name, Code string
	Came       int
}

// volunteers shows who forwards, and how many came by each.
func (c *console) volunteers(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	v := &volunteersView{}
	if c.Staff != nil {
		all, err := c.Staff.Team(r.Context())
		if err != nil {
			return err
		}
		for _, s := range all {
			if !s.May(access.Forward) {
				continue
			}
			came, err := c.Petition.CameBy(r.Context(), s.Number)
			if err != nil {
				return err
			}
			v.Rows, v.Total = append(v.Rows, volunteerRow{s.Name, c.Petition.Code(s.Number), came.Total}), v.Total+came.Total
		}
		slices.SortStableFunc(v.Rows, func(a, b volunteerRow) int { return b.Came - a.Came })
	}
	return c.show(w, r, who, "volunteers", page{Title: sayer(languageOf(r, who))("Volunteers", "자원봉사자"), Data: v})
}
