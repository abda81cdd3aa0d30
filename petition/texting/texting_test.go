package texting

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"clarion/internal/clock"
	"clarion/internal/redistest"
	"clarion/internal/seal"
	"clarion/lists"
	"clarion/lists/address"
	"clarion/lists/tabular"
)

// A stage is a desk and the people of its list.
type stage struct {
	*Desk
	t   *testing.T
	clk *clock.Manual
}

func newStage(t *testing.T, people int) *stage {
	t.Helper()
	rdb := redistest.New(t)
	keys, err := seal.New([]byte(strings.Repeat("k", 32)))
	must(t, err)
	clk := clock.NewManual(time.Date(2013, 6, 10, 3, 0, 0, 0, time.UTC))
	store, err := lists.Open(t.Context(), rdb, keys, clk)
	must(t, err)
	var csv strings.Builder
	csv.WriteString("name,sms,language\n")
	for i := range people {
		fmt.Fprintf(&csv, "Kim %d,+8210%08d,ko\n", i, 20000000+i)
	}
	table, err := tabular.Open(strings.NewReader(csv.String()))
	must(t, err)
	_, err = store.Import(t.Context(), table, lists.ImportOptions{List: "friends", Consent: "자원봉사자의 문자를 받겠습니다"}, func(int64, int) {})
	must(t, err)
	return &stage{Open(Settings{}, rdb, store, clk), t, clk}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (s *stage) begin() uint32 {
	s.t.Helper()
	r, err := s.Begin(s.t.Context(), Round{Name: "Save 9", List: "friends", Script: map[string]string{"ko": "{{ name }}님"}, By: 1})
	must(s.t, err)
	return r.ID
}

func (s *stage) round(id uint32) *Round {
	s.t.Helper()
	r, err := s.Round(s.t.Context(), id)
	must(s.t, err)
	return r
}

// Eight volunteers work at once, give some back, and everybody is texted by one
// of them and once.
func TestEachIsEntrustedToOneAlone(t *testing.T) {
	t.Parallel()
	const people, volunteers = 120, 8
	s := newStage(t, people)
	id := s.begin()
	var mu sync.Mutex
	sent := map[uint32]int{}
	var all sync.WaitGroup
	for v := uint32(1); v <= volunteers; v++ {
		all.Go(func() {
			for i := 0; ; i++ {
				turn, err := s.Next(t.Context(), id, v)
				if errors.Is(err, ErrNobody) {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				o := Sent
				if i%5 == 4 {
					o = Back
				} else {
					mu.Lock()
					sent[turn.Number]++
					mu.Unlock()
				}
				if err := s.Settle(t.Context(), id, v, turn.Number, o); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	for number, n := range sent {
		if n != 1 {
			t.Errorf("contact %d was texted %d times", number, n)
		}
	}
	if r := s.round(id); len(sent) != people || r.Counts[Sent] != people || r.Waiting != 0 || r.Held != 0 || r.Total != people {
		t.Errorf("%d of %d were texted: %+v", len(sent), people, r)
	}
	shares, err := s.Shares(t.Context(), id)
	must(t, err)
	sum := 0
	for _, share := range shares {
		sum += share.Counts[Sent]
	}
	if sum != people {
		t.Errorf("by volunteer there are %d, of %d", sum, people)
	}
}

// Who comes back finds whom they had, and settles that once.
func TestAContactStaysInTheHandsItIsIn(t *testing.T) {
	t.Parallel()
	s := newStage(t, 2)
	id := s.begin()
	first, err := s.Next(t.Context(), id, 1)
	must(t, err)
	again, err := s.Next(t.Context(), id, 1)
	must(t, err)
	if again.Number != first.Number || first.Phone.IsZero() || first.Name == "" {
		t.Fatalf("%+v, then %+v", first, again)
	}
	if err := s.Settle(t.Context(), id, 2, first.Number, Sent); !errors.Is(err, ErrNotYours) {
		t.Errorf("another volunteer settles: %v", err)
	}
	must(t, s.Settle(t.Context(), id, 1, first.Number, Sent))
	for _, o := range []Outcome{Sent, Back, Stopped} {
		if err := s.Settle(t.Context(), id, 1, first.Number, o); !errors.Is(err, ErrNotYours) {
			t.Errorf("settled a second time, as %s: %v", o, err)
		}
	}
	if r := s.round(id); r.Counts[Sent] != 1 || r.Waiting != 1 {
		t.Errorf("%+v", r)
	}
	if err := s.Settle(t.Context(), id, 1, first.Number, Unsure); err == nil {
		t.Error("a volunteer says unsure")
	}
}

// A stop, said to a volunteer, holds for the number at once, in calls and in other rounds.
func TestStopHoldsAtOnce(t *testing.T) {
	t.Parallel()
	for o, reason := range map[Outcome]lists.Reason{Stopped: lists.OptedOut, Wrong: lists.Blocked} {
		s := newStage(t, 1)
		id, other := s.begin(), s.begin()
		turn, err := s.Next(t.Context(), id, 7)
		must(t, err)
		must(t, s.Settle(t.Context(), id, 7, turn.Number, o))
		sup, err := s.people.SuppressionOf(t.Context(), address.SMS, s.people.Key(turn.Phone))
		must(t, err)
		if sup == nil || sup.Reason != reason || sup.Source != "volunteer:7" {
			t.Errorf("%s suppresses as %+v", o, sup)
		}
		if _, err := s.Next(t.Context(), other, 8); !errors.Is(err, ErrNobody) {
			t.Errorf("in another round they are entrusted: %v", err)
		}
		if r := s.round(other); r.Counts[LeftOut] != 1 {
			t.Errorf("%+v", r)
		}
	}
}

// A contact who was given and never shown, as when the program died in between, is
// given again as if for the first time.
func TestWhoWasNeverShownIsLookedAtAgain(t *testing.T) {
	t.Parallel()
	s := newStage(t, 2)
	id := s.begin()
	first, err := s.Next(t.Context(), id, 1)
	must(t, err)
	again, err := s.Next(t.Context(), id, 1)
	must(t, err)
	if first.Shown || again.Shown || again.Number != first.Number {
		t.Fatalf("%+v, then %+v", first, again)
	}
	if err := s.Show(t.Context(), id, 2, first.Number); !errors.Is(err, ErrNotYours) {
		t.Errorf("shown to another: %v", err)
	}
	_, err = s.people.Suppress(t.Context(), address.SMS, s.people.Key(first.Phone), lists.Suppression{Reason: lists.OptedOut, Source: "text", Since: s.clk.Now()})
	must(t, err)
	other, err := s.Next(t.Context(), id, 1)
	must(t, err)
	if other.Number == first.Number || s.round(id).Counts[LeftOut] != 1 {
		t.Errorf("who said stop before they were shown is %+v", other)
	}
	must(t, s.Show(t.Context(), id, 1, other.Number))
	if in, err := s.InHand(t.Context(), id, 1); err != nil || !in.Shown {
		t.Errorf("%+v, %v", in, err)
	}
}

// Who says stop by another way while a volunteer has them is shown without number.
func TestWhoSaysStopMeanwhileIsNotShown(t *testing.T) {
	t.Parallel()
	s := newStage(t, 1)
	id := s.begin()
	turn, err := s.Next(t.Context(), id, 1)
	must(t, err)
	must(t, s.Show(t.Context(), id, 1, turn.Number))
	_, err = s.people.Suppress(t.Context(), address.SMS, s.people.Key(turn.Phone), lists.Suppression{Reason: lists.OptedOut, Source: "text", Since: s.clk.Now()})
	must(t, err)
	again, err := s.Next(t.Context(), id, 1)
	must(t, err)
	if again.Number != turn.Number || !again.Phone.IsZero() {
		t.Errorf("still shown: %v", again.Phone)
	}
}

// What a volunteer never settled is given to nobody else.
func TestWhatIsUnsureIsGivenToNobody(t *testing.T) {
	t.Parallel()
	s := newStage(t, 1)
	id := s.begin()
	_, err := s.Next(t.Context(), id, 1)
	must(t, err)
	must(t, s.GiveUp(t.Context(), id, 1))
	must(t, s.GiveUp(t.Context(), id, 1))
	if _, err := s.Next(t.Context(), id, 2); !errors.Is(err, ErrNobody) {
		t.Errorf("given on: %v", err)
	}
	if r := s.round(id); r.Counts[Unsure] != 1 || r.Held != 0 {
		t.Errorf("%+v", r)
	}
}

// Nobody is disturbed in their sleep, nor after the round is closed.
func TestAsleepAndClosed(t *testing.T) {
	t.Parallel()
	s := newStage(t, 1)
	awake := false
	s.Awake = func(*lists.Contact) bool { return awake }
	id := s.begin()
	if _, err := s.Next(t.Context(), id, 1); !errors.Is(err, ErrAsleep) {
		t.Errorf("asleep: %v", err)
	}
	awake = true
	turn, err := s.Next(t.Context(), id, 1)
	must(t, err)
	must(t, s.Close(t.Context(), id))
	must(t, s.Settle(t.Context(), id, 1, turn.Number, Sent))
	if _, err := s.Next(t.Context(), id, 1); !errors.Is(err, ErrClosed) {
		t.Errorf("closed: %v", err)
	}
	if _, err := s.Next(t.Context(), 99, 1); !errors.Is(err, ErrNoRound) {
		t.Errorf("no such round: %v", err)
	}
	all, err := s.Rounds(t.Context())
	must(t, err)
	if len(all) != 1 || !all[0].Closed || all[0].Counts[Sent] != 1 {
		t.Errorf("%+v", all)
	}
}
