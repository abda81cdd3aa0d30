package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// answers runs lines through an answer and returns what was printed.
func answers(t *testing.T, in string, answer func([]byte) (any, error)) (lines []string, err error) {
	t.Helper()
	var out bytes.Buffer
	p := &program{streams: streams{in: strings.NewReader(in), out: &out, err: &bytes.Buffer{}}}
	err = p.answerLines([]string{"-"}, answer)
	return strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n"), err
}

// A line that is too long has its error in its place, and those behind it are
// answered.
func TestLongLine(t *testing.T) {
	t.Parallel()
	in := `{"text":"stop"}` + "\n" + `{"text":"` + strings.Repeat("a", maxLine) + `"}` + "\n" + `{"text":"help"}`
	got, err := answers(t, in, inspectOptOut)
	want := []string{`{"intent":"stop"}`, `{"error":"the line is longer than 16777216 bytes"}`, `{"intent":"help"}`}
	if err == nil || strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%v, %v", got, err)
	}
}

// Whatever comes in, each line that is not empty has one line of JSON for an answer.
func FuzzAnswerLines(f *testing.F) {
	for _, s := range []string{`{"text":"STOP"}`, "{\"text\":\"\\ud800\"}\n\n{\"reply\":\"550 5.1.1 x\",\"smtp_code\":\"550\"}", `{"number":"010-1234-5678","region":null}` + "\r\n[]", `{"address":"a@b.kr"}` + "\n{", "\ufeff{}", "null", "\x00\n\xff"} {
		f.Add(s)
	}
	all := []func([]byte) (any, error){inspectReply, inspectSMS, inspectOptOut, inspectEmail, func(line []byte) (any, error) { return inspectNumber(line, "KR") }}
	f.Fuzz(func(t *testing.T, in string) {
		want := 0
		for line := range strings.SplitSeq(in, "\n") {
			if len(bytes.TrimSpace([]byte(line))) > 0 {
				want++
			}
		}
		for i, answer := range all {
			lines, err := answers(t, in, answer)
			got, wrong := 0, 0
			for _, line := range lines {
				var v map[string]any
				if line == "" {
					continue
				}
				got++
				if err := json.Unmarshal([]byte(line), &v); err != nil {
					t.Fatalf("answer %d: %q is no JSON object: %v", i, line, err)
				}
				if _, ok := v["error"]; ok {
					wrong++
				}
			}
			if got != want || (err != nil) != (wrong > 0) {
				t.Errorf("answer %d: %d answers to %d lines, %d errors, %v", i, got, want, wrong, err)
			}
		}
	})
}

func TestParseSince(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	for in, want := range map[string]time.Time{
		"2026-11-01T09:00:00+09:00": time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC),
		"36h":                       time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC),
		"7d":                        time.Date(2026, 11, 17, 12, 0, 0, 0, time.UTC),
		"0d":                        now,
		"2026-11-01":                time.Date(2026, 11, 1, 0, 0, 0, 0, time.Local).UTC(),
		"2026-11-01 09:30":          time.Date(2026, 11, 1, 9, 30, 0, 0, time.Local).UTC(),
	} {
		if got, err := parseSince(in, now); err != nil || !got.Equal(want) {
			t.Errorf("%s: %v, %v; want %v", in, got, err, want)
		}
	}
	for _, in := range []string{"", "yesterday", "-1h", "-7d", "d", "2026-13-01", "99999999d"} {
		if got, err := parseSince(in, now); err == nil {
			t.Errorf("%s: %v", in, got)
		}
	}
}
