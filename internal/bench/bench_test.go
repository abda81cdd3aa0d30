package main

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// Every row runs, small, and the results reach the file, the page and the chart.
// What is measured so is noise; that all of it is measured is what counts.
func TestRows(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	page := filepath.Join(dir, "performance.md")
	if err := os.WriteFile(page, []byte("# Before\n\n"+tableBegins+"\nold\n"+tableEnds+"\n\nafter\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	o := options{short: true, sizes: small(), dir: dir, out: filepath.Join(dir, "results.json"), doc: page}
	if err := run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(o.out)
	if err != nil {
		t.Fatal(err)
	}
	var r results
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	var seen []string
	var got []string
	for _, f := range r.Figures {
		if len(got) == 0 || got[len(got)-1] != f.Row {
			got = append(got, f.Row)
		}
		if slices.Contains(seen, f.Name) {
			t.Errorf("two figures are named %q", f.Name)
		}
		seen = append(seen, f.Name)
		if math.IsNaN(f.Median) || math.IsInf(f.Median, 0) || f.Median < 0 || len(f.Samples) == 0 {
			t.Errorf("%s: %v of %v", f.Name, f.Median, f.Samples)
		}
		if (f.Asked > 0) != (f.Met != nil) {
			t.Errorf("%s: asked %v, met %v", f.Name, f.Asked, f.Met)
		}
	}
	if !slices.Equal(got, rowNames()) {
		t.Errorf("figures of the rows %v, want %v", got, rowNames())
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"# Before", "after\n", "| email | email: messages/s ÷", "A short run"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(string(text), "\nold\n") {
		t.Error("the page keeps the old table")
	}
	svg, err := os.ReadFile(filepath.Join(dir, chartFile))
	if err != nil {
		t.Fatal(err)
	}
	wellFormed(t, string(svg))
}

func wellFormed(t *testing.T, svg string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("the chart is no XML: %v", err)
		}
	}
}

func TestUnknownRow(t *testing.T) {
	t.Parallel()
	err := run(t.Context(), options{rows: []string{"emial"}})
	if err == nil || !strings.Contains(err.Error(), `"emial"`) || !strings.Contains(err.Error(), "email, signed, far") {
		t.Errorf("run: %v, want the rows that there are", err)
	}
}

func TestPageWithoutMarks(t *testing.T) {
	t.Parallel()
	page := filepath.Join(t.TempDir(), "page.md")
	if err := os.WriteFile(page, []byte("# No table\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := new(results).document(page); err == nil || !strings.Contains(err.Error(), tableEnds) {
		t.Errorf("document: %v, want the lines that are missing", err)
	}
}

func TestQuantile(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		samples []float64
		q, want float64
	}{
		{nil, 0.5, 0}, {[]float64{7}, 0.99, 7}, {[]float64{3, 1, 2}, 0.5, 2}, {[]float64{4, 1, 3, 2}, 0.5, 2.5}, {[]float64{0, 100}, 0.99, 99}, {[]float64{1, 2, 3}, 1, 3},
	} {
		if got := quantile(c.samples, c.q); got != c.want {
			t.Errorf("quantile(%v, %v) = %v, want %v", c.samples, c.q, got, c.want)
		}
	}
}

func TestShortNumbers(t *testing.T) {
	t.Parallel()
	for v, want := range map[float64]string{0.852: "0.85", 12.34: "12.3", 123.4: "123", 15754.7: "15,755", 1e6: "1,000,000"} {
		if got := short(v); got != want {
			t.Errorf("short(%v) = %q, want %q", v, got, want)
		}
	}
}

// A chart is drawn whatever the sizes are, also of one point and of nothing used.
func TestChart(t *testing.T) {
	t.Parallel()
	for _, points := range [][]point{
		{{Recipients: 100}},
		{{100, 5, 4, 3, 20, 7}, {1000, 4, 3, 2, 20, 7}, {10000, 4, 3, 2, 21, 7}},
	} {
		svg := chart(points)
		wellFormed(t, svg)
		if strings.Contains(svg, "NaN") || strings.Contains(svg, "Inf") {
			t.Errorf("the chart of %v holds what is no number", points)
		}
	}
}

// What goes a long way arrives whole and in order, on both sides, to the end.
func TestDistance(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		io.Copy(conn, conn)
		conn.Close()
	}()
	d, err := startDistance(l.Addr().String(), time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.stop)
	conn, err := net.Dial("tcp", d.listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	text := strings.Repeat("as much as a line holds and more, ", 20_000)
	go func() {
		io.WriteString(conn, text)
	}()
	got := make([]byte, len(text))
	if _, err := io.ReadFull(conn, got); err != nil {
		t.Fatal(err)
	}
	if string(got) != text {
		t.Error("what came back is not what was sent")
	}
}
