package petition

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"clarion/internal/redistest"
	"clarion/lists/address"
)

// wait keeps a fax of two pages.
func wait(t *testing.T, r *Roll, fax string) string {
	t.Helper()
	id := r.WaitingID(WayFax, []byte(fax))
	if fresh, err := r.Keep(t.Context(), Waiting{ID: id, Way: WayFax, Number: "02-123-4567\x00", Pages: 2}, []byte(fax)); err != nil || !fresh {
		t.Fatalf("a fax is kept: %v, %v", fresh, err)
	}
	return id
}

// A fax is kept once, sealed, until a person has entered who signed on it.
func TestAFaxWaitsForAPerson(t *testing.T) {
	r, clk := openRoll(t)
	ctx := t.Context()
	id := wait(t, r, "II*-with-a-name-홍길동")
	if fresh, err := r.Keep(ctx, Waiting{ID: id, Way: WayFax, Pages: 2}, []byte("II*-with-a-name-홍길동")); err != nil || fresh {
		t.Errorf("the same fax again is new: %v, %v", fresh, err)
	}
	w, err := r.Waiting(ctx, id)
	must(t, err)
	if w.Way != WayFax || w.Pages != 2 || w.Number != "02-123-4567" || !w.At.Equal(testStart) {
		t.Errorf("what waits is %+v", w)
	}
	fax, err := r.Fax(ctx, id)
	must(t, err)
	if string(fax) != "II*-with-a-name-홍길동" {
		t.Errorf("the fax is %q", fax)
	}
	raw, err := r.rdb.Get(ctx, keyFax.Name(r.ID, id)).Bytes()
	must(t, err)
	if bytes.Contains(raw, []byte("홍길동")) {
		t.Error("the fax is not sealed")
	}

	// Two have signed on it; the first is entered, and it waits on.
	clk.Set(r.Closes.Add(time.Hour)) // what came in time may be looked at later
	first, err := r.EnterWaiting(ctx, id, 0, signing("홍길동"), true, 4)
	must(t, err)
	if first.Number != 1 || !first.Confirmed || first.Slip == nil || first.Slip.Way != WayFax || first.Slip.Day != "2013-06-10" {
		t.Errorf("entered is %+v", first)
	}
	if _, err := r.EnterWaiting(ctx, id, 0, signing("임꺽정"), true, 5); !errors.Is(err, ErrSettled) {
		t.Errorf("who read it before that enters: %v", err)
	}
	_, err = r.EnterWaiting(ctx, id, 1, signing("임꺽정"), false, 5)
	must(t, err)
	if _, err := r.Waiting(ctx, id); !errors.Is(err, ErrNoWaiting) {
		t.Errorf("after that waits: %v", err)
	}
	if _, err := r.Fax(ctx, id); !errors.Is(err, ErrNoWaiting) {
		t.Errorf("its pages are still there: %v", err)
	}
	o, err := r.Outcome(ctx, id)
	must(t, err)
	if o == nil || o.Signatures != 2 || o.By != 5 || o.Way != WayFax {
		t.Errorf("the outcome is %+v", o)
	}
	if fresh, err := r.Keep(ctx, Waiting{ID: id, Way: WayFax, Pages: 2}, []byte("x")); err != nil || fresh {
		t.Errorf("the same fax comes again after that: %v, %v", fresh, err)
	}
	if got := tally(t, r); got.AtLeast != 2 || got.Ways[2].Way != WayFax || got.Ways[2].Confirmed != 2 {
		t.Errorf("the count is %+v", got)
	}
	audited(t, r)
	redistest.Undeclared(t, r.rdb, Keys())
}

// However many settle one at once, one of them does.
func TestTwoCannotSettleOne(t *testing.T) {
	r, _ := openRoll(t)
	issue(t, r, 1)
	id := wait(t, r, "II*")
	var all sync.WaitGroup
	results := make([]error, 9)
	for i := range results {
		all.Go(func() {
			switch by := uint32(i + 1); i % 3 {
			case 0:
				_, results[i] = r.EnterWaiting(t.Context(), id, 0, signing(fmt.Sprint("사람", i)), false, by)
			case 1:
				results[i] = r.SetAside(t.Context(), id, 0, AsideTwice, by)
			default:
				_, results[i] = r.EnterWaiting(t.Context(), id, 0, signing("같은 사람"), true, by)
			}
		})
	}
	all.Wait()
	done := 0
	for _, err := range results {
		if err == nil {
			done++
		} else if !errors.Is(err, ErrSettled) && !errors.Is(err, ErrNoWaiting) {
			t.Errorf("who was late is told %v", err)
		}
	}
	if done != 1 {
		t.Errorf("%d settled it", done)
	}
	if n, err := r.last(t.Context()); err != nil || n > 1 {
		t.Errorf("one line became %d signatures, %v", n, err)
	}
	audited(t, r)
}

