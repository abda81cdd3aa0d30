package access

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// FormField is the field in which each form carries what Visitor.Form says.
const FormField = "form"

// A Door stands before pages and routes: each names the right it takes.
type Door struct {
	store *Store
	cross *http.CrossOriginProtection
	deny  func(http.ResponseWriter, *http.Request, error)
}

// NewDoor makes a door. deny answers a request that is not let through: with
// ErrNoSession, ErrForbidden, ErrStale, ErrForm, or with what Redis failed at.
func NewDoor(s *Store, deny func(http.ResponseWriter, *http.Request, error)) (*Door, error) {
	d := &Door{store: s, cross: http.NewCrossOriginProtection(), deny: deny}
	if err := d.cross.AddTrustedOrigin(s.cfg.Origin); err != nil {
		return nil, fmt.Errorf("guard the console: %w", err)
	}
	return d, nil
}

type visitorMark struct{}

// From returns who a request that came through a door is from.
func From(ctx context.Context) *Visitor {
	v, _ := ctx.Value(visitorMark{}).(*Visitor)
	return v
}

// Public lets everybody through, with a *Visitor if there is one, but no form of
// another site.
func (d *Door) Public(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := d.cross.Check(r); err != nil {
			d.deny(w, r, ErrForm)
			return
		}
		v, err := d.visitor(r)
		if err != nil && !errors.Is(err, ErrNoSession) {
			d.deny(w, r, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), visitorMark{}, v)))
	})
}

// Need lets those through who have the right, with a fresh proof if it takes one.
func (d *Door) Need(right Right, next http.Handler) http.Handler {
	return d.need(right, right.Fresh(), next)
}

// NeedProof is as Need, with a fresh proof whether or not the right takes one.
func (d *Door) NeedProof(right Right, next http.Handler) http.Handler {
	return d.need(right, true, next)
}

func (d *Door) need(right Right, fresh bool, next http.Handler) http.Handler {
	if !right.Valid() {
		panic("access: a route names the right " + string(right) + ", which is none")
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v, err := d.enter(r, right, fresh)
		if err != nil {
			d.deny(w, r, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), visitorMark{}, v)))
	})
}

func (d *Door) enter(r *http.Request, right Right, fresh bool) (*Visitor, error) {
	v, err := d.visitor(r)
	if err != nil {
		return nil, err
	}
	if !v.May(right) {
		return nil, ErrForbidden
	}
	if v.Token != nil {
		return v, nil // a token is sent by no browser on its own
	}
	if err := d.ours(r, v); err != nil {
		return nil, err
	}
	if fresh && !v.Fresh(d.store.clk.Now()) {
		return nil, ErrStale
	}
	return v, nil
}

// ours says whether what changes something comes from a page of this session:
// by what the browser says of where it comes from (Fetch metadata), and by what
// only our pages know.
func (d *Door) ours(r *http.Request, v *Visitor) error {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return nil
	}
	if d.cross.Check(r) != nil {
		return ErrForm
	}
	form, err := formOf(r)
	if err != nil {
		return err
	}
	if !v.Holds(form) {
		return ErrForm
	}
	return nil
}

// formOf is what a request carries of our form. A body that is too large is told as
// such (*http.MaxBytesError): its sender has not used an old form.
func formOf(r *http.Request) (string, error) {
	if form := r.Header.Get("X-Clarion-Form"); form != "" {
		return form, nil
	}
	var size *http.MaxBytesError
	form := r.PostFormValue(FormField) // which parses, and keeps the error to itself
	if _, err := r.Body.Read(nil); form == "" && errors.As(err, &size) {
		return "", size
	}
	return form, nil
}

// visitor finds who asks: by the token they send, else by the cookie.
func (d *Door) visitor(r *http.Request) (*Visitor, error) {
	if auth := r.Header.Get("Authorization"); auth != "" {
		scheme, secret, _ := strings.Cut(auth, " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return nil, ErrNoSession
		}
		return d.store.Bearer(r.Context(), strings.TrimSpace(secret))
	}
	c, err := r.Cookie(d.store.cookie())
	if err != nil {
		return nil, ErrNoSession
	}
	return d.store.Visit(r.Context(), c.Value)
}

// cookie is the name of the cookie. Under __Host- a browser takes it by https
// alone, for this host alone (RFC 6265bis §4.1.3.2).
func (s *Store) cookie() string {
	if s.secure {
		return "__Host-clarion"
	}
	return "clarion"
}

// Remember gives a browser the secret of its session; "" takes it away.
func (s *Store) Remember(w http.ResponseWriter, secret string) {
	c := &http.Cookie{Name: s.cookie(), Value: secret, Path: "/", Secure: s.secure, HttpOnly: true, SameSite: http.SameSiteStrictMode, MaxAge: int(SessionTime.Seconds())}
	if secret == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

// Within says whether a path may be gone to after a log-in: one of ours, never
// another site's.
func Within(path string) bool {
	return strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "//") && !strings.ContainsAny(path, "\\\r\n\t")
}
