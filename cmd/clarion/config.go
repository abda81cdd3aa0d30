package main

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"clarion/internal/conf"
	"clarion/internal/dkim"
	"clarion/internal/dns"
	"clarion/internal/redisdb"
	"clarion/lists"
	"clarion/lists/address"
	"clarion/petition"
	"clarion/web/hook"
	"clarion/worker"
	"clarion/worker/alarm"
	"clarion/worker/gateway/builtin"
	"clarion/worker/gateway/mx"
	"clarion/worker/inbox"
)

//go:embed default.toml
var defaultConfig []byte

// A config is clarion.toml.
type config struct {
	Data         string `toml:"data"`
	Organisation string `toml:"organisation"`
	Region       string `toml:"region"`
	Currency     string `toml:"currency"`
	Log          string `toml:"log"`
	Redis        struct {
		URL          conf.Secret   `toml:"url"` // it may hold a password
		AppendFsync  string        `toml:"append_fsync"`
		AllowLossy   bool          `toml:"allow_lossy"`
		WaitReplicas int           `toml:"wait_replicas"`
		WaitTimeout  time.Duration `toml:"wait_timeout"`
	} `toml:"redis"`
	Web struct {
		Listen    string `toml:"listen"`
		PublicURL string `toml:"public_url"`
	} `toml:"web"`
	Petition struct {
		Folder    string   `toml:"folder"`    // relative to the file of settings, "" for none
		SMSFrom   string   `toml:"sms_from"`  // number that signers get texts from, "" for none
		Throwaway []string `toml:"throwaway"` // mail domains whose addresses are not taken
	} `toml:"petition"`
	Appeal struct {
		URL   string            `toml:"url"`
		Title map[string]string `toml:"title"`
		Text  map[string]string `toml:"text"`
	} `toml:"appeal"`
	Release struct {
		SecondPerson    bool `toml:"second_person"`
		CorrectionAbove int  `toml:"correction_above"`
	} `toml:"release"`
	Hook struct {
		Listen string `toml:"listen"`
	} `toml:"hook"`
	Webhooks struct {
		Open []string `toml:"open"` // networks that webhooks may lead into
	} `toml:"webhooks"`
	Metrics struct {
		Listen string `toml:"listen"` // "" for nowhere
	} `toml:"metrics"`
	Inbox struct {
		Listen   string `toml:"listen"`
		Protocol string `toml:"protocol"`
		Domain   string `toml:"domain"`

		RepliesTo string              `toml:"replies_to"` // the organisation's inbox, "" for none
		IMAP      inbox.MailboxConfig `toml:"imap"`
	} `toml:"inbox"`
	Worker struct {
		Liveness time.Duration        `toml:"liveness"`
		Grace    time.Duration        `toml:"grace"`
		Drain    time.Duration        `toml:"drain"`
		Sweep    time.Duration        `toml:"sweep"`
		Journal  string               `toml:"journal"` // a folder, within data if relative; "" for none
		Group    map[string]int       `toml:"group"`   // deliveries claimed together, by channel
		Retry    map[string]retryConf `toml:"retry"`   // by channel
	} `toml:"worker"`
	Alarm    alarm.Config `toml:"alarm"`
	Suppress struct {
		Calls  int           `toml:"calls"`
		Within conf.Duration `toml:"within"`
	} `toml:"suppress"`
	DNS struct {
		Resolver string `toml:"resolver"` // ADDRESS or ADDRESS:PORT, "" for the machine's own
		Lanes    bool   `toml:"lanes"`    // mail lanes are the systems that receive, not the domains
	} `toml:"dns"`
	Quiet   quietConf               `toml:"quiet"`
	DKIM    map[string]signingConf  `toml:"dkim"` // by domain
	Lane    laneConf                `toml:"lane"`
	Gateway map[string]conf.Section `toml:"gateway"`
	Webhook map[string]conf.Section `toml:"webhook"`

	gates      []worker.Gate
	signers    dkim.Domains
	dkimKeys   []dkim.Key             // of all domains
	hooks      map[string]hook.Source // by the name of their section
	exchangers *net.Resolver          // asked for the lanes of mail domains; nil: nobody is
	open       []netip.Prefix         // of [webhooks]
	campaign   *petition.Campaign     // of [petition]; nil for none
	samples    bool                   // the lists hold made-up people
}

