package public_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"clarion/petition"
	"clarion/web/public"
)

// hall has one volunteer, number 7 with code 123456.
type hall struct {
	came int

	generations []int // in which they came, one after the other
	fail        error
}

func (h *hall) Volunteer(code string) (uint32, error) {
	if code != "123456" {
		return 0, petition.ErrNoVolunteer
	}
	return 7, nil
}

func (h *hall) Code(uint32) string { return "123456" }

func (h *hall) By(link string) (petition.By, error) {
	if rest, ok := strings.CutPrefix(link, "passed"); ok {
		n, err := strconv.Atoi(rest)
		return petition.By{Volunteer: 7, Generation: n}, err
	}
	who, err := h.Volunteer(link)
	return petition.By{Volunteer: who, Generation: 1}, err
}

func (h *hall) Link(by petition.By) string {
	if by.Generation == 1 {
		return "123456"
	}
	return fmt.Sprint("passed", by.Generation)
}

func (h *hall) CountBy(ctx context.Context, by petition.By) error {
	h.generations = append(h.generations, by.Generation)
	return h.Count(ctx, by.Volunteer)
}

func (h *hall) Count(_ context.Context, who uint32) error {
	if who == 7 && h.fail == nil {
		h.came++
	}
	return h.fail
}

var save9 = petition.Appeal{URL: "https://save9.example.org/sign", Title: map[string]string{"ko": "아홉 명을 살려 주세요", "en": "Save 9"}, Text: map[string]string{"ko": "서명해 주세요", "en": "Please <sign>"}}

func TestAppeal(t *testing.T) {
	h := &hall{}
	pages, err := public.NewAppeal(save9, h, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ask := func(method, path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		pages.ServeHTTP(w, httptest.NewRequest(method, path, nil))
		return w
	}
	// A look counts nobody.
	for range 3 {
		w := ask(http.MethodGet, "/v/123456?lang=en")
		if w.Code != 200 || !strings.Contains(w.Body.String(), "Please &lt;sign&gt;") || h.came != 0 {
			t.Fatalf("the page is %d, %d came:\n%s", w.Code, h.came, w.Body)
		}
	}
	if w := ask(http.MethodGet, "/v/123456"); !strings.Contains(w.Header().Get("Content-Security-Policy"), "form-action 'self' https://save9.example.org;") {
		t.Errorf("the policy %q keeps the button from leading there", w.Header().Get("Content-Security-Policy"))
	}
	if w := ask(http.MethodGet, "/v/123456?lang=ko"); !strings.Contains(w.Body.String(), "서명하러 가기") {
		t.Errorf("the page is not in Korean:\n%s", w.Body)
	}
	// The button counts, and leads to where people sign, and nowhere else.
	if w := ask(http.MethodPost, "/v/123456?to=https://evil.example"); w.Code != http.StatusSeeOther || w.Header().Get("Location") != save9.URL || h.came != 1 {
		t.Errorf("the button leads to %d %q, %d came", w.Code, w.Header().Get("Location"), h.came)
	}
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		if w := ask(method, "/v/654321"); w.Code != 404 || h.came != 1 {
			t.Errorf("a code of nobody: %d, %d came", w.Code, h.came)
		}
	}
	h.fail = errors.New("dial unix /secret.sock: refused")
	if w := ask(http.MethodPost, "/v/123456"); w.Code != 503 || strings.Contains(w.Body.String(), "secret") {
		t.Errorf("without Redis: %d\n%s", w.Code, w.Body)
	}
	nowhere, err := public.NewAppeal(petition.Appeal{}, h, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	nowhere.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/v/123456", nil))
	if w.Code != 200 || !strings.Contains(w.Body.String(), "nowhere to sign") {
		t.Errorf("without a place to sign: %d\n%s", w.Code, w.Body)
	}
}
