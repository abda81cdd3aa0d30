package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// What stands between these lines of a page is written by us.
const (
	tableBegins = "<!-- written by go run ./internal/bench -doc: from here -->"
	tableEnds   = "<!-- to here -->"
	chartFile   = "growth.svg" // beside the page
)

// document writes the table into a page, and the chart beside it.
func (r *results) document(page string) error {
	old, err := os.ReadFile(page)
	if err != nil {
		return fmt.Errorf("write the results into a page: %w", err)
	}
	before, rest, begins := bytes.Cut(old, []byte(tableBegins))
	_, after, ends := bytes.Cut(rest, []byte(tableEnds))
	if !begins || !ends {
		return fmt.Errorf("write the results into %s: it lacks the lines %q and %q", page, tableBegins, tableEnds)
	}
	text := string(before) + tableBegins + "\n\n" + r.markdown(time.Now()) + "\n" + tableEnds + string(after)
	if err := writeFile(page, []byte(text)); err != nil {
		return err
	}
	if len(r.Growth) == 0 {
		return nil
	}
	return writeFile(filepath.Join(filepath.Dir(page), chartFile), []byte(chart(r.Growth)))
}

// markdown is the table, a block of lines a row.
func (r *results) markdown(now time.Time) string {
	var b strings.Builder
	fmt.Fprintf(&b, "On %s: %s.", now.Format("2 January 2006"), r.about())
	if r.Short {
		b.WriteString(" A short run, which shows that all works and no more.")
	}
	b.WriteString("\n\n| row | figure | median | least | most | asked |\n| --- | --- | --- | --- | --- | --- |\n")
	last := ""
	for _, f := range r.Figures {
		row := f.Row
		if row == last {
			row = ""
		}
		last = f.Row
		least, most := f.extremes()
		fmt.Fprintf(&b, "| %s | %s, %s | %s | %s | %s | %s |\n", row, f.Name, f.Unit, short(f.Median), least, most, f.asked())
	}
	if len(r.Growth) > 0 {
		fmt.Fprintf(&b, "\n![Time and memory of a call by its recipients](%s)\n", chartFile)
	}
	return strings.ReplaceAll(b.String(), "|  |", "| |")
}
