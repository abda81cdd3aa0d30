package access

import (
	"context"
	"net/http"
	"strings"

	"clarion/internal/seal"
)

// An OpenHouse is the guard of the demo, which keeps nothing and reaches nobody:
// everyone who comes is its director. Forms of other sites are refused all the same.
type OpenHouse struct {
	cross *http.CrossOriginProtection
	host  *Visitor
	deny  func(http.ResponseWriter, *http.Request, error)
}

// NewOpenHouse makes one, in which everyone is called name.
func NewOpenHouse(name string, keys *seal.Keyring, deny func(http.ResponseWriter, *http.Request, error)) *OpenHouse {
	s := &Store{keys: keys}
	a := &account{Staff: Staff{Number: 1, Name: name, Roles: Roles[:]}}
	return &OpenHouse{http.NewCrossOriginProtection(), s.visitor(a, &Session{ID: "demo"}, nil), deny}
}

// Need lets everyone through, with any right that there is. A form must be ours; a
// program shows that it is one by any token, which no browser sends on its own.
func (o *OpenHouse) Need(right Right, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		form, err := "", error(nil)
		change := r.Method != http.MethodGet && r.Method != http.MethodHead
		if change {
			form, err = formOf(r)
		}
		switch {
		case !o.host.May(right):
			o.deny(w, r, ErrForbidden)
		case err != nil:
			o.deny(w, r, err)
		case o.cross.Check(r) != nil, change && !bearer(r) && !o.host.Holds(form):
			o.deny(w, r, ErrForm)
		default:
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), visitorMark{}, o.host)))
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
