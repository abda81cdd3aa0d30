package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/text/encoding/korean"

	"clarion/internal/audit"
	"clarion/internal/clock"
	"clarion/internal/conf"
	"clarion/internal/redisdb"
	"clarion/internal/redistest"
	"clarion/internal/seal"
	"clarion/lists"
	"clarion/lists/address"
	"clarion/petition"
	"clarion/web/access"
)

// The scripts run the program as a person does: this test binary stands in
// their PATH as clarion.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"clarion": main})
}

// TestScripts runs testdata/script. Each script has a Redis of its own, which
// its clarion.toml names, $REDIS_URL and $REDIS_SOCKET, and a free $PORT.
//
//	exits STATUS clarion …    the program ends with this status
//	cp949 FROM TO             writes a file in the encoding of Korean Excel
//	publish FILE              what dkim show --json printed stands in DNS, at $DNS
//	suppressed EMAIL REASON SOURCE [CALL]
//	                          what a gateway's report does to an address
//	noted ACTOR ACTION [OBJECT [KEY=VALUE]]
//	                          an entry of the audit trail
//	directed EMAIL            the team has its first director
//	signed FOLDER NAME SLIP [EMAIL]
//	                          somebody signed the petition of a folder by post; their slip
//	                          is in the file SLIP, and the night is over. They are to hear
//	                          of it at the address, and agreed that their name be handed over
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireUniqueNames:  true,
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			t, ok := env.T().(testing.TB)
			if !ok {
				return errors.New("the scripts are not run by go test")
			}
			url := redistest.Server(t, "--appendfsync", "always").URL()
			env.Setenv("REDIS_URL", url)
			env.Setenv("REDIS_SOCKET", strings.TrimPrefix(url, "unix://"))
			env.Setenv("TZ", "Asia/Seoul")
			env.Setenv("PORT", redistest.Port(t))
			return os.WriteFile(filepath.Join(env.WorkDir, "clarion.toml"), fmt.Appendf(nil, "redis.url = %q\ndns.lanes = false\n", url), 0o600)
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits": exits,
			"cp949": cp949,

			"publish":    publish,
			"suppressed": suppressed,
			"noted":      noted,
			"signed":     signed,
			"directed":   directed,
		},
	})
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("exits STATUS PROGRAM [ARGUMENT…]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("it ended with status %d, want %d", got, want)
	}
}

func cp949(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("cp949 FROM TO")
	}
	b, err := korean.EUCKR.NewEncoder().Bytes([]byte(ts.ReadFile(args[0])))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), b, 0o600))
}

func suppressed(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 || len(args) > 4 {
		ts.Fatalf("suppressed EMAIL REASON SOURCE [CALL]")
	}
	ctx := context.Background()
	to, err := address.ParseEmail(args[0])
	ts.Check(err)
	sup := lists.Suppression{Source: args[2]}
	sup.Reason, err = lists.ParseReason(args[1])
	ts.Check(err)
	if len(args) == 4 {
		sup.Call = args[3]
	}
	rdb, err := redisdb.Connect(ts.Getenv("REDIS_URL"))
	ts.Check(err)
	ts.Defer(func() { rdb.Close() })
	keys, err := seal.LoadOrCreate(ts.MkAbs("clarion-data/clarion.key"))
	ts.Check(err)
	people, err := lists.Open(ctx, rdb, keys, clock.System{})
	ts.Check(err)
	_, err = people.Suppress(ctx, address.Email, people.Key(to), sup)
	ts.Check(err)
}

func noted(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || len(args) > 4 {
		ts.Fatalf("noted ACTOR ACTION [OBJECT [KEY=VALUE]]")
	}
	e := audit.Entry{Actor: audit.Actor(args[0]), Action: audit.Action(args[1])}
	if len(args) > 2 {
		e.Object = args[2]
	}
	if len(args) > 3 {
		key, value, _ := strings.Cut(args[3], "=")
		e.Details = map[string]string{key: value}
	}
	rdb, err := redisdb.Connect(ts.Getenv("REDIS_URL"))
	ts.Check(err)
	ts.Defer(func() { rdb.Close() })
	keys, err := seal.LoadOrCreate(ts.MkAbs("clarion-data/clarion.key"))
	ts.Check(err)
	ts.Check(audit.Open(rdb, keys, clock.System{}, ts.MkAbs("clarion-data/audit.anchor"), slog.New(slog.DiscardHandler)).Append(context.Background(), e))
}

func signed(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 || len(args) > 4 {
		ts.Fatalf("signed FOLDER NAME SLIP [EMAIL]")
	}
	campaign, problems, err := petition.Load(ts.MkAbs(args[0]))
	ts.Check(errors.Join(err, conf.Problems(problems).Err()))
	rdb, err := redisdb.Connect(ts.Getenv("REDIS_URL"))
	ts.Check(err)
	ts.Defer(func() { rdb.Close() })
	keys, err := seal.LoadOrCreate(ts.MkAbs("clarion-data/clarion.key"))
	ts.Check(err)
	clk := clock.NewManual(campaign.Opens)
	s := petition.Signing{Way: petition.WayPost, Name: args[1], Region: "seoul", Language: "ko", Agreed: petition.Agreed{Opinion: true}, Age: true}
	if len(args) == 4 {
		s.Contact, err = address.ParseEmail(args[3])
		ts.Check(err)
		s.Agreed.News, s.Agreed.Names = true, true
	}
	added, err := petition.OpenRoll(campaign, rdb, keys, clk).Add(context.Background(), s)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(added.Slip.String()), 0o600))
	clk.Advance(time.Duration(added.Number) * 24 * time.Hour)
	ts.Check(petition.OpenRoll(campaign, rdb, keys, clk).Nightly(context.Background()))
}

// directed makes the first director, who logs in with an app (RFC 6238).
func directed(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("directed EMAIL")
	}
	rdb, err := redisdb.Connect(ts.Getenv("REDIS_URL"))
	ts.Check(err)
	ts.Defer(func() { rdb.Close() })
	keys, err := seal.LoadOrCreate(ts.MkAbs("clarion-data/clarion.key"))
	ts.Check(err)
	clk := clock.System{}
	staff, err := access.Open(rdb, keys, clk, audit.Open(rdb, keys, clk, ts.MkAbs("clarion-data/audit.anchor"), slog.New(slog.DiscardHandler)), access.Config{Origin: "http://localhost:8080", Organisation: "Clarion"})
	ts.Check(err)
	ctx := context.Background()
	code, err := staff.FirstCode(ctx)
	ts.Check(err)
	setup := staff.SetupFirst()
	uri, err := url.Parse(setup.URI)
	ts.Check(err)
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(uri.Query().Get("secret"))
	ts.Check(err)
	mac := hmac.New(sha1.New, secret)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(time.Now().Unix()/30)))
	sum := mac.Sum(nil)
	app := fmt.Sprintf("%06d", (binary.BigEndian.Uint32(sum[sum[19]&15:])&0x7fffffff)%1000000)
	_, err = staff.First(ctx, code, access.Enrolment{Name: "Han", Language: "ko", Email: args[0], Password: "nine lanterns by the river", Setup: setup.Sealed, Code: app}, access.Client{Address: "192.0.2.1", Browser: "Firefox"})
	ts.Check(err)
}
