package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"clarion/petition"
	"clarion/web/desk"
)

func (p *program) petitionSheets() *cobra.Command {
	c := &cobra.Command{Use: "sheets", Short: "Sheets of paper: issue and print them, say where they are, enter their counts"}
	c.AddCommand(p.sheetsIssue(), p.sheetsPrint(), p.sheetsList(), p.sheetsMark(), p.sheetsCount(), p.sheetsRecount(), p.sheetsBox(), p.sheetsAsk())
	return c
}

// A sheetLine is what sheets list prints of one.
type sheetLine struct {
	petition.Sheet
	Label string `json:"label"` // school or team
	Late  bool   `json:"late"`
}

func (p *program) sheetsList() *cobra.Command {
	var late bool
	var state string
	c := &cobra.Command{Use: "list", Short: "Print all sheets, or those in a state, or those that should have been back by now", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if state != "" && !slices.Contains(petition.SheetStates, petition.SheetState(state)) {
				return inputError("--state is %q: %s are right", state, stateNames(petition.SheetStates))
			}
			return p.withRoll(cmd, func(ctx context.Context, r *petition.Roll) error {
				all, err := r.Sheets(ctx)
				if err != nil {
					return err
				}
				now, shown := time.Now(), 0
				for _, s := range all {
					if late && !s.Late(now) || state != "" && string(s.State) != state {
						continue
					}
					shown++
					if err := p.print(sheetLine{s, s.Label, s.Late(now)}, func(w io.Writer) { writeSheet(w, &s, now) }); err != nil {
						return err
					}
				}
				if shown == 0 && !p.json {
					p.tell("There are no such sheets.")
				}
				return nil
			})
		}}
	c.Flags().BoolVar(&late, "late", false, "only those that should have been back by now")
	c.Flags().StringVar(&state, "state", "", "only those that are issued, out, back, scanned, counted or lost")
	return c
}

func stateNames(states []petition.SheetState) string {
	names := make([]string, len(states))
	for i, s := range states {
		names[i] = string(s)
	}
	return strings.Join(names, ", ")
}

func writeSheet(w io.Writer, s *petition.Sheet, now time.Time) {
	lang := spoken()
	fmt.Fprintf(w, "%5d  %s %3d", s.Number, padded(s.State.Word(lang), 10), s.Lines)
	switch low, high := s.Bounds(); {
	case s.State != petition.SheetCounted:
		fmt.Fprint(w, "      -")
	case low != high:
		fmt.Fprintf(w, " %6s", fmt.Sprintf("%d-%d", low, high))
	default:
		fmt.Fprintf(w, " %6d", low)
	}
	if s.Box > 0 {
		fmt.Fprintf(w, "  %s", words{"box %d", "상자 %d"}.in(lang, s.Box))
	}
	if s.Label != "" {
		fmt.Fprintf(w, "  %s", s.Label)
	}
	if s.Late(now) {
		fmt.Fprintf(w, "  %s", words{"LATE, due %s", "늦음, 기한 %s"}.in(lang, s.Due.Local().Format(time.DateOnly)))
	}
	fmt.Fprintln(w)
}

func (p *program) sheetsMark() *cobra.Command {
	return &cobra.Command{Use: "mark out|back|scanned|lost SHEET…", Short: "Say where sheets are; a sheet is a number, a range such as 1-20, or what its QR code says", Args: cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			to := petition.SheetState(args[0])
			if may := petition.SheetStates[1:]; !slices.Contains(may, to) || to == petition.SheetCounted {
				return inputError("no sheet can be marked %q: out, back, scanned and lost are right", args[0])
			}
			return p.onSheets(cmd, args[1:], func(ctx context.Context, a *app, number uint32) (*desk.SheetRow, error) {
				return a.desk.MarkSheet(ctx, number, to, a.note(ctx))
			})
		}}
}

func (p *program) sheetsBox() *cobra.Command {
	return &cobra.Command{Use: "box BOX SHEET…", Short: "Note in which box counted sheets lie", Args: cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			box, err := strconv.ParseUint(args[0], 10, 32)
			if err != nil || box == 0 {
				return inputError("%q is no box: they have numbers from 1", args[0])
			}
			return p.onSheets(cmd, args[1:], func(ctx context.Context, a *app, number uint32) (*desk.SheetRow, error) {
				return a.desk.BoxSheet(ctx, number, uint32(box), a.note(ctx))
			})
		}}
}

func (p *program) sheetsCount() *cobra.Command {
	return p.counting("count", "Enter how many signatures somebody of the team counted on a sheet", false)
}