// A fax of a sheet is counted as that sheet, and what counts nothing has a reason.
func TestAFaxIsASheetOrNothing(t *testing.T) {
	r, _ := openRoll(t)
	ctx := t.Context()
	issue(t, r, 2)
	id := wait(t, r, "II*1")
	if err := r.SettleSheet(ctx, id, 0, 9, 4, 7); !errors.Is(err, ErrNoSheet) {
		t.Errorf("a sheet that is none: %v", err)
	}
	if err := r.SettleSheet(ctx, id, 0, 1, 999, 7); !errors.Is(err, ErrSheetLines) {
		t.Errorf("more than it has lines: %v", err)
	}
	must(t, r.SettleSheet(ctx, id, 0, 1, 4, 7))
	if err := r.SettleSheet(ctx, id, 0, 2, 4, 7); !errors.Is(err, ErrNoWaiting) {
		t.Errorf("settled twice: %v", err)
	}
	s, err := r.Sheet(ctx, 1)
	must(t, err)
	if s.State != SheetCounted || s.First.Signatures != 4 || s.First.By != 7 {
		t.Errorf("the sheet is %+v", s)
	}
	id = wait(t, r, "II*2")
	if err := r.SetAside(ctx, id, 0, "홍길동", 7); !errors.Is(err, ErrAside) {
		t.Errorf("a reason of one's own: %v", err)
	}
	must(t, r.SetAside(ctx, id, 0, AsideUnsigned, 7))
	if o, err := r.Outcome(ctx, id); err != nil || o.Aside != AsideUnsigned || o.Signatures != 0 {
		t.Errorf("the outcome is %+v, %v", o, err)
	}
	if n, err := r.CountWaiting(ctx); err != nil || n != 0 {
		t.Errorf("%d wait, %v", n, err)
	}
	if n, err := r.rdb.Get(ctx, keyFaxBytes.Name(r.ID)).Int(); err != nil || n != 0 {
		t.Errorf("faxes that are gone have %d bytes, %v", n, err)
	}
	for _, a := range Asides {
		if a.Word("ko") == "" || a.Word("en") == "" || a.Word("ko") == a.Word("en") {
			t.Errorf("%s has no words", a)
		}
	}
}

// A reply that waits is of the address that wrote it, and becomes a signature of that day.
func TestAReplyWaits(t *testing.T) {
	r, clk := openRoll(t)
	ctx := t.Context()
	from := mail(t, "hong@example.org")
	id := r.WaitingID(WayReply, []byte("message 1"))
	if fresh, err := r.Keep(ctx, Waiting{ID: id, Way: WayReply, From: from, Text: strings.Repeat("저도 서명할게요 ", 1000)}, nil); err != nil || !fresh {
		t.Fatalf("a reply is kept: %v, %v", fresh, err)
	}
	all, err := r.AllWaiting(ctx)
	must(t, err)
	if len(all) != 1 || all[0].From.Reveal() != "hong@example.org" || len([]rune(all[0].Text)) > maxReply+1 {
		t.Fatalf("what waits is %d, %v", len(all), all[0].From)
	}
	if err := r.SettleSheet(ctx, id, 0, 1, 1, 7); !errors.Is(err, ErrNotSheet) {
		t.Errorf("a reply as a sheet: %v", err)
	}
	clk.Set(r.Closes.Add(time.Hour))
	s := signing("홍길동")
	must(t, r.MayEnterWaiting(ctx, id, 0, s))
	added, err := r.EnterWaiting(ctx, id, 0, s, false, 7)
	must(t, err)
	sig, err := r.Read(ctx, added.Number)
	must(t, err)
	if sig.Way != WayReply || sig.Contact.Reveal() != "hong@example.org" || sig.Day != "2013-06-10" || !sig.Certain() {
		t.Errorf("the signature is %+v", sig)
	}
}

