package templates

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"clarion/internal/conf"
	"clarion/lists/address"
)

// exampleFiles is the example call's folder, to be spoilt by a test.
func exampleFiles(t testing.TB) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	entries, err := fs.ReadDir(Example(), ".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if files[e.Name()], err = fs.ReadFile(Example(), e.Name()); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

func TestExample(t *testing.T) {
	t.Parallel()
	c, problems, err := LoadFS(Example())
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	if c.Campaign != "Save 9" || c.Class != Appeal || !slices.Equal(c.Languages, []string{"ko", "en"}) || !slices.Equal(c.Channels, address.Channels[:]) ||
		c.EndsAfter != 5*24*time.Hour || c.Pace[address.Email] <= 0 || !c.Schedule.IsZero() || c.Limits != (Limits{.05, .002, 200}) {
		t.Errorf("read as %+v", c)
	}
	for _, ch := range c.Channels {
		for _, lang := range c.Languages {
			if c.Text(ch, lang) == nil {
				t.Errorf("no text for %s in %s", ch, lang)
			}
		}
	}
	sms := c.Text(address.SMS, "ko").Execute(func(name string) (string, bool) { return "김영희", name == "name" })
	if !strings.Contains(sms, "김영희님") || !strings.Contains(sms, "save9.example.org") {
		t.Errorf("text message %q", sms)
	}
	again, problems := Parse(c.Files())
	if len(problems) > 0 || !reflect.DeepEqual(c, again) {
		t.Errorf("what is stored makes another call: %v", problems)
	}
}

// replaced spoils one file of the example.
func replaced(file, old, new string) func(map[string][]byte) {
	return func(files map[string][]byte) {
		if !strings.Contains(string(files[file]), old) {
			panic("the example's " + file + " does not hold " + old)
		}
		files[file] = []byte(strings.Replace(string(files[file]), old, new, 1))
	}
}

func removed(file string) func(map[string][]byte) {
	return func(files map[string][]byte) { delete(files, file) }
}

func added(file, text string) func(map[string][]byte) {
	return func(files map[string][]byte) { files[file] = []byte(text) }
}

// Every mistake is told at its file, at the line of the text at, with words.
func TestMistakes(t *testing.T) {
	t.Parallel()
	const toml = CallFile
	for name, test := range map[string]struct {
		spoil    func(map[string][]byte)
		file, at string // where; at "" is no line
		want     string
	}{
		"unknown key":          {replaced(toml, "reply_to", "replyto"), toml, "replyto", `unknown key "replyto" in [email]: did you mean "reply_to"?`},
		"unknown table":        {replaced(toml, "[audience]", "[audeince]"), toml, "[audeince]", `did you mean "audience"?`},
		"no TOML":              {replaced(toml, `class = "appeal"`, `class = appeal`), toml, "class = appeal", "expected value"},
		"no call.toml":         {removed(toml), toml, "", "clarion call new"},
		"list as text":         {replaced(toml, `lists = ["supporters"]`, `lists = "supporters"`), toml, "lists = ", "a list of texts"},
		"empty campaign":       {replaced(toml, `campaign = "Save 9"`, `campaign = " "`), toml, "campaign = ", "campaign is missing"},
		"header injection":     {replaced(toml, `name = "launch"`, `name = "la\r\nBcc: x"`), toml, "name = ", "line break"},
		"turned around":        {replaced(toml, `name = "launch"`, `name = "la\u202ehcnu"`), toml, "name = ", "control character"},
		"misspelt class":       {replaced(toml, `"appeal"`+"\n", `"apeal"`+"\n"), toml, "class = ", `did you mean "appeal"?`},
		"misspelt pictures":    {replaced(toml, `# pictures = "linked"`, `pictures = "linkd"`), toml, `pictures = "linkd"`, `email.pictures is "linkd": did you mean "linked"?`},
		"no class":             {replaced(toml, "class = \"appeal\"\n", "\n"), toml, "", "class is missing"},
		"unknown channel":      {replaced(toml, `["email", "sms", "fax"]`, `["email", "sms", "faxx"]`), toml, "channels = ", `did you mean "fax"?`},
		"channel twice":        {replaced(toml, `["email", "sms", "fax"]`, `["email", "sms", "email"]`), toml, "channels = ", "twice"},
		"no languages":         {replaced(toml, `languages = ["ko", "en"]`, `languages = []`), toml, "languages = ", "languages is missing"},
		"bad language":         {replaced(toml, `languages = ["ko", "en"]`, `languages = ["ko", "English"]`), toml, "languages = ", `"English" is no language`},
		"only by pigeon":       {replaced(toml, `# only.sms = "texts"`, `only.pigeon = "texts"`), toml, "only.pigeon", "pigeon"},
		"only nobody":          {replaced(toml, `# only.sms = "texts"`, `only.sms = ""`), toml, "only.sms", "audience.only.sms is missing"},
		"empty audience":       {replaced(toml, `lists = ["supporters"]`, `lists = []`), toml, "[audience]", "the audience is empty"},
		"bad from":             {replaced(toml, `"Save 9 <save9@example.org>"`, `"Save 9, save9@example"`), toml, "from = \"Save 9,", "email.from is no mail address"},
		"from without domain":  {replaced(toml, `"Save 9 <save9@example.org>"`, `"save9@localhost"`), toml, "from = \"save9@", "no domain that mail comes from"},
		"no from":              {replaced(toml, `from = "Save 9 <save9@example.org>"`, ``), toml, "[email]", "email.from is missing"},
		"missing subject":      {replaced(toml, "en = \"Your", "# en = \"Your"), toml, "[email.subject]", `subject in language "en" is missing`},
		"subject of no one":    {replaced(toml, "[email.subject]\n", "[email.subject]\nfr = \"Bonjour\"\n"), toml, "fr = ", `"fr", which languages does not list`},
		"long subject":         {replaced(toml, "Orphans\"", strings.Repeat("!", 100)+"\""), toml, "en = \"Your", "150 are the most"},
		"subject field":        {replaced(toml, "en = \"Your", "en = \"{{ name }}, Your"), toml, "en = \"{{", "{{ name }} has no fall-back"},
		"subject braces":       {replaced(toml, "en = \"Your", "en = \"{{ name, Your"), toml, "en = \"{{", "not closed"},
		"missing text":         {removed("text.en.md"), toml, "languages = ", "text.en.md is missing"},
		"missing sms":          {removed("sms.en.txt"), toml, "languages = ", "sms.en.txt is missing"},
		"empty text":           {added("sms.en.txt", "\n"), "sms.en.txt", "\n", "the text is empty"},
		"text of no language":  {added("text.fr.md", "Bonjour"), "text.fr.md", "", `"fr", which languages`},
		"text of no channel":   {added("sms.fr.md", "Bonjour"), "sms.fr.md", "", "rename the file"},
		"no fall-back":         {replaced("text.en.md", "{{ name | friend }}", "{{ name }}"), "text.en.md", "Dear", "{{ name }} has no fall-back"},
		"no fall-back, field":  {replaced("text.en.md", "Thank you.", "Thank you in {{ district }}."), "text.en.md", "Thank you in", "{{ district }} has no fall-back"},
		"unknown built-in":     {replaced("text.en.md", "{{ organisation }}", "{{ organization }}"), "text.en.md", "{{ organization }}", "did you mean {{ organisation }}?"},
		"unknown own field":    {replaced("text.ko.md", "{{ petition_url }}", "{{ petiton_url | x }}"), "text.ko.md", "{{ petiton_url", "did you mean {{ petition_url }}?"},
		"unclosed":             {replaced("text.ko.md", "후원자 }}", "후원자 }"), "text.ko.md", "후원자 }", "not closed on its line"},
		"no name":              {replaced("text.ko.md", "{{ name | 후원자 }}", "{{ | 후원자 }}"), "text.ko.md", "{{ |", "has no name"},
		"bad name":             {replaced("text.ko.md", "{{ name | 후원자 }}", "{{ name ? 후원자 }}"), "text.ko.md", "{{ name ?", "no name of a field"},
		"unsubscribe on fax":   {replaced("text.en.md", "Thank you.", "{{ unsubscribe_url }}"), "text.en.md", "{{ unsubscribe_url }}", "where there is no such link (fax)"},
		"not UTF-8":            {replaced("text.ko.md", "고맙습니다.", "\xb0\xed\xb8\xbf"), "text.ko.md", "\xb0\xed", "save it as UTF-8"},
		"missing picture":      {replaced("text.ko.md", "picture.png", "pictur.png"), "text.ko.md", "pictur.png", "did you mean picture.png?"},
		"remote picture":       {replaced("text.ko.md", "(picture.png)", "(https://x.example/p.png)"), "text.ko.md", "https://x.example", "is not in the folder"},
		"missing fax picture":  {replaced(toml, `picture = "picture.png"`, `picture = "nine.jpg"`), toml, "picture = ", "nine.jpg is not in the folder"},
		"broken picture":       {added("picture.png", "GIF?"), toml, `picture = "`, "cannot be read as PNG"},
		"no station":           {replaced(toml, `station = "Save 9 Campaign, Seoul"`, ``), toml, "[fax]", "fax.station is missing"},
		"no fax opt-out":       {replaced(toml, "opt_out_phone", "# opt_out_phone"), toml, "[fax]", "fax.opt_out_phone is missing"},
		"bad number":           {replaced(toml, `opt_out_fax = "+82 2`, `opt_out_fax = "call us`), toml, "opt_out_fax = ", "a telephone number is right"},
		"long sender":          {replaced(toml, `from = "+82 2 1234 5678"`, `from = "Save Nine Orphans"`), toml, "from = \"Save Nine", "sms.from"},
		"pace of nothing":      {replaced(toml, "\nsms = ", "\nsms = 0 # "), toml, "sms = 0 #", "messages a second"},
		"pace of who":          {replaced(toml, "\nsms = ", "\nsmss = "), toml, "smss = ", "no channel"},
		"limit in percent":     {replaced(toml, "hard_bounces = 0.05", "hard_bounces = 5"), toml, "hard_bounces", "5 % is 0.05"},
		"limit after nothing":  {replaced(toml, "after = 200", "after = 0"), toml, "after = 0", "at least 1"},
		"ends never":           {replaced(toml, `ends_after = "5d"`, `ends_after = "500d"`), toml, "ends_after", `from "1m" to "31d"`},
		"ends somehow":         {replaced(toml, `ends_after = "5d"`, `ends_after = "5 days"`), toml, "ends_after", "no span of time"},
		"schedule without UTC": {replaced(toml, "# schedule = 2013-06-10T09:00:00+09:00", "schedule = 2013-06-10T09:00:00"), toml, "schedule = ", "no offset"},
		"canary without size":  {replaced(toml, "# [canary]\n", "[canary]\n"), toml, "[canary]", "the canary has no size"},
		"canary in percent":    {replaced(toml, "# [canary]\n", "[canary]\nshare = 5\n"), toml, "share = 5", "1 % is 0.01"},
		"canary of nobody":     {replaced(toml, "# [canary]\n", "[canary]\nemail = 0\n"), toml, "email = 0", "at least 1"},
		"canary of no channel": {replaced(toml, "[pace]\n", "[canary]\nletter = 5\n[pace]\n"), toml, "letter = 5", "unknown key"},
		"canary for a moment":  {replaced(toml, "# [canary]\n", "[canary]\nshare = 0.1\nwait = \"5s\"\n"), toml, "wait = \"5s\"", `from "1m" to "7d"`},
		"no time of day":       {replaced(toml, "# [quiet.sms]\n", "[quiet.sms]\nfrom = \"9pm\"\n"), toml, "from = \"9pm\"", "no time of day"},
		"always quiet":         {replaced(toml, "# [quiet.sms]\n", "[quiet.sms]\nfrom = \"00:00\"\nto = \"24:00\"\n"), toml, "[quiet.sms]", "the whole day"},
		"value of a built-in":  {replaced(toml, "short_url =", "name = \"x\"\nshort_url ="), toml, "name = \"x\"", "fills itself"},
		"text too big":         {added("sms.en.txt", strings.Repeat("x", maxText+1)), "sms.en.txt", "", "more than 256 KB"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := exampleFiles(t)
			test.spoil(files)
			line := 0
			if test.at != "" {
				text := string(files[test.file])
				i := strings.Index(text, test.at)
				if i < 0 {
					t.Fatalf("%s does not hold %q", test.file, test.at)
				}
				line = 1 + strings.Count(text[:i], "\n")
			}
			c, problems := Parse(files)
			if c == nil {
				t.Fatal("no call")
			}
			for _, p := range problems {
				if p.File == test.file && p.Line == line && strings.Contains(p.Message, test.want) {
					return
				}
			}
			t.Errorf("want %s:%d: …%s…, got:\n%v", test.file, line, test.want, problems)
		})
	}
}

