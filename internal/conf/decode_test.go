package conf

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/BurntSushi/toml"
)

type settings struct {
	Name    string        `toml:"name"`
	Workers int           `toml:"workers"`
	Port    uint16        `toml:"port"`
	Rate    float64       `toml:"rate"`
	On      bool          `toml:"on"`
	Tags    []string      `toml:"tags"`
	Start   time.Time     `toml:"start"`
	Wait    Duration      `toml:"wait"`
	Grace   time.Duration `toml:"grace"`
	Redis   struct {
		URL      string `toml:"url"`
		Password Secret `toml:"password"`
	} `toml:"redis"`
	Gateway []struct {
		Kind string         `toml:"kind"`
		Rest map[string]any `toml:"rest"`
	} `toml:"gateway"`
	Values map[string]string `toml:"values"`
	Limit  *int              `toml:"limit"`
	Extra  any               `toml:"extra"`
	Base
}

type Base struct {
	Depth int
}

const good = `# all kinds
name = "clarion"
workers = 4
port = 8080
rate = 5
on = true
tags = ["a", "b"]
start = 2013-06-10T09:00:00+09:00
wait = "1d12h"
grace = "90s"
limit = 3
depth = 2
extra = [1, "x"]

[redis]
url = "redis://localhost"
password = "hunter2"

[[gateway]]
kind = "smtp"
[[gateway]]
kind = "kannel"
rest = { a.b = 1 }

[values]
"petition url" = "https://example.org"
`

func TestDecode(t *testing.T) {
	t.Parallel()
	var s settings
	d, problems := Decode("clarion.toml", []byte(good), &s)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if s.Name != "clarion" || s.Workers != 4 || s.Port != 8080 || s.Rate != 5 || !s.On || !slices.Equal(s.Tags, []string{"a", "b"}) ||
		!s.Start.Equal(time.Date(2013, 6, 10, 0, 0, 0, 0, time.UTC)) || s.Wait != Duration(36*time.Hour) || s.Grace != 90*time.Second ||
		s.Redis.Password.Reveal() != "hunter2" || len(s.Gateway) != 2 || s.Gateway[1].Kind != "kannel" || s.Limit == nil || *s.Limit != 3 ||
		s.Depth != 2 || s.Values["petition url"] != "https://example.org" || s.Extra == nil {
		t.Errorf("read as %+v", s)
	}
	for key, line := range map[string]int{
		"name": 2, "tags": 7, "tags.1": 7, "redis": 15, "redis.password": 17, "gateway": 19, "gateway.0.kind": 20, "gateway.1": 21,
		"gateway.1.kind": 22, "gateway.1.rest.a.b": 23, "values.petition url": 26, "nowhere": 0, "gateway.2": 0,
	} {
		path := strings.Split(key, ".")
		if got := d.Line(path...); got != line || d.Has(path...) != (line > 0) {
			t.Errorf("Line(%s) = %d, want %d", key, got, line)
		}
	}
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		old, new string // in good
		line     int
		want     string
	}{
		"unknown key":        {"workers = 4", "worker = 4", 3, `unknown key "worker": did you mean "workers"?`},
		"unknown, far":       {"workers = 4", "zebra = 4", 3, `unknown key "zebra": known here are "depth", "extra"`},
		"another case":       {"workers = 4", "Workers = 4", 3, `did you mean "workers"?`},
		"unknown in a table": {"url =", "uri =", 16, `unknown key "uri" in [redis]: did you mean "url"?`},
		"unknown in a list":  {"kind = \"kannel\"", "kid = \"kannel\"", 22, `unknown key "kid" in [gateway[2]]: did you mean "kind"?`},
		"unknown table":      {"[redis]", "[rediss]", 15, `unknown key "rediss": did you mean "redis"?`},
		"text as number":     {"workers = 4", `workers = "4"`, 3, "workers is a text: a whole number is right"},
		"number as text":     {`name = "clarion"`, "name = 7", 2, "name is a whole number: a text in quotes is right"},
		"fraction":           {"workers = 4", "workers = 4.5", 3, "workers is a number: a whole number is right"},
		"too large":          {"port = 8080", "port = 80800", 4, "too large"},
		"negative":           {"port = 8080", "port = -1", 4, "negative"},
		"bool":               {"on = true", `on = "yes"`, 6, "true or false is right"},
		"float":              {"rate = 5", "rate = true", 5, "a number is right"},
		"list":               {`tags = ["a", "b"]`, `tags = "a"`, 7, "a list of texts"},
		"in a list":          {`tags = ["a", "b"]`, "tags = [\n\"a\",\n 2]", 9, "tags[2] is a whole number"},
		"table":              {"[redis]\n", "redis = 1\n[values]\n", 15, "a table, under [redis], is right"},
		"list of tables":     {"limit = 3", "limit = 3\ngateway = 1", 12, "gateway is a whole number"},
		"time":               {"start = 2013-06-10T09:00:00+09:00", "start = 2013-06-10", 8, "no offset from UTC"},
		"time as text":       {"start = 2013-06-10T09:00:00+09:00", `start = "tomorrow"`, 8, "2013-06-10T09:00:00+09:00"},
		"duration":           {`wait = "1d12h"`, `wait = "soon"`, 9, `wait: "soon" is no span of time`},
		"duration, plain":    {`grace = "90s"`, `grace = "-90s"`, 10, "no span of time"},
		"map":                {`"petition url" = "https://example.org"`, `"petition url" = 5`, 26, "values.petition url is a whole number"},
		"syntax":             {"workers = 4", "workers = four", 3, "expected value"},
		"twice":              {"workers = 4", "name = 4", 3, "already been defined"},
		"secret's kind":      {`password = "hunter2"`, "password = 31337", 17, "a text: the secret itself"},
		"secret's syntax":    {`password = "hunter2"`, "password = 31337x", 17, "put it between quotes"},
		"secret's file":      {`password = "hunter2"`, `password = "file:/nowhere/31337"`, 17, "no such file"},
		"secret's variable":  {`password = "hunter2"`, `password = "env:CLARION_NOWHERE"`, 17, "CLARION_NOWHERE is not set"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := strings.Replace(good, test.old, test.new, 1)
			if text == good {
				t.Fatal("nothing was spoilt")
			}
			if test.new == "redis = 1\n[values]\n" { // the rest of [redis] goes
				text = text[:strings.Index(text, "[values]")]
			}
			var s settings
			_, problems := Decode("clarion.toml", []byte(text), &s)
			if name == "list of tables" { // the library says so itself
				if len(problems) != 1 || problems[0].Line == 0 {
					t.Error(problems)
				}
				return
			}
			if len(problems) != 1 || problems[0].Line != test.line || !strings.Contains(problems[0].Message, test.want) {
				t.Errorf("want %d: …%s…, got %v", test.line, test.want, problems)
			}
			for _, p := range problems {
				if strings.Contains(p.Message, "hunter2") || strings.Contains(p.Message, "31337") && !strings.Contains(p.Message, "/nowhere") {
					t.Errorf("%v gives a secret away", p)
				}
			}
		})
	}
}

