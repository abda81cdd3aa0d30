package worker_test

import (
	"bytes"
	"context"
	"net/mail"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"

	ours "clarion/internal/dkim"
	"clarion/lists/address"
	"clarion/worker"
	"clarion/worker/gateway"
)

// A keeper is a gateway that keeps what it is given.
type keeper struct {
	mu   sync.Mutex
	kept []gateway.Message
}

func (k *keeper) Send(_ context.Context, m gateway.Message) (gateway.Receipt, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	m.Body = bytes.Clone(m.Body)
	k.kept = append(k.kept, m)
	return gateway.Receipt{}, nil
}

// The mail of a call whose From has keys carries a signature by each, and says
// where complaints about it go.
func TestMailIsSigned(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.load("이름,이메일,언어\n김영희,kim@example.com,ko\nJohn,john@example.org,en\n")
	var keys []ours.Key
	records := map[string]string{}
	for _, a := range []ours.Algorithm{ours.RSA, ours.Ed25519} {
		text, err := ours.Generate(a)
		d.must(err)
		k, err := ours.ParseKey("example.org", string(a), string(text))
		d.must(err)
		r, err := k.Record()
		d.must(err)
		keys, records[r.Name] = append(keys, k), r.Text
	}
	signer, err := ours.NewSigner(keys, nil)
	d.must(err)
	k := &keeper{}
	d.gates = slices.DeleteFunc(d.gates, func(g worker.Gate) bool { return g.Channel != address.Email })
	d.gates[0].Gateway = k
	signing := links
	signing.Signers = ours.Domains{"example.org": signer}
	w, err := worker.New(worker.Config{Liveness: time.Minute, Sweep: 50 * time.Millisecond, Links: signing}, d.parts())
	d.must(err)
	d.must(w.Start(t.Context()))
	t.Cleanup(w.Shutdown)
	id := d.launch(example(t, `"email"`))
	d.await("the call to end", d.ended(id))
	if len(k.kept) != 2 {
		t.Fatalf("%d mails", len(k.kept))
	}
	for _, m := range k.kept {
		found, err := dkim.VerifyWithOptions(bytes.NewReader(m.Body), &dkim.VerifyOptions{LookupTXT: func(name string) ([]string, error) { return []string{records[name]}, nil }})
		if err != nil || len(found) != 2 || found[0].Err != nil || found[1].Err != nil {
			t.Errorf("signatures %+v, %v", found, err)
		}
		read, err := mail.ReadMessage(bytes.NewReader(m.Body))
		d.must(err)
		if got := read.Header.Get("CFBL-Address"); got != m.From+"; report=arf" {
			t.Errorf("complaints go to %q, bounces to %q", got, m.From)
		}
	}
}
