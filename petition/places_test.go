package petition

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"testing"

	"github.com/redis/go-redis/v9"

	"clarion/internal/clock"
	"clarion/internal/redisdb"
	"clarion/internal/redistest"
)

// The same whole life runs in a Cluster, where nothing crosses slots, and in the Redis
// of the demo.
func TestOtherRedises(t *testing.T) {
	demo, err := redisdb.Open(t.Context(), redisdb.Config{InProcess: true}, slog.New(slog.DiscardHandler))
	must(t, err)
	defer demo.Close()
	for name, rdb := range map[string]redis.UniversalClient{"cluster": redistest.Cluster(t, 0).Client(), "demo": demo.Client()} {
		t.Run(name, func(t *testing.T) {
			clk := clock.NewManual(testStart)
			r := OpenRoll(save9(t), rdb, keyring(t), clk)
			ctx := t.Context()
			var slip *Slip
			for i := range 150 {
				slip = add(t, r, signing(fmt.Sprint("사람", i/2))).Slip
			}
			issue(t, r, 2)
			must(t, r.Count(ctx, 1, 10, 4))
			must(t, r.CountAgain(ctx, 1, 12, 5))
			must(t, r.Withdraw(ctx, 1))
			id, err := r.Invalidate(ctx, Filter{Numbers: []uint32{3, 103}}, "asked on the telephone", 1)
			must(t, err)
			must(t, r.Restore(ctx, id))
			if n, err := r.Advance(ctx, Counted, nil); err != nil || n != 149 {
				t.Errorf("%d were counted, %v", n, err)
			}
			if got := tally(t, r); got.AtLeast != 75+10 || got.AtMost != 149+12 {
				t.Errorf("the count is %+v", got)
			}
			_, err = r.Publish(ctx, "2013-06-10")
			must(t, err)
			p, err := r.Prove(ctx, slip.Number)
			must(t, err)
			must(t, Verify(slip, p))
			audited(t, r)
			clk.Set(r.Closes)
			c, err := r.Purge(ctx, 1)
			if err != nil || c.Records != 149 {
				t.Errorf("the certificate is %+v, %v", c, err)
			}
			audited(t, r)
		})
	}
}

// signerEnv tells this test binary that it is the process which is killed: it holds the
// address of a Redis.
const signerEnv = "CLARION_TEST_SIGNER"

const forms = 120

// TestMain lets this binary be the program that is killed.
func TestMain(m *testing.M) {
	if url := os.Getenv(signerEnv); url != "" {
		if err := signAll(url); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// signAll sends all forms, and says after each what it was answered.
func signAll(url string) error {
	rdb, err := redisdb.Connect(url)
	if err != nil {
		return err
	}
	defer rdb.Close()
	c, problems, err := LoadFS(Example())
	if err != nil || len(problems) > 0 {
		return fmt.Errorf("%w, %v", err, problems)
	}
	keys, err := testKeys()
	if err != nil {
		return err
	}
	r := OpenRoll(c, rdb, keys, clock.NewManual(testStart))
	for i := range forms {
		s := signing(fmt.Sprint("사람", i))
		s.Way, s.Once = WayWeb, bytes.Repeat([]byte{byte(i)}, 16)
		a, err := r.Add(context.Background(), s)
		if err == nil {
			err = r.Confirm(context.Background(), a.Number)
		}
		if err != nil {
			return err
		}
		fmt.Printf("%d %d %s\n", i, a.Number, a.Slip.Code())
	}
	return nil
}

// The process is killed again and again, each time after one more form was answered,
// while all browsers send theirs anew: what was answered once is answered so for ever,
// and everybody counts once.
func TestKilledProcessCountsOnce(t *testing.T) {
	server := redistest.Server(t, "--appendfsync", "always")
	answers := map[string]string{}
	for lines, ended := 1, false; !ended; lines += 7 {
		if lines > 4*forms {
			t.Fatalf("%d of %d forms were answered", len(answers), forms)
		}
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), signerEnv+"="+server.URL())
		out, err := cmd.StdoutPipe()
		must(t, err)
		must(t, cmd.Start())
		scan := bufio.NewScanner(out)
		for n := 0; n < lines && scan.Scan(); n++ {
			var form, number, code string
			if _, err := fmt.Sscan(scan.Text(), &form, &number, &code); err != nil {
				t.Fatal(err)
			}
			if was, ok := answers[form]; ok && was != number+code {
				t.Errorf("form %s was answered by %s, and is by %s", form, was, number+code)
			}
			answers[form] = number + code
		}
		must(t, cmd.Process.Kill())
		_, err = io.Copy(io.Discard, out)
		must(t, err)
		var killed *exec.ExitError
		if err := cmd.Wait(); err != nil && !errors.As(err, &killed) {
			t.Fatal(err)
		}
		ended = len(answers) == forms
	}
	r := OpenRoll(save9(t), server.Client(), keyring(t), clock.NewManual(testStart))
	if got := tally(t, r); got.AtLeast != forms || got.AtMost != forms {
		t.Errorf("%d forms are %d to %d", forms, got.AtLeast, got.AtMost)
	}
	if a := audited(t, r); a.Signatures != forms {
		t.Errorf("%d signatures were made", a.Signatures)
	}
}

// BenchmarkAdd signs, with every signature on disk before it is answered.
func BenchmarkAdd(b *testing.B) {
	r := OpenRoll(save9(b), redistest.Server(b, "--appendfsync", "always").Client(), keyring(b), clock.NewManual(testStart))
	for i := 0; b.Loop(); i++ {
		s := signing(fmt.Sprint("사람", i))
		s.Contact = mail(b, fmt.Sprintf("p%d@example.org", i))
		if _, err := r.Add(b.Context(), s); err != nil {
			b.Fatal(err)
		}
	}
}
