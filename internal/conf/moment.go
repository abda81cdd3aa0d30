package conf

import (
	"reflect"
	"strings"
	"time"
)

// A Moment is a time as written: an instant when it has an offset from UTC, else
// only what a clock on a wall shows, in a zone that stands elsewhere.
type Moment struct {
	time.Time      // in UTC; for one by the clock, its date and time as if they were
	ByClock   bool // it has no offset
}

var momentType = reflect.TypeFor[Moment]()

func (a *assigner) moment(rv reflect.Value, raw any, path []string) {
	t, ok := raw.(time.Time)
	if !ok {
		a.wrong(raw, path, "a time, as 2013-06-10T09:00:00+09:00,")
		return
	}
	switch t.Location().String() { // by which the library marks what is written without an offset
	case "datetime-local":
		rv.Set(reflect.ValueOf(Moment{time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC), true}))
	default:
		if strings.HasSuffix(t.Location().String(), "-local") {
			a.tell(path, "%s needs a date and a time, as 2013-06-10T09:00:00+09:00", name(path))
			return
		}
		rv.Set(reflect.ValueOf(Moment{Time: t.UTC()}))
	}
}
