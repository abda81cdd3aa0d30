package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"clarion/lists"
	"clarion/lists/address"
	"clarion/lists/tabular"
	"clarion/web/desk"
)

func (p *program) listsCommand() *cobra.Command {
	c := &cobra.Command{Use: "lists", Short: "Name all lists; import, show and export one", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.with(cmd, func(ctx context.Context, a *app) error {
				all, err := a.desk.Lists(ctx)
				if err != nil {
					return err
				}
				if len(all) == 0 {
					a.tell("There is no list yet: clarion lists import FILE --list NAME makes one.")
				}
				for _, l := range all {
					if err := a.print(l, func(w io.Writer) {
						fmt.Fprintf(w, "%-24s %8d contacts  can be reached: %s\n", l.Name, l.Contacts, channelCounts(l.Channels))
					}); err != nil {
						return err
					}
				}
				return nil
			})
		}}
	c.AddCommand(p.listsImport(), p.listsShow(), p.listsExport())
	return c
}

func (p *program) listsShow() *cobra.Command {
	return &cobra.Command{Use: "show NAME", Short: "Say who of a list can be reached, and who cannot, and why", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.with(cmd, func(ctx context.Context, a *app) error {
				l, err := a.desk.List(ctx, args[0])
				if err != nil {
					return err
				}
				return a.print(l, func(w io.Writer) {
					fmt.Fprintf(w, "%s: %d contacts.\n", l.Name, l.Contacts)
					for _, ch := range address.Channels {
						fmt.Fprintf(w, "  %-5s %8d can be reached\n", ch, l.Channels[ch])
						for _, lo := range l.LeftOut {
							if lo.Channel == ch {
								fmt.Fprintf(w, "        %8d cannot: %s\n", lo.Count, desk.WhyLeftOut(lo.Reason, "en"))
							}
						}
					}
				})
			})
		}}
}

func (p *program) listsExport() *cobra.Command {
	return &cobra.Command{Use: "export NAME FILE", Short: "Write a list as CSV that spreadsheets and lists import read", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.with(cmd, func(ctx context.Context, a *app) error {
				list, file := args[0], args[1]
				info, err := a.desk.List(ctx, list)
				if err != nil {
					return err
				}
				if file == "-" {
					return a.people.Export(ctx, list, a.out)
				}
				if err := writeFile(file, func(w io.Writer) error { return a.people.Export(ctx, list, w) }); err != nil {
					return err
				}
				return a.print(map[string]any{"list": info.Name, "file": file, "contacts": info.Contacts}, func(w io.Writer) {
					fmt.Fprintf(w, "Wrote %d contacts of %s to %s. It holds addresses in the clear: keep it no longer than needed.\n", info.Contacts, info.Name, file)
				})
			})
		}}
}

// writeFile writes a file whole or not at all, readable by its owner alone.
func writeFile(name string, write func(w io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(name), ".clarion-*") // 0600
	if err != nil {
		return inputError("write the file: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close(), os.Remove(f.Name()))
		}
	}()
	if err := write(f); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("write the file: %w", err)
	}
	if err := os.Rename(f.Name(), name); err != nil {
		return fmt.Errorf("write the file: %w", err)
	}
	return f.Close()
}

func (p *program) listsImport() *cobra.Command {
	var o lists.ImportOptions
	var columns []string
	c := &cobra.Command{Use: "import FILE", Short: "Take the contacts of a CSV or TSV file onto a list, and report what was left out", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Map = map[string]string{}
			for _, pair := range columns {
				field, column, ok := strings.Cut(pair, "=")
				if !ok || field == "" || column == "" {
					return inputError("--map %q: field=column is right, such as email=E-Mail or email=3", pair)
				}
				o.Map[strings.TrimSpace(field)] = strings.TrimSpace(column)
			}
			f, size, err := p.input(args[0])
			if err != nil {
				return err
			}
			defer f.Close()
			t, err := tabular.Open(f)
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			return p.with(cmd, func(ctx context.Context, a *app) error { return a.importTable(ctx, t, size, o) })
		}}
	f := c.Flags()
	f.StringVar(&o.List, "list", "", "the list that the contacts go on; made if it is not there")
	f.StringArrayVar(&columns, "map", nil, "field=column, where the header does not say it; the column by its header or its number")
	f.StringVar(&o.Consent, "consent", "", "the words that everyone in the file agreed to")
	f.StringVar(&o.Language, "language", "", "of contacts whose row names none: ko or en")
	f.StringVar(&o.Region, "region", "", "country of numbers written without one; that of the config if not set")
	f.BoolVar(&o.DryRun, "dry-run", false, "report, and change nothing")
	if err := c.MarkFlagRequired("list"); err != nil {
		panic(err) // the flag stands two lines above
	}
	return c
}

func (a *app) importTable(ctx context.Context, t *tabular.Table, size int64, o lists.ImportOptions) error {
	if o.Region == "" {
		o.Region = a.cfg.Region
	}
	progress, done := a.importProgress(size)
	r, err := a.desk.Import(ctx, t, o, progress)
	done()
	if err != nil && r.Records == 0 {
		return err
	}
	if perr := a.print(r, func(w io.Writer) { writeImport(w, r, &o) }); perr != nil {
		return errors.Join(err, perr)
	}
	if err != nil {
		return err
	}
	if len(r.Rejected) > 0 {
		return partial()
	}
	return nil
}

// shownRejections is how many values left out a person is shown.
const shownRejections = 20

func writeImport(w io.Writer, r *lists.Report, o *lists.ImportOptions) {
	verb := "are"
	if o.DryRun {
		verb = "would be"
	}
	fmt.Fprintf(w, "%d rows read (%s, %s between cells, %.1f s): %d contacts %s on %s, %d of them new, %d known before.\n",
		r.Records, r.Encoding, separator(r.Delimiter), r.Seconds, r.Accepted, verb, o.List, r.New, r.Updated)
	for _, field := range slices.Sorted(maps.Keys(r.Columns)) {
		fmt.Fprintf(w, "  %-14s from column %s\n", field, r.Columns[field])
	}
	for _, n := range []struct {
		n     int
		words string
	}{{r.Duplicates, "rows of someone who stands in the file before"}, {r.Suppressed, "have an address that must not be written to, and will not be"},
		{r.RejectedRows, "rows left out, since they have no usable address"}} {
		if n.n > 0 {
			fmt.Fprintf(w, "  %d %s\n", n.n, n.words)
		}
	}
	if len(r.Rejected) == 0 {
		return
	}
	fmt.Fprintf(w, "%d values left out:\n", len(r.Rejected))
	for i, x := range r.Rejected {
		if i == shownRejections {
			fmt.Fprintf(w, "  … and %d more: --json names all\n", len(r.Rejected)-i)
			break
		}
		where := ""
		if x.Field != "" {
			where = fmt.Sprintf(", %s %s", x.Field, quoted(x.Value))
		}
		fmt.Fprintf(w, "  row %d%s: %s\n", x.Row, where, desk.WhyRejected(x.Reason, "en"))
	}
}

// quoted is a value as a terminal can show it, cut where it is long.
func quoted(s string) string {
	const most = 60 // characters
	if r := []rune(s); len(r) > most {
		return fmt.Sprintf("%q…", string(r[:most]))
	}
	return fmt.Sprintf("%q", s)
}

func separator(delimiter string) string {
	if delimiter == "\t" {
		return "tabs"
	}
	return fmt.Sprintf("%q", delimiter)
}
