package smtp

import (
	"slices"
	"testing"
)

// TestPostfixSink speaks to Postfix's smtp-sink, which disconnects, puts off and
// refuses at a command of choice (smtp-sink(1)).
func TestPostfixSink(t *testing.T) {
	t.Parallel()
	same := func(word string) []string { return slices.Repeat([]string{word}, 3) }
	for _, c := range []struct {
		name   string
		args   []string
		want   []string
		broken bool
	}{
		{"takes all", nil, same("ok"), false},
		{"without pipelining", []string{"-p"}, same("ok"), false},
		{"without 8BITMIME", []string{"-8"}, same("ok"), false},
		{"without ESMTP", []string{"-e"}, same("ok"), false},
		{"puts off MAIL", []string{"-r", "mail"}, same("temporary"), false},
		{"puts off RCPT", []string{"-r", "rcpt"}, same("temporary"), false},
		{"puts off RCPT, stepwise", []string{"-p", "-r", "rcpt"}, same("temporary"), false},
		{"puts off DATA", []string{"-r", "data"}, same("temporary"), false},
		{"puts off the body", []string{"-r", "."}, same("temporary"), false},
		{"refuses MAIL", []string{"-f", "mail"}, same("refused"), false},
		{"refuses RCPT", []string{"-f", "rcpt"}, same("failed"), false},
		{"refuses the body", []string{"-f", "."}, same("refused"), false},
		{"hangs up at MAIL", []string{"-q", "mail"}, []string{"temporary", "not_sent", "not_sent"}, true},
		{"hangs up at RCPT", []string{"-q", "rcpt"}, []string{"temporary", "not_sent", "not_sent"}, true},
		{"hangs up at DATA", []string{"-q", "data"}, []string{"temporary", "not_sent", "not_sent"}, true},
		{"hangs up at the body", []string{"-q", "."}, []string{"indeterminate", "not_sent", "not_sent"}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := openSession(t, sink(t, c.args...))
			for range 2 {
				got, broken := sendGroup(t, s, messages(3))
				if !slices.Equal(got, c.want) || broken != c.broken {
					t.Fatalf("%v, broken %v; want %v", got, broken, c.want)
				}
				if broken {
					return
				}
			}
		})
	}
}
