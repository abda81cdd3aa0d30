package conf

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A Duration is a span of time as people write it: what time.ParseDuration
// takes, and days: "90s", "1h30m", "5d", "1d12h". It is never negative.
type Duration time.Duration

// UnmarshalText reads a span of time.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := parseDuration(string(text))
	if err != nil {
		return err
	}
	*d = Duration(v)
	return nil
}

// MarshalText writes what UnmarshalText reads.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// String returns the span, with whole days as such: "5d", "1d12h", "90s" as "1m30s".
func (d Duration) String() string {
	const day = 24 * time.Hour
	v := time.Duration(d)
	days, rest := v/day, v%day
	s := ""
	if days > 0 {
		s = fmt.Sprintf("%dd", days)
	}
	if rest > 0 || days == 0 {
		s += rest.String()
	}
	for _, zero := range []string{"m0s", "h0m"} { // 1h0m0s is 1h
		if strings.HasSuffix(s, zero) {
			s = s[:len(s)-2]
		}
	}
	return s
}

func parseDuration(s string) (time.Duration, error) {
	wrong := fmt.Errorf(`%q is no span of time: "90s", "30m", "2h" or "5d" is right`, s)
	rest := strings.ReplaceAll(s, " ", "")
	var days time.Duration
	if head, tail, ok := strings.Cut(rest, "d"); ok {
		n, err := strconv.ParseUint(head, 10, 16) // 65,535 days fit into a Duration
		if err != nil {
			return 0, wrong
		}
		days, rest = time.Duration(n)*24*time.Hour, tail
		if rest == "" {
			return days, nil
		}
	}
	v, err := time.ParseDuration(rest)
	if err != nil || v < 0 || days+v < days {
		return 0, wrong
	}
	return days + v, nil
}
