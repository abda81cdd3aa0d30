package petition

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"clarion/internal/redistest"
	"clarion/lists/address"
)

// Each night has one root, by whichever process; who is certain is in it and proves it
// with the slip, and who withdrew is not in the next.
func TestNights(t *testing.T) {
	r, clk := openRoll(t)
	ctx := t.Context()
	if _, err := r.Prove(ctx, 1); !errors.Is(err, ErrNoRoot) {
		t.Errorf("before the first night: %v", err)
	}
	var slips []*Slip
	for i := range 250 {
		s := signing(fmt.Sprint("사람", i))
		if i%10 == 0 {
			s.Way = WayWeb
		}
		slips = append(slips, add(t, r, s).Slip)
	}
	issue(t, r, 2)
	must(t, r.Count(ctx, 1, 12, 4))
	clk.Advance(24 * time.Hour)
	var all sync.WaitGroup
	for range 4 {
		other := OpenRoll(r.Campaign, r.rdb, r.keys, r.clk)
		all.Go(func() {
			if err := other.Nightly(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	roots, err := r.Roots(ctx)
	if err != nil || len(roots) != 1 || roots[0].Day != "2013-06-10" || roots[0].Signatures != 225 || roots[0].Sheets != 1 || roots[0].Size != 226 {
		t.Fatalf("the roots are %+v, %v", roots, err)
	}
	for i, slip := range slips {
		p, err := r.Prove(ctx, slip.Number)
		if i%10 == 0 {
			if !errors.Is(err, ErrNotInRoot) {
				t.Errorf("unconfirmed signature %d is proven: %+v, %v", slip.Number, p, err)
			}
			continue
		}
		if err == nil {
			err = Verify(slip, p)
		}
		if err != nil || p.Root != roots[0].Root {
			t.Fatalf("slip %d: %v", slip.Number, err)
		}
	}
	before, err := r.Prove(ctx, 3)
	must(t, err)
	must(t, r.Withdraw(ctx, 3))
	if again, err := r.Publish(ctx, "2013-06-10"); err != nil || again != roots[0] {
		t.Errorf("the night is published again as %+v, %v", again, err)
	}
	must(t, Verify(slips[2], before)) // yesterday it was there
	clk.Advance(24 * time.Hour)
	must(t, r.Nightly(ctx))
	if _, err := r.Prove(ctx, 3); !errors.Is(err, ErrNotInRoot) {
		t.Errorf("a withdrawn signature is in the next root: %v", err)
	}
	if _, err := r.Publish(ctx, "2013-06-09"); err == nil {
		t.Error("a day before the last is published")
	}
	if _, err := r.Publish(ctx, "tomorrow"); err == nil {
		t.Error("what is no day is published")
	}
	for range nightsKept {
		clk.Advance(24 * time.Hour)
		must(t, r.Nightly(ctx))
	}
	if n, err := r.rdb.Exists(ctx, keyTree.Name(r.ID, "2013-06-10"), keyTree.Name(r.ID, "2013-06-11"), keyTree.Name(r.ID, "2013-06-12")).Result(); err != nil || n != 1 {
		t.Errorf("of the first three nights %d trees are kept, %v", n, err)
	}
	redistest.Undeclared(t, r.rdb, Keys())
}

// Whatever happened, the root of a night is over those who are certain, each proves it,
// and nobody else does.
func TestRootIsOverTheCertain(t *testing.T) {
	base, _ := openRoll(t)
	turn := 0
	rapid.Check(t, func(rt *rapid.T) {
		turn++
		r := base.another(fmt.Sprintf("t%d", turn))
		ctx := context.Background()
		slips := map[uint32]*Slip{}
		for i, s := range rapid.SliceOfN(rapid.Custom(drawSigning), 0, 20).Draw(rt, "signings") {
			s.Contact = address.Canonical(address.Email, fmt.Sprintf("p%d@example.org", i))
			a, err := r.Add(ctx, s)
			if err != nil {
				rt.Fatal(err)
			}
			slips[a.Number] = a.Slip
			if rapid.IntRange(0, 4).Draw(rt, "fate") == 0 {
				if err := r.Withdraw(ctx, a.Number); err != nil {
					rt.Fatal(err)
				}
			}
		}
		root, err := r.Publish(ctx, "2013-06-10")
		if err != nil {
			rt.Fatal(err)
		}
		var leaves []Hash
		err = r.Walk(ctx, func(s *Signature) error {
			p, err := r.Prove(ctx, s.Number)
			if !s.Certain() {
				if !errors.Is(err, ErrNotInRoot) {
					rt.Fatalf("signature %+v is in the root: %v", s, err)
				}
				return nil
			}
			leaves = append(leaves, slips[s.Number].leaf())
			if err != nil {
				return err
			}
			return Verify(slips[s.Number], p)
		})
		if err != nil {
			rt.Fatal(err)
		}
		top := newTree(leaves).root()
		if root.Root != fmt.Sprintf("%x", top) || root.Size != len(leaves) {
			rt.Fatalf("the root is %+v, of %d certain ones it is %x", root, len(leaves), top)
		}
	})
}

// A bulk makes invalid what it chooses, is undone as a whole, and touches nothing else;
// one that was cut short is done in the night.
func TestBulks(t *testing.T) {
	r, clk := openRoll(t)
	ctx := t.Context()
	for i := range 230 {
		s := signing(fmt.Sprint("사람", i))
		s.Volunteer = uint32(i % 2)
		add(t, r, s)
		clk.Advance(time.Second)
	}
	before := tally(t, r)
	must(t, r.Withdraw(ctx, 4))
	first := Filter{Way: WayPost, Volunteer: 1, From: testStart.Add(100 * time.Second), Before: testStart.Add(200 * time.Second)}
	if n, err := r.Chosen(ctx, first); err != nil || n != 50 {
		t.Fatalf("%d are chosen, %v", n, err)
	}
	one, err := r.Invalidate(ctx, first, "invented names, one after the other", 3)
	must(t, err)
	two, err := r.Invalidate(ctx, Filter{Numbers: []uint32{4, 5, 102, 900}}, "asked on the telephone", 3)
	must(t, err)
	bulks, err := r.Bulks(ctx)
	if err != nil || len(bulks) != 2 || bulks[0].ID != two || bulks[0].Invalid != 1 || bulks[1].Invalid != 50 || bulks[1].Pending || bulks[1].Reason == "" {
		t.Fatalf("the bulks are %+v, %v", bulks, err)
	}
	if got := tally(t, r); got.AtLeast != 178 || got.Ways[3].Invalid != 51 {
		t.Errorf("the count is %+v", got)
	}
	must(t, r.Restore(ctx, one))
	must(t, r.Restore(ctx, one))
	if got := tally(t, r); got.AtLeast != 228 {
		t.Errorf("with the first undone the count is %+v", got)
	}
	// A process that was late with the first one makes nothing invalid any more.
	must(t, r.finish(ctx, one, "invalidate"))
	// Another died after it had noted the third.
	must(t, r.rdb.HSet(ctx, keyBulks.Name(r.ID), 3, `{"reason":"x","filter":{"way":"post"},"last":200}`).Err())
	must(t, r.rdb.SAdd(ctx, keyPending.Name(r.ID), pending(3, "invalidate")).Err())
	if bulks, err = r.Bulks(ctx); err != nil || !bulks[0].Pending || !bulks[2].Restored {
		t.Errorf("the bulks are %+v, %v", bulks, err)
	}
	must(t, r.Nightly(ctx))
	if got := tally(t, r); got.AtLeast != 30 {
		t.Errorf("with the third done in the night the count is %+v", got)
	}
	must(t, r.Restore(ctx, 3))
	must(t, r.Restore(ctx, two))
	got := tally(t, r)
	if got.AtLeast != before.AtLeast-1 || got.Ways[3].Invalid != 0 {
		t.Errorf("with all undone the count is %+v", got)
	}
	if err := r.Restore(ctx, 9); !errors.Is(err, ErrNoBulk) {
		t.Errorf("what there is not is undone: %v", err)
	}
	for want, reason := range map[*Refusal]string{ErrReason: " ", ErrResident: "900101-1234567"} {
		if _, err := r.Invalidate(ctx, Filter{}, reason, 3); !errors.Is(err, want) {
			t.Errorf("for reason %q: %v", reason, err)
		}
	}
	if a := audited(t, r); a.Certain != 229 {
		t.Errorf("the audit saw %d certain ones", a.Certain)
	}
	if todo, err := r.rdb.SMembers(ctx, keyPending.Name(r.ID)).Result(); err != nil || len(todo) > 0 {
		t.Errorf("still to be done: %s, %v", strings.Join(todo, ", "), err)
	}
	if !slices.IsSortedFunc(bulks, func(a, b Bulk) int { return int(b.ID) - int(a.ID) }) {
		t.Error("the last bulk is not the first")
	}
}
