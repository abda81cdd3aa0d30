package pack

import (
	"context"
	"fmt"

	"clarion/petition"
	"clarion/petition/paper"
)

const (
	inVolume     = 2000 // signatures: some 55 pages, which can be bound
	volumesInBox = 20   // a box of paper holds some 2,500 sheets
)

// book writes the volumes, one at a time: only that one is in memory.
func (w *writer) book(ctx context.Context) error {
	of := (w.made.Signatures + inVolume - 1) / inVolume
	var lines []paper.Line
	bind := func() error {
		if len(lines) == 0 {
			return nil
		}
		n := len(w.delivery.Volumes) + 1
		data, err := w.press(w.Language).Volume(&paper.Volume{Number: n, Of: of, Lines: lines, Masked: w.Masked})
		w.delivery.Volumes = append(w.delivery.Volumes, paper.VolumeOf{Signatures: len(lines), First: lines[0].Number, Last: lines[len(lines)-1].Number})
		lines = lines[:0]
		return w.put(fmt.Sprintf("book-%02d.pdf", n), data, err)
	}
	err := w.Roll.WalkSnapshot(ctx, w.delivery.Snapshot, func(s *petition.Signature) error {
		lines = append(lines, w.line(s))
		if len(lines) == inVolume {
			return bind()
		}
		return nil
	})
	if err == nil {
		err = bind()
	}
	w.delivery.Named, w.made.Volumes = w.made.Named, len(w.delivery.Volumes)
	return err
}

// line is a signature as it is handed over: with the name, and where its signer lives, if
// they agreed to that.
func (w *writer) line(s *petition.Signature) paper.Line {
	l := paper.Line{Number: s.Number, Way: s.Way, Day: s.Day}
	if w.Masked || !s.Agreed.Names {
		return l
	}
	w.made.Named++
	if len(w.fonts.Missing(s.Name+s.District)) > 0 {
		w.made.Unprintable = append(w.made.Unprintable, s.Number)
	}
	l.Name, l.Region, l.District = s.Name, s.Region, s.District
	return l
}
