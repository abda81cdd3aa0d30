package petition

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"clarion/internal/clock"
	"clarion/internal/redistest"
	"clarion/internal/seal"
	"clarion/lists/address"
)

var testStart = time.Date(2013, 6, 10, 14, 0, 0, 0, time.UTC)

func save9(t testing.TB) *Campaign {
	t.Helper()
	c, problems, err := LoadFS(Example())
	if err != nil || len(problems) > 0 {
		t.Fatalf("the example: %v, %v", problems, err)
	}
	return c
}

func keyring(t testing.TB) *seal.Keyring {
	t.Helper()
	keys, err := testKeys()
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func testKeys() (*seal.Keyring, error) { return seal.New(bytes.Repeat([]byte{9}, 32)) }

// openRoll is a roll in a Redis of its own.
func openRoll(t testing.TB) (*Roll, *clock.Manual) {
	t.Helper()
	rdb := redistest.New(t)
	clk := clock.NewManual(testStart)
	return OpenRoll(save9(t), rdb, keyring(t), clk), clk
}

// another is a roll in the same Redis that knows nothing of those before.
func (r *Roll) another(id string) *Roll {
	c := *r.Campaign
	c.ID = id
	return OpenRoll(&c, r.rdb, r.keys, r.clk)
}

func mail(t testing.TB, s string) address.Address {
	t.Helper()
	a, err := address.ParseEmail(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func signing(name string) Signing {
	return Signing{Way: WayPost, Name: name, Region: "seoul", District: "마포구", Language: "ko", Agreed: Agreed{Opinion: true}, Age: true}
}

func add(t testing.TB, r *Roll, s Signing) Added {
	t.Helper()
	a, err := r.Add(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func tally(t testing.TB, r *Roll) *Tally {
	t.Helper()
	got, err := r.Tally(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func audited(t testing.TB, r *Roll) *Audit {
	t.Helper()
	a, err := r.Audit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range a.Differences {
		t.Errorf("the audit: %s", d)
	}
	return a
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A story of one of each kind, and what the count says of it.
func TestTheCount(t *testing.T) {
	r, _ := openRoll(t)
	ctx := t.Context()
	web := signing("김영희")
	web.Way, web.Contact, web.Agreed.News, web.Once, web.Volunteer = WayWeb, mail(t, "Kim@example.org"), true, bytes.Repeat([]byte{1}, 16), 7
	first := add(t, r, web)
	if first.Number != 1 || first.Again || first.Confirmed || first.Slip == nil {
		t.Fatalf("the first is %+v", first)
	}
	if got := tally(t, r); got.AtLeast != 0 || got.AtMost != 1 {
		t.Errorf("one unconfirmed is %d to %d", got.AtLeast, got.AtMost)
	}
	again := add(t, r, web)
	if !again.Again || again.Number != 1 || again.Slip == nil || again.Slip.Code() != first.Slip.Code() {
		t.Errorf("the same form again is %+v, %+v", again, again.Slip)
	}
	other := web
	other.Once, other.Name, other.Contact = nil, " 김 영희 ", mail(t, "kim@EXAMPLE.org")
	if got := add(t, r, other); !got.Again || got.Number != 1 || got.Slip != nil || got.Confirmed {
		t.Errorf("the same person again is %+v", got)
	}
	must(t, r.Confirm(ctx, 1))
	must(t, r.Confirm(ctx, 1))
	add(t, r, signing("김영희")) // may be the same
	add(t, r, signing("이철수"))
	got := tally(t, r)
	if got.AtLeast != 2 || got.AtMost != 3 || got.Repeats != 1 || got.Ways[0].Alike != 1 || got.Ways[3].Alike != 1 || got.Regions[0].Count != 3 {
		t.Errorf("the count is %+v", got)
	}
	s, err := r.Read(ctx, 1)
	if err != nil || s.Name != "김영희" || s.Contact.Reveal() != "Kim@example.org" || s.Day != "2013-06-10" || s.Volunteer != 7 || !s.Agreed.News || s.Agreement == "" {
		t.Errorf("the first reads as %+v, %v", s, err)
	}
	if words, err := r.Words(ctx); err != nil || !strings.Contains(words[s.Agreement], "정치적 견해") {
		t.Errorf("what was agreed to is %q, %v", words, err)
	}
	must(t, r.Withdraw(ctx, 2))
	must(t, r.Withdraw(ctx, 2))
	if got = tally(t, r); got.AtLeast != 2 || got.AtMost != 2 || got.Repeats != 0 || got.Ways[3].Withdrawn != 1 || got.Ways[0].Alike != 0 {
		t.Errorf("after a withdrawal the count is %+v", got)
	}
	if s, err = r.Read(ctx, 2); err != nil || s.Name != "" || !s.Withdrawn {
		t.Errorf("the withdrawn one reads as %+v, %v", s, err)
	}
	for _, lang := range []string{"ko", "en"} {
		if all := strings.Join(got.Sentences(lang), " "); !strings.Contains(all, "2") || strings.Contains(all, "%!") {
			t.Errorf("in %s the count is made up so: %s", lang, all)
		}
	}
	if by, err := r.SignedBy(ctx); err != nil || len(by) != 0 {
		t.Errorf("one that came by a volunteer is told: %v, %v", by, err)
	}
	for i := range Fewest - 1 {
		s := signing(fmt.Sprint("사람", i))
		s.Volunteer = 7
		add(t, r, s)
	}
	if by, err := r.SignedBy(ctx); err != nil || by[7] != Fewest {
		t.Errorf("those that came by a volunteer are %v, %v", by, err)
	}
	if n, err := r.Advance(ctx, Counted, nil); err != nil || n != 6 {
		t.Errorf("%d were counted, %v", n, err)
	}
	audited(t, r)
	redistest.Undeclared(t, r.rdb, Keys())
}

func TestRefusals(t *testing.T) {
	r, clk := openRoll(t)
	for want, spoil := range map[*Refusal]func(*Signing){
		ErrName:     func(s *Signing) { s.Name = " 123 " },
		ErrDistrict: func(s *Signing) { s.District = strings.Repeat("가", 61) },
		ErrRegion:   func(s *Signing) { s.Region = "pyongyang" },
		ErrResident: func(s *Signing) { s.District = "마포구 ９００１０１－１２３４５６７" },
		ErrOpinion:  func(s *Signing) { s.Agreed.Opinion = false },
		ErrAge:      func(s *Signing) { s.Age = false },
		ErrContact:  func(s *Signing) { s.Agreed.News = true },
	} {
		s := signing("김영희")
		spoil(&s)
		if _, err := r.Add(t.Context(), s); !errors.Is(err, want) {
			t.Errorf("in place of %q: %v", want, err)
		}
	}
	s := signing("a")
	s.Name = "a\u202eb"
	if _, err := r.Add(t.Context(), s); !errors.Is(err, ErrName) {
		t.Errorf("a name that shows as another: %v", err)
	}
	clk.Set(r.Opens.Add(-time.Second))
	if _, err := r.Add(t.Context(), signing("김영희")); !errors.Is(err, ErrNotOpen) {
		t.Errorf("before it opens: %v", err)
	}
	clk.Set(r.Closes)
	late := signing("김영희")
	add(t, r, late) // paper is on its way for days
	late.Way = WayWeb
	if _, err := r.Add(t.Context(), late); !errors.Is(err, ErrClosed) {
		t.Errorf("after it closed: %v", err)
	}
	for _, number := range []uint32{0, 2} {
		if err := r.Confirm(t.Context(), number); !errors.Is(err, ErrNoSignature) {
			t.Errorf("signature %d is confirmed: %v", number, err)
		}
	}
	must(t, r.Withdraw(t.Context(), 1))
	if n, err := r.Advance(t.Context(), Boxed, []uint32{1, 2}); err != nil || n != 0 {
		t.Errorf("%d withdrawn ones were boxed, %v", n, err)
	}
}

func TestResidentNumbers(t *testing.T) {
	for text, want := range map[string]bool{
		"900101-1234567": true, "9001011234567": true, "900101 – 4234567": true, "번호 900101-1234567입니다": true, "９００１０１-１２３４５６７": true,
		"901301-1234567": false, "900132-1234567": false, "010-1234-5678": false, "19900101-1234567": false, "900101-12345678": false, "": false,
	} {
		if got := HasResidentNumber(text); got != want {
			t.Errorf("%q has a resident number: %v", text, got)
		}
	}
}

// Slips and links open what is theirs, and nothing else.
func TestWhoHoldsASlip(t *testing.T) {
	r, _ := openRoll(t)
	a := add(t, r, signing("김영희"))
	code := a.Slip.Code()
	for _, typed := range []string{code, strings.ToLower(code), strings.ReplaceAll(code, "-", " "), strings.NewReplacer("0", "o", "1", "l").Replace(code)} {
		if s, err := r.Find(t.Context(), typed); err != nil || s.Number != 1 {
			t.Errorf("%q is of %+v, %v", typed, s, err)
		}
	}
	forged := *a.Slip
	forged.Salt = bytes.Repeat([]byte{1}, saltSize)
	mistyped := "2" + code[1:]
	for _, typed := range []string{"", mistyped, code[:len(code)-1], forged.Code(), (&Slip{Petition: "other", Number: 1, Salt: a.Slip.Salt}).Code()} {
		if _, err := r.Find(t.Context(), typed); !errors.Is(err, ErrSlip) {
			t.Errorf("%q is taken: %v", typed, err)
		}
	}
	slip, err := r.SlipOf(t.Context(), code)
	if err != nil || slip.leaf() != a.Slip.leaf() {
		t.Errorf("the slip is %v, %v", slip, err)
	}
	read, err := ParseSlip(slip.String())
	if err != nil || !reflect.DeepEqual(read, slip) {
		t.Errorf("the slip is read back as %v, %v", read, err)
	}
	if n, err := r.OpenConfirm(r.ConfirmToken(1)); err != nil || n != 1 {
		t.Errorf("the link confirms %d, %v", n, err)
	}
	if n, err := r.OpenWithdraw(r.WithdrawToken(1)); err != nil || n != 1 {
		t.Errorf("the link withdraws %d, %v", n, err)
	}
	for _, token := range []string{r.ConfirmToken(1), r.another("other").WithdrawToken(1), ""} {
		if _, err := r.OpenWithdraw(token); !errors.Is(err, seal.ErrToken) {
			t.Errorf("%q withdraws: %v", token, err)
		}
	}
	must(t, r.Withdraw(t.Context(), 1))
	if s, err := r.Find(t.Context(), code); err != nil || !s.Withdrawn {
		t.Errorf("after the withdrawal the slip is of %+v, %v", s, err)
	}
	if _, err := r.SlipOf(t.Context(), code); !errors.Is(err, ErrNoSignature) {
		t.Errorf("after the withdrawal there is a slip: %v", err)
	}
}

// people of the property tests: few names and contacts, so that they meet.
func drawSigning(t *rapid.T) Signing {
	s := signing(rapid.SampledFrom([]string{"김영희", "이철수", "John Smith", "ＪＯＨＮ smith"}).Draw(t, "name"))
	s.Way = rapid.SampledFrom([]Way{WayWeb, WayReply, WayFax, WayPost, WayHand}).Draw(t, "way")
	s.Region = rapid.SampledFrom([]string{"seoul", "abroad"}).Draw(t, "region")
	s.Volunteer = rapid.Uint32Range(0, 2).Draw(t, "volunteer")
	if i := rapid.IntRange(0, 3).Draw(t, "contact"); i > 0 {
		s.Contact = address.Canonical(address.Email, fmt.Sprintf("p%d@example.org", i))
	}
	return s
}

// Whatever is done, in whatever order and however often: the counters are what a
// recount says, stages only go forward, and what is withdrawn stays so.
func TestCountersAreTheRecount(t *testing.T) {
	base, clk := openRoll(t)
	redistest.EveryScript(t, base.rdb, "lua")
	turn := 0
	rapid.Check(t, func(rt *rapid.T) {
		turn++
		r := base.another(fmt.Sprintf("t%d", turn))
		ctx := context.Background()
		last := map[uint32]*Signature{}
		number := func() uint32 { return rapid.Uint32Range(0, uint32(len(last)+1)).Draw(rt, "number") }
		ok := func(err error) {
			if err != nil && !errors.Is(err, ErrNoSignature) {
				rt.Fatal(err)
			}
		}
		rt.Repeat(map[string]func(*rapid.T){
			"add": func(rt *rapid.T) {
				s := drawSigning(rt)
				added, err := r.Add(ctx, s)
				ok(err)
				if !added.Again && added.Number != uint32(len(last)+1) {
					rt.Fatalf("signature %d comes after %d others", added.Number, len(last))
				}
				clk.Advance(time.Minute)
			},
			"confirm":  func(rt *rapid.T) { ok(r.Confirm(ctx, number())) },
			"withdraw": func(rt *rapid.T) { ok(r.Withdraw(ctx, number())) },
			"advance": func(rt *rapid.T) {
				to := rapid.SampledFrom(Stages[1:]).Draw(rt, "stage")
				var numbers []uint32
				if rapid.Bool().Draw(rt, "some") {
					numbers = []uint32{number(), number()}
				}
				_, err := r.Advance(ctx, to, numbers)
				ok(err)
			},
			"": func(rt *rapid.T) {
				a, err := r.Audit(ctx)
				if err != nil || !a.OK() {
					rt.Fatalf("the audit: %v, %v", a, err)
				}
				certain := 0
				err = r.Walk(ctx, func(s *Signature) error {
					if was := last[s.Number]; was != nil && (s.Stage < was.Stage || was.Withdrawn && !s.Withdrawn) {
						return fmt.Errorf("signature %d went from %+v to %+v", s.Number, was, s)
					}
					if s.Certain() {
						certain++
					}
					last[s.Number] = s
					return nil
				})
				count, cerr := r.Tally(ctx)
				if err := errors.Join(err, cerr); err != nil {
					rt.Fatal(err)
				}
				if count.AtLeast > certain || count.AtLeast > count.AtMost || certain > count.AtMost || certain > 0 && count.AtLeast == 0 {
					rt.Fatalf("%d certain ones are %d to %d", certain, count.AtLeast, count.AtMost)
				}
			},
		})
	})
}

// Counting twice is counting once, and the order does not matter.
func TestOrderDoesNotMatter(t *testing.T) {
	base, _ := openRoll(t)
	turn := 0
	rapid.Check(t, func(rt *rapid.T) {
		all := rapid.SliceOfN(rapid.Custom(drawSigning), 1, 8).Draw(rt, "signings")
		gone := rapid.SliceOfN(rapid.Bool(), len(all), len(all)).Draw(rt, "withdrawn")
		seed := rapid.Uint64().Draw(rt, "seed")
		for i := range all {
			// A contact of their own: whose signing is whose must not hang on the order.
			all[i].Contact = address.Canonical(address.Email, fmt.Sprintf("p%d@example.org", i))
		}
		count := func(order []int, twice bool) *Tally {
			turn++
			r := base.another(fmt.Sprintf("t%d", turn))
			numbers := map[int]uint32{}
			for range map[bool]int{false: 1, true: 2}[twice] {
				for _, i := range order {
					a, err := r.Add(context.Background(), all[i])
					if err != nil {
						rt.Fatal(err)
					}
					numbers[i] = a.Number
				}
			}
			for _, i := range order {
				if gone[i] {
					if err := r.Withdraw(context.Background(), numbers[i]); err != nil {
						rt.Fatal(err)
					}
				}
			}
			got, err := r.Tally(context.Background())
			if err != nil {
				rt.Fatal(err)
			}
			return got
		}
		order := make([]int, len(all))
		for i := range order {
			order[i] = i
		}
		want := count(order, false)
		rand.New(rand.NewPCG(seed, 0)).Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		if got := count(order, true); !reflect.DeepEqual(got, want) {
			rt.Fatalf("in order %v, twice, the count is %+v, before it was %+v", order, got, want)
		}
	})
}

// Many at once, through several processes, are counted once each.
func TestManyAtOnce(t *testing.T) {
	r, _ := openRoll(t)
	other := OpenRoll(r.Campaign, r.rdb, r.keys, r.clk)
	var all sync.WaitGroup
	for i := range 120 {
		s := signing(fmt.Sprint("사람", i/3)) // each form comes three times
		s.Once = bytes.Repeat([]byte{byte(i / 3)}, 16)
		all.Go(func() {
			if _, err := []*Roll{r, other}[i%2].Add(t.Context(), s); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got := tally(t, r); got.AtLeast != 40 || got.AtMost != 40 {
		t.Errorf("40 forms, each three times, are %d to %d", got.AtLeast, got.AtMost)
	}
	audited(t, r)
}

// Redis is killed again and again while people sign, and each sends their form until
// it is answered: nobody is lost, nobody counted twice, and all counters agree.
func TestKilledRedisCountsOnce(t *testing.T) {
	server := redistest.Server(t, "--appendfsync", "always")
	r := OpenRoll(save9(t), server.Client(), keyring(t), clock.NewManual(testStart))
	const people, signers = 300, 6
	var all sync.WaitGroup
	next := make(chan int)
	for range signers {
		all.Go(func() {
			for i := range next {
				s := signing(fmt.Sprint("사람", i))
				s.Once = bytes.Repeat([]byte{byte(i), byte(i >> 8)}, 8)
				var a Added
				for deadline := time.Now().Add(2 * time.Minute); ; {
					var err error
					if a, err = r.Add(t.Context(), s); err == nil {
						err = r.Confirm(t.Context(), a.Number)
					}
					if err == nil && i%3 == 0 {
						err = r.Withdraw(t.Context(), a.Number)
					}
					if err == nil {
						break
					}
					if time.Now().After(deadline) {
						t.Errorf("person %d cannot sign: %v", i, err)
						break
					}
				}
			}
		})
	}
	for i := range people {
		next <- i
		if i%60 == 30 {
			server.Restart()
		}
	}
	close(next)
	all.Wait()
	if got := tally(t, r); got.AtLeast != people*2/3 || got.Ways[3].Withdrawn != people/3 {
		t.Errorf("of %d people, a third of whom withdrew, there are %+v", people, got)
	}
	if a := audited(t, r); a.Signatures != people {
		t.Errorf("%d signatures were made", a.Signatures)
	}
}
