// Package pack owns the delivery pack of a petition: all that is handed over to the
// addressee, made at one moment, so that letter, book, totals and labels tell the same
// count; the list of its hashes; and whether a pack is still what it was.
package pack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"clarion/internal/pdf"
	"clarion/petition"
	"clarion/petition/paper"
)

// A Pack is one that is to be made.
type Pack struct {
	Roll     *petition.Roll
	Language string // of book, totals and labels: one of the petition's
	Masked   bool   // nobody's name stands in the book, whatever they agreed to
	Public   string // where people reach the public pages
	Sender   string // who speaks where the petition names no contact
	From     string // address that the mail to the office comes from
}

// Made is what a pack holds.
type Made struct {
	Petition    string         `json:"petition"`
	At          time.Time      `json:"at"` // the moment that it tells of
	AtLeast     int            `json:"at_least"`
	AtMost      int            `json:"at_most"`
	Signatures  int            `json:"signatures"`  // in the book
	Named       int            `json:"named"`       // of those, with their name
	Volumes     int            `json:"volumes"`     // of the book
	Sheets      int            `json:"sheets"`      // that count
	Boxes       int            `json:"boxes"`       // of sheets and of volumes
	Unboxed     []uint32       `json:"unboxed"`     // sheets that count and lie in no box
	Unprintable []uint32       `json:"unprintable"` // signatures with letters that the fonts lack: □ stands there
	Root        *petition.Root `json:"root"`        // the last one, null before the first night
	Files       []File         `json:"files"`       // those that are handed over, by name
}

// A Sink takes the files of a pack; the manifest comes last.
type Sink interface {
	// Put takes a file by its name, with '/' between folders.
	Put(name string, data []byte) error
	// Restart drops what was put. The error says why it cannot.
	Restart() error
}

// tries are how often a pack is begun anew because somebody withdrew in the middle.
const tries = 3

// Letters are the languages in which the petition has a letter.
func Letters(c *petition.Campaign) []string {
	return slices.DeleteFunc(slices.Clone(c.Languages), func(lang string) bool { return strings.TrimSpace(c.Letter[lang]) == "" })
}

// Write makes the pack. It tells of the moment at which it begins: who signs later is not
// in it. Somebody who withdraws before their line is read makes it begin anew, a few
// times at most; the error is petition.ErrStale then.
func (p *Pack) Write(ctx context.Context, to Sink) (*Made, error) {
	if len(Letters(p.Roll.Campaign)) == 0 {
		return nil, petition.ErrNoLetter
	}
	for try := 1; ; try++ {
		made, err := p.write(ctx, to)
		if !errors.Is(err, petition.ErrStale) || try == tries {
			return made, err
		}
		if err := to.Restart(); err != nil {
			return nil, err
		}
	}
}

func (p *Pack) write(ctx context.Context, to Sink) (*Made, error) {
	s, err := p.Roll.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	fonts, err := pdf.Standard()
	if err != nil {
		return nil, err
	}
	w := &writer{Pack: p, to: to, fonts: fonts, delivery: &paper.Delivery{Snapshot: s, Masked: p.Masked}, made: &Made{
		Petition: p.Roll.ID, At: s.At, AtLeast: s.Tally.AtLeast, AtMost: s.Tally.AtMost, Signatures: s.Tally.Certain(), Root: s.Root,
		Unboxed: []uint32{}, Unprintable: []uint32{}}}
	if err := w.book(ctx); err != nil {
		return nil, err
	}
	w.boxes()
	if err := w.papers(); err != nil {
		return nil, err
	}
	return w.made, w.finish()
}

// A writer is a pack while it is made.
type writer struct {
	*Pack
	to       Sink
	fonts    *pdf.Fonts
	delivery *paper.Delivery
	made     *Made
}

// press prints in a language.
func (w *writer) press(lang string) *paper.Press {
	return &paper.Press{Campaign: w.Roll.Campaign, Language: lang, Public: w.Public, Sender: w.Sender, At: w.made.At}
}

// put adds a file that is handed over.
func (w *writer) put(name string, data []byte, err error) error {
	if err != nil {
		return fmt.Errorf("make %s: %w", name, err)
	}
	w.made.Files = append(w.made.Files, newFile(name, data))
	return w.to.Put(name, data)
}

// boxes are those in which sheets lie, in order of their numbers, and after them as many
// as the volumes of the book take.
func (w *writer) boxes() {
	by := map[uint32]*paper.Box{}
	var numbers []uint32
	for i := range w.delivery.Sheets {
		s := &w.delivery.Sheets[i]
		if s.State != petition.SheetCounted {
			continue
		}
		w.made.Sheets++
		if s.Box == 0 {
			w.made.Unboxed = append(w.made.Unboxed, s.Number)
			continue
		}
		b := by[s.Box]
		if b == nil {
			b = &paper.Box{Number: s.Box}
			by[s.Box], numbers = b, append(numbers, s.Box)
		}
		low, high := s.Bounds()
		b.Sheets, b.Low, b.High = append(b.Sheets, s.Number), b.Low+low, b.High+high
	}
	slices.Sort(numbers)
	for _, n := range numbers {
		w.delivery.Boxes = append(w.delivery.Boxes, *by[n])
	}
	for first := 0; first < len(w.delivery.Volumes); first += volumesInBox {
		b := paper.Box{First: first + 1, Last: min(first+volumesInBox, len(w.delivery.Volumes))}
		for _, v := range w.delivery.Volumes[first:b.Last] {
			b.Low, b.High = b.Low+v.Signatures, b.High+v.Signatures
		}
		w.delivery.Boxes = append(w.delivery.Boxes, b)
	}
	w.made.Boxes = len(w.delivery.Boxes)
}

// papers are all but the book.
func (w *writer) papers() error {
	d, press := w.delivery, w.press(w.Language)
	for _, lang := range Letters(w.Roll.Campaign) {
		data, err := w.press(lang).Letter(d)
		if err := w.put("letter."+lang+".pdf", data, err); err != nil {
			return err
		}
	}
	for _, lang := range w.Roll.Languages {
		data, err := w.press(lang).Media(d)
		if err := w.put("media."+lang+".pdf", data, err); err != nil {
			return err
		}
	}
	data, err := press.Totals(d)
	if err := w.put("totals.pdf", data, err); err != nil {
		return err
	}
	data, err = press.TotalsCSV(d)
	if err := w.put("totals.csv", data, err); err != nil {
		return err
	}
	if w.made.Sheets > 0 {
		data, err = paper.SheetsCSV(w.counted())
		if err := w.put("sheets.csv", data, err); err != nil {
			return err
		}
	}
	if len(d.Boxes) > 0 {
		data, err = press.Labels(d)
		return w.put("labels.pdf", data, err)
	}
	return nil
}

// counted are the sheets that count, by box, those in none last.
func (w *writer) counted() []petition.Sheet {
	out := slices.DeleteFunc(slices.Clone(w.delivery.Sheets), func(s petition.Sheet) bool { return s.State != petition.SheetCounted })
	slices.SortStableFunc(out, func(a, b petition.Sheet) int { return cmp.Compare(a.Box-1, b.Box-1) }) // 0 becomes the highest
	return out
}

// finish writes what goes to the office by email and fax, and the manifest last.
func (w *writer) finish() error {
	slices.SortFunc(w.made.Files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	manifest := w.made.manifest()
	if err := w.call(newFile(manifestName, manifest).SHA256); err != nil {
		return err
	}
	return w.to.Put(manifestName, manifest)
}
