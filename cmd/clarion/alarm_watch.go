package main

import (
	"context"
	"slices"

	"clarion/internal/clock"
	"clarion/lists/address"
	"clarion/webhooks"
	"clarion/worker"
	"clarion/worker/alarm"
)

// checkAlarms finds what is wrong with who is told of what.
func (c *config) checkAlarms(wrong func(key []string, format string, args ...any)) {
	c.Alarm.Check(c.Region, func(key, format string, args ...any) { wrong([]string{"alarm", key}, format, args...) })
	for i, p := range c.Alarm.Person {
		if p.Email != "" && c.Inbox.Domain == "" {
			wrong([]string{"alarm", "person"}, "person %d: notices by email need inbox.domain, from which they come and to which they come back", i+1)
		}
		for ch, at := range map[address.Channel]string{address.Email: p.Email, address.SMS: p.Phone} {
			if at != "" && !slices.ContainsFunc(c.gates, func(g worker.Gate) bool { return g.Channel == ch }) {
				wrong([]string{"alarm", "person"}, "person %d: no gateway takes %s", i+1, ch)
			}
		}
	}
}

// watchAlarms has this process look for alarms when it is its turn.
func (e *engine) watchAlarms(ctx context.Context, in *worker.Inbound) {
	a := e.app
	reply := a.desk.ReplyDue
	if a.roll == nil {
		reply = nil
	}
	w := alarm.NewWatcher(a.cfg.Alarm, alarm.Parts{
		Redis: a.db.Client(), Ledger: a.ledger, Queue: a.queue, Figures: a.db.Figures, Gates: a.cfg.gates, Inbound: in, Reply: reply, Keys: a.keys,
		Signers: a.cfg.signers, Clock: clock.System{}, Zone: a.cfg.zone(), Log: a.log, Told: machines{a.hooks},
		Organisation: a.cfg.Organisation, Domain: a.cfg.Inbox.Domain, Public: a.cfg.Web.PublicURL,
	})
	e.run(func() error { w.Run(ctx); return nil })
}

// machines are told of alarms by webhooks.
type machines struct{ hooks *webhooks.Store }

func (m machines) Alarm(ctx context.Context, a *alarm.Alarm) error {
	return m.hooks.LookAlarm(ctx, webhooks.Alarm{Number: a.ID, Kind: string(a.Kind), Object: a.Object, Level: string(a.Level),
		Sentence: a.Sentence.En, SentenceKo: a.Sentence.Ko, Since: a.Since, Over: a.Over})
}
