package templates

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"

	"clarion/internal/conf"
	"clarion/internal/quiet"
	"clarion/lists/address"
)

// CallFile is the name of the file that holds a call's settings.
const CallFile = "call.toml"

// What a folder may weigh: it is stored in Redis and read by every worker.
const (
	maxText    = 256 << 10 // bytes, each file that is no picture
	maxPicture = 2 << 20   // bytes
	maxFolder  = 4 << 20   // bytes in all
)

// document is call.toml as written; a pointer tells what is left out from zero.
type document struct {
	Campaign     string             `toml:"campaign"`
	Name         string             `toml:"name"`
	Class        string             `toml:"class"`
	Languages    []string           `toml:"languages"`
	Channels     []string           `toml:"channels"`
	Reach        string             `toml:"reach"`
	InDoubt      string             `toml:"in_doubt"`
	Schedule     conf.Moment        `toml:"schedule"`
	ScheduleZone string             `toml:"schedule_zone"`
	EndsAfter    *conf.Duration     `toml:"ends_after"`
	Fields       []string           `toml:"fields"`
	Values       map[string]string  `toml:"values"`
	Pace         map[string]float64 `toml:"pace"`
	Quiet        struct {
		Email *quiet.Span `toml:"email"`
		SMS   *quiet.Span `toml:"sms"`
		Fax   *quiet.Span `toml:"fax"`
	} `toml:"quiet"`
	Audience struct {
		Lists     []string `toml:"lists"`
		Without   []string `toml:"without"`
		Tags      []string `toml:"tags"`
		Languages []string `toml:"languages"`

		Only map[string]string `toml:"only"`
	} `toml:"audience"`
	Email struct {
		From    string            `toml:"from"`
		ReplyTo string            `toml:"reply_to"`
		Subject map[string]string `toml:"subject"`
		Accent  string            `toml:"accent"`

		Pictures string `toml:"pictures"`
	} `toml:"email"`
	SMS struct {
		From   string `toml:"from"`
		OptOut string `toml:"opt_out"`
	} `toml:"sms"`
	Fax struct {
		From        string `toml:"from"`
		Station     string `toml:"station"`
		Picture     string `toml:"picture"`
		OptOutPhone string `toml:"opt_out_phone"`
		OptOutFax   string `toml:"opt_out_fax"`
	} `toml:"fax"`
	Canary *struct {
		Share       *float64       `toml:"share"`
		Email       *int           `toml:"email"`
		SMS         *int           `toml:"sms"`
		Fax         *int           `toml:"fax"`
		Wait        *conf.Duration `toml:"wait"`
		HardBounces *float64       `toml:"hard_bounces"`
		Complaints  *float64       `toml:"complaints"`
		Failures    *float64       `toml:"failures"`
	} `toml:"canary"`
	Limits struct {
		HardBounces *float64 `toml:"hard_bounces"`
		Complaints  *float64 `toml:"complaints"`
		After       *int     `toml:"after"`
	} `toml:"limits"`
}

// Load reads and parses the folder dir. The error is for a folder that cannot
// be read; every mistake in it is a problem, and the call then must not go out.
func Load(dir string) (*Call, []conf.Problem, error) {
	root, err := os.OpenRoot(dir) // no link in the folder leads out of it
	if err != nil {
		return nil, nil, fmt.Errorf("open the call's folder: %w", err)
	}
	defer root.Close()
	return load(root.FS())
}

// LoadFS is Load for a file system, such as Example.
func LoadFS(fsys fs.FS) (*Call, []conf.Problem, error) { return load(fsys) }