// The purge takes what waits, and who was asked, and nothing comes after it.
func TestThePurgeTakesWhatWaits(t *testing.T) {
	r, clk := openRoll(t)
	ctx := t.Context()
	clk.Set(r.Closes.Add(-time.Hour))
	wait(t, r, "II*1")
	must(t, r.SetAside(ctx, wait(t, r, "II*2"), 0, AsideOther, 7))
	_, err := r.KeepAsk(ctx, []byte("m"), Ask{Name: "홍길동", Contact: mail(t, "hong@example.org"), Language: "ko"})
	must(t, err)
	clk.Set(r.Closes.Add(time.Hour))
	c, err := r.Purge(ctx, 4)
	must(t, err)
	if c.Waiting != 1 {
		t.Errorf("the certificate is %+v", c)
	}
	must(t, c.Verify())
	for _, k := range []string{keyWaiting.Name(r.ID), keySettled.Name(r.ID), "{petition:" + r.ID + "}:fax*", "{petition:" + r.ID + "}:asked*"} {
		if left, err := r.rdb.Keys(ctx, k).Result(); err != nil || len(left) > 0 {
			t.Errorf("left is %v, %v", left, err)
		}
	}
	if _, err := r.Keep(ctx, Waiting{ID: "1", Way: WayFax}, []byte("II*3")); !errors.Is(err, ErrPurged) {
		t.Errorf("a fax after the purge: %v", err)
	}
	if _, err := r.KeepAsk(ctx, []byte("n"), Ask{Name: "홍길동", Contact: mail(t, "hong@example.org")}); !errors.Is(err, ErrPurged) {
		t.Errorf("a reply after the purge: %v", err)
	}
	if err := r.SetAside(ctx, "1", 0, AsideOther, 7); !errors.Is(err, ErrNoWaiting) {
		t.Errorf("settled after the purge: %v", err)
	}
}

// Who replied is no signature before they agree; then one, by whatever way they say it.
func TestWhoRepliedIsAsked(t *testing.T) {
	r, clk := openRoll(t)
	ctx := t.Context()
	phone := address.Canonical(address.SMS, "+821012345678")
	first, err := r.KeepAsk(ctx, []byte("text 1"), Ask{Name: "홍길동", Region: "seoul", Contact: phone, Language: "ko"})
	must(t, err)
	clk.Advance(30 * time.Hour)
	again, err := r.KeepAsk(ctx, []byte("text 1"), Ask{Name: "다른 이름", Contact: phone, Language: "ko"})
	must(t, err)
	if *again != *first {
		t.Errorf("the same text again is %+v, not %+v", again, first)
	}
	if n, err := r.last(ctx); err != nil || n != 0 {
		t.Errorf("who was asked has %d signatures, %v", n, err)
	}
	second, err := r.KeepAsk(ctx, []byte("text 2"), Ask{Name: "성춘향", Contact: phone, Language: "xx"})
	must(t, err)
	if last, err := r.LastAsk(ctx, phone); err != nil || *last != *second || second.Language != "ko" {
		t.Errorf("asked last is %+v, %v", last, err)
	}
	if _, err := r.SignAsk(ctx, second, Agreed{Opinion: true}, true); !errors.Is(err, ErrRegion) {
		t.Errorf("without a region: %v", err)
	}
	open, err := r.OpenAsk(ctx, r.AskToken(first))
	must(t, err)
	if _, err := r.SignAsk(ctx, open, Agreed{}, true); !errors.Is(err, ErrOpinion) {
		t.Errorf("without agreeing: %v", err)
	}
	one, err := r.SignAsk(ctx, open, Agreed{Opinion: true, Names: true}, true)
	must(t, err)
	two, err := r.SignAsk(ctx, open, Agreed{Opinion: true}, true)
	must(t, err)
	if one.Number != two.Number || !two.Again || two.Slip == nil || one.Slip.Code() != two.Slip.Code() || !one.Confirmed {
		t.Errorf("agreed to twice are %+v and %+v", one, two)
	}
	must(t, r.DropAsk(ctx, first))
	if _, err := r.OpenAsk(ctx, r.AskToken(first)); !errors.Is(err, ErrAsk) {
		t.Errorf("after that the link opens: %v", err)
	}
	if ttl, err := r.rdb.TTL(ctx, keyAsked.Name(r.ID, first.Day)).Result(); err != nil || ttl <= 0 || ttl > AskKept {
		t.Errorf("who was asked is kept for %s, %v", ttl, err)
	}
	other := r.another("other")
	if _, err := other.OpenAsk(ctx, r.AskToken(second)); err == nil {
		t.Error("a link of another petition opens")
	}
}
