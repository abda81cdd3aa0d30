package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"clarion/internal/clock"
	"clarion/petition"
	"clarion/petition/paper"
	"clarion/web/desk"
)

// withPetition opens the app, where there is a petition.
func (p *program) withPetition(cmd *cobra.Command, do func(ctx context.Context, a *app) error) error {
	return p.with(cmd, func(ctx context.Context, a *app) error {
		if a.roll == nil {
			return inputError("no petition is set: name its folder in %s, under [petition]", p.configFile)
		}
		return do(ctx, a)
	})
}

// press prints in a language of the petition, "" for that of the terminal.
func (a *app) press(lang string, at time.Time) (*paper.Press, error) {
	c := a.cfg.campaign
	if lang == "" {
		if lang = spoken(); !slices.Contains(c.Languages, lang) {
			lang = c.Languages[0]
		}
	}
	if !slices.Contains(c.Languages, lang) {
		return nil, inputError("the petition has no words in %q: %s are right", lang, strings.Join(c.Languages, ", "))
	}
	return &paper.Press{Campaign: c, Language: lang, Public: a.cfg.Web.PublicURL, Sender: a.cfg.Organisation, At: at}, nil
}

// A printing is what the commands that print have in common.
type printing struct {
	file, lang string
}

func (f *printing) flags(c *cobra.Command) {
	c.Flags().StringVarP(&f.file, "output", "o", "", "the file to write, - for standard output")
	c.Flags().StringVar(&f.lang, "language", "", "ko or en; else that of the terminal")
	if err := c.MarkFlagRequired("output"); err != nil {
		panic(err) // the flag is some lines above
	}
}

func (p *program) writePaper(file string, data []byte) error {
	if file == "-" {
		if p.json {
			return inputError("the paper and the JSON cannot both go to standard output: name a file with -o")
		}
		_, err := p.out.Write(data)
		return err
	}
	return writeFile(file, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// A printed is what the commands that print sheets tell.
type printed struct {
	File   string   `json:"file"`
	Sheets []uint32 `json:"sheets"`
}

func (p *program) sheetsIssue() *cobra.Command {
	var f printing
	var s petition.Sheet
	var volunteer, due, size string
	var kit bool
	c := &cobra.Command{Use: "issue N", Short: "Issue new sheets and print them, or with --kit all that the coordinator of a school needs", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := strconv.Atoi(args[0])
			if err != nil {
				return inputError("%q is no number of sheets", args[0])
			}
			s.Print = petition.Print(size)
			if s.Print == petition.PrintLarge && !cmd.Flags().Changed("lines") {
				s.Lines = 10
			}
			return p.withPetition(cmd, func(ctx context.Context, a *app) (err error) {
				if _, err := a.press(f.lang, time.Time{}); err != nil {
					return err
				}
				if due != "" {
					day, err := time.ParseInLocation(time.DateOnly, due, a.cfg.campaign.Zone)
					if err != nil {
						return inputError("--due is %q: a date is right, as 2013-06-20", due)
					}
					s.Due = day.AddDate(0, 0, 1).Add(-time.Second).UTC() // that day is in time
				}
				if volunteer != "" {
					if s.Volunteer, err = petition.Open(a.db.Client(), a.keys, clock.System{}).Volunteer(volunteer); err != nil {
						return inputError("--volunteer %s: %w", volunteer, err)
					}
				}
				rows, err := a.desk.IssueSheets(ctx, desk.SheetWish{Count: n, Lines: s.Lines, Print: s.Print, Volunteer: s.Volunteer, Label: s.Label, Due: s.Due}, a.note(ctx))
				if err != nil {
					return refused(err)
				}
				sheets := make([]petition.Sheet, len(rows))
				for i, row := range rows {
					sheets[i] = row.Sheet
					sheets[i].Label = row.Label
				}
				if err := p.printSheets(a, &f, sheets, kit); err != nil {
					return fmt.Errorf("sheets %d to %d are issued, but not printed (clarion petition sheets print does that): %w", sheets[0].Number, sheets[len(sheets)-1].Number, err)
				}
				return nil
			})
		}}
	f.flags(c)
	c.Flags().IntVar(&s.Lines, "lines", 20, "how many may sign on each; 10 in large print")
	c.Flags().StringVar(&size, "print", string(petition.PrintNormal), "normal, or large for who sees badly")
	c.Flags().StringVar(&s.Label, "label", "", "school or team that gets them")
	c.Flags().StringVar(&volunteer, "volunteer", "", "code of the volunteer who gets them: by it people sign online")
	c.Flags().StringVar(&due, "due", "", "the day by which they are to be back")
	c.Flags().BoolVar(&kit, "kit", false, "with instructions, a page to keep count on, and a label for the envelope")
	return c
}

func (p *program) sheetsPrint() *cobra.Command {
	var f printing
	var kit bool
	c := &cobra.Command{Use: "print SHEET…", Short: "Print sheets that are issued again; never hand out two of one number", Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withPetition(cmd, func(ctx context.Context, a *app) error {
				numbers, err := sheetNumbers(a.roll, args)
				if err != nil {
					return err
				}
				var sheets []petition.Sheet
				for _, n := range numbers {
					s, err := a.roll.Sheet(ctx, n)
					if errors.Is(err, petition.ErrNoSheet) {
						return inputError("sheet %d: %w", n, err)
					} else if err != nil {
						return err
					}
					sheets = append(sheets, *s)
				}
				return p.printSheets(a, &f, sheets, kit)
			})
		}}
	f.flags(c)
	c.Flags().BoolVar(&kit, "kit", false, "with instructions, a page to keep count on, and a label for the envelope")
	return c
}

