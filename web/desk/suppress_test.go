package desk

import (
	"regexp"
	"strings"
	"testing"

	"clarion/lists/address"
)

// FuzzReadAddress: what is no address is told without repeating it, and what is
// one is for its channel.
func FuzzReadAddress(f *testing.F) {
	for _, s := range []string{"kim@example.org", "010-2345-6789", "02-788-2001", "+1 202 555 0123", "1588-1234", "", "@", "kim@", "전화"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		all, err := ReadAddress(in, "KR", 0)
		if (err == nil) != (len(all) > 0) {
			t.Fatalf("%d addresses, %v", len(all), err)
		}
		if err != nil {
			for _, digits := range regexp.MustCompile(`[0-9]{4,}`).FindAllString(in, -1) {
				if strings.Contains(err.Error(), digits) {
					t.Errorf("the error repeats what was written: %v", err)
				}
			}
			return
		}
		for _, a := range all {
			if a.IsZero() || (a.Channel() == address.Email) != strings.Contains(in, "@") {
				t.Errorf("%q is %v for %s", in, a, a.Channel())
			}
		}
	})
}
