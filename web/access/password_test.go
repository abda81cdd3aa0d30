package access

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"golang.org/x/text/unicode/norm"
)

func TestPasswordRules(t *testing.T) {
	t.Parallel()
	for password, want := range map[string]string{
		"":                               TooShort,
		"kT9#x":                          TooShort,
		"elevenchars":                    TooShort,
		"바람 부는 언덕":                       TooShort,
		strings.Repeat("long ", 26):      TooLong,
		"aaaaaaaaaaaaaaaa":               Common,
		"abababababab":                   Common,
		"Password1234":                   Common,
		"passwordpassword":               Common,
		"qwertyuiop12":                   Common,
		"123456789012":                   Common,
		"P@ssw0rd2013!":                  Common,
		"correct horse battery staple":   Common,
		"Save9Campaign":                  Common,
		"younghee kim1":                  Personal,
		"kim.younghee@":                  Personal,
		"younghee-younghee":              Personal,
		"a tin roof under three moons":   "",
		"비 오는 날 우산 없이 걷기":                "",
		"younghee counts nine umbrellas": "",
		"zq7!Lw2vKd9e":                   "",
	} {
		var p *PasswordError
		got := ""
		if err := checkPassword(password, "Kim Younghee", "kim.younghee@naver.example"); errors.As(err, &p) {
			got = p.Reason
		}
		if got != want {
			t.Errorf("%q: %q, want %q", password, got, want)
		}
	}
	for reason, words := range passwordWords {
		e := &PasswordError{reason}
		if e.Message("en") != words[0] || e.Message("ko") != words[1] || words[0] == "" || words[1] == "" {
			t.Errorf("%s has no sentence", reason)
		}
	}
}

func TestHasher(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	h := newHasher(Cost{Memory: 64, Passes: 1, Threads: 1})
	const password = "비 오는 날 우산 없이 걷기"
	kept, err := h.hash(ctx, norm.NFC.String(password))
	if err != nil || !strings.HasPrefix(kept, "$argon2id$v=19$m=64,t=1,p=1$") {
		t.Fatalf("%q, %v", kept, err)
	}
	again, err := h.hash(ctx, password)
	if err != nil || again == kept {
		t.Errorf("two hashes of a password are alike: %v", err)
	}
	other := newHasher(Cost{}) // another cost by now: what is kept says its own
	for name, c := range map[string]struct {
		kept, password string
		want           bool
	}{
		"itself":              {kept, password, true},
		"in pieces, as a Mac": {kept, norm.NFD.String(password), true},
		"another":             {kept, password + ".", false},
		"none":                {kept, "", false},
		"none is kept":        {"", password, false},
		"none is kept, none":  {"", "", false},
	} {
		if got, err := other.verify(ctx, c.kept, c.password); err != nil || got != c.want {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	for _, broken := range []string{"x", "$argon2i$v=19$m=64,t=1,p=1$AAAA$AAAA", "$argon2id$v=19$m=64,t=0,p=1$AAAA$AAAA", "$argon2id$v=16$m=64,t=1,p=1$AAAA$AAAA", "$argon2id$v=19$m=64,t=1,p=1$AAAA$"} {
		if ok, err := h.verify(ctx, broken, password); ok || err == nil {
			t.Errorf("%q: %v, %v", broken, ok, err)
		}
	}
}

// No more are hashed at once than there are turns, and who waits can leave.
func TestHasherTurns(t *testing.T) {
	t.Parallel()
	h := newHasher(Cost{Memory: 64, Passes: 1, Threads: 1})
	var ends []func()
	for range cap(h.turns) {
		end, err := h.turn(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		ends = append(ends, end)
	}
	ctx, leave := context.WithCancel(context.Background())
	var wait sync.WaitGroup
	wait.Go(func() {
		if _, err := h.hash(ctx, "x"); !errors.Is(err, context.Canceled) {
			t.Errorf("who left while waiting gets %v", err)
		}
	})
	leave()
	wait.Wait()
	ends[0]()
	if _, err := h.hash(context.Background(), "x"); err != nil {
		t.Error(err)
	}
}