func load(fsys fs.FS) (*Call, []conf.Problem, error) {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, nil, fmt.Errorf("read the call's folder: %w", err)
	}
	files := map[string][]byte{}
	var problems []conf.Problem
	total := int64(0)
	for _, e := range entries {
		if !wanted(e.Name()) {
			continue
		}
		info, err := fs.Stat(fsys, e.Name())
		if err != nil {
			return nil, nil, fmt.Errorf("read the call's folder: %w", err)
		}
		if info.IsDir() {
			continue
		}
		if total += info.Size(); total > maxFolder {
			problems = append(problems, tooBig(e.Name(), "the folder with it", maxFolder))
			break
		}
		data, err := fs.ReadFile(fsys, e.Name())
		if err != nil {
			return nil, nil, fmt.Errorf("read the call's folder: %w", err)
		}
		files[e.Name()] = data
	}
	c, more := Parse(files)
	return c, conf.Sort(append(problems, more...)), nil
}

func tooBig(file, what string, limit int) conf.Problem {
	return conf.Problem{File: file, Message: fmt.Sprintf("%s has more than %d KB: make it smaller", what, limit>>10)}
}

func isPicture(name string) bool {
	return slices.Contains([]string{".png", ".jpg", ".jpeg", ".gif"}, strings.ToLower(path.Ext(name)))
}

var textName = regexp.MustCompile(`^(text|fax|sms)\.([A-Za-z][A-Za-z0-9-]*)\.(md|txt)$`)

// wanted reports whether a file of the folder belongs to the call.
func wanted(name string) bool {
	return name == CallFile || textName.MatchString(name) || isPicture(name) && !strings.HasPrefix(name, ".")
}

// Parse makes a call of the files of its folder, by name; it keeps files, which
// must not change. The call is never nil; with any problem it must not go out.
func Parse(files map[string][]byte) (*Call, []conf.Problem) {
	p := &parser{call: &Call{files: map[string][]byte{}}}
	total := 0
	for name, data := range files {
		if !wanted(name) {
			continue
		}
		p.call.files[name] = data
		total += len(data)
		limit := maxText
		if isPicture(name) {
			limit = maxPicture
		}
		if len(data) > limit {
			p.problems = append(p.problems, tooBig(name, "the file", limit))
		}
	}
	if total > maxFolder {
		p.problems = append(p.problems, tooBig(CallFile, "the folder", maxFolder))
	}
	source, ok := files[CallFile]
	if !ok {
		p.tellFile(CallFile, 0, "the folder has no call.toml: `clarion call new DIR` writes one")
		return p.call, conf.Sort(p.problems)
	}
	var d document
	var found []conf.Problem
	p.doc, found = conf.Decode(CallFile, source, &d)
	p.problems = append(p.problems, found...)
	if p.doc == nil { // not TOML: everything else would seem missing
		return p.call, conf.Sort(p.problems)
	}
	p.settings(&d)
	p.texts()
	return p.call, conf.Sort(p.problems)
}

// parser makes one call, and gathers its problems.
type parser struct {
	call     *Call
	doc      *conf.Doc
	problems []conf.Problem
}

// tell adds a problem at a key of call.toml, or at the nearest table above it
// that is written.
func (p *parser) tell(key []string, format string, args ...any) {
	line := 0
	for n := len(key); n > 0 && line == 0; n-- {
		line = p.doc.Line(key[:n]...)
	}
	p.tellFile(CallFile, line, format, args...)
}

func (p *parser) tellFile(file string, line int, format string, args ...any) {
	p.problems = append(p.problems, conf.Problem{File: file, Line: line, Message: fmt.Sprintf(format, args...)})
}

// at is a key of call.toml.
func at(key ...string) []string { return key }

func cutRegion(l string) (base, region string, ok bool) { return strings.Cut(l, "-") }

func channels(p *parser, names []string) []address.Channel {
	var out []address.Channel
	for i, name := range names {
		ch, err := address.ParseChannel(name)
		switch {
		case err != nil:
			msg := err.Error()
			if near, ok := conf.Nearest(name, []string{"email", "sms", "fax"}); ok {
				msg += fmt.Sprintf("; did you mean %q?", near)
			}
			p.tell(at("channels", fmt.Sprint(i)), "%s", msg)
		case slices.Contains(out, ch):
			p.tell(at("channels", fmt.Sprint(i)), "channel %s is named twice", ch)
		default:
			out = append(out, ch)
		}
	}
	return out
}