type retryConf struct {
	First    time.Duration `toml:"first"`
	Most     time.Duration `toml:"most"`
	Attempts int           `toml:"attempts"`
}

// loadConfig reads the embedded defaults and then the config file over them. A
// file that was not asked for by name need not be there.
func (p *program) loadConfig(cmd *cobra.Command) (*config, error) {
	c := &config{}
	if _, ps := conf.Decode("default.toml", defaultConfig, c); len(ps) > 0 {
		return nil, conf.Problems(ps)
	}
	data, err := os.ReadFile(p.configFile)
	if errors.Is(err, fs.ErrNotExist) && !cmd.Flags().Changed("config") {
		return c, c.check(nil)
	} else if err != nil {
		return nil, inputError("read the config: %w", err)
	}
	doc, ps := conf.Decode(p.configFile, data, c)
	if len(ps) > 0 {
		return nil, conf.Problems(ps)
	}
	if !filepath.IsAbs(c.Data) {
		c.Data = filepath.Join(filepath.Dir(p.configFile), c.Data)
	}
	return c, c.check(doc)
}

// check finds what only shows when the settings are seen together, and makes
// the gateways.
func (c *config) check(doc *conf.Doc) error {
	var ps conf.Problems
	wrong := func(key []string, format string, args ...any) {
		file := "default.toml"
		if doc != nil {
			file = doc.File()
		}
		ps = append(ps, conf.Problem{File: file, Line: doc.Line(key...), Message: fmt.Sprintf(format, args...)})
	}
	if u, err := url.Parse(c.Web.PublicURL); err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		wrong([]string{"web", "public_url"}, "public_url is %q: it must be the address by which supporters reach the pages, such as https://act.example.org", c.Web.PublicURL)
	}
	if u, err := url.Parse(c.Appeal.URL); err != nil || c.Appeal.URL != "" && (u.Scheme != "https" && u.Scheme != "http" || u.Host == "") {
		wrong([]string{"appeal", "url"}, "url is %q: it must be the address at which people sign, such as https://save9.example.org/sign, or empty", c.Appeal.URL)
	}
	if c.Petition.Folder != "" {
		found, err := c.readPetition(filepath.Dir(doc.File()))
		if ps = append(ps, found...); err != nil {
			wrong([]string{"petition", "folder"}, "%v", err)
		}
		if c.Appeal.URL != "" {
			wrong([]string{"appeal", "url"}, "people sign here, by [petition]: take [appeal] out, which is for a petition elsewhere")
		}
	}
	if c.Log != "text" && c.Log != "json" {
		wrong([]string{"log"}, `log is %q: "text" or "json" is right`, c.Log)
	}
	if c.Inbox.Listen != "" && c.Inbox.Domain == "" {
		wrong([]string{"inbox", "domain"}, "domain is empty: it is the domain that returned mail comes to")
	}
	c.checkMetrics(wrong)
	for _, text := range c.Webhooks.Open {
		net, err := netip.ParsePrefix(text)
		if err != nil {
			wrong([]string{"webhooks", "open"}, `open has %q: a network such as "10.2.0.0/16" is right`, text)
		}
		c.open = append(c.open, net)
	}
	c.checkMailbox(doc, wrong)
	resolver, err := dns.New(c.DNS.Resolver)
	if err != nil {
		wrong([]string{"dns", "resolver"}, "%v", err)
	}
	if c.DNS.Lanes {
		c.exchangers = resolver
	}
	if err := c.redis().Replicas.Check(); err != nil {
		key, _, _ := strings.Cut(err.Error(), " ")
		wrong([]string{"redis", key}, "%v", err)
	}
	if c.Redis.WaitReplicas > 0 && c.Redis.URL.Reveal() == "" {
		wrong([]string{"redis", "wait_replicas"}, "wait_replicas is %d without a url: a Redis of our own has no replicas", c.Redis.WaitReplicas)
	}
	if c.Suppress.Calls < 2 || c.Suppress.Within <= 0 {
		wrong([]string{"suppress"}, "suppress: calls must be 2 or more, and within a time such as 60d")
	}
	for key := range c.Worker.Group {
		if _, err := address.ParseChannel(key); err != nil || c.Worker.Group[key] < 1 || c.Worker.Group[key] > 64 {
			wrong([]string{"worker", "group", key}, "group.%s: a channel and a number from 1 to 64 are right", key)
		}
	}
	for key, r := range c.Worker.Retry {
		if _, err := address.ParseChannel(key); err != nil || r.First <= 0 || r.Most < r.First || r.Attempts < 1 {
			wrong([]string{"worker", "retry", key}, "retry.%s: it needs first, most (no shorter than first) and attempts (1 or more), for email, sms or fax", key)
		}
	}
	c.checkQuiet(wrong)
	c.checkLanes(wrong)
	c.readKeys(wrong)
	for _, name := range slices.Sorted(maps.Keys(c.Gateway)) {
		g, gps := builtin.New(name, c.Gateway[name], resolver)
		ps = append(ps, gps...)
		if len(gps) == 0 {
			c.gates = append(c.gates, g)
		}
	}
	c.checkAlarms(wrong)
	ps = append(ps, c.makeWebhooks()...)
	if len(ps) > 0 {
		return conf.Problems(conf.Sort(ps))
	}
	return nil
}

