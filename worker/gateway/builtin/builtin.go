// Package builtin owns the one table of the gateways that come with Clarion: a
// kind, its channel, and how one is made of its section in clarion.toml. A new
// gateway is a folder and a line here.
package builtin

import (
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"

	"clarion/internal/clock"
	"clarion/internal/conf"
	"clarion/lists/address"
	"clarion/worker"
	"clarion/worker/gateway"
	"clarion/worker/gateway/hylafax"
	"clarion/worker/gateway/kannel"
	"clarion/worker/gateway/mx"
	"clarion/worker/gateway/rehearsal"
	"clarion/worker/gateway/smtp"
)

// A kind makes a gateway of its section, whose common part is decoded into common.
type kind struct {
	channel address.Channel
	make    func(name string, s conf.Section, common *common, dns *net.Resolver) (gateway.Gateway, []conf.Problem)
}

// kinds is the table.
var kinds = map[string]kind{
	"smtp": {address.Email, section(func(name string, c smtp.Config) (gateway.Gateway, error) { return smtp.New(c, name) })},
	"mx": {address.Email, sectionDNS(func(name string, c mx.Config, dns *net.Resolver) (gateway.Gateway, error) {
		return mx.New(c, name, dns)
	})},
	"kannel":  {address.SMS, section(func(_ string, c kannel.Config) (gateway.Gateway, error) { return kannel.New(c) })},
	"hylafax": {address.Fax, section(func(_ string, c hylafax.Config) (gateway.Gateway, error) { return hylafax.New(c) })},
}

// common is the part of a gateway's section that all kinds share.
type common struct {
	Kind        string        `toml:"kind"`
	Rate        float64       `toml:"rate"`        // messages a second over all processes; 0: no limit
	Warmup      worker.Warmup `toml:"warmup"`      // what may go in a day, over all processes
	Connections int           `toml:"connections"` // batches that one process sends at once; 0: the channel's default
	Weight      float64       `toml:"weight"`      // share of the channel's messages, beside other gateways; 1 if 0
	Price       float64       `toml:"price"`       // of a mail, a part of a text message, a page of a fax, in the settings' currency
	Standby     bool          `toml:"standby"`     // only while no other gateway of the channel takes messages
	Domains     []string      `toml:"domains"`     // email: From domains that it may send, with those below; none: any
	SendsFrom   []string      `toml:"sends_from"`  // email: the addresses from which receivers see its mail come; doctor holds DNS against them
}

// section makes a kind's constructor of one that takes the kind's own Config.
func section[C any](build func(name string, c C) (gateway.Gateway, error)) func(string, conf.Section, *common, *net.Resolver) (gateway.Gateway, []conf.Problem) {
	return sectionDNS(func(name string, c C, _ *net.Resolver) (gateway.Gateway, error) { return build(name, c) })
}

// sectionDNS does so for one that asks the name server.
func sectionDNS[C any](build func(name string, c C, dns *net.Resolver) (gateway.Gateway, error)) func(string, conf.Section, *common, *net.Resolver) (gateway.Gateway, []conf.Problem) {
	return func(name string, s conf.Section, shared *common, dns *net.Resolver) (gateway.Gateway, []conf.Problem) {
		var own C
		if ps := s.Decode(shared, &own); len(ps) > 0 {
			return nil, ps
		}
		g, err := build(name, own, dns)
		if err != nil {
			return nil, []conf.Problem{s.Problem("", "%v", err)}
		}
		return g, nil
	}
}

// New makes the gateway that a section of clarion.toml describes; dns is what it
// asks where mail goes, if it delivers itself.
func New(name string, s conf.Section, dns *net.Resolver) (worker.Gate, []conf.Problem) {
	k, ok := kinds[s.Text("kind")]
	if !ok {
		known := slices.Sorted(maps.Keys(kinds))
		return worker.Gate{}, []conf.Problem{s.Problem("kind", "gateway %q has the kind %q: known kinds are %s", name, s.Text("kind"), strings.Join(known, ", "))}
	}
	var c common
	g, ps := k.make(name, s, &c, dns)
	if err := c.Warmup.Check(); err != nil {
		ps = append(ps, s.Problem("warmup", "%v", err))
	}
	if len(ps) > 0 {
		return worker.Gate{}, ps
	}
	switch {
	case c.Weight < 0:
		return worker.Gate{}, []conf.Problem{s.Problem("weight", "gateway.%s.weight is %v: a share such as 1 or 2.5 is right; standby = true keeps it for when no other takes messages", name, c.Weight)}
	case c.Price < 0:
		return worker.Gate{}, []conf.Problem{s.Problem("price", "gateway.%s.price is %v: what a mail, a part of a text message or a page of a fax costs is right, such as 9.9", name, c.Price)}
	case len(c.Domains) > 0 && k.channel != address.Email:
		return worker.Gate{}, []conf.Problem{s.Problem("domains", "gateway.%s.domains: only a gateway for email has them", name)}
	}
	for _, d := range c.Domains {
		if d == "" || strings.ToLower(d) != d || strings.ContainsAny(d, "@ *") || strings.HasPrefix(d, ".") {
			return worker.Gate{}, []conf.Problem{s.Problem("domains", "gateway.%s.domains names %q: a domain in lower case is right, such as example.org; those below it go with it", name, d)}
		}
	}
	var from []netip.Addr
	for _, text := range c.SendsFrom {
		ip, err := netip.ParseAddr(text)
		if err != nil || k.channel != address.Email {
			return worker.Gate{}, []conf.Problem{s.Problem("sends_from", "gateway.%s.sends_from names %q: the addresses from which a gateway for email sends are right, such as 192.0.2.7", name, text)}
		}
		from = append(from, ip)
	}
	return worker.Gate{SendsFrom: from, Name: name, Channel: k.channel, Gateway: g, Rate: c.Rate, Warmup: c.Warmup, Connections: c.Connections, Weight: c.Weight, Price: c.Price, Standby: c.Standby, Domains: c.Domains}, nil
}

// Rehearsals are the gateways of rehearsals, one a channel. They send nothing to
// anybody.
func Rehearsals(c rehearsal.Config, clk clock.Clock) ([]worker.Gate, error) {
	out := make([]worker.Gate, 0, len(address.Channels))
	for _, ch := range address.Channels {
		g, err := rehearsal.New(c, RehearsalName(ch), clk)
		if err != nil {
			return nil, fmt.Errorf("make the rehearsal gateways: %w", err)
		}
		out = append(out, worker.Gate{Name: RehearsalName(ch), Channel: ch, Gateway: g, Rehearsal: true})
	}
	return out, nil
}

// Demos are gateways that calls of the demo go through as if they were real, one a
// channel. They send nothing to anybody.
func Demos(c rehearsal.Config, clk clock.Clock) ([]worker.Gate, error) {
	gates, err := Rehearsals(c, clk)
	for i := range gates {
		g := &gates[i]
		g.Name, g.Rehearsal = "demo-"+g.Channel.String(), false
		if g.Gateway, err = rehearsal.New(c, g.Name, clk); err != nil {
			return nil, fmt.Errorf("make the demo's gateways: %w", err)
		}
	}
	return gates, err
}

// RehearsalName is the name of a channel's rehearsal gateway.
func RehearsalName(ch address.Channel) string { return "rehearsal-" + ch.String() }
