package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"clarion/lists"
)

// A point is what a call of a size took, medians where it was sent more than once.
type point struct {
	Recipients int     `json:"recipients"`
	Time       float64 `json:"time_us"`       // µs a recipient, from launch to end
	Worker     float64 `json:"worker_cpu_us"` // processor time, µs a recipient
	Redis      float64 `json:"redis_cpu_us"`
	Memory     float64 `json:"worker_mb"`    // the most that the process held, MB
	Ledger     float64 `json:"ledger_bytes"` // in Redis, bytes a recipient
}

// growth sends calls to a hundredth, a tenth and all of the largest list, each
// with a worker of its own process.
func growth(ctx context.Context, b *bench) error {
	p, err := b.million(ctx)
	if err != nil {
		return err
	}
	for _, n := range b.steps() {
		samples := b.samples
		if n == b.many {
			samples = 1
		}
		var points []point
		for range samples {
			pt, err := b.grown(ctx, p, n)
			if err != nil {
				return err
			}
			say("%d recipients: %.1f µs each; processor time: worker %.1f µs, Redis %.1f µs; %.0f MB; %.1f bytes of Redis each", n, pt.Time, pt.Worker, pt.Redis, pt.Memory, pt.Ledger)
			points = append(points, pt)
		}
		b.results.Growth = append(b.results.Growth, middle(points))
		b.results.add(figure{Name: "most memory of the worker's process at " + thousands(n) + " recipients", Unit: "MB", Asked: 64}, column(points, func(p point) float64 { return p.Memory })...)
	}
	g := b.results.Growth[len(b.results.Growth)-3:]
	for _, f := range []struct {
		what  string
		asked float64
		of    func(point) float64
	}{
		{"time a recipient", grows, func(p point) float64 { return p.Time }},
		{"processor time of the worker a recipient", grows, func(p point) float64 { return p.Worker }},
		{"processor time of redis-server a recipient", grows, func(p point) float64 { return p.Redis }},
		{"ledger in Redis a recipient", grows, func(p point) float64 { return p.Ledger }},
		{"most memory of the worker's process", 1.1, func(p point) float64 { return p.Memory }},
	} {
		name := fmt.Sprintf("%s: at %s ÷ at %s recipients", f.what, thousands(b.many), thousands(b.many/10))
		b.results.add(figure{Name: name, Unit: "×", Asked: f.asked}, f.of(g[2])/f.of(g[1]))
	}
	return nil
}

// grows is what counts as growing: a twentieth is what two runs of the same differ by.
const grows = 1.05

func (b *bench) grown(ctx context.Context, p *product, n int) (pt point, err error) {
	w, err := b.worker(ctx, filepath.Join(p.dir, "clarion.toml"))
	if err != nil {
		return pt, err
	}
	defer func() { err = errors.Join(err, w.stop()) }()
	own, err := timeOf(w.PID())
	if err != nil {
		return pt, err
	}
	redis, err := p.serverTime(ctx)
	if err != nil {
		return pt, err
	}
	began := time.Now()
	id, err := p.launch(ctx, p.text, lists.Audience{Tags: []string{tagOf(n)}})
	if err != nil {
		return pt, err
	}
	finished, err := p.await(ctx, id)
	if err != nil {
		return pt, err
	}
	ownAfter, err := timeOf(w.PID())
	if err != nil {
		return pt, err
	}
	redisAfter, err := p.serverTime(ctx)
	if err != nil {
		return pt, err
	}
	peak, err := peakOf(w.PID())
	if err != nil {
		return pt, err
	}
	if err := p.verify(ctx, id, n); err != nil {
		return pt, err
	}
	ledger, err := p.memory(ctx, "{call:"+string(id)+"}*")
	each := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 / float64(n) }
	return point{n, each(finished.Sub(began)), each(ownAfter - own), each(redisAfter - redis), float64(peak) / (1 << 20), float64(ledger) / float64(n)}, err
}

func column(points []point, of func(point) float64) (values []float64) {
	for _, p := range points {
		values = append(values, of(p))
	}
	return values
}

// middle is the point of the medians.
func middle(points []point) point {
	mid := func(of func(point) float64) float64 { return median(column(points, of)) }
	return point{
		Recipients: points[0].Recipients,
		Time:       mid(func(p point) float64 { return p.Time }), Worker: mid(func(p point) float64 { return p.Worker }), Redis: mid(func(p point) float64 { return p.Redis }),
		Memory: mid(func(p point) float64 { return p.Memory }), Ledger: mid(func(p point) float64 { return p.Ledger }),
	}
}
