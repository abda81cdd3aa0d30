package hylafax

import (
	"context"
	"strconv"
	"strings"

	"clarion/worker/gateway"
)

// jobFormat has LIST give one job a line (hfaxd(8), "JOBFMT"): id, owner, state,
// pages sent, pages in all, tag, status. The last may hold anything.
const jobFormat = `JOBFMT "%j|%o|%a|%p|%y|%J|%s"`

// Letters of %a: what a job is doing (hfaxd(8)).
const (
	jobSleeping = 'S' // waits for the next dial
	jobDone     = 'D'
	jobFailed   = 'F'
	jobWaits    = "TPSBW" // suspended, pending, sleeping, blocked, ready: nobody is dialling
)

// aborted is the status that HylaFAX gives a job that was killed.
const aborted = "Job aborted by request"

// A job is one line of a queue.
type job struct {
	id           uint64
	owner        string
	state        byte
	pages, total int // sent, in all; total is 0 until the document was looked at
	tag          string
	status       string // why the last attempt failed, "" if it did not
}

// parseJobs reads a listing in jobFormat; lines of another form are passed over,
// as are the jobs of others and those without a tag.
func parseJobs(list, owner string) []job {
	var jobs []job
	for line := range strings.Lines(list) {
		f := strings.SplitN(strings.TrimRight(line, "\r\n"), "|", 7)
		if len(f) != 7 || f[1] != owner || f[5] == "" || len(f[2]) != 1 {
			continue
		}
		id, err1 := strconv.ParseUint(f[0], 10, 32)
		pages, err2 := strconv.ParseUint(f[3], 10, 16)
		total, err3 := strconv.ParseUint(f[4], 10, 16)
		if err1 != nil || err2 != nil || err3 != nil {
			continue
		}
		jobs = append(jobs, job{id: id, owner: f[1], state: f[2][0], pages: int(pages), total: int(total), tag: f[5], status: f[6]})
	}
	return jobs
}

func (j job) waits() bool { return strings.IndexByte(jobWaits, j.state) >= 0 }

func (j job) ended() bool { return j.state == jobDone || j.state == jobFailed }

func (j job) key() string { return strconv.FormatUint(j.id, 10) + " " + j.tag }

// report is what a job's state says of its delivery.
func (j job) report() gateway.Report {
	r := gateway.Report{Delivery: j.tag, ID: strconv.FormatUint(j.id, 10)}
	switch j.state {
	case jobDone:
		r.Event = gateway.EventDelivered
	case jobFailed:
		r.Event, r.Err = gateway.EventFailed, j.verdict()
	default:
		r.Event = gateway.EventAccepted
	}
	return r
}

// queues returns our jobs, first the waiting, then the ended. The waiting ones
// are asked for first: a job that ends meanwhile is in both, never in neither.
func (s *session) queues(owner string) ([]job, error) {
	if err := s.want(200, "JOBFMT", jobFormat); err != nil {
		return nil, err
	}
	waiting, err := s.list("sendq")
	if err != nil {
		return nil, err
	}
	ended, err := s.list("doneq")
	if err != nil {
		return nil, err
	}
	return append(parseJobs(waiting, owner), parseJobs(ended, owner)...), nil
}

// Poll returns the jobs that have ended since the last Poll. A job that found a
// person at the other end is stopped here, before HylaFAX dials again: it is
// someone's telephone. So is one that nobody wants any more.
func (g *Gateway) Poll(ctx context.Context) ([]gateway.Report, error) {
	s, err := g.open(ctx)
	if err != nil {
		return nil, err
	}
	defer s.close()
	jobs, err := s.queues(g.config.User)
	if err != nil {
		return nil, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	var reports []gateway.Report
	seen := make(map[string]bool, len(jobs))
	for _, j := range jobs {
		unwanted := g.wanted != nil && j.waits() && !g.wanted(ctx, j.tag)
		if unwanted || j.state == jobSleeping && personAnswered(j.status) {
			stopped, err := s.ask("JKILL " + strconv.FormatUint(j.id, 10))
			if err != nil {
				return reports, err
			}
			if stopped.code != 200 {
				continue // it has begun to dial, or has ended: the next Poll sees it
			}
			j.state = jobFailed
			if unwanted {
				j.status = aborted
			}
		}
		if !j.ended() {
			continue
		}
		if !g.told[j.key()] && !seen[j.key()] {
			reports = append(reports, j.report())
		}
		seen[j.key()] = true
	}
	for key := range g.told { // purged by HylaFAX: its id will come again
		if !seen[key] {
			delete(g.told, key)
		}
	}
	for key := range seen {
		g.told[key] = true
	}
	return reports, nil
}

// WithdrawUnless has Poll ask which jobs are wanted still.
func (g *Gateway) WithdrawUnless(wanted func(ctx context.Context, delivery string) bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.wanted = wanted
}

// Find looks for the job of a delivery, the latest if there are several.
func (g *Gateway) Find(ctx context.Context, delivery string) (r gateway.Report, found bool, err error) {
	s, err := g.open(ctx)
	if err != nil {
		return r, false, err
	}
	defer s.close()
	jobs, err := s.queues(g.config.User)
	if err != nil {
		return r, false, err
	}
	var latest job
	for _, j := range jobs {
		if j.tag == delivery && (!found || j.id > latest.id || j.id == latest.id && j.ended()) {
			latest, found = j, true
		}
	}
	if !found {
		return r, false, nil
	}
	return latest.report(), true, nil
}
