package web

import (
	"encoding/json"
	"net/http/httptest"
	"testing"

	"clarion/internal/conf"
)

func TestLanguage(t *testing.T) {
	for accept, want := range map[string]string{
		"": "en", "ko": "ko", "KO-kr": "ko", "ko-KR,ko;q=0.9,en-US;q=0.8,en;q=0.7": "ko", "en, ko": "en", "ko;q=0.3, en;q=0.5": "en",
		"fr, ko;q=0.5": "ko", "fr": "en", "kok": "en", "ko;q=0": "en", "*": "en", ";;": "en",
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Accept-Language", accept)
		if got := Language(r); got != want {
			t.Errorf("%q asks for %q, want %q", accept, got, want)
		}
	}
}

// A problem is told in the language that the request asks for, and so are the
// mistakes that it names, where a rule has words for both.
func TestProblemInKorean(t *testing.T) {
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Accept-Language", "ko")
	w := httptest.NewRecorder()
	mistakes := conf.Problems{{File: "ko.md", Line: 1, Message: "wrong", Korean: "틀렸습니다"}, {File: "ko.md", Line: 2, Message: "odd"}}
	Fail(w, r, mistakes)
	var p Problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatal(err)
	}
	if p.Title != "먼저 고칠 것이 있습니다." || p.Problems[0].Message != "틀렸습니다" || p.Problems[1].Message != "odd" || w.Header().Get("Content-Language") != "ko" || w.Header().Get("Vary") != "Accept-Language" {
		t.Errorf("in Korean it is told as %+v, %v", p, w.Header())
	}
	if mistakes[0].Message != "wrong" {
		t.Error("the mistakes themselves were changed")
	}
}
