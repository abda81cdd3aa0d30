// Package incoming owns what signers send to us of their own accord: answers to a call
// by text and by mail, in which it reads a name and asks what a signer must agree to, and
// received faxes, which it makes into pictures. What it cannot read waits for a person.
package incoming

import (
	"context"
	"log/slog"

	"golang.org/x/time/rate"

	"clarion/internal/clock"
	"clarion/lists/address"
	"clarion/petition"
)

// A Letter is what a person is answered. It is what worker.Letter is.
type Letter struct {
	To      address.Address
	Subject string // of a mail
	Text    string
}

// Letters bring people answers.
type Letters interface {
	// Tell sends a letter, once for each id, and to nobody who must not be written to.
	Tell(ctx context.Context, id string, l Letter) error
}

// Parts are what a Desk works with.
type Parts struct {
	Roll    *petition.Roll
	Letters Letters
	Public  string // address of the public pages: "https://act.example.org"
	Clock   clock.Clock
	Log     *slog.Logger
}

// A Desk takes what comes in. It is safe for concurrent use, by any number of processes.
type Desk struct {
	Parts
	strangers *rate.Limiter // those asked whose address is not proven
}

// Open returns a desk.
func Open(p Parts) *Desk {
	return &Desk{p, rate.NewLimiter(rate.Every(strangersEvery), strangersBurst)}
}
