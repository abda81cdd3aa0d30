package incoming

import (
	"strings"
	"testing"
	"unicode"

	"clarion/petition"
)

func TestRead(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]reading{
		"서명 홍길동":                {said: Signs, name: "홍길동"},
		"  서명　홍길동  ":            {said: Signs, name: "홍길동"},
		"서명: 홍길동":               {said: Signs, name: "홍길동"},
		"[서명] 홍길동.":             {said: Signs, name: "홍길동"},
		"서명홍길동":                 {said: Signs, name: "홍길동"},
		"서명 홍 길동":               {said: Signs, name: "홍길동"},
		"서명합니다 홍길동":             {said: Signs, name: "홍길동"},
		"서명 합니다. 홍길동입니다":        {said: Signs, name: "홍길동"},
		"서명\n홍길동":               {said: Signs, name: "홍길동"},
		"서명 남궁민수":               {said: Signs, name: "남궁민수"},
		"서명 이산":                 {said: Signs, name: "이산"},
		"서명 홍길동, 서울 관악구":        {said: Signs, name: "홍길동", place: "서울 관악구"},
		"서명 홍길동，서울":             {said: Signs, name: "홍길동", place: "서울"},
		"서명 홍길동 드림\n\n감사합니다":    {said: Signs, name: "홍길동"},
		"SIGN Kim Minsu":        {said: Signs, name: "Kim Minsu"},
		"sign kim minsu, Seoul": {said: Signs, name: "kim minsu", place: "Seoul"},
		"ＳＩＧＮ　Ｋｉｍ　Ｍｉｎｓｕ":        {said: Signs, name: "Kim Minsu"},
		"Sign: \"Kim Min-su\"":  {said: Signs, name: "Kim Min-su"},
		"I sign. Seán O’Brien":  {said: Signs, name: "Seán O’Brien"},
		"SIGN 홍길동":              {said: Signs, name: "홍길동"},
		"SIGN 山田太郎":             {said: Signs, name: "山田太郎"},
		"SIGN Kim Minsu\n\nOn Mon, 10 Jun 2013, Save 9 wrote:\n> SIGN Another Name": {said: Signs, name: "Kim Minsu"},
		"서명 홍길동\n\n2013년 6월 10일 (월) 오후 2:00, Save 9 <a@b.kr>님이 작성:\n> 서명":           {said: Signs, name: "홍길동"},

		"서명":                             {said: Unread},
		"SIGN":                           {said: Unread},
		"SIGN Madonna":                   {said: Unread},
		"SIGN me up":                     {said: Unread},
		"sign the petition":              {said: Unread},
		"서명 ㅋㅋ":                          {said: Unread},
		"서명 어떻게 하나요":                     {said: Unread},
		"서명 운동":                          {said: Unread},
		"서명 홍길동 010-1234-5678":           {said: Unread},
		"SIGN http://x.com now":          {said: Unread},
		"서명 홍길동 900101-1234567":          {said: Unread, resident: true},
		"> 서명 홍길동":                       {},
		"서명운동 화이팅":                       {},
		"서명하고 싶어요":                       {},
		"signature of what?":             {},
		"Signal me":                      {},
		"저는 서명 안 해요":                     {},
		"":                               {},
		"서명 " + strings.Repeat("홍", 200): {},

		"동의":                {said: Agrees},
		"동 의":               {said: Agrees},
		"동의합니다!":            {said: Agrees},
		"동의합니다. 감사합니다":      {said: Agrees},
		"AGREE":             {said: Agrees},
		"I agree":           {said: Agrees},
		"agree seoul":       {said: Agrees, place: "seoul"},
		"동의 경기도 고양시":        {said: Agrees, place: "경기도 고양시"},
		"동의 안 합니다":          {said: Agrees, place: "안 합니다"}, // which is no place, so nobody has agreed
		"동의하지 않습니다":         {},
		"agreement is good": {},
		"I do not agree":    {},
	} {
		if got := read(text); got != want {
			t.Errorf("%q is read as %+v, want %+v", text, got, want)
		}
	}
}

func TestPlaced(t *testing.T) {
	t.Parallel()
	c, _, err := petition.LoadFS(petition.Example())
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string][2]string{
		"서울": {"seoul", ""}, "서울시 관악구": {"seoul", "관악구"}, "서울특별시": {"seoul", ""}, "경기 고양시": {"gyeonggi", "고양시"}, "경기도, 고양시": {"gyeonggi", "고양시"},
		"경북 안동": {"gyeongbuk", "안동"}, "전라남도 여수": {"jeonnam", "여수"}, "전북": {"jeonbuk", ""}, "제주도": {"jeju", ""}, "강원도": {"gangwon", ""}, "세종시": {"sejong", ""},
		"seoul": {"seoul", ""}, "Gyeonggi-do Goyang": {"gyeonggi", "Goyang"}, "BUSAN": {"busan", ""}, "해외": {"abroad", ""}, "Abroad Berlin": {"abroad", "Berlin"},
		"관악구": {"", "관악구"}, "안 합니다": {"", "안 합니다"}, "": {"", ""},
	} {
		if region, district := placed(c, text); region != want[0] || district != want[1] {
			t.Errorf("%q is %q, %q", text, region, district)
		}
	}
}

// Whatever somebody writes, a name that is read is one that the petition takes, and what
// is quoted signs nothing.
func FuzzRead(f *testing.F) {
	for _, s := range []string{"서명 홍길동, 서울", "SIGN Kim Minsu", "동의", "서명홍길동", "SIGN \u202ekim minsu", "서명 \xff홍길동", "서명,,,", "i  s i g n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := read(text)
		if got.said != Signs {
			if got.name != "" {
				t.Fatalf("%q has a name and does not sign", text)
			}
			return
		}
		letters := 0
		for _, r := range got.name {
			if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.IsDigit(r) {
				t.Fatalf("%q is read as the name %q", text, got.name)
			}
			letters++
		}
		if letters < 2 || letters > maxName || petition.Invented(got.name) || petition.HasResidentNumber(text) {
			t.Fatalf("%q is read as the name %q", text, got.name)
		}
		if quoted := read("> " + strings.ReplaceAll(text, "\n", "\n> ")); quoted.said != Else {
			t.Fatalf("%q signs when it is quoted", text)
		}
	})
}