func (p *program) sheetsRecount() *cobra.Command {
	return p.counting("recount", "Enter a second person's count of a sheet", true)
}

func (p *program) counting(use, short string, again bool) *cobra.Command {
	var who string
	c := &cobra.Command{Use: use + " SHEET SIGNATURES", Short: short, Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			signatures, err := strconv.Atoi(args[1])
			if err != nil {
				return inputError("%q is no number of signatures", args[1])
			}
			return p.withPetition(cmd, func(ctx context.Context, a *app) error {
				by, err := a.member(ctx, who)
				if err != nil {
					return err
				}
				return a.changeSheets(ctx, args[:1], func(ctx context.Context, a *app, number uint32) (*desk.SheetRow, error) {
					return a.desk.CountSheet(ctx, number, signatures, again, by, a.note(ctx))
				})
			})
		}}
	c.Flags().StringVar(&who, "by", "", "who counted: an address or number in the team")
	if err := c.MarkFlagRequired("by"); err != nil {
		panic(err) // the flag is the line above
	}
	return c
}

// member is the number of a person who is in the team.
func (a *app) member(ctx context.Context, who string) (uint32, error) {
	staff, err := a.staff()
	if err != nil {
		return 0, err
	}
	number, err := person(ctx, staff, who)
	if err != nil {
		return 0, err
	}
	team, err := staff.Team(ctx)
	if err != nil {
		return 0, err
	}
	for _, one := range team {
		if one.Number == number && !one.Disabled {
			return number, nil
		}
	}
	return 0, inputError("nobody of the team is %s (clarion staff list says who is)", who)
}

// A sheetAct does something with a sheet, and returns it as it is then.
type sheetAct func(ctx context.Context, a *app, number uint32) (*desk.SheetRow, error)

func (p *program) onSheets(cmd *cobra.Command, args []string, do sheetAct) error {
	return p.withPetition(cmd, func(ctx context.Context, a *app) error { return a.changeSheets(ctx, args, do) })
}

// changeSheets does something with each sheet, prints it as it is then, and names those
// with which it could not.
func (a *app) changeSheets(ctx context.Context, args []string, do sheetAct) error {
	numbers, err := sheetNumbers(a.roll, args)
	if err != nil {
		return err
	}
	refused := 0
	for _, number := range numbers {
		s, err := do(ctx, a, number)
		var why *petition.Refusal
		if errors.As(err, &why) {
			refused++
			a.tell("%s", words{"Sheet %d: %s", "서명지 %d: %s"}.in(spoken(), number, why.Sentence(spoken())))
			continue
		}
		if err != nil {
			return err
		}
		now := time.Now()
		s.Sheet.Label = s.Label
		if err := a.print(sheetLine{s.Sheet, s.Label, s.Sheet.Late(now)}, func(w io.Writer) { writeSheet(w, &s.Sheet, now) }); err != nil {
			return err
		}
	}
	switch refused {
	case 0:
		return nil
	case len(numbers):
		return &statusError{status: exitInput}
	}
	return partial()
}

// sheetNumbers reads sheets as people name them: numbers, ranges, what a QR code says.
func sheetNumbers(r *petition.Roll, args []string) ([]uint32, error) {
	var out []uint32
	for _, arg := range args {
		numbers, err := desk.ParseNumbers(arg)
		if strings.Trim(arg, "0123456789-") != "" {
			numbers = make([]uint32, 1)
			numbers[0], err = r.OpenSheetToken(arg)
		}
		if err != nil {
			return nil, inputError("%s: %w", arg, err)
		}
		out = append(out, numbers...)
	}
	return out, nil
}

func (p *program) sheetsAsk() *cobra.Command {
	return &cobra.Command{Use: "ask", Short: "Ask the volunteers who have late sheets for them by text, once for each sheet and its day, and say who must be telephoned", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withPetition(cmd, func(ctx context.Context, a *app) error {
				staff, err := a.staff()
				if err != nil {
					return err
				}
				names, err := staff.Forwarders(ctx)
				if err != nil {
					return err
				}
				asked, err := a.desk.AskForSheets(ctx, names, a.note(ctx))
				if err != nil {
					return refused(err)
				}
				return a.print(asked, func(w io.Writer) {
					fmt.Fprintf(w, "%s asked for by text, %d were asked for before.\n", many(asked.Asked, "sheet is", "sheets are"), asked.Before)
					for _, h := range asked.Telephone {
						fmt.Fprintf(w, "Telephone %s: %v\n", cmp.Or(strings.TrimSpace(h.Name+" "+h.Label), "whoever has them"), h.Sheets)
					}
				})
			})
		}}
}
