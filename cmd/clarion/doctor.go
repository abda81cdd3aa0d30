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
	korean   inKorean  // of all
}

// inKorean is a finding in Korean.
type inKorean struct {
	Finding string `json:"finding"`
	Do      string `json:"do"`
	Takes   string `json:"takes"`
}

// in is what a finding says in a language.
func (f *finding) in(lang string) inKorean {
	switch {
	case lang != "ko":
		return inKorean{f.Finding, f.Do, f.Takes}
	case f.Ko != nil:
		return *f.Ko
	}
	return f.korean
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
				told := words{"%[1]d of %[2]d checks ask for something to be done: %[3]d stop a call, %[4]d warn", "점검 %[2]d가지 가운데 %[1]d가지에 조치가 필요합니다. %[3]d가지는 발송을 막고 %[4]d가지는 경고입니다"}
				return &statusError{exitFailed, errors.New(told.in(spoken(), d.open, d.all, d.open-d.warned, d.warned))}
			}
			if !p.json {
				p.tell("%s", words{"All %d checks are well.", "점검 %d가지가 모두 정상입니다."}.in(spoken(), d.all))
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

func (d *doctor) well(what check, says words, values ...any) {
	d.say(finding{Check: what, OK: true, Finding: says.in("en", values...), korean: inKorean{Finding: says.in("ko", values...)}})
}

// mend says what is to be done, and how long that takes.
func (d *doctor) mend(what check, do, takes, says words, values ...any) {
	d.say(finding{Check: what, Finding: says.in("en", values...), Do: do[0], Takes: takes[0], Severity: stops,
		korean: inKorean{says.in("ko", values...), do[1], takes[1]}})
}

// marks begin a line; each takes four columns.
var marks = map[severity]words{"": {"ok  ", "정상"}, stops: {"MEND", "조치"}, warns: {"warn", "주의"}}

func (d *doctor) say(f finding) {
	d.all++
	if !f.OK {
		d.open++
	}
	if f.Severity == warns {
		d.warned++
	}
	lang := spoken()
	says := f.in(lang)
	err := d.print(&f, func(w io.Writer) {
		fmt.Fprintf(w, "%s  %-16s %s\n", marks[f.Severity].in(lang), f.Check, says.Finding)
		if says.Do != "" {
			fmt.Fprintf(w, "                        → %s", says.Do)
			if says.Takes != "" {
				fmt.Fprintf(w, " (%s)", says.Takes)
			}
			fmt.Fprintln(w)
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
			d.mend(checkConfig, words{"change this line", "이 줄을 고치십시오."}, aMinute, words{"%s", "%s"}, p)
		}
		return
	case err != nil:
		d.mend(checkConfig, words{"name the file with --config, or begin one: clarion config > clarion.toml", "--config로 파일을 알려 주거나 새로 만드십시오: clarion config > clarion.toml"}, tenMinutes, words{"%v", "%v"}, err)
		return
	}
	d.cfg = cfg
	if d.dns, err = cfg.resolver(d.server); err != nil {
		d.err = err
		return
	}
	d.well(checkConfig, d.configSource(cmd))
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
		do := words{"put back the key file from the last backup; without it nobody can read the contacts", "마지막 백업의 키 파일을 되돌려 놓으십시오. 이 파일이 없으면 아무도 연락처를 읽을 수 없습니다."}
		if info, serr := os.Stat(file); serr == nil && info.Mode().Perm()&0o077 != 0 {
			do = words{"chmod 600 " + file, "chmod 600 " + file}
		}
		d.mend(checkKey, do, fiveMinutes, words{"%v", "키 파일을 쓸 수 없습니다: %v"}, err)
		return false, false
	}
	rc := d.cfg.redis()
	rc.AllowLossy = true
	a, err := d.openWith(ctx, d.cfg, rc, rehearsal.Config{})
	switch {
	case errors.Is(err, lists.ErrWrongKey):
		d.mend(checkKey, words{"put back the key file that was in use when the contacts were imported, or name an empty Redis", "연락처를 가져올 때 쓰던 키 파일을 되돌려 놓거나 빈 Redis를 지정하십시오."}, fiveMinutes,
			words{"%v", "이 Redis의 연락처는 다른 키로 암호화되었습니다: %v"}, err)
		return false, false
	case err != nil:
		d.well(checkKey, words{"it is there, for its owner alone: %s", "키 파일이 있고 소유자만 읽을 수 있습니다: %s"}, file)
		d.mend(checkRedis, words{"start it, or mend redis.url; without a url Clarion runs one itself (apt-get install redis-server)",
			"Redis를 시작하거나 redis.url을 고치십시오. url이 없으면 Clarion이 직접 실행합니다(apt-get install redis-server)."}, fiveMinutes, words{"%v", "Redis를 쓸 수 없습니다: %v"}, err)
		return false, false
	}
	d.well(checkKey, words{"it is there, for its owner alone, and it opens the contacts: %s", "키 파일이 있고 소유자만 읽을 수 있으며 연락처를 열 수 있습니다: %s"}, file)
	d.redis(ctx, a)
	running = a.db.Kind() == redisdb.Guest
	d.err = errors.Join(d.err, a.close())
	return running, true
}

// redis says whether Redis keeps what it is told, and what the time is there.
func (d *doctor) redis(ctx context.Context, a *app) {
	d.well(checkRedis, words{"%s, %s", "%s, %s"}, a.db.Kind(), a.db.Where())
	findings, err := a.db.Check(ctx)
	if err != nil {
		d.mend(checkRedis, words{"let this user run INFO and CONFIG GET", "이 사용자에게 INFO와 CONFIG GET을 허용하십시오."}, fiveMinutes, words{"its settings cannot be read: %v", "Redis 설정을 읽을 수 없습니다: %v"}, err)
	}
	for _, f := range findings {
		file := "redis.conf"
		if f.Ours {
			file = d.configFile + ", under [redis]"
		}
		d.mend(checkRedis.of(f.Setting), words{"set in " + file + ": " + f.Want, file + "에 이렇게 적으십시오: " + f.Want}, twoMinutes, words{"%s", "Redis 설정을 바꾸어야 합니다: %s"}, f)
	}
	if err == nil && len(findings) == 0 {
		d.well(checkDurability, words{"what is written is kept, and nothing is thrown away when memory is short", "쓴 것은 보존되고, 메모리가 모자라도 버리지 않습니다."})
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
		d.mend(checkGateway, words{"add one to " + d.configFile + ": clarion config shows how", d.configFile + "에 하나를 더하십시오. 방법은 clarion config에 있습니다."}, aQuarter,
			words{"there is no gateway: calls can only be rehearsed", "게이트웨이가 없어 연습 발송만 할 수 있습니다."})
		return
	}
	for _, ch := range address.Channels {
		if !has[ch] {
			d.well(checkGateway, words{"no gateway takes %[1]s: it can only be rehearsed", "%[2]s 게이트웨이가 없어 연습 발송만 할 수 있습니다."}, ch, channelWord(ch.String(), "ko"))
		}
	}
}
