package main

import (
	"regexp"
	"strings"

	"clarion/templates/email"
)

// mailRules lists what a call's mail is held against.
func mailRules() string {
	t := &text{}
	t.say("# What a call's mail is held against\n\n`clarion call check` names each broken rule with file and line, in English and in Korean (`message`, `message_ko`), and its code (`rule`). What Gmail, Yahoo, Naver or Outlook would refuse, and what the law asks, is among `problems`, and the call is not launched; what is worth mending is among `notes`. The rules stand in one table, `rules` in [templates/email/rules.go](../templates/email/rules.go). How the mail looks is told [here](mail.md).\n\n")
	for _, part := range []struct {
		level email.Level
		title string
	}{
		{email.Refused, "Problems: the call is not launched"},
		{email.InBulk, "Problems from 5,000 recipients on, notes below"},
		{email.Noted, "Notes"},
	} {
		var rows [][]string
		for _, r := range email.Rules() {
			if r.Level == part.level {
				rows = append(rows, []string{code(string(r.Code)), shown(r.English), shown(r.Korean), r.Source})
			}
		}
		t.say("## %s\n\n", part.title)
		t.table([]string{"rule", "what is said", "", "who asks"}, rows)
	}
	return strings.TrimRight(t.String(), "\n") + "\n"
}

var (
	verb     = regexp.MustCompile(`%(\[\d+\])?[.\d]*[a-z]`)
	markdown = regexp.MustCompile(`!?\[([^\]]*)\]\(…\)`)
)

// shown is a sentence with … for what it is said of, and with no Markdown of its own.
func shown(format string) string {
	return markdown.ReplaceAllString(verb.ReplaceAllString(format, "…"), "`[$1]…`")
}
