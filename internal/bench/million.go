package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// importFacts are how the largest list was imported, by the program.
type importFacts struct {
	file string
	cost cost
}

// steps are the sizes of the calls that show how all grows.
func (b *bench) steps() []int { return []int{b.many / 100, b.many / 10, b.many} }

// million is Clarion with the contacts of the largest call. They are imported by
// the program, as a person does it, and that is measured.
func (b *bench) million(ctx context.Context) (*product, error) {
	if b.largest != nil {
		return b.largest, nil
	}
	p, err := openProduct(ctx, filepath.Join(b.folder, "largest"))
	if err != nil {
		return nil, err
	}
	b.largest = p
	config, err := p.config("clarion", b.sink.port, b.connections, 0)
	if err != nil {
		return nil, err
	}
	b.taken.file = filepath.Join(p.dir, "contacts.csv")
	if err := writeContacts(b.taken.file, b.many, b.steps()...); err != nil {
		return nil, err
	}
	say("importing %d contacts", b.many)
	b.taken.cost, err = b.command(ctx, "lists", "import", b.taken.file, "--list", everyone, "--consent", "캠페인 소식을 받는 데 동의합니다", "--config", config)
	if err != nil {
		return nil, err
	}
	info, err := p.people.List(ctx, everyone)
	if err != nil {
		return nil, err
	}
	if info.Contacts != b.many {
		return nil, fmt.Errorf("import: %d of %d contacts were taken", info.Contacts, b.many)
	}
	return p, nil
}

func writeContacts(file string, n int, sizes ...int) error {
	f, err := os.Create(file)
	if err != nil {
		return fmt.Errorf("write contacts: %w", err)
	}
	defer f.Close()
	r := contacts(n, sizes...)
	defer r.Close()
	if _, err := io.Copy(f, r); err != nil {
		return fmt.Errorf("write contacts: %w", err)
	}
	return f.Close()
}

// importing takes the largest list in and out again, each by a command.
func importing(ctx context.Context, b *bench) error {
	p, err := b.million(ctx)
	if err != nil {
		return err
	}
	out := filepath.Join(p.dir, "exported.csv")
	export, err := b.command(ctx, "lists", "export", everyone, out, "--config", filepath.Join(p.dir, "clarion.toml"))
	if err != nil {
		return err
	}
	if err := sameLines(b.taken.file, out); err != nil {
		return err
	}
	for _, c := range []struct {
		what string
		cost cost
	}{{"import", b.taken.cost}, {"export", export}} {
		of := fmt.Sprintf("%s of %s contacts", c.what, thousands(b.many))
		b.results.add(figure{Name: of + ": contacts", Unit: "/s"}, float64(b.many)/c.cost.took.Seconds())
		b.results.add(figure{Name: of + ": processor time", Unit: "µs/contact"}, float64(c.cost.cpu.Microseconds())/float64(b.many))
		b.results.add(figure{Name: of + ": most memory of the process", Unit: "MB", Asked: 128}, float64(c.cost.peak)/(1<<20))
	}
	return nil
}

// sameLines says whether two tables have as many lines; that each has its
// contacts is the tests' to say.
func sameLines(a, b string) error {
	var n [2]int
	for i, file := range []string{a, b} {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		n[i] = strings.Count(string(text), "\n")
	}
	if n[0] != n[1] {
		return fmt.Errorf("the table that was exported has %d lines, the one imported %d", n[1], n[0])
	}
	return nil
}
