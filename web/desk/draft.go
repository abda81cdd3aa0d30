package desk

import (
	"clarion/internal/conf"
	"clarion/lists"
	"clarion/templates"
)

// A Draft is a call that is being written: its files, what they say, and what is
// wrong with them. It does not change and is safe for concurrent use.
type Draft struct {
	Text     *templates.Call // never nil; what could be understood
	Problems conf.Problems   // mistakes in the files alone; with any of them the call must not go out
	doc      *conf.Doc       // call.toml, for the lines of its keys
}

// ReadFolder reads a draft from a call's folder. The error is for a folder that
// cannot be read, with fs.ErrNotExist when there is none.
func ReadFolder(dir string) (*Draft, error) {
	text, problems, err := templates.Load(dir)
	if err != nil {
		return nil, err
	}
	return newDraft(text, problems), nil
}

// ReadFiles makes a draft of files in memory, by name as they stand in a call's
// folder; they must not change after. Files that are none of a call's are left out.
func ReadFiles(files map[string][]byte) *Draft { return newDraft(templates.Parse(files)) }

func newDraft(text *templates.Call, problems []conf.Problem) *Draft {
	source, _ := text.File(templates.CallFile)
	doc, _ := conf.Decode(templates.CallFile, source, &map[string]any{})
	return &Draft{Text: text, Problems: problems, doc: doc}
}

// line is where a key of call.toml stands.
func (d *Draft) line(key ...string) int { return d.doc.Line(key...) }

// Audience is whom the draft asks for.
func (d *Draft) Audience() lists.Audience {
	a := d.Text.Audience
	return lists.Audience{Lists: a.Lists, Without: a.Without, Tags: a.Tags, Languages: a.Languages, Channels: d.Text.Channels, First: d.Text.Reach == templates.ReachFirst, Only: a.Only}
}
