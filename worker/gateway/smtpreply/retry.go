package smtpreply

import (
	"strconv"
	"strings"
	"time"
)

// maxRetry bounds what a server may ask for: longer, and our own back-off is better.
const maxRetry = 24 * time.Hour

var units = map[string]time.Duration{
	"s": time.Second, "sec": time.Second, "secs": time.Second, "second": time.Second, "seconds": time.Second,
	"m": time.Minute, "min": time.Minute, "mins": time.Minute, "minute": time.Minute, "minutes": time.Minute,
	"h": time.Hour, "hr": time.Hour, "hrs": time.Hour, "hour": time.Hour, "hours": time.Hour,
}

// retryAfter reads "try again in 5 minutes", "retry after 300s", "greylisted for
// 00:04:30" and the like from normalised words; 0 if nothing is asked. There is
// no standard for it: this is how Postgrey, milter-greylist, rspamd and large
// providers write.
func retryAfter(words string) time.Duration {
	f := strings.Fields(words)
	for i := 1; i < len(f); i++ {
		switch f[i-1] {
		case "in", "after", "for", "wait", "least", "retry", "within", "another":
		default:
			continue
		}
		if d := duration(f[i:]); d > 0 && d <= maxRetry {
			return d
		}
	}
	return 0
}

// duration reads "5 minutes", "300s" or "00 04 30" (once 00:04:30) at the start of f.
func duration(f []string) time.Duration {
	digits := strings.TrimRight(f[0], "abcdefghijklmnopqrstuvwxyz")
	n, err := strconv.ParseUint(digits, 10, 24)
	if err != nil {
		return 0
	}
	if unit := f[0][len(digits):]; unit != "" {
		return time.Duration(n) * units[unit]
	}
	if len(f) > 1 && units[f[1]] != 0 {
		return time.Duration(n) * units[f[1]]
	}
	if len(f) > 2 && len(f[0]) == 2 && len(f[1]) == 2 && len(f[2]) == 2 {
		m, err1 := strconv.ParseUint(f[1], 10, 8)
		s, err2 := strconv.ParseUint(f[2], 10, 8)
		if err1 == nil && err2 == nil && m < 60 && s < 60 {
			return time.Duration(n)*time.Hour + time.Duration(m)*time.Minute + time.Duration(s)*time.Second
		}
	}
	return 0
}
