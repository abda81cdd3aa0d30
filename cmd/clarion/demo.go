package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"clarion/broadcast"
	"clarion/internal/clock"
	"clarion/internal/conf"
	"clarion/internal/port"
	"clarion/internal/redisdb"
	"clarion/lists"
	"clarion/lists/address"
	"clarion/lists/tabular"
	"clarion/petition"
	"clarion/templates"
	"clarion/web/desk"
	"clarion/worker/gateway/builtin"
	"clarion/worker/gateway/rehearsal"
)

// demoSeed makes every demo the same.
const demoSeed = 9

func (p *program) demoCommand() *cobra.Command {
	var contacts, listen int
	var exit bool
	c := &cobra.Command{
		Use: "demo", Short: "Load sample lists and the Save 9 campaign, and launch its call to the rehearsal gateways", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if contacts < 1 || contacts > 1_000_000 {
				return inputError("--contacts is %d: a number from 1 to 1000000 is right", contacts)
			}
			return p.demo(cmd.Context(), contacts, listen, exit)
		},
	}
	c.Flags().IntVar(&contacts, "contacts", 2000, "how many sample contacts")
	c.Flags().IntVar(&listen, "port", 8080, "where the pages are shown, on this machine; 0 takes any")
	c.Flags().BoolVar(&exit, "exit", false, "end when the call has ended, and print what call status prints")
	return c
}

// demo runs the main job on the embedded defaults, end to end, with nobody at the
// other end: nothing is sent, and nothing is kept.
func (p *program) demo(ctx context.Context, contacts, listen int, exit bool) (err error) {
	cfg := &config{}
	if _, ps := conf.Decode("default.toml", defaultConfig, cfg); len(ps) > 0 {
		return conf.Problems(ps)
	}
	cfg.Organisation = "Save 9 Campaign"
	if listen == 0 { // links in the messages have to name it
		if listen, err = port.Free(); err != nil {
			return err
		}
	}
	cfg.Web.PublicURL = fmt.Sprintf("http://localhost:%d", listen)
	cfg.samples, cfg.Worker.Journal, p.quiet = true, "", true
	cfg.Web.Listen, cfg.Hook.Listen = fmt.Sprintf("127.0.0.1:%d", listen), "127.0.0.1:0"
	like := rehearsal.Config{Seed: demoSeed, Bounce: 0.02, Temporary: 0.03, Complaint: 0.0005, NoReport: 0.01, Latency: conf.Duration(2 * time.Millisecond)}
	sample, ps, err := petition.LoadFS(petition.Example())
	if err = errors.Join(err, conf.Problems(ps).Err()); err != nil {
		return fmt.Errorf("read the sample petition: %w", err)
	}
	sampleTime(sample, time.Now())
	cfg.campaign = sample
	// Whoever writes a call of their own in the console may launch it, too.
	cfg.Inbox.Domain = rehearsalDomain
	if cfg.gates, err = builtin.Demos(like, clock.System{}); err != nil {
		return err
	}
	a, err := p.openWith(ctx, cfg, redisdb.Config{InProcess: true}, like)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.close()) }()
	p.tell("The demo keeps everything in memory and sends nothing to anybody.")
	if err := a.loadSample(ctx, contacts); err != nil {
		return err
	}
	if err := a.loadSignatures(ctx); err != nil {
		return err
	}
	e, err := a.startEngine(ctx, address.Channels[:], true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.shutdown()) }()
	p.tell("Pages at http://%s", strings.Replace(e.Public, "127.0.0.1", "localhost", 1))
	id, err := a.launchSample(ctx)
	if err != nil {
		return err
	}
	if err := a.follow(ctx, id); err != nil {
		return err
	}
	// Reports come a moment after the last message: a demo that ended before them would show half.
	if err := a.awaitReports(ctx); err != nil {
		return err
	}
	r, err := a.desk.Report(ctx, id)
	if err != nil {
		return err
	}
	audit, err := a.ledger.Audit(ctx, id)
	if err != nil {
		return err
	}
	if !audit.OK() {
		return fmt.Errorf("the audit found differences: %s", strings.Join(audit.Differences, "; "))
	}
	if p.json {
		if err := p.line(r.Status); err != nil {
			return err
		}
	} else {
		fmt.Fprintln(p.out)
		writeReport(p.out, r, spoken())
		fmt.Fprintf(p.out, "\nThe audit agrees: the states add up to all %d deliveries.\n", r.Status.Audience)
	}
	if exit {
		return nil
	}
	p.tell("\nThe pages stay until Ctrl-C.")
	<-ctx.Done()
	return nil
}

