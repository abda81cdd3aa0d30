package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

type webhookCase struct {
	ID     string `json:"id"`
	ESP    string `json:"esp"`
	Status *int   `json:"expect_status"` // none: a configuration that is wrong
	Events []struct {
		Kind      string `json:"event_type"`
		Recipient string `json:"recipient"`
		EventID   string `json:"event_id"`
		MessageID any    `json:"message_id"` // a number in some
	} `json:"expect_events"`
}

// A webhookRequest is the part of a case that is asked.
type webhookRequest struct {
	URL     string         `json:"url"`
	Headers map[string]any `json:"headers"`
	Type    string         `json:"content_type"`
	Body    *string        `json:"body"`
	Bytes   *string        `json:"body_b64"`
}

// webhookConfig holds what the cases were made with: the logins of each
// provider, and Mailgun's key.
func webhookConfig(kind string) string {
	key := ""
	if kind == "mailgun" {
		key = "signing_key = \"TEST_WEBHOOK_SIGNING_KEY\"\n"
	}
	return fmt.Sprintf("[webhook.%s]\nlogins = [\"username:password\", \"cred1:pass1\", \"cred2:pass2\"]\n%s", kind, key)
}

// otherSecret are the cases that were signed with a key which is not told.
var otherSecret = []string{"mailgun-128", "sendgrid-275"}

// scoreWebhooks asks about the requests of the providers that Clarion reads.
func scoreWebhooks(b *board) error {
	all, err := cases[webhookCase](b, "webhooks/anymail.jsonl")
	if err != nil {
		return err
	}
	requests, err := cases[webhookRequest](b, "webhooks/anymail.jsonl")
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "clarion-corpora-")
	if err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	defer os.RemoveAll(dir)
	events, refused := b.row("webhooks", "events", 1), b.row("webhooks", "forged or foreign, refused", 1)
	for _, kind := range []string{"amazon_ses", "sendgrid", "mailgun", "postmark", "brevo", "mailjet"} {
		config := filepath.Join(dir, kind+".toml")
		if err := os.WriteFile(config, []byte(webhookConfig(kind)), 0o600); err != nil {
			return fmt.Errorf("write a config: %w", err)
		}
		var of []webhookCase
		var lines []any
		for i, c := range all {
			if c.ESP == kind && c.Status != nil && !slices.Contains(otherSecret, c.ID) {
				of, lines = append(of, c), append(lines, requests[i])
			}
		}
		answers, err := ask[struct {
			Accepted bool
			Events   []struct{ Kind, Recipient, ID string }
			Why      string
		}](b, lines, "webhook", "--gateway", kind, "--config", config, "-")
		if err != nil {
			return err
		}
		for i, c := range of {
			a := answers[i]
			if *c.Status != 200 {
				refused.note(!a.Accepted && len(a.Events) == 0, c.ID, a, c)
				continue
			}
			right := a.Accepted && len(a.Events) == len(c.Events)
			for j := range c.Events {
				if right {
					got, want := a.Events[j], c.Events[j]
					right = got.Kind == want.Kind && (want.Recipient == "" || got.Recipient == want.Recipient) &&
						(want.EventID == "" && want.MessageID == nil || got.ID == want.EventID || got.ID == fmt.Sprint(want.MessageID))
				}
			}
			events.note(right, c.ID, a, c.Events)
		}
	}
	return nil
}
