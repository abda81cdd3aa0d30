package public_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"clarion/lists/address"
	"clarion/petition"
)

// Who replied with their name agrees by a link: a look at it changes nothing, and it
// shows no name to whom it was forwarded.
func TestWhoRepliedAgrees(t *testing.T) {
	s := newSquare(t)
	a, err := s.roll.KeepAsk(t.Context(), []byte("m"), petition.Ask{Name: "홍길동", District: "관악구", Contact: address.Canonical(address.Email, "hong@example.org"), Language: "ko"})
	if err != nil {
		t.Fatal(err)
	}
	path := "/r/" + s.roll.AskToken(a)
	for range 2 {
		if code, page := s.get(path + "?lang=ko"); code != http.StatusOK || !strings.Contains(page, "홍…") || strings.Contains(page, "홍길동") || !strings.Contains(page, s.roll.Opinion["ko"]) || !strings.Contains(page, `value="관악구"`) {
			t.Fatalf("the link shows %d:\n%s", code, page)
		}
	}
	for field, v := range map[string]url.Values{
		"region":  {"opinion": {"1"}, "age": {"1"}},
		"opinion": {"region": {"seoul"}, "age": {"1"}},
		"age":     {"region": {"seoul"}, "opinion": {"1"}},
	} {
		if code, page := s.post(path+"?lang=en", v); code != http.StatusUnprocessableEntity || !strings.Contains(page, `id="`+field+`-wrong"`) {
			t.Errorf("without %s it answers %d:\n%s", field, code, page)
		}
	}
	if tally, err := s.roll.Tally(t.Context()); err != nil || tally.AtMost != 0 || len(s.letters) != 0 {
		t.Errorf("before they agree there is %+v, %v, %v", tally, s.letters, err)
	}
	code, page := s.post(path+"?lang=ko", url.Values{"region": {"seoul"}, "district": {"관악구"}, "opinion": {"1"}, "age": {"1"}, "names": {"1"}, "news": {"1"}})
	if code != http.StatusOK || !strings.Contains(page, "확실한 서명으로 셉니다") || !strings.Contains(page, "https://act.example.org/s/") {
		t.Fatalf("who agrees is answered %d:\n%s", code, page)
	}
	sig, err := s.roll.Read(t.Context(), 1)
	if err != nil || !sig.Certain() || sig.Way != petition.WayReply || sig.Name != "홍길동" || sig.District != "관악구" || sig.Agreed != (petition.Agreed{News: true, Names: true, Opinion: true}) || s.news[1] != "hong@example.org" {
		t.Errorf("the signature is %+v, %v; for news are %v", sig, err, s.news)
	}
	if len(s.letters) != 1 {
		t.Errorf("they are sent %v", s.letters)
	}
	if code, page := s.get(path); code != http.StatusUnprocessableEntity || !strings.Contains(page, "used already") {
		t.Errorf("the link that was used shows %d:\n%s", code, page)
	}
	if code, _ := s.get("/r/nonsense"); code != http.StatusNotFound {
		t.Errorf("a link that is none is answered %d", code)
	}
	if got := s.log.String(); strings.Contains(got, "홍") || strings.Contains(got, "hong") {
		t.Errorf("the log names a signer:\n%s", got)
	}
}
