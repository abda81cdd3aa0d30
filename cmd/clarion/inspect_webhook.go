package main

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"clarion/internal/conf"
	"clarion/worker/gateway"
	"clarion/worker/gateway/webhook"
)

func (p *program) inspectWebhook() *cobra.Command {
	var name string
	c := &cobra.Command{Use: "webhook --gateway NAME [FILE…]", Short: `Read requests of a mail provider: {"url","headers","body"} a line`,
		Long: `Reads requests of a mail provider, {"url","headers","body"} a line. NAME is a
section [webhook.NAME] of the config: then each is authenticated as the hook does
it, but for its age. Without a section NAME is a provider, and a request is read
as if its secrets were right.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := p.loadConfig(cmd)
			if err != nil {
				return err
			}
			var h *webhook.Hook
			section, configured := cfg.Webhook[name]
			if configured {
				var own webhook.Config
				if ps := section.Decode(&own); len(ps) > 0 {
					return conf.Problems(ps)
				}
				h, err = webhook.New(name, own, nil)
			} else {
				h, err = webhook.Unchecked(name)
			}
			if err != nil {
				return inputError("%w", err)
			}
			return p.answerLines(args, func(line []byte) (any, error) { return inspectRequest(cmd, h, configured, line) })
		}}
	c.Flags().StringVar(&name, "gateway", "", "the section [webhook.NAME], or a provider: "+strings.Join(webhook.Kinds(), ", "))
	if err := c.MarkFlagRequired("gateway"); err != nil {
		panic(err) // the flag stands a line above
	}
	return c
}

// webhookLine is what `inspect webhook` prints of a request.
type webhookLine struct {
	Accepted bool           `json:"accepted"`
	Checked  bool           `json:"checked"` // against the secrets of the config
	Events   []webhookEvent `json:"events"`
	Why      string         `json:"why,omitempty"` // it was not accepted
}

type webhookEvent struct {
	Kind      webhook.Kind `json:"kind"`
	Recipient string       `json:"recipient"`
	ID        string       `json:"id"`
	Reason    string       `json:"reason"`
	Delivery  string       `json:"delivery"`
}

func inspectRequest(cmd *cobra.Command, h *webhook.Hook, checked bool, line []byte) (any, error) {
	r, err := readRequest(line)
	if err != nil {
		return nil, err
	}
	out := webhookLine{Checked: checked, Events: []webhookEvent{}}
	events, err := h.Read(r.WithContext(cmd.Context()))
	if err != nil {
		if out.Why = err.Error(); errors.Is(err, gateway.ErrForged) {
			out.Why = strings.TrimPrefix(out.Why, gateway.ErrForged.Error()+": ")
		}
		return out, nil
	}
	out.Accepted = true
	for _, e := range events {
		out.Events = append(out.Events, webhookEvent{e.Kind, e.Recipient, e.ID, e.Reason().String(), e.Delivery})
	}
	return out, nil
}

// readRequest makes a request of its line. Header names may be those of CGI
// (HTTP_X_SIGNATURE, RFC 3875 §4.1.18), a body that is no text is in body_b64.
func readRequest(line []byte) (*http.Request, error) {
	var in struct {
		URL         string         `json:"url"`
		Headers     map[string]any `json:"headers"`
		ContentType string         `json:"content_type"`
		Body        *string        `json:"body"`
		Bytes       *string        `json:"body_b64"`
	}
	if err := object(line, &in, "body", func() bool { return in.Body != nil || in.Bytes != nil }); err != nil {
		return nil, err
	}
	body := ""
	if in.Body != nil {
		body = *in.Body
	}
	if in.Bytes != nil {
		b, err := base64.StdEncoding.DecodeString(*in.Bytes)
		if err != nil {
			return nil, errors.New(`"body_b64" is no base64`)
		}
		body = string(b)
	}
	r, err := http.NewRequest(http.MethodPost, in.URL, strings.NewReader(body))
	if err != nil {
		return nil, errors.New(`"url" is no URL`)
	}
	for name, value := range in.Headers {
		if cgi, ok := strings.CutPrefix(name, "HTTP_"); ok {
			name = strings.ReplaceAll(cgi, "_", "-")
		} else if name == "CONTENT_TYPE" {
			name = "Content-Type"
		}
		var values []string
		switch v := value.(type) {
		case string:
			values = []string{v}
		case []any:
			for _, item := range v {
				values = append(values, fmt.Sprint(item))
			}
		case json.Number, float64:
			values = []string{fmt.Sprint(v)}
		default:
			return nil, fmt.Errorf("the header %q must be a string", name)
		}
		for _, v := range values {
			r.Header.Add(name, v)
		}
	}
	if in.ContentType != "" && r.Header.Get("Content-Type") == "" {
		r.Header.Set("Content-Type", in.ContentType)
	}
	return r, nil
}
