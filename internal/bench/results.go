package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"text/tabwriter"
)

// results are what a run of the benchmarks found.
type results struct {
	Machine     machineFacts `json:"machine"`
	Commit      string       `json:"commit"`
	Short       bool         `json:"short"`
	Recipients  int          `json:"recipients"`
	Connections int          `json:"connections"`
	Figures     []figure     `json:"figures"`
	Growth      []point      `json:"growth,omitempty"`

	row string
}

// A figure is one line of the table: the median of its samples, and what was asked.
type figure struct {
	Row     string    `json:"row"`
	Name    string    `json:"name"`
	Unit    string    `json:"unit"`
	Median  float64   `json:"median"`
	Asked   float64   `json:"asked,omitempty"`   // 0: nothing; it is there to read the others by
	AtLeast bool      `json:"at_least,omitzero"` // asked is the least; else the most
	Met     *bool     `json:"met,omitempty"`
	Samples []float64 `json:"samples"`
}

// begin says to which row the figures that follow belong.
func (r *results) begin(row string) { r.row = row }

func (r *results) add(f figure, samples ...float64) {
	f.Row, f.Samples, f.Median = r.row, samples, median(samples)
	if f.Asked > 0 {
		met := f.Median <= f.Asked
		if f.AtLeast {
			met = f.Median >= f.Asked
		}
		f.Met = &met
	}
	r.Figures = append(r.Figures, f)
}

func median(samples []float64) float64 { return quantile(samples, 0.5) }

// quantile is the value below which the share q of the samples lies, between two
// samples in proportion.
func quantile(samples []float64, q float64) float64 {
	if len(samples) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(samples))
	at := q * float64(len(s)-1)
	i := int(at)
	if i+1 == len(s) {
		return s[i]
	}
	return s[i] + (at-float64(i))*(s[i+1]-s[i])
}

// asked says what was asked and whether it is met, "" when nothing was.
func (f *figure) asked() string {
	if f.Met == nil {
		return ""
	}
	sign, met := "≤", "met"
	if f.AtLeast {
		sign = "≥"
	}
	if !*f.Met {
		met = "MISSED"
	}
	return fmt.Sprintf("%s %s, %s", sign, short(f.Asked), met)
}

// extremes are the least and the most, "" when there is but one sample.
func (f *figure) extremes() (least, most string) {
	if len(f.Samples) < 2 {
		return "", ""
	}
	return short(slices.Min(f.Samples)), short(slices.Max(f.Samples))
}

func (r *results) print(w io.Writer) {
	fmt.Fprintf(w, "\n%s\n\n", r.about())
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "figure\tmedian\tunit\tleast\tmost\tasked")
	for _, f := range r.Figures {
		least, most := f.extremes()
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", f.Name, short(f.Median), f.Unit, least, most, f.asked())
	}
	t.Flush()
}

// about names the machine and what was measured on it.
func (r *results) about() string {
	m := r.Machine
	return fmt.Sprintf("%s, %d cores, Linux %s, Go %s, Redis %s, Postfix %s; commit %s; %s recipients where calls are compared, %d connections",
		m.CPU, m.Cores, m.Kernel, m.Go[min(2, len(m.Go)):], m.Redis, m.Postfix, r.Commit, thousands(r.Recipients), r.Connections)
}

// thousands writes a whole number with a comma before each three digits.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// short writes a number with three digits, more only before the point.
func short(v float64) string {
	switch {
	case v >= 100:
		return thousands(int(v + 0.5))
	case v >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', 2, 64)
}

func (r *results) write(file string) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("write the results: %w", err)
	}
	return writeFile(file, append(data, '\n'))
}

func writeFile(file string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	if err := os.WriteFile(file, data, 0o644); err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	return nil
}
