package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// A bench is one run: what its rows share, made when the first of them asks.
type bench struct {
	options
	folder  string
	results *results

	sink    *sink
	program string // the built clarion
	compared,
	largest *product
	taken importFacts // how the largest list was imported
	close func() error
}

func openBench(ctx context.Context, o options) (*bench, error) {
	folder, err := os.MkdirTemp(o.dir, "clarion-bench-")
	if err != nil {
		return nil, fmt.Errorf("make a data folder: %w", err)
	}
	b := &bench{options: o, folder: folder, results: &results{Machine: machine(), Commit: commit(), Short: o.short, Recipients: o.recipients, Connections: o.connections}}
	b.close = func() (err error) {
		for _, p := range []*product{b.compared, b.largest} {
			if p != nil {
				err = errors.Join(err, p.db.Close())
			}
		}
		if b.sink != nil {
			b.sink.stop()
		}
		return errors.Join(err, os.RemoveAll(folder))
	}
	if b.sink, err = startSink(ctx); err != nil {
		return nil, errors.Join(err, b.close())
	}
	return b, nil
}

// people is Clarion with the contacts of the calls that are compared.
func (b *bench) people(ctx context.Context) (*product, error) {
	if b.compared != nil {
		return b.compared, nil
	}
	p, err := openProduct(ctx, filepath.Join(b.folder, "compared"))
	if err != nil {
		return nil, err
	}
	b.compared = p
	say("importing %d contacts", b.recipients)
	return p, p.load(ctx, everyone, b.recipients)
}

// clarion is the program, built for this run.
func (b *bench) clarion(ctx context.Context) (string, error) {
	if b.program != "" {
		return b.program, nil
	}
	file := filepath.Join(b.folder, "clarion")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", file, "clarion/cmd/clarion").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the program: %w: %s", err, out)
	}
	b.program = file
	return file, nil
}
