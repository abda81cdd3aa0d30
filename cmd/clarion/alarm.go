package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"clarion/internal/audit"
	"clarion/web/desk"
)

func (p *program) alarmCommand() *cobra.Command {
	c := &cobra.Command{Use: "alarm", Short: "What is wrong: list it, say that somebody sees to it, have nothing said of it for a while"}
	c.AddCommand(p.alarmList(), p.alarmAck(), p.alarmQuiet())
	return c
}

func (p *program) alarmList() *cobra.Command {
	var all bool
	c := &cobra.Command{Use: "list", Short: "Print the open alarms, critical ones first", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.with(cmd, func(ctx context.Context, a *app) error {
				rows, err := a.desk.Alarms(ctx)
				if err != nil {
					return err
				}
				told := 0
				for _, row := range rows {
					if !all && !row.Over.IsZero() {
						continue
					}
					told++
					if err := p.print(&row, func(w io.Writer) { alarmWords(w, row) }); err != nil {
						return err
					}
				}
				if told == 0 && !p.json {
					p.tell("Nothing is wrong.")
				}
				return nil
			})
		}}
	c.Flags().BoolVar(&all, "all", false, "those that were over within a week, too")
	return c
}

// alarmWords is an alarm in three lines.
func alarmWords(w io.Writer, row desk.AlarmRow) {
	lang := spoken()
	at := func(t time.Time) string { return t.Local().Format("2006-01-02 15:04") }
	fmt.Fprintf(w, "a%d  %s: %s  (%s", row.ID, row.Level.Word(lang), row.Kind.Word(lang), at(row.Since))
	for _, more := range []struct {
		en, ko string
		at     time.Time
	}{{"acknowledged", "확인", row.Acknowledged}, {"quiet until", "알림 끔", row.Quiet}, {"over", "종료", row.Over}} {
		if !more.at.IsZero() {
			word := more.en
			if lang == "ko" {
				word = more.ko
			}
			fmt.Fprintf(w, ", %s %s", word, at(more.at))
		}
	}
	fmt.Fprintf(w, ")\n    %s\n    %s\n", row.Say(lang), row.Kind.Do(lang))
}

// alarmAct is a command that does something to one alarm, and prints nothing.
func (p *program) alarmAct(use, short string, do func(ctx context.Context, a *app, id int, note desk.Note) error) *cobra.Command {
	return &cobra.Command{Use: use, Short: short, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := desk.ParseAlarm(args[0])
			if err != nil {
				return err
			}
			return p.with(cmd, func(ctx context.Context, a *app) error {
				return do(ctx, a, id, a.note(ctx))
			})
		}}
}

func (p *program) alarmAck() *cobra.Command {
	return p.alarmAct("ack ID", "Say that somebody sees to an alarm: nobody is reminded of it", func(ctx context.Context, a *app, id int, note desk.Note) error {
		return a.desk.AcknowledgeAlarm(ctx, id, audit.Machine, note)
	})
}

func (p *program) alarmQuiet() *cobra.Command {
	var hours int
	c := p.alarmAct("quiet ID", "Have nothing said of an alarm for some hours", func(ctx context.Context, a *app, id int, note desk.Note) error {
		return a.desk.QuietAlarm(ctx, id, hours, audit.Machine, note)
	})
	c.Flags().IntVar(&hours, "hours", 8, "for how many hours")
	return c
}
