// Package hook owns the way in for gateways: reports and inbound texts over
// HTTP, each authenticated as its gateway does it, and taken before it is
// answered.
package hook

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"clarion/internal/seal"
	"clarion/web"
	"clarion/worker/gateway"
)

// An Inbound keeps what comes in; after an error the provider brings it again.
type Inbound interface {
	Report(ctx context.Context, gatewayName string, purpose seal.Purpose, reports []gateway.Report) error
	Text(ctx context.Context, gatewayName string, t gateway.Inbound) error
}

// A Source is who may report, and of what.
type Source struct {
	Gateway  string // whose messages its reports are of
	Purpose  seal.Purpose
	Reporter gateway.Reporter
}

// New serves /hook/NAME for each source. Kannel reports by GET, so that the
// method is the gateway's matter; a forged request changes nothing.
func New(sources map[string]Source, in Inbound, log *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/hook/{name}", func(w http.ResponseWriter, r *http.Request) {
		name := r.PathValue("name")
		source, ok := sources[name]
		if !ok {
			web.Fail(w, r, web.ErrNotFound)
			return
		}
		if err := take(r, source, in); err != nil {
			p := web.ProblemOf(err)
			log.Warn("a gateway's request was not taken", "hook", name, "status", p.Status, "reason", p.Title, "cause", cause(err))
			web.Fail(w, r, err)
			return
		}
		// Not 204: Kannel 1.4.5 takes 200 and 202 alone for a yes, and would bring it again.
		w.WriteHeader(http.StatusOK)
	})
	return mux
}

// cause is what a reporter found wrong, which names nobody (see
// gateway.Reporter); "" of any other error, which may.
func cause(err error) string {
	if errors.Is(err, gateway.ErrForged) || errors.Is(err, web.ErrUnreadable) {
		return err.Error()
	}
	return ""
}

// take reads a request and keeps what it brings. An error of in is answered so
// that the provider comes again; what cannot be read would be no better then.
func take(r *http.Request, from Source, in Inbound) error {
	reports, texts, err := from.Reporter.ParseRequest(r)
	var size *http.MaxBytesError
	switch {
	case errors.Is(err, gateway.ErrForged), errors.As(err, &size):
		return err
	case err != nil:
		return fmt.Errorf("%w: %w", web.ErrUnreadable, err)
	}
	if len(reports) > 0 {
		if err := in.Report(r.Context(), from.Gateway, from.Purpose, reports); err != nil {
			return err
		}
	}
	for _, t := range texts {
		if err := in.Text(r.Context(), from.Gateway, t); err != nil {
			return err
		}
	}
	return nil
}