// loadSample imports sample contacts, and suppresses a few as earlier calls would have.
func (a *app) loadSample(ctx context.Context, n int) error {
	table, err := tabular.Open(sampleContacts(n))
	if err != nil {
		return fmt.Errorf("make sample contacts: %w", err)
	}
	a.tell("Importing %d sample contacts …", n)
	report, err := a.people.Import(ctx, table, lists.ImportOptions{List: "supporters", Consent: "Sample: I want to hear of calls to action.", Region: "KR"}, func(int64, int) {})
	if err != nil {
		return err
	}
	a.tell("  %d taken, %d rows refused: a report says which and why.", report.Accepted, report.RejectedRows)
	for i := range max(n/100, 1) {
		to, err := address.ParseEmail(sampleEmail(i*50+1, ""))
		if err != nil {
			return fmt.Errorf("make sample opt-outs: %w", err)
		}
		sup := lists.Suppression{Reason: lists.OptedOut, Source: "sample", Since: time.Now()}
		if _, err := a.people.Suppress(ctx, address.Email, a.people.Key(to), sup); err != nil {
			return err
		}
	}
	return nil
}

// Ends of sample addresses by which the rehearsal gateways know what to do.
var (
	sampleTags   = []string{"+bounce", "+full", "+greylist", "+defer", "+policy", "+complain", "+optout", "+disabled"}
	sampleDomain = []string{"naver.example", "daum.example", "gmail.example", "hanmail.example", "nate.example"}
	sampleNames  = []string{"김영희", "이철수", "박지민", "최은주", "정하늘", "John Smith", "Mary Jones", "강바다", "조은별", "Anne Miller"}
	sampleSchool = []string{"서울고등학교", "한빛중학교", "Seoul International School", "새벽교회", "평화시민모임"}
)

func sampleEmail(i int, tag string) string {
	domain := sampleDomain[i%len(sampleDomain)]
	if i%17 == 0 {
		domain = fmt.Sprintf("own-%d.example", i)
	}
	return fmt.Sprintf("supporter%d%s@%s", i, tag, domain)
}

// sampleContacts writes a table as an organisation has them: mixed, with mistakes.
func sampleContacts(n int) io.Reader {
	r, w := io.Pipe()
	go func() {
		rnd := rand.New(rand.NewPCG(demoSeed, demoSeed))
		out := csv.NewWriter(w)
		err := out.Write([]string{"이름", "이메일", "휴대폰", "팩스", "언어", "소속"})
		for i := 0; i < n && err == nil; i++ {
			tag, end := "", fmt.Sprintf("%04d", 1000+i%8000)
			if i%40 == 7 {
				tag = sampleTags[(i/40)%len(sampleTags)]
			}
			if i%60 == 12 {
				end = fmt.Sprintf("%04d", 1+(i/60)%13)
			}
			name := sampleNames[i%len(sampleNames)]
			lang := "ko"
			if name[0] < 0x80 {
				lang = "en"
			}
			row := []string{name, sampleEmail(i, tag), "", "", lang, sampleSchool[rnd.IntN(len(sampleSchool))]}
			if i%2 == 0 {
				row[2] = fmt.Sprintf("010-%04d-%s", 2000+i%7000, end)
			}
			if i%25 == 3 {
				row[3] = fmt.Sprintf("02-%03d-%s", 200+i%700, strconv.Itoa(2000+i%7000))
				if i%100 == 3 {
					row[3] = fmt.Sprintf("02-%03d-%04d", 200+i%700, 1+(i/100)%4)
				}
			}
			if i%333 == 5 {
				row[1] = "no address at all"
			}
			err = out.Write(row)
		}
		out.Flush()
		w.CloseWithError(errors.Join(err, out.Error()))
	}()
	return r
}

// launchSample launches the Save 9 call that clarion call new writes, as a rehearsal.
func (a *app) launchSample(ctx context.Context) (broadcast.ID, error) {
	files := map[string][]byte{}
	example := templates.Example()
	entries, err := fs.ReadDir(example, ".")
	for _, e := range entries {
		if err == nil {
			files[e.Name()], err = fs.ReadFile(example, e.Name())
		}
	}
	if err != nil {
		return "", fmt.Errorf("read the sample call: %w", err)
	}
	// The sample has failures of every kind, more than a call would bear before it paused itself.
	toml := string(files[templates.CallFile])
	for _, limit := range []string{"hard_bounces = 0.05", "complaints = 0.002"} {
		if !strings.Contains(toml, limit) {
			return "", fmt.Errorf("the sample call has no %q", limit)
		}
		toml = strings.Replace(toml, limit, strings.SplitAfter(limit, "= ")[0]+"1.0", 1)
	}
	files[templates.CallFile] = []byte(toml)
	d := desk.ReadFiles(files)
	who, err := a.desk.Audience(ctx, d)
	if err != nil {
		return "", err
	}
	a.tell("Launching %q to %d contacts: %s.", d.Text.Name, who.Contacts, channelCounts(who.Channel))
	return a.desk.Launch(ctx, d, desk.LaunchOptions{Rehearsal: true, To: who})
}

// awaitReports waits until the rehearsal gateways have said all that they will say.
func (a *app) awaitReports(ctx context.Context) error {
	const patience = 30 * time.Second
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		left := 0
		for _, g := range a.gates {
			if r, ok := g.Gateway.(*rehearsal.Gateway); ok {
				left += r.Waiting()
			}
		}
		if left == 0 {
			// The last reports are in the queue; two ticks of the sweep apply them.
			select {
			case <-ctx.Done():
			case <-time.After(2 * a.cfg.Worker.Sweep):
			}
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(refreshEvery):
		}
	}
}
