package sms

import (
	"strings"
	"testing"

	"clarion/lists/address"
	"clarion/templates"
)

func text(t *testing.T, src string) *templates.Text {
	t.Helper()
	parsed, problems := templates.ParseText("sms.ko.txt", []byte(src))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return parsed
}

func person(fields ...string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for i := 0; i < len(fields); i += 2 {
			if fields[i] == name {
				return fields[i+1], true
			}
		}
		return "", false
	}
}

func TestMessage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, src string
		fields    []string
		want      string
	}{
		{"as written", "Hello", nil, "Hello"},
		{"a field", "{{ name | 친구 }}님, 함께해요", []string{"name", "지은"}, "지은님, 함께해요"},
		{"a fall-back", "{{ name | 친구 }}님, 함께해요", nil, "친구님, 함께해요"},
		{"margins and line ends", "\n Hello  \r\n\r\nyou\t there \n\n", nil, "Hello\n\nyou  there"},
		{"letters in pieces", "{{ name | x }}!", []string{"name", "\u1112\u1161\u11ab"}, "한!"},
		{"control and unseen characters", "{{ name | x }}!", []string{"name", "a\x00b\u200bc\ufeffd\x7f"}, "abcd!"},
		{"a value is no template", "{{ name | x }}!", []string{"name", "{{ name }}"}, "{{ name }}!"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m, problems := compile(text(t, c.src), "ko")
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			if got := m.Text(person(c.fields...)); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestCompileTellsWhereAMistakeIs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, lang, src string
		line            int
		part            string // of the message
		hint            bool   // it may go all the same
	}{
		{"outside EUC-KR", "ko", "안녕\n반가워요 😀", 2, "character 6 of the line", false},
		{"with what to write", "ko", "5 – 7시", 1, `"―"`, false},
		{"in a fall-back", "ko", "안녕\n{{ name | 똠 }}", 2, "EUC-KR", false},
		{"too long", "ko", strings.Repeat("가", 1001), 1, "2002 bytes", false},
		{"empty", "ko", "\n \n", 1, "empty", false},
		{"English may hold an accent", "en", "Café\nrésumé\nçok", 3, "EUC-KR", true},
		{"a costly quote", "en", "All is well.\nDon’t forget", 2, `"'" would not`, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m, found := compile(text(t, c.src), c.lang)
			if c.hint {
				if len(found) > 0 {
					t.Fatal("stops the call:", found)
				}
				found = m.Hints()
			}
			for _, p := range found {
				if p.Line == c.line && p.File == "sms.ko.txt" && strings.Contains(p.Message, c.part) {
					return
				}
			}
			t.Errorf("got %v, want line %d, %q", found, c.line, c.part)
		})
	}
}

func TestMessageKnowsItsEncoding(t *testing.T) {
	t.Parallel()
	for src, want := range map[string]bool{"Hello {{ name | friend }}": false, "안녕하세요": true, "Hello {{ name | 친구 }}": true} {
		if m, _ := compile(text(t, src), "ko"); m.Unicode() != want {
			t.Errorf("%q: Unicode() is %v", src, !want)
		}
	}
}

func TestCompileACall(t *testing.T) {
	t.Parallel()
	call, problems := templates.Parse(map[string][]byte{
		templates.CallFile: []byte(`
campaign = "Save 9"
name = "launch"
class = "appeal"
languages = ["ko", "en"]
channels = ["sms"]
fields = ["name"]
[audience]
lists = ["supporters"]
[sms]
from = "0212345678"
`),
		"sms.ko.txt": []byte("{{ name | 친구 }}님, {{ campaign }} 서명에 함께해 주세요."),
		"sms.en.txt": []byte("{{ name | Friend }}, please sign {{ campaign }}."),
	})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for lang, want := range map[string]string{"ko": "지은님, Save 9 서명에 함께해 주세요.", "en": "지은, please sign Save 9."} {
		m, problems := Compile(call, lang)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		if got := m.Text(person("name", "지은")); got != want {
			t.Errorf("%s: got %q, want %q", lang, got, want)
		}
	}
	if m, problems := Compile(call, "fr"); m != nil || len(problems) != 1 || !strings.Contains(problems[0].Message, address.SMS.String()) {
		t.Errorf("a language without text: %v, %v", m, problems)
	}
}

func TestReply(t *testing.T) {
	t.Parallel()
	names := []string{"", "Save 9", "서울인권모임", "North-East Asia Refugee Rights Watch and Legal Aid Association of Greater Seoul, Incheon and Gyeonggi Province",
		"난민과 이주민의 권리를 위한 서울 경기 인천 시민 연대 회의 공동 실천 위원회 사무국", "Amnistía ñandú"}
	for _, name := range names {
		for _, lang := range []string{"ko", "en"} {
			for _, a := range []Answer{OptedOut, Help, Started} {
				for _, contact := range []string{"", "02-1234-5678", "https://save9.example/" + strings.Repeat("x", 200)} {
					text := Reply(lang, a, name, contact)
					info := Count(text)
					if info.Segments != 1 || lang == "ko" && info.EUCKR != nil && *info.EUCKR > maxSMS {
						t.Errorf("%q is no single message", text)
					}
					if first := strings.Fields(name + " .")[0]; name != "" && !strings.Contains(text, first) {
						t.Errorf("%q is not signed %q", text, first)
					}
					if a == Help && len(contact) == 12 && len(name) < 30 && !strings.Contains(text, contact) {
						t.Errorf("%q does not say whom to ask", text)
					}
					if a == OptedOut && strings.Contains(text, "STOP") {
						t.Errorf("%q asks to stop what has stopped", text)
					}
				}
			}
		}
	}
	if got, want := Reply("ko-KR", OptedOut, "서울인권모임", "x"), "[서울인권모임] 수신거부 처리되어 더는 문자를 보내지 않습니다. 다시 받기: START"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
