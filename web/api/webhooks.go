package api

import (
	"clarion/webhooks"
)

type webhooksAnswer struct {
	Webhooks []webhooks.Endpoint `json:"webhooks"`
}

func (a *api) webhooks(q *request, _ none) (webhooksAnswer, error) {
	all, err := a.Webhooks.Endpoints(q.Context())
	return webhooksAnswer{append([]webhooks.Endpoint{}, all...)}, err
}

// A webhookRequest is a webhook as a program writes it.
type webhookRequest struct {
	URL    string           `json:"url"`
	Events []webhooks.Event `json:"events"`
}

// A newWebhook is one with its secret, which is shown this once.
type newWebhook struct {
	webhooks.Endpoint
	Secret string `json:"secret"`
}

func (a *api) newWebhook(q *request, in webhookRequest) (*newWebhook, error) {
	e, secret, err := a.Webhooks.Make(q.Context(), q.who.Actor(), in.URL, in.Events)
	if err != nil {
		return nil, err
	}
	return &newWebhook{*e, secret}, nil
}

func (a *api) webhook(q *request, _ none) (*webhooks.Endpoint, error) {
	return a.Webhooks.Endpoint(q.Context(), q.PathValue("webhook"))
}

func (a *api) changeWebhook(q *request, in webhookRequest) (*webhooks.Endpoint, error) {
	if err := a.Webhooks.Change(q.Context(), q.who.Actor(), q.PathValue("webhook"), in.URL, in.Events); err != nil {
		return nil, err
	}
	return a.webhook(q, none{})
}

func (a *api) deleteWebhook(q *request, _ none) (none, error) {
	return none{}, a.Webhooks.Delete(q.Context(), q.who.Actor(), q.PathValue("webhook"))
}

func (a *api) shutWebhook(q *request, _ none) (*webhooks.Endpoint, error) {
	if err := a.Webhooks.Shut(q.Context(), q.who.Actor(), q.PathValue("webhook")); err != nil {
		return nil, err
	}
	return a.webhook(q, none{})
}

func (a *api) reopenWebhook(q *request, _ none) (*webhooks.Endpoint, error) {
	if err := a.Webhooks.Reopen(q.Context(), q.who.Actor(), q.PathValue("webhook")); err != nil {
		return nil, err
	}
	return a.webhook(q, none{})
}

type secretAnswer struct {
	Secret string `json:"secret"`
}

func (a *api) rotateWebhook(q *request, _ none) (secretAnswer, error) {
	secret, err := a.Webhooks.Rotate(q.Context(), q.who.Actor(), q.PathValue("webhook"))
	if err != nil {
		return secretAnswer{}, err
	}
	return secretAnswer{secret}, nil
}

// A messageAnswer names a message by its webhook-id.
type messageAnswer struct {
	Message string `json:"message"`
}

func (a *api) tryWebhook(q *request, _ none) (messageAnswer, error) {
	id, err := a.Webhooks.Try(q.Context(), q.PathValue("webhook"))
	return messageAnswer{id}, err
}

type attemptsAnswer struct {
	Attempts []webhooks.Attempt `json:"attempts"`
}

func (a *api) attempts(q *request, _ none) (attemptsAnswer, error) {
	all, err := a.Webhooks.Attempts(q.Context(), q.PathValue("webhook"))
	return attemptsAnswer{append([]webhooks.Attempt{}, all...)}, err
}

func (a *api) resendMessage(q *request, in messageAnswer) (messageAnswer, error) {
	return in, a.Webhooks.Resend(q.Context(), q.PathValue("webhook"), in.Message)
}
