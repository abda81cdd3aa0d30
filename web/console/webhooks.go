package console

import (
	"errors"
	"net/http"

	"clarion/web/access"
	"clarion/webhooks"
)

// A webhooksView is all webhooks, and the form for another.
type webhooksView struct {
	All    []webhookLine
	Events []webhooks.Event
	URL    string // as it was typed
}

// A webhookLine is a webhook as its page and the list show it.
type webhookLine struct {
	webhooks.Endpoint
	Secret   string // one that was made just now
	Attempts []webhooks.Attempt
	All      []webhooks.Event
}

// Told says whether the webhook is told of an event.
func (l webhookLine) Told(event webhooks.Event) bool {
	for _, e := range l.Events {
		if e == event {
			return true
		}
	}
	return false
}

func (c *console) webhooks(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	return c.showWebhooks(w, r, who, http.StatusOK, "", "")
}

func (c *console) showWebhooks(w http.ResponseWriter, r *http.Request, who *access.Visitor, status int, typed, wrong string) error {
	all, err := c.Webhooks.Endpoints(r.Context())
	if err != nil {
		return err
	}
	v := webhooksView{Events: webhooks.Events[:], URL: typed}
	for _, e := range all {
		v.All = append(v.All, webhookLine{Endpoint: e})
	}
	return c.showAs(w, r, who, status, "webhooks", page{Title: sayer(languageOf(r, who))("Webhooks", "웹훅"), Wrong: wrong, Data: v})
}

// events are those that are ticked.
func events(r *http.Request) (out []webhooks.Event) {
	_ = r.PostFormValue("") // reads the form
	for _, e := range r.PostForm["event"] {
		out = append(out, webhooks.Event(e))
	}
	return out
}

func wrongWebhook(lang string) string {
	return sayer(lang)("Nothing was saved: the address begins with https://, has no port above 65535 and leads into the public internet, and at least one event is ticked. There are 20 webhooks at most.",
		"저장하지 않았습니다. 주소는 https:// 로 시작하는 공개 인터넷 주소여야 하고(포트는 65535까지), 알릴 일을 하나 이상 골라야 합니다. 웹훅은 20개까지입니다.")
}

func (c *console) newWebhook(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	typed := r.PostFormValue("url")
	e, secret, err := c.Webhooks.Make(r.Context(), who.Actor(), typed, events(r))
	if errors.Is(err, webhooks.ErrInput) {
		return c.showWebhooks(w, r, who, http.StatusUnprocessableEntity, typed, wrongWebhook(languageOf(r, who)))
	} else if err != nil {
		return err
	}
	return c.showWebhook(w, r, who, http.StatusOK, e.ID, secret, "")
}

func (c *console) webhook(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	return c.showWebhook(w, r, who, http.StatusOK, r.PathValue("id"), "", "")
}

func (c *console) showWebhook(w http.ResponseWriter, r *http.Request, who *access.Visitor, status int, id, secret, wrong string) error {
	e, err := c.Webhooks.Endpoint(r.Context(), id)
	if err != nil {
		return err
	}
	v := webhookLine{Endpoint: *e, Secret: secret, All: webhooks.Events[:]}
	if v.Attempts, err = c.Webhooks.Attempts(r.Context(), id); err != nil {
		return err
	}
	return c.showAs(w, r, who, status, "webhook", page{Title: sayer(languageOf(r, who))("Webhook", "웹훅"), Wrong: wrong, Data: v})
}

func (c *console) changeWebhook(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	err := c.Webhooks.Change(r.Context(), who.Actor(), r.PathValue("id"), r.PostFormValue("url"), events(r))
	if errors.Is(err, webhooks.ErrInput) {
		return c.showWebhook(w, r, who, http.StatusUnprocessableEntity, r.PathValue("id"), "", wrongWebhook(languageOf(r, who)))
	}
	return c.webhookDone(w, r, "save", err)
}

func (c *console) webhookDone(w http.ResponseWriter, r *http.Request, done string, err error) error {
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/webhooks/"+r.PathValue("id")+"?done="+done, http.StatusSeeOther)
	return nil
}

func (c *console) rotateWebhook(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	secret, err := c.Webhooks.Rotate(r.Context(), who.Actor(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return c.showWebhook(w, r, who, http.StatusOK, r.PathValue("id"), secret, "")
}

func (c *console) shutWebhook(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	return c.webhookDone(w, r, "save", c.Webhooks.Shut(r.Context(), who.Actor(), r.PathValue("id")))
}

func (c *console) reopenWebhook(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	return c.webhookDone(w, r, "save", c.Webhooks.Reopen(r.Context(), who.Actor(), r.PathValue("id")))
}

func (c *console) tryWebhook(w http.ResponseWriter, r *http.Request, _ *access.Visitor) error {
	_, err := c.Webhooks.Try(r.Context(), r.PathValue("id"))
	return c.webhookDone(w, r, "tell", err)
}

func (c *console) resendMessage(w http.ResponseWriter, r *http.Request, _ *access.Visitor) error {
	return c.webhookDone(w, r, "tell", c.Webhooks.Resend(r.Context(), r.PathValue("id"), r.PostFormValue("message")))
}

func (c *console) deleteWebhook(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	if err := c.Webhooks.Delete(r.Context(), who.Actor(), r.PathValue("id")); err != nil {
		return err
	}
	http.Redirect(w, r, "/webhooks?done=delete", http.StatusSeeOther)
	return nil
}
