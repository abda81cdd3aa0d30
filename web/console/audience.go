package console

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"clarion/internal/conf"
	"clarion/lists"
	"clarion/lists/address"
	"clarion/templates"
	"clarion/web"
	"clarion/web/access"
	"clarion/web/desk"
)

// An audienceView is whom a draft reaches, and who is left out and why.
type audienceView struct {
	Draft               *desk.SavedDraft
	Version             int64
	Lists, Without      []tick
	Tags, Languages     []tick
	Channels            []tick
	First               bool
	Only                []onlyLine
	Counted             *countView
	Wrong               string
	Problems            int
	EveryTag, EveryLang bool // none is ticked: all are meant
}

type tick struct {
	Name, Words string
	Count       int // -1: not told
	On          bool
}

// An onlyLine is the list to which a channel is held.
type onlyLine struct{ Channel, Words, List string }

type countView struct {
	Contacts int
	Channels []channelCount
	LeftOut  []leftOutLine
}

type channelCount struct {
	Words string
	Count int
}

type leftOutLine struct {
	Channel, Sentence string
	Count             int
}

// audience shows the ticks of a draft with the exact numbers.
func (c *console) audience(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	s, err := c.Desk.LoadDraft(r.Context(), r.PathValue("draft"))
	if err != nil {
		return err
	}
	lang := languageOf(r, who)
	v, err := c.audienceView(r, s, lang)
	if err != nil {
		return err
	}
	return c.show(w, r, who, "audience", page{Title: s.Name, Data: v, Scripts: []string{"audience.js"}})
}

func (c *console) audienceView(r *http.Request, s *desk.SavedDraft, lang string) (*audienceView, error) {
	draft := desk.ReadFiles(s.Files)
	a := draft.Audience()
	v := &audienceView{Draft: s, Version: s.Version, First: a.First, EveryTag: len(a.Tags) == 0, EveryLang: len(a.Languages) == 0, Problems: len(draft.Problems)}
	all, err := c.Desk.Lists(r.Context())
	if err != nil {
		return nil, err
	}
	for _, l := range all {
		v.Lists = append(v.Lists, tick{l.Name, l.Name, l.Contacts, slices.Contains(a.Lists, l.Name)})
		v.Without = append(v.Without, tick{l.Name, l.Name, l.Contacts, slices.Contains(a.Without, l.Name)})
	}
	tags, err := c.Desk.People.Tags(r.Context())
	if err != nil {
		return nil, err
	}
	for _, t := range tags {
		v.Tags = append(v.Tags, tick{t, t, -1, slices.Contains(a.Tags, t)})
	}
	langs, err := c.Desk.People.Languages(r.Context())
	if err != nil {
		return nil, err
	}
	for _, l := range langs {
		v.Languages = append(v.Languages, tick{l, languageWord(l, lang), -1, slices.Contains(a.Languages, l)})
	}
	for _, ch := range address.Channels {
		v.Channels = append(v.Channels, tick{ch.String(), channelWord(ch, lang), -1, slices.Contains(a.Channels, ch)})
		if list, ok := a.Only[ch]; ok {
			v.Only = append(v.Only, onlyLine{ch.String(), channelWord(ch, lang), list})
		}
	}
	if v.Counted, err = c.count(r, a, lang); err != nil {
		v.Wrong = err.Error()
		if !desk.Mistaken(err) {
			return nil, err
		}
	}
	return v, nil
}

func (c *console) count(r *http.Request, a lists.Audience, lang string) (*countView, error) {
	reach, left, err := c.Desk.Count(r.Context(), a)
	if err != nil {
		return nil, err
	}
	v := &countView{Contacts: reach.Contacts}
	for _, ch := range a.Channels {
		n := map[address.Channel]int{address.Email: reach.Email, address.SMS: reach.SMS, address.Fax: reach.Fax}[ch]
		v.Channels = append(v.Channels, channelCount{channelWord(ch, lang), n})
	}
	for _, lo := range left {
		v.LeftOut = append(v.LeftOut, newLeftOutLine(lo, lang))
	}
	return v, nil
}

// ticked reads the form of the audience.
func ticked(r *http.Request) (lists.Audience, error) {
	if err := r.ParseForm(); err != nil {
		return lists.Audience{}, fmt.Errorf("%w: %w", web.ErrUnreadable, err)
	}
	a := lists.Audience{Lists: r.Form["list"], Without: r.Form["without"], Tags: r.Form["tag"], Languages: r.Form["language"], First: r.Form.Get("reach") == templates.ReachFirst, Only: map[address.Channel]string{}}
	for _, ch := range address.Channels {
		if list := r.Form.Get("only." + ch.String()); list != "" {
			a.Only[ch] = list
		}
	}
	for _, name := range r.Form["channel"] {
		ch, err := address.ParseChannel(name)
		if err != nil {
			return a, fmt.Errorf("%w: %w", web.ErrUnreadable, err)
		}
		a.Channels = append(a.Channels, ch)
	}
	return a, nil
}

// counted answers what the ticks of a form come to, for the script that asks at
// each tick. It changes nothing.
func (c *console) counted(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	a, err := ticked(r)
	if err != nil {
		return err
	}
	v := &audienceView{}
	if v.Counted, err = c.count(r, a, languageOf(r, who)); err != nil {
		if !desk.Mistaken(err) {
			return err
		}
		v.Wrong = err.Error()
	}
	return c.part(w, r, who, "audience", "counted", v)
}

// keepAudience writes the ticks into the draft's call.toml.
func (c *console) keepAudience(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	a, err := ticked(r)
	if err != nil {
		return err
	}
	s, err := c.Desk.LoadDraft(r.Context(), r.PathValue("draft"))
	if err != nil {
		return err
	}
	if s.Version, err = strconv.ParseInt(r.PostFormValue("version"), 10, 64); err != nil {
		return fmt.Errorf("%w: the draft's version is missing", web.ErrUnreadable)
	}
	channels := make([]string, len(a.Channels))
	for i, ch := range a.Channels {
		channels[i] = ch.String()
	}
	reach := templates.ReachEvery
	if a.First {
		reach = templates.ReachFirst
	}
	text := string(s.Files[templates.CallFile])
	text = conf.Set(text, conf.Strings(channels), "channels")
	text = conf.Set(text, conf.String(reach), "reach")
	text = conf.Set(text, conf.Strings(a.Lists), "audience", "lists")
	text = conf.Set(text, conf.Strings(a.Without), "audience", "without")
	text = conf.Set(text, conf.Strings(a.Tags), "audience", "tags")
	text = conf.Set(text, conf.Strings(a.Languages), "audience", "languages")
	s.Files[templates.CallFile], s.Author = []byte(text), who.Name
	if _, err := c.Desk.SaveDraft(r.Context(), *s); err != nil {
		return err
	}
	http.Redirect(w, r, "/drafts/"+s.ID+"/audience?done=save", http.StatusSeeOther)
	return nil
}
