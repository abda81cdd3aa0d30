package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"clarion/web/access"
)

func (p *program) tokenCommand() *cobra.Command {
	c := &cobra.Command{Use: "token", Short: "API tokens of the team, for whoever runs the machine: list, new, revoke"}
	c.AddCommand(p.tokenList(), p.tokenNew(), p.tokenRevoke())
	return c
}

// A tokenLine is what token list prints.
type tokenLine struct {
	Owner uint32 `json:"owner"` // number in the team
	access.Token
}

// tokens are those of everybody.
func tokens(ctx context.Context, staff *access.Store) ([]tokenLine, error) {
	team, err := staff.Team(ctx)
	if err != nil {
		return nil, err
	}
	var out []tokenLine
	for _, one := range team {
		all, err := staff.Tokens(ctx, one.Number)
		if err != nil {
			return nil, err
		}
		for _, t := range all {
			out = append(out, tokenLine{one.Number, t})
		}
	}
	return out, nil
}

func (p *program) tokenList() *cobra.Command {
	return &cobra.Command{Use: "list", Short: "Print whose tokens there are, what they may and until when", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withStaff(cmd, func(ctx context.Context, staff *access.Store) error {
				all, err := tokens(ctx, staff)
				if err != nil {
					return err
				}
				for _, t := range all {
					if err := p.print(&t, func(w io.Writer) {
						used := "never used"
						if !t.Used.IsZero() {
							used = "last used " + t.Used.Format(time.DateOnly)
						}
						fmt.Fprintf(w, "%s  staff %d  %s  %s  until %s, %s\n", t.ID, t.Owner, t.Name, rightWords(t.Scopes), t.Expires.Format(time.DateOnly), used)
					}); err != nil {
						return err
					}
				}
				if len(all) == 0 && !p.json {
					p.tell("There are no tokens.")
				}
				return nil
			})
		}}
}

func rightWords(rights []access.Right) string {
	words := make([]string, len(rights))
	for i, r := range rights {
		words[i] = string(r)
	}
	return strings.Join(words, ",")
}

// A newToken is what token new prints.
type newToken struct {
	tokenLine
	Secret string `json:"token"`
}

func (p *program) tokenNew() *cobra.Command {
	var name string
	var scopes []string
	var days int
	c := &cobra.Command{Use: "new EMAIL|NUMBER", Short: "Print a token by which programs do what that person may", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withStaff(cmd, func(ctx context.Context, staff *access.Store) error {
				of, err := person(ctx, staff, args[0])
				if err != nil {
					return err
				}
				var rights []access.Right
				for _, s := range scopes {
					rights = append(rights, access.Right(strings.TrimSpace(s)))
				}
				secret, made, err := staff.IssueToken(ctx, access.Machine(), of, name, rights, time.Duration(days)*24*time.Hour)
				if err != nil {
					return &statusError{exitInput, err}
				}
				return p.print(&newToken{tokenLine{of, made}, secret}, func(w io.Writer) {
					p.tell("This is shown once. It may %s until %s; clarion token revoke %s voids it.", rightWords(made.Scopes), made.Expires.Format(time.DateOnly), made.ID)
					fmt.Fprintln(w, secret)
				})
			})
		}}
	f := c.Flags()
	f.StringVar(&name, "name", "", "what it is for")
	f.StringSliceVar(&scopes, "scope", nil, "rights of the person that it has, such as watch,write; docs/rights.md lists them")
	f.IntVar(&days, "days", 30, "how long it holds, 366 at most")
	return c
}

func (p *program) tokenRevoke() *cobra.Command {
	return &cobra.Command{Use: "revoke ID", Short: "Void a token, whoever's it is", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withStaff(cmd, func(ctx context.Context, staff *access.Store) error {
				all, err := tokens(ctx, staff)
				if err != nil {
					return err
				}
				for _, t := range all {
					if t.ID == args[0] {
						return staff.RevokeToken(ctx, access.Machine(), t.Owner, t.ID)
					}
				}
				return inputError("there is no token %q: clarion token list prints those that there are", args[0])
			})
		}}
}
