package public_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"clarion/e2e/pages"
	"clarion/internal/seal"
	"clarion/lists/address"
	"clarion/petition"
)

// No page behind a link of a message has a finding of axe-core, before its button is
// pressed and after. The demo sends no messages: so they are looked at here.
func TestLinkedPagesAreAccessible(t *testing.T) {
	t.Parallel()
	axe := pages.NewAxe(t)
	s, d := newSquare(t), newDesk(t)
	mux := http.NewServeMux()
	mux.Handle("/", s.pages)
	subscriptions, err := url.Parse(d.base)
	d.must(err)
	for _, path := range []string{"/u/", "/public.css"} {
		mux.Handle(path, httputil.NewSingleHostReverseProxy(subscriptions))
	}
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	at := strings.Replace(server.URL, "127.0.0.1", "localhost", 1) // the browser knows no other host
	b := pages.Browse(t)
	agreed := 0
	for _, lang := range []string{"en", "ko"} {
		for _, screen := range pages.Screens {
			b.Do("choose the screen", screen.Show()...)
			to := address.Canonical(address.Email, "kim-"+lang+"-"+screen.Scheme+"@example.org")
			added, err := s.roll.Add(t.Context(), petition.Signing{Way: petition.WayWeb, Name: "김영희", Region: "busan", Language: lang, Contact: to,
				Agreed: petition.Agreed{News: true, Names: true, Opinion: true}, Age: true})
			d.must(err)
			for _, page := range []struct{ name, at, press string }{
				{"confirm", at + "/c/" + s.roll.ConfirmToken(added.Number), "main form button"},
				{"withdraw", at + "/w/" + s.roll.WithdrawToken(added.Number), "main form button"},
				{"unsubscribe", at + "/u/" + d.token(kim, seal.Unsubscribe), `button[value="stop"]`},
			} {
				b.Do(page.name, chromedp.Navigate(page.at+"?lang="+lang))
				axe.Look(b, page.name, lang, screen)
				b.Press(page.name, chromedp.Click(page.press))
				axe.Look(b, page.name+"-done", lang, screen)
			}
			b.Press("undo", chromedp.Click(`button[value="undo"]`))

			a, err := s.roll.KeepAsk(t.Context(), []byte(to.Reveal()), petition.Ask{Name: "Kim " + lang + " " + screen.Scheme, Contact: to, Language: lang})
			d.must(err)
			b.Do("reply", chromedp.Navigate(at+"/r/"+s.roll.AskToken(a)+"?lang="+lang))
			axe.Look(b, "reply", lang, screen)
			b.Press("reply", chromedp.SetValue("#region", "seoul"), chromedp.Click("#opinion"), chromedp.Click("#age"), chromedp.Click("main form button"))
			axe.Look(b, "reply-done", lang, screen)
			agreed++
		}
	}
	if least, most := s.counts(); least != agreed || most != agreed {
		t.Errorf("after all withdrew but %d who replied, %d to %d are counted", agreed, least, most)
	}
}