func TestEveryMistakeIsTold(t *testing.T) {
	t.Parallel()
	var s settings
	_, problems := Decode("f", []byte("nam = 1\non = true\nworkers = \"x\"\n[redis]\nurl = 2\npasword = \"hunter2\"\n"), &s)
	if len(problems) != 4 {
		t.Errorf("%v", problems)
	}
	if !s.On {
		t.Error("what is right was not set")
	}
	if got := problems[0].String(); got != `f:1: unknown key "nam": did you mean "name"?` {
		t.Errorf("a problem reads %q", got)
	}
	if got := (Problem{File: "f", Message: "m"}).Error(); got != "f: m" {
		t.Errorf("a problem without a line reads %q", got)
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	known := []string{"subject", "reply_to", "from", "url", "on"}
	for word, want := range map[string]string{
		"subjetc": "subject", "Subject": "subject", "reply-to": "reply_to", "replyto": "reply_to", "form": "from", "ulr": "url", "uri": "url",
		"to": "", "x": "", "": "", "something": "", "onn": "on",
	} {
		if got, ok := Nearest(word, known); got != want || ok != (want != "") {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
}

// leaves gathers the path of every key and element that the library found.
func leaves(raw any, path []string, into map[string]bool) {
	if len(path) > 0 {
		into[strings.Join(path, separator)] = true
	}
	switch raw := raw.(type) {
	case map[string]any:
		for key, v := range raw {
			leaves(v, join(path, key), into)
		}
	case []map[string]any:
		for i, v := range raw {
			leaves(v, join(path, strconv.Itoa(i)), into)
		}
	case []any:
		for i, v := range raw {
			leaves(v, join(path, strconv.Itoa(i)), into)
		}
	}
}

// Whatever the library accepts, the scanner finds exactly the same keys in it.
func FuzzScan(f *testing.F) {
	f.Add(good)
	f.Add("a.'b.c'.\"d\\u0065\" = 1 # x = 2\n[ t . u ]\nk = '''\n[no]\nx = 1\n''''\nl = \"\"\"a\\\"\"\"\"\"\"\nv = [[1, [2]], # c ]\n {x = 1, y.z = 'q'},]\n[[p]]\n[[p.q]]\nr=1979-05-27 07:32:00\n[p.s]\n[[p]]\n[[p.q]]\n")
	f.Add("\ufeffa = {b = 1,\n c = \"x\" # y\n}\r\n\"\" = 0\n\"\\x41\\e\" = ''\n")
	f.Fuzz(func(t *testing.T, text string) {
		raw := map[string]any{}
		if _, err := toml.Decode(text, &raw); err != nil {
			scan(text) // must end all the same
			return
		}
		want, got := map[string]bool{}, map[string]bool{}
		leaves(raw, nil, want)
		for key, line := range scan(text) {
			got[key] = true
			if line < 1 || line > 1+strings.Count(text, "\n") {
				t.Fatalf("%q stands on line %d", key, line)
			}
		}
		if !maps.Equal(want, got) {
			t.Fatalf("in %q\nthe library finds %q\nthe scanner %q", text, slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got)))
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte("gateway = [{kind = 1}]\nlimit = 99999999999\nstart = 07:32:00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var s settings
		d, problems := Decode("f", data, &s)
		if d == nil && len(problems) != 1 {
			t.Fatalf("no TOML, and %v", problems)
		}
		for _, p := range problems {
			if p.Line < 0 || p.Line > 1+strings.Count(string(data), "\n") || p.Message == "" || d != nil && p.Line == 0 {
				t.Fatalf("%+v in %q", p, data)
			}
		}
	})
}
