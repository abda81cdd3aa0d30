package petition

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"clarion/internal/redistest"
)

// dump is everything that a Redis holds under keys that hold data of persons.
func dump(t *testing.T, r *Roll) (personal int) {
	t.Helper()
	for _, k := range Keys() {
		if !k.Personal {
			continue
		}
		found, err := r.rdb.Keys(t.Context(), strings.NewReplacer("<id>", r.ID, "<bucket>", "*", "<waiting>", "*", "<day>", "*").Replace(k.Pattern)).Result()
		if err != nil {
			t.Fatal(err)
		}
		personal += len(found)
	}
	return personal
}

// After the end the names go, and what shows that each was counted stays.
func TestPurge(t *testing.T) {
	r, clk := openRoll(t)
	ctx := t.Context()
	redistest.EveryScript(t, r.rdb, ".")
	var slips []*Slip
	for i := range 120 {
		s := signing(fmt.Sprint("사람", i))
		s.Contact = mail(t, fmt.Sprintf("p%d@example.org", i))
		slips = append(slips, add(t, r, s).Slip)
	}
	issue(t, r, 2)
	must(t, r.Count(ctx, 1, 9, 4))
	must(t, r.Withdraw(ctx, 2))
	id, err := r.Invalidate(ctx, Filter{Numbers: []uint32{3}}, "asked on the telephone", 1)
	must(t, err)
	wait(t, r, "II*1")
	must(t, r.SetAside(ctx, wait(t, r, "II*2"), 0, AsideOther, 4))
	_, err = r.KeepAsk(ctx, []byte("m"), Ask{Name: "홍길동", Contact: mail(t, "hong@example.org")})
	must(t, err)
	if _, err := r.Purge(ctx, 4); !errors.Is(err, ErrStillOpen) {
		t.Fatalf("while people sign: %v", err)
	}
	if c, err := r.Certificate(ctx); err != nil || c != nil {
		t.Fatalf("before the purge there is %+v, %v", c, err)
	}
	before := tally(t, r)
	clk.Set(r.Closes)
	certificates := make([]*Certificate, 4)
	var all sync.WaitGroup
	for i := range certificates {
		all.Go(func() {
			var err error
			if certificates[i], err = OpenRoll(r.Campaign, r.rdb, r.keys, r.clk).Purge(ctx, 4); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	c := certificates[0]
	for _, other := range certificates {
		if other == nil || *other != *c {
			t.Fatalf("two certificates: %+v and %+v", c, other)
		}
	}
	// 119 records; as many persons and identities, and 118 groups: one more is invalid.
	if c.Records != 119 || c.Hashes != 119+119+118 || c.Labels != 2 || c.Waiting != 1 || c.Root.Signatures != 118 || c.By != 4 {
		t.Errorf("the certificate is %+v", c)
	}
	must(t, c.Verify())
	forged := *c
	forged.Records--
	if err := forged.Verify(); !errors.Is(err, ErrCertificate) {
		t.Errorf("a forged certificate: %v", err)
	}
	text, err := json.Marshal(c)
	must(t, err)
	var read Certificate
	must(t, json.Unmarshal(text, &read))
	must(t, read.Verify())
	if n := dump(t, r); n != 0 {
		t.Errorf("%d keys with data of persons are left", n)
	}
	after := tally(t, r)
	if before.AtLeast != after.AtLeast || before.AtMost != after.AtMost || before.Sheets != after.Sheets {
		t.Errorf("the count was %+v and is %+v", before, after)
	}
	if a := audited(t, r); !a.Purged || a.Certain != 118 {
		t.Errorf("the audit is %+v", a)
	}
	p, err := r.Prove(ctx, 1)
	must(t, err)
	must(t, Verify(slips[0], p))
	if s, err := r.Find(ctx, slips[0].Code()); err != nil || s.Number != 1 || s.Name != "" {
		t.Errorf("a slip is of %+v, %v", s, err)
	}
	_, aerr := r.Add(ctx, signing("김영희"))
	_, ierr := r.Invalidate(ctx, Filter{}, "x", 1)
	_, serr := r.Issue(ctx, 1, Sheet{Lines: 10, Print: PrintNormal})
	_, perr := r.Publish(ctx, "2033-07-02")
	_, verr := r.Advance(ctx, Counted, nil)
	for what, err := range map[string]error{"add": aerr, "invalidate": ierr, "issue": serr, "publish": perr, "advance": verr, "confirm": r.Confirm(ctx, 1), "withdraw": r.Withdraw(ctx, 1), "restore": r.Restore(ctx, id), "count": r.Count(ctx, 1, 8, 4)} {
		if !errors.Is(err, ErrPurged) {
			t.Errorf("%s after the purge: %v", what, err)
		}
	}
	must(t, r.Nightly(ctx))
	redistest.Undeclared(t, r.rdb, Keys())
}

// killed fails the command that comes after so many others, as a process that is killed
// there leaves Redis.
type killed struct{ after int }

func (k *killed) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if k.after--; k.after < 0 {
			cmd.SetErr(errKilled)
			return errKilled
		}
		return next(ctx, cmd)
	}
}

func (k *killed) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if k.after--; k.after < 0 {
			return errKilled
		}
		return next(ctx, cmds)
	}
}

func (k *killed) DialHook(next redis.DialHook) redis.DialHook { return next }

var errKilled = errors.New("killed")

// Wherever a purge, or a bulk, is killed, the next one ends it.
func TestKilledInBetween(t *testing.T) {
	base, clk := openRoll(t)
	k := &killed{after: 1 << 30}
	base.rdb.AddHook(k)
	for after, ended := 0, false; !ended; after++ {
		clk.Set(testStart)
		k.after = 1 << 30
		r := base.another(fmt.Sprintf("k%d", after))
		for i := range 205 {
			s := signing(fmt.Sprint("사람", i))
			s.Once = bytes.Repeat([]byte{byte(i)}, 16)
			add(t, r, s)
		}
		clk.Set(r.Closes)
		k.after = after
		_, ierr := r.Invalidate(t.Context(), Filter{Numbers: []uint32{1, 101, 201}}, "asked on the telephone", 1)
		_, perr := r.Purge(t.Context(), 0)
		ended = ierr == nil && perr == nil
		k.after = 1 << 30
		bulks, err := r.Bulks(t.Context())
		must(t, err)
		certificate, err := r.Purge(t.Context(), 0)
		must(t, err)
		invalid := 0
		if len(bulks) > 0 {
			invalid = 3
		}
		if certificate.Records != 205 || certificate.Root.Signatures != 205-invalid {
			t.Fatalf("killed after %d commands, with %d bulks, the certificate is %+v", after, len(bulks), certificate)
		}
		audited(t, r)
	}
}