// redis is the part of the config that opening Redis needs.
func (c *config) redis() redisdb.Config {
	return redisdb.Config{
		URL: c.Redis.URL.Reveal(), DataDir: c.Data, AppendFsync: c.Redis.AppendFsync, AllowLossy: c.Redis.AllowLossy,
		Replicas: redisdb.Replicas{N: c.Redis.WaitReplicas, Timeout: c.Redis.WaitTimeout},
	}
}

// worker is the part of the config that a worker needs.
func (c *config) worker(channels []address.Channel) worker.Config {
	w := worker.Config{
		Channels: channels, Liveness: c.Worker.Liveness, Grace: c.Worker.Grace, Drain: c.Worker.Drain, Sweep: c.Worker.Sweep,
		Group: map[address.Channel]int{}, Retry: map[address.Channel]worker.Retry{}, Links: c.links(), Samples: c.samples,
		Quiet: c.Quiet.rules(), Lanes: c.Lane.lanes(), Zone: c.zone(),
	}
	if c.exchangers != nil && !c.samples {
		w.Exchangers = func(ctx context.Context, domain string) ([]string, error) {
			return mx.Exchangers(ctx, c.exchangers, domain)
		}
	}
	w.Run = lists.Run{Calls: c.Suppress.Calls, Within: time.Duration(c.Suppress.Within)}
	if w.Journal = c.Worker.Journal; w.Journal != "" && !filepath.IsAbs(w.Journal) {
		w.Journal = filepath.Join(c.Data, w.Journal)
	}
	for _, ch := range address.Channels {
		if n, ok := c.Worker.Group[ch.String()]; ok {
			w.Group[ch] = n
		}
		if r, ok := c.Worker.Retry[ch.String()]; ok {
			w.Retry[ch] = worker.Retry(r)
		}
	}
	return w
}

// rehearsalDomain ends the envelope senders of rehearsals while no domain is set
// (RFC 2606: never a real one).
const rehearsalDomain = "rehearsal.invalid"

func (c *config) links() worker.Links {
	return worker.Links{Organisation: c.Organisation, Public: c.Web.PublicURL, BounceDomain: cmp.Or(c.Inbox.Domain, rehearsalDomain), Region: c.Region, TextFrom: c.Petition.SMSFrom, Signers: c.signers}
}

// configCommand prints the settings with their explanations.
func (p *program) configCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "config",
		Short: "Print every setting with its default, to begin a clarion.toml with",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := p.out.Write(defaultConfig)
			return err
		},
	}
}
