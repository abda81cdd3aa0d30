package conf

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const setSample = `# A call.
name = "launch"   # as the board shows it
channels = [
  "email", # first
  "sms",
]

[audience]
# Who gets it.
lists = ["supporters", "a ] b # c"]

[email.subject]
ko = "제목"
`

func TestSetChangesOnePlace(t *testing.T) {
	for _, c := range []struct{ key, value, old, want string }{
		{"name", `"second"`, `name = "launch"   #`, `name = "second"   # as the board shows it`},
		{"channels", `["fax"]`, "channels = [\n  \"email\", # first\n  \"sms\",\n]\n", "channels = [\"fax\"]\n\n[audience]"},
		{"audience.lists", `["x"]`, `lists = ["supporters", "a ] b # c"]`, `lists = ["x"]`},
		{"audience.without", `["y"]`, "", "\"a ] b # c\"]\nwithout = [\"y\"]\n\n[email.subject]"},
		{"reach", `"first"`, "", "]\nreach = \"first\"\n\n[audience]"},
		{"sms.from", `"1"`, "", "ko = \"제목\"\n\n[sms]\nfrom = \"1\"\n"},
		{"email.subject.en", `"Title"`, "", "ko = \"제목\"\nen = \"Title\"\n"},
	} {
		got := Set(setSample, c.value, strings.Split(c.key, ".")...)
		if c.old != "" && strings.Contains(got, c.old) {
			t.Errorf("%s: the old value is still there:\n%s", c.key, got)
		}
		if !strings.Contains(got, c.want) {
			t.Errorf("%s: want %q in\n%s", c.key, c.want, got)
		}
		if !strings.Contains(got, "# Who gets it.") {
			t.Errorf("%s: a comment is lost", c.key)
		}
	}
	if got := Set("[a]\nb = 1\n", "2", "c"); got != "c = 2\n[a]\nb = 1\n" {
		t.Errorf("a key of the top is not before the tables: %q", got)
	}
	if got := Set("a = 1", "2", "b"); got != "a = 1\nb = 2\n" {
		t.Errorf("an open last line: %q", got)
	}
}

// What is set is what is read, and the rest is read as before.
func TestSetIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOfN(rapid.String(), 0, 4).Draw(t, "lists")
		text := setSample
		for range rapid.IntRange(1, 3).Draw(t, "times") {
			text = Set(text, Strings(want), "audience", "lists")
		}
		var got struct {
			Name     string
			Channels []string
			Audience struct{ Lists []string }
			Email    struct{ Subject map[string]string }
		}
		if _, problems := Decode("call.toml", []byte(text), &got); len(problems) > 0 {
			t.Fatalf("%v in\n%s", problems, text)
		}
		if !slices.Equal(got.Audience.Lists, want) || got.Name != "launch" || len(got.Channels) != 2 || got.Email.Subject["ko"] != "제목" {
			t.Fatalf("read back as %+v from\n%s", got, text)
		}
	})
}

func TestUnsetTakesOnePlaceAway(t *testing.T) {
	for key, gone := range map[string]string{
		"channels": "channels = [\n  \"email\", # first\n  \"sms\",\n]\n", "email.subject.ko": "ko = \"제목\"\n", "name": "name = \"launch\"   # as the board shows it\n", "not.there": "",
	} {
		if got, want := Unset(setSample, strings.Split(key, ".")...), strings.Replace(setSample, gone, "", 1); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", key, got, want)
		}
	}
}
