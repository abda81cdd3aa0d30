// Command corpora scores what `clarion inspect` says against real inputs and
// the answers that their authors expect, and fails when a score is below its
// floor. The inputs are no part of the project: without them it says so.
package main

import (
	"errors"
	"flag"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
)

func main() {
	dir := flag.String("dir", "../shared/corpora", "the folder of the corpora")
	program := flag.String("clarion", ".cache/clarion", "the program")
	half := flag.Int("half", -1, "0 or 1: score only this half of the returned mails and replies, to tune on one and look at the other")
	verbose := flag.Bool("v", false, "name each case that was wrong")
	flag.Parse()
	if _, err := os.Stat(*dir); errors.Is(err, fs.ErrNotExist) {
		fmt.Printf("The corpora are not here (%s): nothing is scored.\n", *dir)
		return
	}
	abs, err := filepath.Abs(*program)
	if err != nil {
		fmt.Fprintln(os.Stderr, "corpora:", err)
		os.Exit(1)
	}
	b := &board{dir: *dir, clarion: abs, half: *half, verbose: *verbose}
	for _, score := range []func(*board) error{scoreBounces, scoreReplies, scorePhones, scoreEmails, scoreSegments, scoreOptOuts, scoreTables, scoreWebhooks} {
		if err := score(b); err != nil {
			fmt.Fprintln(os.Stderr, "corpora:", err)
			os.Exit(1)
		}
	}
	if !b.print(os.Stdout) {
		os.Exit(1)
	}
}

// A board collects scores.
type board struct {
	dir, clarion string
	half         int
	verbose      bool
	rows         []*row
}

// A row is the score of one question.
type row struct {
	corpus, question string
	right, of        int
	least            float64 // the floor; with atMost, right/of may not pass it
	atMost           bool
	board            *board
}

// row adds a question whose share of right answers must be at least least.
func (b *board) row(corpus, question string, least float64) *row {
	r := &row{corpus: corpus, question: question, least: least, board: b}
	b.rows = append(b.rows, r)
	return r
}

// note counts one answer, and names a wrong one.
func (r *row) note(right bool, name string, got, want any) {
	r.of++
	if right {
		r.right++
	}
	if right == r.atMost && r.board.verbose {
		fmt.Printf("%s, %s: %s\n\tgot  %v\n\twant %v\n", r.corpus, r.question, name, got, want)
	}
}

func (r *row) share() float64 {
	if r.of == 0 {
		return 1
	}
	return float64(r.right) / float64(r.of)
}

func (r *row) holds() bool {
	if r.of == 0 {
		return true
	}
	if r.atMost {
		return r.share() <= r.least
	}
	return r.share() >= r.least
}

// print writes the table and reports whether every floor holds.
func (b *board) print(w *os.File) bool {
	ok := true
	for _, r := range b.rows {
		sign, mark := "≥", ""
		if r.atMost {
			sign = "≤"
		}
		if !r.holds() {
			ok, mark = false, "  BELOW THE FLOOR"
			if r.atMost {
				mark = "  ABOVE THE CEILING"
			}
		}
		fmt.Fprintf(w, "%-10s %-34s %4d of %4d   %.3f   %s %.3f%s\n", r.corpus, r.question, r.right, r.of, r.share(), sign, r.least, mark)
	}
	return ok
}

// inHalf reports whether a case belongs to the half that is scored.
func (b *board) inHalf(name string) bool {
	if b.half < 0 {
		return true
	}
	h := fnv.New32a()
	h.Write([]byte(name))
	return int(h.Sum32()>>7&1) == b.half
}
