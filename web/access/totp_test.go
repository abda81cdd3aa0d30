package access

import (
	"testing"
	"time"
)

// RFC 6238, appendix B, the rows of SHA-1; ours are the last six of its eight digits.
func TestTOTPVectors(t *testing.T) {
	t.Parallel()
	secret := []byte("12345678901234567890")
	for unix, want := range map[int64]string{
		59: "94287082", 1111111109: "07081804", 1111111111: "14050471", 1234567890: "89005924", 2000000000: "69279037", 20000000000: "65353130",
	} {
		if got := totpCode(secret, unix/30); got != want[2:] {
			t.Errorf("at %d the code is %s, want %s", unix, got, want[2:])
		}
	}
}

func TestTOTPStep(t *testing.T) {
	t.Parallel()
	secret, now := []byte("12345678901234567890"), time.Unix(2000000000, 0)
	step := now.Unix() / 30
	for _, c := range []struct {
		of, last int64
		ok       bool
	}{
		{step, 0, true}, {step - 1, 0, true}, {step + 1, 0, true}, {step - 2, 0, false}, {step + 2, 0, false},
		{step, step, false}, {step - 1, step, false}, {step + 1, step, true},
	} {
		got, ok := totpStep(secret, totpCode(secret, c.of), now, c.last)
		if ok != c.ok || ok && got != c.of {
			t.Errorf("the code of step %+d after %+d: %v", c.of-step, c.last-step, ok)
		}
	}
	if _, ok := totpStep(secret, "", now, 0); ok {
		t.Error("no code is taken for one")
	}
}

func TestCodes(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 200 {
		code := newCode(4)
		if len(code) != 19 || seen[code] || len(plainCode(code)) != 16 {
			t.Fatalf("the code %q", code)
		}
		seen[code] = true
	}
	if got := plainCode("  ABCD-efgh 2345\u00a0xyzw "); got != "abcdefgh2345xyzw" {
		t.Errorf("a code as people type it is %q", got)
	}
}
