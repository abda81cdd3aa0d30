package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"github.com/spf13/cobra"

	"clarion/internal/conf"
	"clarion/internal/redisdb"
	"clarion/internal/seal"
	"clarion/lists"
	"clarion/lists/address"
	"clarion/worker/gateway/rehearsal"
)

// A finding is one row of the readiness board.
type finding struct {
	Check   check  `json:"check"`
	OK      bool   `json:"ok"`
	Finding string `json:"finding"`
	Do      string `json:"do"`    // what to do about it; with ok, what is worth knowing
	Takes   string `json:"takes"` // how long that takes
	// Severity says of what is not ok whether it stops calls; "" of what is.
	Severity severity  `json:"severity,omitempty"`
	Record   string    `json:"record,omitempty"` // what must stand in DNS, as a line of a zone file
	Ko       *inKorean `json:"ko,omitempty"`     // of what is about mail
}

// inKorean is a finding in Korean.
type inKorean struct {
	Finding string `json:"finding"`
	Do      string `json:"do"`
	Takes   string `json:"takes"`
}

// A severity says what follows from a finding.
type severity string

// The severities.
const (
	stops severity = "stop" // no call should go out before it is mended
	warns severity = "warn" // calls go out, and arrive worse or less surely
)

func (p *program) doctorCommand() *cobra.Command {
	var server string
	var test bool
	var wait time.Duration
	c := &cobra.Command{Use: "doctor", Short: "The readiness board: what is missing before a call can go out, what to do, and how long it takes", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d := &doctor{program: p, server: server, test: test, wait: wait}
			d.examine(cmd)
			if d.err != nil {
				return d.err
			}
			if d.open > 0 {
				return &statusError{exitFailed, fmt.Errorf("%d of %d checks ask for something to be done: %d stop a call, %d warn", d.open, d.all, d.open-d.warned, d.warned)}
			}
			if !p.json {
				p.tell("All %d checks are well.", d.all)
			}
			return nil
		}}
	c.Flags().StringVar(&server, "resolver", "", resolverUsage)
	c.Flags().BoolVar(&test, "test-mail", false, "send a mail through each gateway to the address that bounces come to, and wait for it; a Clarion must be serving")
	c.Flags().DurationVar(&wait, "wait", 2*time.Minute, "how long a test mail may take")
	return c
}

// A doctor prints findings as they come.
type doctor struct {
	*program
	server string // the name server to ask, "" for the one of the settings
	dns    *net.Resolver
	test   bool          // send test mails too
	wait   time.Duration // how long one may take
	cfg    *config
	all    int
	open   int   // not ok
	warned int   // of these, those that stop nothing
	err    error // of printing
}

func (d *doctor) well(what check, format string, args ...any) {
	d.say(finding{Check: what, OK: true, Finding: fmt.Sprintf(format, args...)})
}

// mend says what is to be done, and how long that takes.
func (d *doctor) mend(what check, do, takes, format string, args ...any) {
	d.say(finding{Check: what, Finding: fmt.Sprintf(format, args...), Do: do, Takes: takes, Severity: stops})
}

func (d *doctor) say(f finding) {
	d.all++
	if !f.OK {
		d.open++
	}
	if f.Severity == warns {
		d.warned++
	}
	err := d.print(&f, func(w io.Writer) {
		mark := "ok  "
		switch f.Severity {
		case stops:
			mark = "MEND"
		case warns:
			mark = "warn"
		}
		fmt.Fprintf(w, "%s  %-16s %s\n", mark, f.Check, f.Finding)
		if f.Do != "" {
			fmt.Fprintf(w, "                        → %s", f.Do)
			if f.Takes != "" {
				fmt.Fprintf(w, " (%s)", f.Takes)
			}
			fmt.Fprintln(w)
		}
		if f.Ko != nil && (!f.OK || f.Ko.Do != "") {
			fmt.Fprintf(w, "                        %s\n", f.Ko.Finding)
			if f.Ko.Do != "" {
				fmt.Fprintf(w, "                        → %s (%s)\n", f.Ko.Do, f.Ko.Takes)
			}
		}
		if f.Record != "" {
			fmt.Fprintf(w, "                        %s\n", f.Record)
		}
	})
	d.err = errors.Join(d.err, err)
}

