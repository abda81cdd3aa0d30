package hylafax

import (
	"bytes"
	"context"
	"errors"
	"net"
	"strconv"
	"strings"
	"time"

	"clarion/worker/gateway"
)

// Send hands one document to HylaFAX as a job whose tag is the delivery's token.
// The line may break at any point before the job is submitted without harm, for
// HylaFAX drops it then.
func (g *Gateway) Send(ctx context.Context, m gateway.Message) (gateway.Receipt, error) {
	number, err := g.dialString(m.To.Reveal())
	if err != nil {
		return gateway.Receipt{}, err
	}
	if !bytes.HasPrefix(m.Body, []byte("%PDF-")) {
		return gateway.Receipt{}, &gateway.Error{Kind: gateway.Refused, Reason: gateway.Content, Err: errors.New("document is no PDF")}
	}
	if m.Delivery == "" || !plain(m.Delivery) || !plain(m.From) {
		return gateway.Receipt{}, &gateway.Error{Kind: gateway.Refused, Reason: gateway.Content, Err: errors.New("delivery or sender cannot stand in a command")}
	}
	s, err := g.open(ctx)
	if err != nil {
		return gateway.Receipt{}, err
	}
	defer s.close()
	file, err := s.store(m.Body)
	if err != nil {
		return gateway.Receipt{}, err
	}
	job, err := s.newJob()
	if err != nil {
		return gateway.Receipt{}, err
	}
	for _, p := range g.params(number, m) {
		r, err := s.ask("JPARM " + p.name + " " + p.value)
		if err != nil {
			return gateway.Receipt{}, err
		}
		if r.code == 213 {
			continue
		}
		e := refused(p.name, r.code)
		if p.value == quote(number) && e.Kind == gateway.Misconfigured {
			e.Kind = gateway.Failed // this number's fault, not the gateway's
		}
		return gateway.Receipt{}, e
	}
	if err := s.want(200, "DOCUMENT", "JPARM DOCUMENT "+file); err != nil {
		return gateway.Receipt{}, err
	}
	if err := s.submit(job); err != nil {
		return gateway.Receipt{}, err
	}
	return gateway.Receipt{ID: job}, nil
}

type param struct{ name, value string }

// params are the job's parameters (hfaxd(8), "JPARM").
func (g *Gateway) params(number string, m gateway.Message) []param {
	c := &g.config
	resolution := "196"
	if c.Resolution == "normal" {
		resolution = "98"
	}
	list := []param{
		{"FROMUSER", quote("Clarion")},
		{"JOBINFO", quote(m.Delivery)},
		{"DIALSTRING", quote(number)},
		{"EXTERNAL", quote(number)},
		{"LASTTIME", lastTime(time.Duration(c.KillTime))},
		{"MAXDIALS", strconv.Itoa(c.MaxDials)},
		{"MAXTRIES", strconv.Itoa(c.MaxTries)},
		{"VRES", resolution},
		{"PAGEWIDTH", "209"}, // A4 less what faxes cannot print, mm
		{"PAGELENGTH", "296"},
		{"PAGECHOP", quote("default")},
		{"NOTIFY", quote("none")}, // no mail: Poll asks
	}
	if !c.Tagline {
		// "NO" would mean the server's own line; one of ours that is empty means none (sendq(5), desiredtl).
		list = append(list, param{"USETAGLINE", "YES"}, param{"TAGLINE", quote("")})
	}
	if m.From != "" {
		list = append(list, param{"TSI", quote(m.From)}) // what the receiving machine shows, ITU-T T.30 §5.3.6.2.6
	}
	if c.Modem != "" {
		list = append(list, param{"MODEM", quote(c.Modem)})
	}
	return list
}

func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// store uploads a document for this session and returns its name at the server,
// "/tmp/doc23.ps". The ending says nothing: HylaFAX looks at the content.
func (s *session) store(document []byte) (string, error) {
	first, err := s.transfer("STOT", "STOT", func(c net.Conn) error {
		for len(document) > 0 {
			n, err := c.Write(document[:min(len(document), 256<<10)])
			if err != nil {
				return err
			}
			document = document[n:]
			s.extend(c) // the bound is on a step, not on the whole
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	_, rest, ok := strings.Cut(first.text, "FILE: ") // 150 FILE: /tmp/doc23.ps (Opening new data connection).
	file, _, _ := strings.Cut(rest, " ")
	if !ok || file == "" {
		return "", refused("STOT", first.code)
	}
	return file, nil
}

// newJob begins a job and returns its id. It exists only in this session yet.
func (s *session) newJob() (string, error) {
	r, err := s.ask("JNEW")
	if err != nil {
		return "", err
	}
	_, rest, ok := strings.Cut(r.text, "jobid: ") // 200 New job created: jobid: 23 groupid: 23.
	id, _, _ := strings.Cut(rest, " ")
	if r.code != 200 || !ok || !isNumber(id) {
		return "", refused("JNEW", r.code)
	}
	return id, nil
}

// submit hands the job to the scheduler. Once the command has been written, only
// an answer tells whether the fax will go.
func (s *session) submit(job string) error {
	doubt := func(err error) error {
		return &gateway.Error{Kind: gateway.Indeterminate, Reason: gateway.Network, Err: errors.Unwrap(broken(s.ctx, err))}
	}
	if err := s.ctx.Err(); err != nil {
		return broken(s.ctx, err)
	}
	if err := s.send("JSUBM"); err != nil {
		return doubt(err)
	}
	r, err := s.read()
	if err != nil {
		return doubt(err)
	}
	if r.code == 200 {
		return nil
	}
	// 460: the scheduler does not answer. The job is still this session's; it is
	// taken back at once, so that no scheduler finds it later.
	if back, err := s.ask("JDELE " + job); err != nil || back.code != 200 {
		return &gateway.Error{Kind: gateway.Indeterminate, Reason: gateway.OtherReason, Code: strconv.Itoa(r.code),
			Err: errors.New("HylaFAX did not submit the job, nor did it take it back")}
	}
	return refused("JSUBM", r.code)
}

func isNumber(s string) bool {
	_, err := strconv.ParseUint(s, 10, 32)
	return err == nil
}
