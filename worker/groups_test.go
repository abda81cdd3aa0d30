package worker_test

import (
	"fmt"
	"strings"
	"testing"

	"clarion/broadcast"
	"clarion/lists/address"
)

// A group that takes longer than slots are reserved ahead sends its batch back
// again and again; each time it goes on where it stood.
func TestSlowPaceGoesOn(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	var csv strings.Builder
	csv.WriteString("name,email\n")
	for i := range 70 {
		fmt.Fprintf(&csv, "p%d,p%d@mail.example\n", i, i)
	}
	d.load(csv.String())
	d.start()
	files := example(t, `"email"`)
	files["call.toml"].Data = []byte(strings.Replace(string(files["call.toml"].Data), "[pace]\n", "[pace]\nemail = 12\n", 1))
	id := d.launch(files)
	d.await("the call's end", d.ended(id))
	counters, err := d.ledger.Counters(t.Context(), id)
	d.must(err)
	if n := counters.Channels[address.Email][broadcast.Sent]; n != 70 {
		t.Errorf("%d of 70 are sent", n)
	}
}
