package access

import (
	"context"
	"net/http"
	"strings"

	"clarion/internal/seal"
)

// An OpenHouse is the guard of the demo, which keeps nothing and reaches nobody:
// everyone who comes is its director. Forms of other sites are refused all the same,
// and a program may what a token may.
type OpenHouse struct {
	cross   *http.CrossOriginProtection
	host    *Visitor
	program *Visitor
	deny    func(http.ResponseWriter, *http.Request, error)
}

// NewOpenHouse makes one, in which everyone is called name.
func NewOpenHouse(name string, keys *seal.Keyring, deny func(http.ResponseWriter, *http.Request, error)) *OpenHouse {
	s := &Store{keys: keys}
	a := &account{Staff: Staff{Number: 1, Name: name, Roles: Roles[:]}}
	t := &Token{ID: "demo", Name: "demo"}
	for _, r := range Rights() {
		if r.ForTokens() {
			t.Scopes = append(t.Scopes, r)
		}
	}
	return &OpenHouse{http.NewCrossOriginProtection(), s.visitor(a, &Session{ID: "demo"}, nil), s.visitor(a, nil, t), deny}
}

// Need lets everyone through, with any right that there is. A form must be ours; a
// program shows that it is one by any token, which no browser sends on its own.
func (o *OpenHouse) Need(right Right, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		form, err := "", error(nil)
		who, change := o.host, r.Method != http.MethodGet && r.Method != http.MethodHead
		if bearer(r) {
			who, change = o.program, false
		}
		if change {
			form, err = formOf(r)
		}
		switch {
		case !who.May(right):
			o.deny(w, r, ErrForbidden)
		case err != nil:
			o.deny(w, r, err)
		case o.cross.Check(r) != nil, change && !who.Holds(form):
			o.deny(w, r, ErrForm)
		default:
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), visitorMark{}, who)))
		}
	})
}

func bearer(r *http.Request) bool {
	return strings.HasPrefix(strings.ToLower(r.Header.Get("Authorization")), "bearer ")
}

// Public lets everyone through.
func (o *OpenHouse) Public(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if o.cross.Check(r) != nil {
			o.deny(w, r, ErrForm)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), visitorMark{}, o.host)))
	})
}
