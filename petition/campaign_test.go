package petition

import (
	"io/fs"
	"strings"
	"testing"
	"time"
)

func exampleFiles(t *testing.T) map[string][]byte {
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

func TestTheExample(t *testing.T) {
	c := save9(t)
	seoul, err := time.LoadLocation("Asia/Seoul")
	if err != nil {
		t.Fatal(err)
	}
	if c.Goal != 15000 || len(c.Regions) != 18 || !c.Opens.Equal(time.Date(2013, 6, 1, 0, 0, 0, 0, seoul)) || !c.Closes.Equal(time.Date(2033, 7, 1, 0, 0, 0, 0, seoul)) {
		t.Errorf("the example is %+v", c)
	}
	if c.Region("seoul").Name("ko") != "서울특별시" || c.Region("taken-out").Name("en") != "taken-out" {
		t.Error("regions are not called by their names, or those that are none any more by their ids")
	}
	if page := string(c.Appeal["en"]); !strings.Contains(page, "<strong>Silence") || !strings.Contains(page, "<li>") {
		t.Errorf("the appeal is %s", page)
	}
	if !strings.Contains(c.Contact["ko"], "02-6200-0009") || !strings.HasPrefix(c.Letter["en"], "We write") || !strings.Contains(c.Letter["ko"], "\n\n") {
		t.Errorf("the contact is %q, the letters %q", c.Contact, c.Letter)
	}
	ko, words := c.Agreement("ko")
	if en, _ := c.Agreement("en"); en == ko || len(ko) != 12 || !strings.Contains(words, c.Age["ko"]) {
		t.Errorf("the words are of version %q: %s", ko, words)
	}
}

// Each mistake is told where it stands.
func TestMistakesInTheFolder(t *testing.T) {
	for old, c := range map[string]struct{ with, line, says string }{
		`id = "save-9"`:               {`id = "Save 9"`, `id = "Save 9"`, "must never change"},
		`goal = 15000`:                {`goal = 0`, `goal = 0`, "how many signatures"},
		`opens = "2013-06-01"`:        {`opens = "June 1"`, `opens = "June 1"`, "a date is right"},
		`closes = "2033-06-30"`:       {`closes = "2013-05-30"`, `closes = "2013-05-30"`, "before it opens"},
		`zone = "Asia/Seoul"`:         {`zone = "Asia/Soul"`, `zone = "Asia/Soul"`, "a time zone is right"},
		`reply_days = 30`:             {`reply_day = 30`, `reply_day = 30`, "reply_days"},
		`languages = ["ko", "en"]`:    {`languages = ["ko", "en", "ja"]`, "[title]", `no words in "ja"`},
		"en = \"I am at least 14 yea": {"e = \"I am at least 14 yea", "[age]", `age has no words in "en"`},
		`# [[region]]`:                {"[[region]]\nid=\"Seoul\"\n", "[[region]]", "region"},
	} {
		files := exampleFiles(t)
		text := string(files[CampaignFile])
		if strings.Count(text, old) != 1 {
			t.Fatalf("the example has %q %d times", old, strings.Count(text, old))
		}
		text = strings.Replace(text, old, c.with, 1)
		files[CampaignFile] = []byte(text)
		_, problems := Parse(files)
		line := 1 + strings.Count(text[:strings.Index(text, c.line)], "\n")
		found := false
		for _, p := range problems {
			found = found || p.File == CampaignFile && p.Line == line && strings.Contains(p.Message, c.says)
		}
		if !found {
			t.Errorf("with %q there is nothing on line %d that says %q: %v", c.with, line, c.says, problems)
		}
	}
	files := exampleFiles(t)
	delete(files, "appeal.en.md")
	if _, problems := Parse(files); len(problems) != 1 || problems[0].File != "appeal.en.md" {
		t.Errorf("without the English appeal: %v", problems)
	}
	if _, problems := Parse(nil); len(problems) != 1 {
		t.Errorf("of an empty folder: %v", problems)
	}
	files[CampaignFile] = []byte("id = ")
	if _, problems := Parse(files); len(problems) != 1 {
		t.Errorf("of what is no TOML: %v", problems)
	}
	if _, _, err := Load(t.TempDir() + "/none"); err == nil {
		t.Error("a folder that is not there is read")
	}
	files = exampleFiles(t)
	files["appeal.en.md"] = []byte("<script>alert(1)</script> [x](javascript:alert(1))")
	if c, _ := Parse(files); strings.Contains(string(c.Appeal["en"]), "script>") || strings.Contains(string(c.Appeal["en"]), "javascript") {
		t.Errorf("a script comes through: %s", c.Appeal["en"])
	}
}
