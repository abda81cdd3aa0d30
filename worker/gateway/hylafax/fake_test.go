package hylafax_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"clarion/internal/conf"
	"clarion/worker/gateway/gatewaytest"
	"clarion/worker/gateway/hylafax"
)

const password = "hfaxd-Password-42"

// overrides are scenes in which one command is answered otherwise, by its verb
// or by "JPARM NAME".
var overrides = map[string]map[string]string{
	"shutting_down":   {"greeting": "421 HylaFAX is going down"},
	"bad_login":       {"PASS": "530 Login incorrect."},
	"no_login_now":    {"USER": "450 Try again"},
	"account":         {"PASS": "332 Need account"},
	"no_passive":      {"PASV": "425 Cannot open passive connection"},
	"disk_full":       {"STOT": "452 Insufficient storage"},
	"no_job":          {"JNEW": "500 Cannot create job"},
	"bad_number":      {"JPARM DIALSTRING": "504 Bad dial string"},
	"bad_modem":       {"JPARM MODEM": "504 No such modem"},
	"bad_document":    {"JPARM DOCUMENT": "550 Not found"},
	"no_scheduler":    {"JSUBM": "460 Failed to submit job 1: Unable to open scheduler FIFO"},
	"no_taking_back":  {"JSUBM": "460 Failed to submit job 1: No answer", "JDELE": "504 Cannot delete job"},
	"multiline":       {"JSUBM": "200-Some words\r\n 504 not the end\r\n200 Job 1 submitted."},
	"garbled_passive": {"PASV": "227 Entering passive mode (1,2,3)"},
}

// A server plays hfaxd as far as the gateway talks to it.
type server struct {
	scene   string
	reached chan struct{}
	ended   chan struct{}

	mu   sync.Mutex
	jobs []string // the tags of what was submitted
	// sendq and doneq are listed beside those.
	sendq, doneq string
	killed       []string
	status       string
}

func start(t testing.TB, s *server) (addr string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	s.ended = make(chan struct{})
	s.reached = make(chan struct{}, 16)
	var all sync.WaitGroup
	t.Cleanup(func() { close(s.ended); l.Close(); all.Wait() })
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if s.scene == gatewaytest.CutBefore {
				c.Close()
				continue
			}
			all.Go(func() {
				defer c.Close()
				stop := make(chan struct{})
				defer close(stop)
				go func() {
					select {
					case <-s.ended:
						c.Close()
					case <-stop:
					}
				}()
				s.serve(c)
			})
		}
	})
	return l.Addr().String()
}

// serve holds one dialogue. It quotes what it is told in its answers, as hfaxd does.
func (s *server) serve(c net.Conn) {
	in := bufio.NewScanner(c)
	say := func(key, format string, args ...any) {
		line := fmt.Sprintf(format, args...)
		if other, ok := overrides[s.scene][key]; ok {
			line = other
		}
		io.WriteString(c, line+"\r\n")
	}
	say("greeting", "220 test server (HylaFAX (tm) Version 6.0.7) ready.")
	var data net.Listener
	var tag, heard string
	defer func() {
		if data != nil {
			data.Close()
		}
	}()
	for in.Scan() {
		verb, arg, _ := strings.Cut(in.Text(), " ")
		heard += " " + arg
		switch verb {
		case "USER":
			say(verb, "331 Password required for %s.", arg)
		case "PASS":
			if arg != password {
				say(verb, "530 Login incorrect.")
				continue
			}
			say(verb, "230 User logged in.%s", heard)
		case "TYPE", "JOBFMT":
			say(verb, "200 %s command successful.", verb)
		case "PASV":
			if data != nil {
				data.Close()
			}
			data, _ = net.Listen("tcp", "127.0.0.1:0")
			port := data.Addr().(*net.TCPAddr).Port
			say(verb, "227 Entering passive mode (10,1,2,3,%d,%d)", port>>8, port&255)
		case "STOT":
			say(verb, "150 FILE: /tmp/doc1.ps (Opening new data connection).")
			if _, other := overrides[s.scene][verb]; other {
				continue
			}
			d, err := data.Accept()
			if err != nil {
				return
			}
			body, _ := io.ReadAll(d)
			d.Close()
			heard += string(body)
			say("", "226 Transfer complete (FILE: /tmp/doc1.ps).%s", strings.ReplaceAll(heard, "\n", " "))
		case "LIST":
			say(verb, "150 Opening new data connection for %q.", arg)
			d, err := data.Accept()
			if err != nil {
				return
			}
			io.WriteString(d, s.list(arg))
			d.Close()
			say("", "226 Transfer complete.")
		case "JNEW":
			say(verb, "200 New job created: jobid: 1 groupid: 1.")
		case "JPARM":
			name, value, _ := strings.Cut(arg, " ")
			code := 213
			if name == "DOCUMENT" {
				code = 200
			} else if name == "JOBINFO" {
				tag = strings.Trim(value, `"`)
			}
			say("JPARM "+name, "%d %s set to %s.", code, name, value)
		case "JSUBM":
			switch s.scene {
			case gatewaytest.CutAfter:
				return
			case gatewaytest.Hang:
				s.reached <- struct{}{}
				<-s.ended
				return
			}
			if line := overrides[s.scene][verb]; line == "" || strings.HasPrefix(line, "200") {
				s.mu.Lock()
				s.jobs = append(s.jobs, tag)
				s.mu.Unlock()
			}
			say(verb, "200 Job 1 submitted.")
		case "JKILL":
			s.mu.Lock()
			s.killed = append(s.killed, arg)
			s.mu.Unlock()
			say(verb, "200 Job %s killed.", arg)
		case "JDELE":
			say(verb, "200 Job %s deleted; current job: (default).", arg)
		default:
			say(verb, "500 %s: Command not recognized.%s", verb, heard)
		}
	}
}

func (s *server) list(dir string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch dir {
	case "status":
		return s.status
	case "sendq":
		list := s.sendq
		for i, tag := range s.jobs {
			list += fmt.Sprintf("%d|clarion|R|0|0|%s|\r\n", i+100, tag)
		}
		return list
	}
	return s.doneq
}

func (s *server) taken() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.jobs)
}

func open(t testing.TB, c hylafax.Config) *hylafax.Gateway {
	t.Helper()
	c.User, c.Password = "clarion", conf.NewSecret(password)
	if c.Country == "" {
		c.Country = "82"
	}
	g, err := hylafax.New(c)
	if err != nil {
		t.Fatalf("new gateway: %v", err)
	}
	return g
}
