package petition

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // a machine may be without time zones

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"

	"clarion/internal/conf"
)

// CampaignFile is the name of the file that holds a petition's settings.
const CampaignFile = "petition.toml"

// A Campaign is a petition as its folder tells it. Maps are by language.
type Campaign struct {
	ID        string // lower-case letters, digits and '-', at most 32
	Goal      int    // signatures
	Zone      *time.Location
	Opens     time.Time // the first instant at which one may sign
	Closes    time.Time // the first at which one may not any more
	ReplyDays int       // how long the addressee has, from the hand-over
	Languages []string
	Title     map[string]string
	Addressee map[string]string
	Forward   map[string]string        // a few sentences that volunteers pass on
	Appeal    map[string]template.HTML // from appeal.LANG.md
	News      map[string]string        // the words that are agreed to, as they stand in the form
	Names     map[string]string
	Opinion   map[string]string
	Age       map[string]string
	Contact   map[string]string // who runs it, and how to reach them, in lines; may be missing
	Letter    map[string]string // from letter.LANG.txt, paragraphs apart by an empty line; may be missing
	Regions   []Region
}

// Agreement is the exact words of the ticks in a language, as the form shows them,
// and the version that each record of a signature names.
func (c *Campaign) Agreement(lang string) (version, words string) {
	words = c.News[lang] + "\n" + c.Names[lang] + "\n" + c.Opinion[lang] + "\n" + c.Age[lang]
	sum := sha256.Sum256([]byte(words))
	return hex.EncodeToString(sum[:6]), words
}

// Day is the date that it is at an instant where the petition is, as "2013-06-10".
func (c *Campaign) Day(at time.Time) string { return at.In(c.Zone).Format(time.DateOnly) }

// Call is what volunteers pass on, with url as the place where people sign.
func (c *Campaign) Call(url string) Appeal { return Appeal{url, c.Title, c.Forward} }

// Region is the region of an id. One that was taken out of the folder after people had
// signed there is called by its id.
func (c *Campaign) Region(id string) Region {
	i := slices.IndexFunc(c.Regions, func(r Region) bool { return r.ID == id })
	if i < 0 {
		return Region{id, id, id}
	}
	return c.Regions[i]
}

//go:embed example
var example embed.FS

// Example is the folder of an example: "Your Signature Will Be Delivered to the
// President: Save 9 North Korean Orphans".
func Example() fs.FS {
	sub, err := fs.Sub(example, "example")
	if err != nil {
		panic(err) // the name is a constant: only a typing error comes here
	}
	return sub
}

// Load reads the folder dir. The error is for a folder that cannot be read; every
// mistake in it is a problem, and nobody can sign then.
func Load(dir string) (*Campaign, []conf.Problem, error) {
	root, err := os.OpenRoot(dir) // no link in the folder leads out of it
	if err != nil {
		return nil, nil, fmt.Errorf("open the petition's folder: %w", err)
	}
	defer root.Close()
	return LoadFS(root.FS())
}

// LoadFS is Load for a file system, such as Example.
func LoadFS(fsys fs.FS) (*Campaign, []conf.Problem, error) {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, nil, fmt.Errorf("read the petition's folder: %w", err)
	}
	files := map[string][]byte{}
	for _, e := range entries {
		if e.Name() != CampaignFile && !textName.MatchString(e.Name()) {
			continue
		}
		if files[e.Name()], err = fs.ReadFile(fsys, e.Name()); err != nil {
			return nil, nil, fmt.Errorf("read the petition's folder: %w", err)
		}
	}
	c, problems := Parse(files)
	return c, problems, nil
}

