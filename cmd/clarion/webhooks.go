package main

import (
	"cmp"
	"maps"
	"slices"

	"clarion/internal/clock"
	"clarion/internal/conf"
	"clarion/internal/seal"
	"clarion/lists/address"
	"clarion/web/hook"
	"clarion/worker"
	"clarion/worker/gateway"
	"clarion/worker/gateway/webhook"
)

// makeWebhooks makes the sections [webhook.NAME]: each reads what a provider
// reports of the mail of one gateway, whose messages are marked for it.
func (c *config) makeWebhooks() []conf.Problem {
	var ps []conf.Problem
	c.hooks = map[string]hook.Source{}
	for _, name := range slices.Sorted(maps.Keys(c.Webhook)) {
		s := c.Webhook[name]
		var own webhook.Config
		if dps := s.Decode(&own); len(dps) > 0 {
			ps = append(ps, dps...)
			continue
		}
		h, err := webhook.New(name, own, clock.System{})
		if err != nil {
			ps = append(ps, s.Problem("", "%v", err))
			continue
		}
		i := slices.IndexFunc(c.gates, func(g worker.Gate) bool { return g.Name == own.Gateway && g.Channel == address.Email })
		if i < 0 && own.Gateway != "" {
			ps = append(ps, s.Problem("gateway", "webhook %q reports on the mail of gateway %q, which is no gateway for email of this config", name, own.Gateway))
			continue
		}
		if i >= 0 {
			c.gates[i].Gateway = h.Marking(c.gates[i].Gateway)
		}
		c.hooks[name] = hook.Source{Gateway: cmp.Or(own.Gateway, name), Purpose: seal.Bounce, Reporter: h}
	}
	for _, g := range c.gates {
		r, ok := g.Gateway.(gateway.Reporter)
		if !ok {
			continue
		}
		if _, taken := c.hooks[g.Name]; taken {
			ps = append(ps, c.Webhook[g.Name].Problem("", "webhook %q has the name of a gateway that reports by itself", g.Name))
			continue
		}
		c.hooks[g.Name] = hook.Source{Gateway: g.Name, Purpose: seal.Report, Reporter: r}
	}
	return ps
}
