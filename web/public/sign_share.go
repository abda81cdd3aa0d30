package public

import (
	"cmp"
	"html/template"
	"net/http"
	"slices"

	"clarion/internal/compose"
	"clarion/petition"
	"clarion/templates/sms"
	"clarion/web"
)

// A shareView is what somebody passes on.
type shareView struct {
	Link  string
	QR    template.HTML
	Texts []shareText
}

// A shareText is a text ready to paste, in one language.
type shareText struct {
	Language, Title, Text string
	Short                 string       // as it goes by text message
	Count                 sms.Info     // of Short
	Mail, SMS             template.URL // they open the person's own programs
}

// share shows texts to pass on; with a volunteer's code they bear it.
func (s *signing) share(w http.ResponseWriter, r *http.Request) {
	lang := languageOf(r, "")
	v := shareView{Link: s.Public + "/sign"}
	if by, err := s.Volunteers.By(r.URL.Query().Get("by")); err == nil {
		v.Link = s.Public + "/v/" + s.Volunteers.Link(by)
	}
	var err error
	if v.QR, err = web.QR(v.Link); err != nil {
		s.fail(w, r, err)
		return
	}
	languages := slices.Clone(s.Roll.Languages)
	slices.SortStableFunc(languages, func(a, b string) int { return cmp.Compare(rank(a == lang), rank(b == lang)) })
	for _, l := range languages {
		v.Texts = append(v.Texts, newShareText(l, s.Roll.Title[l], s.Roll.Forward[l], v.Link))
	}
	s.write(w, r, http.StatusOK, lang, "share.html", v)
}

// sharePath is where somebody who came by a volunteer passes it on: their link says so,
// and nothing of them.
func (s *signing) sharePath(by petition.By, lang string) string {
	path := "/sign/share?lang=" + lang
	if by.Volunteer != 0 {
		path += "&by=" + s.Volunteers.Link(by.Next())
	}
	return path
}

func rank(first bool) int {
	if first {
		return 0
	}
	return 1
}

func newShareText(lang, title, text, link string) shareText {
	t := shareText{Language: lang, Title: title, Text: title + "\n\n" + text + "\n" + link, Short: title + "\n" + link}
	t.Count = sms.Count(t.Short)
	t.Mail = template.URL(compose.Mail(title, text+"\n\n"+link)) //nolint:gosec // escaped
	t.SMS = template.URL(compose.Text("", t.Short))              //nolint:gosec // escaped
	return t
}