// One mistake is one problem: nothing else comes up because of it.
func TestOneProblem(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(map[string][]byte){
		"unknown key":  replaced(CallFile, "reply_to", "replyto"),
		"no call.toml": removed(CallFile),
		"no TOML":      replaced(CallFile, `class = "appeal"`, `class = appeal`),
		"fall-back":    replaced("text.en.md", "{{ name | friend }}", "{{ name }}"), // in email and fax
		"missing sms":  removed("sms.en.txt"),
	} {
		files := exampleFiles(t)
		spoil(files)
		if _, problems := Parse(files); len(problems) != 1 {
			t.Errorf("%s: %v", name, problems)
		}
	}
}

func TestLoadStaysInItsFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, data := range exampleFiles(t) {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if c, problems, err := Load(dir); err != nil || len(problems) > 0 || c.Name != "launch" {
		t.Fatal(problems, err)
	}
	secret := filepath.Join(t.TempDir(), "secret.txt")
	if err := os.WriteFile(secret, []byte("key"), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "text.en.md")
	if err := os.Remove(out); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(secret, out); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Load(dir); err == nil {
		t.Error("a link out of the folder was followed")
	}
	if _, _, err := Load(filepath.Join(dir, "nowhere")); err == nil {
		t.Error("a folder that is not there was loaded")
	}
	big := fstest.MapFS{}
	for name, data := range exampleFiles(t) {
		big[name] = &fstest.MapFile{Data: data}
	}
	for _, name := range []string{"a.png", "b.png", "c.png"} {
		big[name] = &fstest.MapFile{Data: make([]byte, 2<<20)}
	}
	if _, problems, err := LoadFS(big); err != nil || !slices.ContainsFunc(problems, func(p conf.Problem) bool { return strings.Contains(p.Message, "more than 4096 KB") }) {
		t.Error(problems, err)
	}
}