func (d *doctor) examine(cmd *cobra.Command) {
	ctx := cmd.Context()
	cfg, err := d.loadConfig(cmd)
	var problems conf.Problems
	switch {
	case errors.As(err, &problems):
		for _, p := range problems {
			d.mend(checkConfig, "change this line", "a minute", "%s", p)
		}
		return
	case err != nil:
		d.mend(checkConfig, "name the file with --config, or begin one: clarion config > clarion.toml", "10 minutes", "%v", err)
		return
	}
	d.cfg = cfg
	if d.dns, err = cfg.resolver(d.server); err != nil {
		d.err = err
		return
	}
	d.well(checkConfig, "%s", d.configSource(cmd))
	d.dataFolder()
	if running, ok := d.stores(ctx); ok {
		d.listeners(running)
	}
	d.gateways(ctx)
	d.publicURL(ctx)
	d.inbox()
	d.mailbox(ctx)
	d.signing(ctx)
	d.mail(ctx)
	if d.test {
		d.testMails(ctx)
	}
	d.fax()
}

// stores opens the key, Redis and what is in it. running says that another
// Clarion works on this data folder.
func (d *doctor) stores(ctx context.Context) (running, ok bool) {
	file := (&app{cfg: d.cfg}).keyFile()
	if _, err := seal.LoadOrCreate(file); err != nil {
		do := "put back the key file from the last backup; without it nobody can read the contacts"
		if info, serr := os.Stat(file); serr == nil && info.Mode().Perm()&0o077 != 0 {
			do = "chmod 600 " + file
		}
		d.mend(checkKey, do, "5 minutes", "%v", err)
		return false, false
	}
	rc := d.cfg.redis()
	rc.AllowLossy = true
	a, err := d.openWith(ctx, d.cfg, rc, rehearsal.Config{})
	switch {
	case errors.Is(err, lists.ErrWrongKey):
		d.mend(checkKey, "put back the key file that was in use when the contacts were imported, or name an empty Redis", "5 minutes", "%v", err)
		return false, false
	case err != nil:
		d.well(checkKey, "it is there, for its owner alone: %s", file)
		d.mend(checkRedis, "start it, or mend redis.url; without a url Clarion runs one itself (apt-get install redis-server)", "5 minutes", "%v", err)
		return false, false
	}
	d.well(checkKey, "it is there, for its owner alone, and it opens the contacts: %s", file)
	d.redis(ctx, a)
	running = a.db.Kind() == redisdb.Guest
	d.err = errors.Join(d.err, a.close())
	return running, true
}

// redis says whether Redis keeps what it is told, and what the time is there.
func (d *doctor) redis(ctx context.Context, a *app) {
	d.well(checkRedis, "%s, %s", a.db.Kind(), a.db.Where())
	findings, err := a.db.Check(ctx)
	if err != nil {
		d.mend(checkRedis, "let this user run INFO and CONFIG GET", "5 minutes", "its settings cannot be read: %v", err)
	}
	for _, f := range findings {
		file := "redis.conf"
		if f.Ours {
			file = d.configFile + ", under [redis]"
		}
		d.mend(checkRedis.of(f.Setting), "set in "+file+": "+f.Want, "2 minutes", "%s", f)
	}
	if err == nil && len(findings) == 0 {
		d.well(checkDurability, "what is written is kept, and nothing is thrown away when memory is short")
	}
	d.clock(ctx, a)
}

// gateways asks each gateway whether it would take messages now.
func (d *doctor) gateways(ctx context.Context) {
	has := map[address.Channel]bool{}
	for _, g := range d.cfg.gates {
		has[g.Channel] = true
		d.probe(ctx, g)
	}
	if len(has) == 0 {
		d.mend(checkGateway, "add one to "+d.configFile+": clarion config shows how", "15 minutes", "there is no gateway: calls can only be rehearsed")
		return
	}
	for _, ch := range address.Channels {
		if !has[ch] {
			d.say(finding{Check: checkGateway, OK: true, Finding: fmt.Sprintf("no gateway takes %s: it can only be rehearsed", ch)})
		}
	}
}
