package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"clarion/internal/clock"
	"clarion/web/access"
)

// staff opens the team.
func (a *app) staff() (*access.Store, error) {
	return access.Open(a.db.Client(), a.keys, clock.System{}, a.trail, access.Config{Origin: a.cfg.Web.PublicURL, Organisation: a.cfg.Organisation})
}

// tellFirst prints the code for the first director, while there is none.
func (a *app) tellFirst(ctx context.Context) error {
	staff, err := a.staff()
	if err != nil {
		return err
	}
	code, err := staff.FirstCode(ctx)
	if err != nil || code == "" {
		return err
	}
	a.tell("Nobody can log in yet. The first director is made at %s with the code %s", staff.FirstPage(), code)
	a.tell("아직 아무도 로그인할 수 없습니다. %s 에서 위 코드로 첫 책임자를 정하십시오.", staff.FirstPage())
	return nil
}

func (p *program) staffCommand() *cobra.Command {
	c := &cobra.Command{Use: "staff", Short: "People of the team, for whoever runs the machine: list, invite, disable, enable, reset"}
	c.AddCommand(p.staffList(), p.staffInvite(), p.staffDisable(), p.staffEnable(), p.staffReset())
	return c
}

func (p *program) staffList() *cobra.Command {
	return &cobra.Command{Use: "list", Short: "Print who is in the team", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withStaff(cmd, func(ctx context.Context, staff *access.Store) error {
				team, err := staff.Team(ctx)
				if err != nil {
					return err
				}
				for _, one := range team {
					if err := p.print(&one, func(w io.Writer) {
						shut := ""
						if one.Disabled {
							shut = "  (shut)"
						}
						fmt.Fprintf(w, "%3d  %s  %s  %s%s\n", one.Number, one.Name, one.Email, roleWords(one.Roles), shut)
					}); err != nil {
						return err
					}
				}
				if len(team) == 0 && !p.json {
					p.tell("Nobody yet: clarion serve prints the code for the first director.")
				}
				return nil
			})
		}}
}

func roleWords(roles []access.Role) string {
	words := make([]string, len(roles))
	for i, r := range roles {
		words[i] = string(r)
	}
	return strings.Join(words, ", ")
}

// A staffLink is what invite and reset print.
type staffLink struct {
	Link string `json:"link"`
}

func (p *program) printLink(staff *access.Store, secret string) error {
	l := staffLink{staff.Link(secret)}
	return p.print(&l, func(w io.Writer) {
		p.tell("Give this link to nobody else. It holds three days and is good once.")
		fmt.Fprintln(w, l.Link)
	})
}

func (p *program) staffInvite() *cobra.Command {
	var roles []string
	c := &cobra.Command{Use: "invite EMAIL", Short: "Print a link that lets somebody into the team", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withStaff(cmd, func(ctx context.Context, staff *access.Store) error {
				var given []access.Role
				for _, r := range roles {
					given = append(given, access.Role(strings.TrimSpace(r)))
				}
				secret, err := staff.Invite(ctx, access.Machine(), args[0], given)
				if err != nil {
					return &statusError{exitInput, err}
				}
				return p.printLink(staff, secret)
			})
		}}
	c.Flags().StringSliceVar(&roles, "role", nil, "director, author, releaser, watcher, list_keeper, volunteer, technician; several with commas")
	return c
}

// onPerson makes a command that does something with a person, by number or address.
func (p *program) onPerson(use, short string, do func(ctx context.Context, staff *access.Store, of uint32) error) *cobra.Command {
	return &cobra.Command{Use: use + " EMAIL|NUMBER", Short: short, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withStaff(cmd, func(ctx context.Context, staff *access.Store) error {
				of, err := person(ctx, staff, args[0])
				if err != nil {
					return err
				}
				if err := do(ctx, staff, of); err != nil {
					return &statusError{exitInput, err}
				}
				return nil
			})
		}}
}

// person is the number of who has an address, or the number itself.
func person(ctx context.Context, staff *access.Store, who string) (uint32, error) {
	if n, err := strconv.ParseUint(who, 10, 32); err == nil {
		return uint32(n), nil
	}
	one, err := staff.Find(ctx, who)
	if err != nil {
		return 0, &statusError{exitInput, err}
	}
	return one.Number, nil
}

func (p *program) staffDisable() *cobra.Command {
	return p.onPerson("disable", "Shut an account: no log-in, no session, no token", func(ctx context.Context, staff *access.Store, of uint32) error {
		return staff.Disable(ctx, access.Machine(), of)
	})
}

func (p *program) staffEnable() *cobra.Command {
	return p.onPerson("enable", "Open an account again", func(ctx context.Context, staff *access.Store, of uint32) error {
		return staff.Enable(ctx, access.Machine(), of)
	})
}

func (p *program) staffReset() *cobra.Command {
	return p.onPerson("reset", "Take all ways to log in from somebody who lost them, and print a link for new ones", func(ctx context.Context, staff *access.Store, of uint32) error {
		secret, err := staff.Reset(ctx, access.Machine(), of)
		if err != nil {
			return err
		}
		return p.printLink(staff, secret)
	})
}

func (p *program) withStaff(cmd *cobra.Command, do func(ctx context.Context, staff *access.Store) error) error {
	return p.with(cmd, func(ctx context.Context, a *app) error {
		staff, err := a.staff()
		if err != nil {
			return err
		}
		return do(ctx, staff)
	})
}
