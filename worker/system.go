package worker

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/publicsuffix"

	"clarion/lists"
	"clarion/lists/address"
	"clarion/worker/gateway"
)

// bigSystems name the lanes of systems that take mail for very many domains, by
// the end of their exchangers' names. Each is called by the domain that most
// people know it by, so that settings and screens say the same word.
var bigSystems = [...]struct{ suffix, lane string }{
	{"google.com", "gmail.com"}, {"googlemail.com", "gmail.com"},
	{"outlook.com", "outlook.com"}, {"hotmail.com", "outlook.com"}, {"mx.microsoft", "outlook.com"},
	{"naver.com", "naver.com"}, {"worksmobile.com", "naver.com"},
	{"daum.net", "daum.net"}, {"hanmail.net", "daum.net"}, {"kakao.com", "daum.net"},
	{"yahoodns.net", "yahoo.com"},
}

// systemOf names the lane of an exchanger: that of a big system, else the domain
// under which its host is registered.
func systemOf(host string) string {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	for _, b := range bigSystems {
		if host == b.suffix || strings.HasSuffix(host, "."+b.suffix) {
			return b.lane
		}
	}
	own, err := publicsuffix.EffectiveTLDPlusOne(host)
	if err != nil {
		return host
	}
	return own
}

// laneNameMost is the longest name of a lane, in octets: a work keeps its length in one.
const laneNameMost = 200

// Meet asks ahead for the lanes of the mail domains of an audience, as planning it
// would: whoever works looks them up, and the first call to these people is in its
// right lanes. It waits for no name server.
func (s *Systems) Meet(ctx context.Context, people *lists.Store, audience []byte) error {
	met := map[string]bool{}
	var contacts []lists.Contact
	for numbers := range slices.Chunk(slices.Collect(lists.Numbers(audience)), meetAtOnce) {
		var err error
		if contacts, err = people.ReadRecipients(ctx, contacts, numbers); err != nil {
			return err
		}
		var fresh []string
		for i := range contacts {
			if domain := contacts[i].Address(address.Email).Domain(); domain != "" && !met[domain] {
				domain = strings.Clone(domain) // not with the whole record
				met[domain], fresh = true, append(fresh, domain)
			}
		}
		if _, err := s.Of(ctx, fresh); err != nil {
			return err
		}
		if len(met) > wantedMost { // planning asks for the rest
			return nil
		}
	}
	return nil
}

// meetAtOnce is how many contacts are read together.
const meetAtOnce = 1024

// findSystems asks, apart from all sending, who receives for mail domains that were
// met: what it finds holds from the next audience on.
func (w *Worker) findSystems(ctx context.Context) {
	for sleep(ctx, w.cfg.Sweep) == nil {
		domains, err := w.systems.wanted(ctx)
		if err != nil && ctx.Err() == nil {
			w.log.Warn("mail domains to be looked up cannot be read", "error", err)
		}
		if len(domains) == 0 {
			continue
		}
		lanes := make([]known, len(domains))
		var all sync.WaitGroup
		free := make(chan struct{}, 8)
		for i, domain := range domains {
			free <- struct{}{}
			all.Go(func() {
				lanes[i] = w.systemFor(ctx, domain)
				<-free
			})
		}
		all.Wait()
		if ctx.Err() != nil {
			return
		}
		if err := w.systems.found(ctx, domains, lanes); err != nil && ctx.Err() == nil {
			w.log.Warn("who receives for mail domains could not be noted", "error", err)
		}
	}
}

// known is the lane of a mail domain. Unsure says that the name server did not
// answer: it is asked again before long.
type known struct {
	lane   string
	unsure bool
}

// systemFor finds the lane of a mail domain; the domain itself where nobody knows better.
func (w *Worker) systemFor(ctx context.Context, domain string) known {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	hosts, err := w.cfg.Exchangers(ctx, domain)
	if err != nil {
		return known{domain, gateway.Classify(err, false).Kind != gateway.Dead}
	}
	lane := systemOf(hosts[0])
	if len(lane) > laneNameMost {
		lane = domain
	}
	return known{lane, false}
}
