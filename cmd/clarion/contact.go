package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"clarion/web/desk"
)

func (p *program) contactCommand() *cobra.Command {
	c := &cobra.Command{Use: "contact", Short: "Show, export and erase what is kept of a person", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	c.AddCommand(p.contactShow(), p.contactExport(), p.contactErase())
	return c
}

// found opens the app and does something with the people at an address, with
// their history.
func (p *program) found(cmd *cobra.Command, arg string, do func(ctx context.Context, a *app, people []desk.Person) error) error {
	return p.with(cmd, func(ctx context.Context, a *app) error {
		people, err := a.desk.PeopleAt(ctx, arg)
		if err != nil {
			return err
		}
		return do(ctx, a, people)
	})
}

func (p *program) contactShow() *cobra.Command {
	return &cobra.Command{Use: "show ADDRESS", Short: "Show the record, consent, suppression and history of the contact with an email address or number", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.found(cmd, args[0], func(_ context.Context, a *app, people []desk.Person) error {
				for i := range people {
					if err := a.print(&people[i], func(w io.Writer) { writePerson(w, &people[i]) }); err != nil {
						return err
					}
				}
				return nil
			})
		}}
}

func (p *program) contactExport() *cobra.Command {
	var file string
	c := &cobra.Command{Use: "export ADDRESS", Short: "Write everything that is kept of a person as JSON, for that person", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.found(cmd, args[0], func(_ context.Context, a *app, people []desk.Person) error {
				write := func(w io.Writer) error {
					e := json.NewEncoder(w)
					e.SetEscapeHTML(false)
					if !a.json {
						e.SetIndent("", "  ")
					}
					for i := range people {
						if err := e.Encode(&people[i]); err != nil {
							return fmt.Errorf("write the export: %w", err)
						}
					}
					return nil
				}
				if file == "" || file == "-" {
					return write(a.out)
				}
				return writeFile(file, write)
			})
		}}
	c.Flags().StringVarP(&file, "output", "o", "", "write to this file, not to standard output")
	return c
}

func (p *program) contactErase() *cobra.Command {
	var yes bool
	var number uint32
	c := &cobra.Command{Use: "erase ADDRESS", Short: "Erase a contact; suppression of its addresses stays, under keyed hashes", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.found(cmd, args[0], func(ctx context.Context, a *app, people []desk.Person) error {
				one, err := choose(people, number)
				if err != nil {
					return err
				}
				if !yes {
					ask := fmt.Sprintf("Erase contact %d, with all its addresses, lists and consent? %d deliveries stay in the ledgers under its number alone, and its %d suppressions stay.",
						*one.Number, len(one.History), len(one.Suppression))
					if err := a.confirm(ask); err != nil {
						return err
					}
				}
				gone, err := a.desk.Erase(ctx, *one.Number)
				if err != nil {
					return err
				}
				out := map[string]any{"erased": gone, "number": *one.Number, "suppression": one.Suppression}
				return a.print(out, func(w io.Writer) {
					if !gone {
						fmt.Fprintf(w, "Contact %d was erased already.\n", *one.Number)
						return
					}
					fmt.Fprintf(w, "Contact %d is erased. %d suppressions of its addresses stay, under keyed hashes that name nobody.\n", *one.Number, len(one.Suppression))
				})
			})
		}}
	c.Flags().BoolVar(&yes, "yes", false, "do not ask")
	c.Flags().Uint32Var(&number, "number", 0, "which contact, when several have the address")
	return c
}

// choose returns the one contact that is meant.
func choose(people []desk.Person, number uint32) (*desk.Person, error) {
	var numbers []string
	for i := range people {
		one := &people[i]
		if one.Number == nil {
			return nil, inputError("no contact has this address; its suppression stays, as it must: a keyed hash that names nobody")
		}
		if number == *one.Number || number == 0 && len(people) == 1 {
			return one, nil
		}
		numbers = append(numbers, fmt.Sprint(*one.Number))
	}
	return nil, inputError("contacts %s have this address: say which with --number", strings.Join(numbers, ", "))
}
