package main

import (
	_ "embed"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"text/template"
)

//go:embed page.md
var page string

// write writes the page from the record.
func (r *record) write(file string) error {
	t, err := template.New("page").Parse(page)
	if err != nil {
		return err
	}
	var text strings.Builder
	if err := t.Execute(&text, r.figures()); err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	return os.WriteFile(file, []byte(text.String()), 0o644)
}

// A figures is what the page shows.
type figures struct {
	*record
	Played, Failed, Struck, Missed int
	Window, Journal, Bound         int
	Doubted, Resent                int
	Rows, LossyRows                []row
	Minutes, Noticed               float64
	SmallDisk                      int // megabytes
}

type row struct {
	Name string
	*tally
}

func (r *record) figures() figures {
	f := figures{record: r, Bound: connections * group, SmallDisk: smallDisk >> 20, Rows: rows(r.Faults), LossyRows: rows(r.Lossy)}
	for _, t := range f.Rows {
		f.Played += t.Entered
		f.Struck += t.Rounds
		f.Failed += t.Failed
		f.Missed += t.Missed
		f.Window, f.Journal = max(f.Window, t.Window), max(f.Journal, t.Journal)
		f.Noticed = max(f.Noticed, t.Noticed)
		f.Doubted += t.Doubted
		f.Resent += t.Resent
	}
	for _, s := range r.Stretches {
		f.Minutes += s.Minutes
	}
	return f
}

func rows(of map[string]*tally) (out []row) {
	for _, name := range slices.SortedFunc(maps.Keys(of), func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) }) {
		out = append(out, row{name, of[name]})
	}
	return out
}

// print prints the tables alone.
func (r *record) print(w io.Writer) {
	f := r.figures()
	fmt.Fprintf(w, "seed %d: %d rounds, %d struck, %d failed\n\n", r.Seed, f.Played, f.Struck, f.Failed)
	fmt.Fprintln(w, "fault | struck first | second | failed | not struck | in doubt | most after one kill without a journal, with it | sent again | left in doubt")
	for _, t := range f.Rows {
		fmt.Fprintf(w, "%s | %d | %d | %d | %d | %d | %d, %d | %d | %d\n", t.Name, t.Rounds, t.Second, t.Failed, t.Missed, t.Doubted, t.Window, t.Journal, t.Resent, t.Left)
	}
	for _, t := range f.LossyRows {
		fmt.Fprintf(w, "everysec, %s | %d rounds | %d bytes | %d doubled | %d missing | %d open\n", t.Name, t.Rounds, t.Lost.Bytes, t.Lost.Doubled, t.Lost.Missing, t.Lost.Open)
	}
}