var (
	textName = regexp.MustCompile(`^(appeal\.[a-z]{2,3}\.md|letter\.[a-z]{2,3}\.txt)$`)
	idName   = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$`)
)

// folder is petition.toml as written.
type folder struct {
	ID        string            `toml:"id"`
	Goal      int               `toml:"goal"`
	Zone      string            `toml:"zone"`
	Opens     string            `toml:"opens"`
	Closes    string            `toml:"closes"`
	ReplyDays int               `toml:"reply_days"`
	Languages []string          `toml:"languages"`
	Title     map[string]string `toml:"title"`
	Addressee map[string]string `toml:"addressee"`
	Forward   map[string]string `toml:"forward"`
	Consent   struct {
		News    map[string]string `toml:"news"`
		Names   map[string]string `toml:"names"`
		Opinion map[string]string `toml:"opinion"`
	} `toml:"consent"`
	Age     map[string]string `toml:"age"`
	Contact map[string]string `toml:"contact"`
	Region  []Region          `toml:"region"`
}

// Parse makes a campaign of the files of its folder, by name. It is never nil; with
// any problem nobody can sign.
func Parse(files map[string][]byte) (*Campaign, []conf.Problem) {
	c := &Campaign{Zone: time.UTC}
	source, ok := files[CampaignFile]
	if !ok {
		return c, []conf.Problem{{File: CampaignFile, Message: "the folder has no petition.toml"}}
	}
	var f folder
	doc, problems := conf.Decode(CampaignFile, source, &f)
	if doc == nil { // not TOML: everything else would seem missing
		return c, problems
	}
	p := &campaignParser{c, doc, problems}
	p.settings(&f)
	p.words(&f)
	p.appeals(files)
	p.letters(files)
	p.regions(f.Region)
	return c, conf.Sort(p.problems)
}

type campaignParser struct {
	*Campaign
	doc      *conf.Doc
	problems []conf.Problem
}

func (p *campaignParser) tell(key []string, format string, args ...any) {
	p.problems = append(p.problems, conf.Problem{File: CampaignFile, Line: p.doc.Line(key...), Message: fmt.Sprintf(format, args...)})
}

func (p *campaignParser) settings(f *folder) {
	p.ID, p.Goal, p.ReplyDays, p.Languages = f.ID, f.Goal, f.ReplyDays, f.Languages
	if !idName.MatchString(f.ID) {
		p.tell([]string{"id"}, "id is %q: lower-case letters, digits and '-' are right, as save-9; it must never change", f.ID)
	}
	if f.Goal < 1 {
		p.tell([]string{"goal"}, "goal is %d: say how many signatures are hoped for", f.Goal)
	}
	if f.ReplyDays < 0 {
		p.tell([]string{"reply_days"}, "reply_days is %d: a number of days is right, 0 for no clock", f.ReplyDays)
	}
	zone, err := time.LoadLocation(f.Zone)
	if err != nil || f.Zone == "" || f.Zone == "Local" {
		p.tell([]string{"zone"}, "zone is %q: a time zone is right, as Asia/Seoul", f.Zone)
		zone = time.UTC
	}
	p.Zone = zone
	day := func(key, text string) time.Time {
		at, err := time.ParseInLocation(time.DateOnly, text, zone)
		if err != nil {
			p.tell([]string{key}, "%s is %q: a date is right, as 2013-06-10", key, text)
		}
		return at
	}
	p.Opens, p.Closes = day("opens", f.Opens), day("closes", f.Closes).AddDate(0, 0, 1)
	if !p.Opens.IsZero() && !p.Opens.Before(p.Closes) {
		p.tell([]string{"closes"}, "the petition closes (%s) before it opens (%s)", f.Closes, f.Opens)
	}
	if len(f.Languages) == 0 {
		p.tell([]string{"languages"}, `languages is missing: name those in which the petition can be read, as ["ko", "en"]`)
	}
}

// words are those that must stand there in each language.
func (p *campaignParser) words(f *folder) {
	p.Title, p.Addressee, p.Forward, p.Age, p.Contact = f.Title, f.Addressee, f.Forward, f.Age, f.Contact
	p.News, p.Names, p.Opinion = f.Consent.News, f.Consent.Names, f.Consent.Opinion
	for _, w := range []struct {
		texts map[string]string
		key   []string
	}{{f.Title, []string{"title"}}, {f.Addressee, []string{"addressee"}}, {f.Forward, []string{"forward"}}, {f.Age, []string{"age"}},
		{f.Consent.News, []string{"consent", "news"}}, {f.Consent.Names, []string{"consent", "names"}}, {f.Consent.Opinion, []string{"consent", "opinion"}}} {
		for _, lang := range p.Languages {
			if w.texts[lang] == "" {
				p.tell(w.key, "%s has no words in %q", w.key[len(w.key)-1], lang)
			}
		}
	}
}

// appeals turns each language's Markdown into HTML.
func (p *campaignParser) appeals(files map[string][]byte) {
	p.Appeal = map[string]template.HTML{}
	for _, lang := range p.Languages {
		name := "appeal." + lang + ".md"
		page, err := markdown(files[name])
		switch {
		case err != nil:
			p.problems = append(p.problems, conf.Problem{File: name, Message: err.Error()})
		case len(bytes.TrimSpace(files[name])) == 0:
			p.problems = append(p.problems, conf.Problem{File: name, Message: "the appeal is missing in this language"})
		}
		p.Appeal[lang] = page
	}
}

// markdown turns Markdown into HTML: CommonMark, bare addresses as links, no raw HTML,
// as in the mails of a call.
func markdown(text []byte) (template.HTML, error) {
	var page bytes.Buffer
	if err := goldmark.New(goldmark.WithExtensions(extension.Linkify, extension.Strikethrough)).Convert(text, &page); err != nil {
		return "", fmt.Errorf("turn Markdown into HTML: %w", err)
	}
	return template.HTML(page.String()), nil
}

// letters are the words of the letter with which the signatures are handed over.
func (p *campaignParser) letters(files map[string][]byte) {
	p.Letter = map[string]string{}
	for _, lang := range p.Languages {
		p.Letter[lang] = strings.TrimSpace(string(files["letter."+lang+".txt"]))
	}
}

func (p *campaignParser) regions(own []Region) {
	p.Regions = own
	if len(own) == 0 {
		p.Regions = provinces
	}
	seen := map[string]bool{}
	for i, r := range own {
		key := []string{"region", fmt.Sprint(i)}
		switch {
		case !idName.MatchString(r.ID):
			p.tell(key, "the id of a region is %q: lower-case letters, digits and '-' are right", r.ID)
		case seen[r.ID]:
			p.tell(key, "region %q stands there twice", r.ID)
		case r.Korean == "" || r.English == "":
			p.tell(key, "region %q needs its name in both languages: ko and en", r.ID)
		}
		seen[r.ID] = true
	}
}
