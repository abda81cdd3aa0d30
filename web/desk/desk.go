// Package desk owns what staff do with calls and lists: one function an action,
// for the command line, the console and the API alike. How it looks on a screen,
// and who may do it, is theirs.
package desk

import (
	"context"
	"time"

	"clarion/broadcast"
	"clarion/broadcast/amnesty"
	"clarion/internal/clock"
	"clarion/internal/redisdb"
	"clarion/internal/seal"
	"clarion/lists"
	"clarion/lists/address"
	"clarion/petition"
	"clarion/petition/texting"
	"clarion/worker"
	"clarion/worker/alarm"
)

// Parts are what a desk works with, opened by the program.
type Parts struct {
	Redis  worker.Redis
	Ledger *broadcast.Ledger
	People *lists.Store
	Queue  *worker.Queue
	Keys   *seal.Keyring
	Clock  clock.Clock // the system's if nil

	Gates    []Gate // as the settings name them, without those of rehearsals
	Links    worker.Links
	Lanes    worker.Lanes    // what receiving systems bear
	Systems  *worker.Systems // who receives for mail domains; nil: nobody asks
	Quiet    worker.Quiet
	Bounces  bool   // a domain is set that returned mail comes to
	Settings string // the file of settings, for problems that are mended there
	Release  ReleaseRule
	Petition *petition.Desk                                   // volunteers' codes, and who came by them; nil where nobody asks
	Appeal   petition.Appeal                                  // what volunteers carry on
	Roll     *petition.Roll                                   // the signatures; nil where people do not sign here
	Letters  Letters                                          // to single signers and volunteers; nil: none go out
	Reach    []address.Channel                                // on which letters go out
	Office   string                                           // the organisation's own inbox, where answers go; "" for none
	Zone     *time.Location                                   // in which people are told times; the machine's if nil
	Figures  func(context.Context) ([]redisdb.Figures, error) // how Redis fares; nil: nobody knows
}

// A Gate is a gateway of the settings, and the line at which they name it.
type Gate struct {
	worker.Gate
	Line int
}

// A Desk is where staff work. It is safe for concurrent use.
type Desk struct {
	Parts
	amnesty *amnesty.Desk
	alarms  *alarm.Store
	texting *texting.Desk
}

// New returns a desk.
func New(p Parts) *Desk {
	if p.Zone == nil {
		p.Zone = time.Local
	}
	if p.Clock == nil {
		p.Clock = clock.System{}
	}
	d := &Desk{Parts: p, amnesty: amnesty.Open(p.Redis, p.People, p.Ledger, p.Clock), alarms: alarm.Open(p.Redis)}
	d.texting = texting.Open(texting.Settings{Awake: d.awake}, p.Redis, p.People, p.Clock)
	return d
}