func TestLanguage(t *testing.T) {
	t.Parallel()
	c := &Call{Languages: []string{"ko", "en", "zh-TW"}}
	for l, want := range map[string]string{"ko": "ko", "en": "en", "en-GB": "en", "zh-TW": "zh-TW", "zh": "ko", "": "ko", "fr": "ko"} {
		if got := c.Language(l); got != want {
			t.Errorf("Language(%q) = %q, want %q", l, got, want)
		}
	}
	if got := (&Call{}).Language("ko"); got != "" {
		t.Errorf("a call without languages has %q", got)
	}
}

func FuzzParse(f *testing.F) {
	files := exampleFiles(f)
	f.Add(files[CallFile], files["text.ko.md"])
	f.Add([]byte("languages = [\"ko\"]\nchannels=[\"email\"]"), []byte("{{ name | x }} \\{{ ![](picture.png)"))
	f.Fuzz(func(t *testing.T, toml, text []byte) {
		files := maps.Clone(files)
		files[CallFile], files["text.ko.md"] = toml, text
		c, problems := Parse(files)
		for _, p := range problems {
			if p.Message == "" || p.Line < 0 || p.Line > 1+strings.Count(string(files[p.File]), "\n") {
				t.Fatalf("problem %+v", p)
			}
		}
		if again, more := Parse(c.Files()); !reflect.DeepEqual(problems, more) || !reflect.DeepEqual(c.Languages, again.Languages) {
			t.Fatal("what is stored reads otherwise")
		}
	})
}
