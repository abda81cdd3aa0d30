package main

import (
	"fmt"
	"os"
	"sync/atomic"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"
)

// importProgress shows how far a file is read, when standard error is a
// terminal: a bar where its size is known, else the rows so far. done ends it.
func (p *program) importProgress(size int64) (progress func(bytes int64, rows int), done func()) {
	f, ok := p.err.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil, func() {}
	}
	var rows atomic.Int64 // the drawing goroutine reads it
	all := mpb.New(mpb.WithOutput(f), mpb.WithWidth(40), mpb.WithRefreshRate(refreshEvery))
	count := decor.Any(func(decor.Statistics) string { return fmt.Sprintf("%d rows", rows.Load()) }, decor.WCSyncSpace)
	var bar *mpb.Bar
	if size > 0 {
		bar = all.AddBar(size, mpb.PrependDecorators(decor.Name("import"), decor.Percentage(decor.WCSyncSpace)),
			mpb.AppendDecorators(count, decor.Name(", "), decor.AverageETA(decor.ET_STYLE_GO), decor.Name(" to go")))
	} else {
		bar = all.AddSpinner(0, mpb.PrependDecorators(decor.Name("import")), mpb.AppendDecorators(count))
	}
	return func(bytes int64, n int) {
			rows.Store(int64(n))
			if size > 0 {
				bar.SetCurrent(min(bytes, size))
			}
		}, func() {
			bar.Abort(size == 0)
			all.Wait()
		}
}
