package console

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"time"

	"clarion/petition"
	"clarion/web/access"
	"clarion/web/desk"
)

// An enterView is the form for signatures that came on paper. Way, region, date and
// volunteer stay for the next one.
type enterView struct {
	Pages      []menuItem
	Ways       []choice
	Regions    []choice
	Languages  []choice
	Volunteers []choice
	Words      wordsView
	Today      string
	Done       *desk.Entered
	DoneName   string

	Way, Region, Day, Volunteer, Language string
	Name, District, Contact               string
	News, Names, Opinion, Age             bool
	Once                                  string // tells this form from others, should it be sent twice
}

// wordsView are what a signer ticks, as they stand on the form.
type wordsView struct{ News, Names, Opinion, Age string }

func (c *console) enterForm(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	return c.showEnter(w, r, who, http.StatusOK, &enterView{Opinion: true, Age: true}, "")
}

func (c *console) showEnter(w http.ResponseWriter, r *http.Request, who *access.Visitor, status int, v *enterView, wrong string) error {
	if err := c.fillEnter(r, who, v); err != nil {
		return err
	}
	lang := languageOf(r, who)
	for _, way := range desk.PaperWays {
		v.Ways = append(v.Ways, choice{string(way), way.Word(lang)})
	}
	return c.showAs(w, r, who, status, "enter", page{Title: sayer(lang)("Enter forms that came on paper", "종이로 온 서명 입력"), Wrong: wrong, Data: v})
}

// fillEnter fills in what a person chooses from.
func (c *console) fillEnter(r *http.Request, who *access.Visitor, v *enterView) error {
	if c.Desk.Roll == nil {
		return desk.ErrNoPetition
	}
	lang := languageOf(r, who)
	roll := c.Desk.Roll
	v.Pages = petitionPages(r, who, lang)
	for _, region := range roll.Regions {
		v.Regions = append(v.Regions, choice{region.ID, region.Name(lang)})
	}
	for _, l := range roll.Languages {
		v.Languages = append(v.Languages, choice{l, languageWord(l, lang)})
	}
	names, err := c.forwarders(r.Context(), who)
	if err != nil {
		return err
	}
	v.Volunteers = c.volunteerChoices(names)
	v.Words = wordsView{inLanguage(roll.News, lang), inLanguage(roll.Names, lang), inLanguage(roll.Opinion, lang), inLanguage(roll.Age, lang)}
	v.Today = roll.Day(c.Clock.Now())
	if v.Day == "" {
		v.Day = v.Today
	}
	if v.Once == "" {
		once := make([]byte, 16)
		_, _ = rand.Read(once) // never fails (crypto/rand)
		v.Once = hex.EncodeToString(once)
	}
	return nil
}

// readEnter is what a person typed and ticked.
func readEnter(r *http.Request) enterView {
	form := r.PostFormValue
	return enterView{Way: form("way"), Region: form("region"), Day: form("day"), Volunteer: form("volunteer"), Language: form("language"), Name: form("name"), District: form("district"),
		Contact: form("contact"), News: form("news") != "", Names: form("names") != "", Opinion: form("opinion") != "", Age: form("age") != "", Once: form("once")}
}

// enterPaper enters a form, and answers with its slip and the form for the next one: the
// slip is told here alone.
func (c *console) enterPaper(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	v := readEnter(r)
	done, err := c.enter(r, who, &v)
	if wrong := wrongOf(err, languageOf(r, who)); wrong != "" {
		return c.showEnter(w, r, who, http.StatusUnprocessableEntity, &v, wrong)
	} else if err != nil {
		return err
	}
	next := &enterView{Way: v.Way, Region: v.Region, Day: v.Day, Volunteer: v.Volunteer, Language: v.Language, Opinion: true, Age: true, Done: done, DoneName: v.Name}
	return c.showEnter(w, r, who, http.StatusOK, next, "")
}

func (c *console) enter(r *http.Request, who *access.Visitor, v *enterView) (*desk.Entered, error) {
	form, err := c.signerForm(v)
	if err != nil {
		return nil, err
	}
	return c.Desk.EnterPaper(r.Context(), desk.PaperForm{Way: petition.Way(v.Way), SignerForm: form}, c.noteOf(r, who))
}

// signerForm is what the desk enters.
func (c *console) signerForm(v *enterView) (desk.SignerForm, error) {
	at, err := c.dayOf(v.Day)
	if err != nil {
		return desk.SignerForm{}, err
	}
	once, err := hex.DecodeString(v.Once)
	if err != nil || len(once) != 16 {
		return desk.SignerForm{}, access.ErrForm
	}
	if at = at.Add(12 * time.Hour); at.After(c.Clock.Now()) {
		at = time.Time{} // today: now
	}
	return desk.SignerForm{Name: v.Name, Region: v.Region, District: v.District, Contact: v.Contact, Language: v.Language,
		Agreed: petition.Agreed{News: v.News, Names: v.Names, Opinion: v.Opinion}, Age: v.Age, Volunteer: v.Volunteer, At: at, Once: once}, nil
}