func (p *program) printSheets(a *app, f *printing, sheets []petition.Sheet, kit bool) error {
	// The time is that at which they were issued: printed again they are the same.
	press, err := a.press(f.lang, sheets[0].Times[petition.SheetIssued])
	if err != nil {
		return err
	}
	volunteers := petition.Open(a.db.Client(), a.keys, clock.System{})
	out := printed{File: f.file}
	issued := make([]paper.Issued, len(sheets))
	for i, s := range sheets {
		issued[i] = paper.Issued{Sheet: s, Token: a.roll.SheetToken(s.Number)}
		if s.Volunteer != 0 {
			issued[i].Code = volunteers.Code(s.Volunteer)
		}
		out.Sheets = append(out.Sheets, s.Number)
	}
	do := press.Sheets
	if kit {
		do = press.Kit
	}
	data, err := do(issued)
	if err == nil {
		err = p.writePaper(f.file, data)
	}
	if err != nil || f.file == "-" {
		return err
	}
	return p.print(out, func(w io.Writer) {
		fmt.Fprintf(w, "Wrote %s to %s: from number %d to %d.\n", many(len(sheets), "sheet", "sheets"), f.file, sheets[0].Number, sheets[len(sheets)-1].Number)
	})
}

func (p *program) petitionForm() *cobra.Command {
	var f printing
	var size, code string
	c := &cobra.Command{Use: "form", Short: "Print the form of one person, to be sent back by fax or post", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if size != string(petition.PrintNormal) && size != string(petition.PrintLarge) {
				return inputError("--print is %q: normal and large are right", size)
			}
			return p.withPetition(cmd, func(_ context.Context, a *app) error {
				if code != "" {
					if _, err := petition.Open(a.db.Client(), a.keys, clock.System{}).Volunteer(code); err != nil {
						return inputError("--volunteer %s: %w", code, err)
					}
				}
				press, err := a.press(f.lang, a.cfg.campaign.Opens)
				if err != nil {
					return err
				}
				data, err := press.Form(petition.Print(size), code)
				if err == nil {
					err = p.writePaper(f.file, data)
				}
				if err != nil || f.file == "-" {
					return err
				}
				return p.print(map[string]any{"file": f.file}, func(w io.Writer) { fmt.Fprintf(w, "Wrote the form to %s.\n", f.file) })
			})
		}}
	f.flags(c)
	c.Flags().StringVar(&size, "print", string(petition.PrintNormal), "normal, or large for who sees badly")
	c.Flags().StringVar(&code, "volunteer", "", "code of the volunteer who gives it on")
	return c
}
