package desk

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"strings"
	"testing"
	"time"

	"clarion/broadcast"
	"clarion/internal/clock"
	"clarion/internal/conf"
	"clarion/internal/redistest"
	"clarion/internal/seal"
	"clarion/lists"
	"clarion/lists/address"
	"clarion/lists/tabular"
	"clarion/templates"
	"clarion/worker"
	"clarion/worker/gateway"
	"clarion/worker/gateway/builtin"
	"clarion/worker/gateway/rehearsal"
)

// open makes a desk on a Redis of the test's own, with three people on the list
// "supporters", of whom one said stop by email.
func open(t *testing.T) *Desk {
	t.Helper()
	keys, err := seal.New(bytes.Repeat([]byte{9}, 32))
	if err != nil {
		t.Fatal(err)
	}
	rdb, clk := redistest.New(t), clock.NewManual(time.Date(2013, 6, 10, 0, 0, 0, 0, time.UTC))
	people, err := lists.Open(t.Context(), rdb, keys, clk)
	if err != nil {
		t.Fatal(err)
	}
	table, err := tabular.Open(strings.NewReader("name,email,sms\n김영희,kim@example.org,010-2345-6789\nJohn,john@example.com,\nMary,mary@example.com,010-3456-7890\n"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := people.Import(t.Context(), table, lists.ImportOptions{List: "supporters", Consent: "yes", Region: "KR"}, func(int64, int) {}); err != nil {
		t.Fatal(err)
	}
	d := New(Parts{
		Redis: rdb, Ledger: broadcast.Open(rdb, clk), People: people, Queue: worker.NewQueue(rdb), Keys: keys, Clock: clk,
		Links:    worker.Links{Organisation: "Save 9 Campaign", Public: "https://act.example.org", BounceDomain: "mail.example.org", Region: "KR"},
		Settings: "clarion.toml",
	})
	if _, err := d.Suppress(t.Context(), "Mary@example.com", 0, lists.Suppression{Reason: lists.OptedOut, Source: "staff"}); err != nil {
		t.Fatal(err)
	}
	return d
}

// sample is the example call's folder in memory, its call.toml changed by pairs of
// old and new.
func sample(t *testing.T, changes ...string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	entries, err := fs.ReadDir(templates.Example(), ".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if files[e.Name()], err = fs.ReadFile(templates.Example(), e.Name()); err != nil {
			t.Fatal(err)
		}
	}
	for i := 0; i < len(changes); i += 2 {
		if !bytes.Contains(files[templates.CallFile], []byte(changes[i])) {
			t.Fatalf("the example has no %q", changes[i])
		}
	}
	files[templates.CallFile] = []byte(strings.NewReplacer(changes...).Replace(string(files[templates.CallFile])))
	return files
}

func TestDraftFromFolderAndMemory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.CopyFS(dir, templates.Example()); err != nil {
		t.Fatal(err)
	}
	there, err := ReadFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	here := ReadFiles(sample(t))
	if len(there.Problems)+len(here.Problems) > 0 {
		t.Fatal(there.Problems, here.Problems)
	}
	if !maps.EqualFunc(there.Text.Files(), here.Text.Files(), bytes.Equal) || there.line("email", "from") != here.line("email", "from") || here.line("email", "from") == 0 {
		t.Error("a draft from a folder and from memory differ")
	}
	if _, err := ReadFolder(dir + "/nothing"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder that is not there: %v", err)
	}
	for _, broken := range []map[string][]byte{nil, {"call.toml": []byte("= no")}, sample(t, "campaign =", "campain =")} {
		if d := ReadFiles(broken); len(d.Problems) == 0 || d.Text == nil {
			t.Errorf("%d broken files: problems %v", len(broken), d.Problems)
		}
	}
}

func TestCheckCountsAndNamesMistakes(t *testing.T) {
	t.Parallel()
	d := open(t)
	r, err := d.Check(t.Context(), ReadFiles(sample(t)))
	if err != nil {
		t.Fatal(err)
	}
	if want := (Reach{Contacts: 3, Email: 2, SMS: 2}); r.Audience != want {
		t.Errorf("audience %+v, want %+v", r.Audience, want)
	}
	said := conf.Problems(r.Problems).Error()
	for _, want := range []string{"call.toml:", "no gateway takes it", "clarion.toml: inbox.domain is not set"} {
		if !strings.Contains(said, want) {
			t.Errorf("problems do not say %q:\n%s", want, said)
		}
	}
	found := false
	for _, lo := range r.LeftOut {
		if lo == (LeftOut{"email", "opted_out", 1}) {
			found = lo.Sentence("en") == "they said stop" && lo.Sentence("ko") == "받지 않겠다고 했습니다"
		}
	}
	if !found {
		t.Errorf("left out: %+v", r.LeftOut)
	}
	if r.Parts.SMSSegments < 1 || r.Parts.FaxPages < 1 {
		t.Errorf("parts %+v", r.Parts)
	}
	// With mistakes in the files alone it looks no further.
	if r, err = d.Check(t.Context(), ReadFiles(sample(t, "campaign =", "campain ="))); err != nil || len(r.Problems) == 0 || r.Audience.Contacts != 0 {
		t.Errorf("a broken draft: %+v, %v", r, err)
	}
	// A list that is not there stands at its line.
	r, err = d.Check(t.Context(), ReadFiles(sample(t, `lists = ["supporters"]`, `lists = ["suporters"]`)))
	if err != nil || !strings.Contains(conf.Problems(r.Problems).Error(), `did you mean "supporters"`) {
		t.Errorf("an unknown list: %v, %v", r.Problems, err)
	}
}

// drain runs a worker until a call has ended.
func drain(t *testing.T, d *Desk, id broadcast.ID) *StatusReport {
	t.Helper()
	gates, err := builtin.Rehearsals(rehearsal.Config{}, clock.System{})
	if err != nil {
		t.Fatal(err)
	}
	w, err := worker.New(worker.Config{Links: d.Links}, worker.Parts{Redis: d.Redis, Ledger: d.Ledger, People: d.People, Keys: d.Keys, Clock: clock.System{}, Log: quietLog, Gates: gates})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer w.Shutdown()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		r, err := d.Status(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		if r.State == broadcast.Done {
			return r
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func TestRehearseAndCorrect(t *testing.T) {
	t.Parallel()
	d := open(t)
	ctx := t.Context()
	const all, some = `channels = ["email", "sms", "fax"]`, `channels = ["email", "sms"]`
	id, err := d.Launch(ctx, ReadFiles(sample(t, all, some)), LaunchOptions{Rehearsal: true})
	if err != nil {
		t.Fatal(err)
	}
	if state, err := d.Change(ctx, id, Pause); err != nil || state != broadcast.Paused {
		t.Fatalf("pause: %s, %v", state, err)
	}
	var refused *broadcast.StateError
	if _, err := d.Change(ctx, id, Pause); !errors.As(err, &refused) || !Mistaken(err) {
		t.Errorf("pause twice: %v", err)
	}
	if _, err := d.Change(ctx, id, Resume); err != nil {
		t.Fatal(err)
	}
	r := drain(t, d, id)
	if r.Audience != 4 || r.Channels["email"].Total != 2 || r.Channels["sms"].Total != 2 || r.Channels["email"].Waiting() != 0 {
		t.Errorf("status %+v", r)
	}
	if rows, err := d.Calls(ctx); err != nil || len(rows) != 1 || rows[0].ID != id || !rows[0].Rehearsal {
		t.Errorf("calls %+v, %v", rows, err)
	}
	if audit, err := d.Audit(ctx, id); err != nil || !audit.OK {
		t.Errorf("audit %+v, %v", audit, err)
	}
	report, err := d.Report(ctx, id)
	if err != nil || len(report.Rows) == 0 {
		t.Fatalf("report %+v, %v", report, err)
	}
	var table bytes.Buffer
	if err := report.CSV(&table); err != nil || strings.Count(table.String(), "\n") != 1+len(report.Rows) {
		t.Errorf("%v\n%s", err, &table)
	}
	// A correction needs a text for each channel on which somebody was reached.
	var input *InputError
	if _, err := d.Correct(ctx, id, ReadFiles(sample(t, all, `channels = ["email"]`)), LaunchOptions{}); !errors.As(err, &input) {
		t.Errorf("a correction without a text message: %v", err)
	}
	correction, err := d.Correct(ctx, id, ReadFiles(sample(t, all, some, `name = "launch"`, `name = "correction"`)), LaunchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if call, err := d.Ledger.Call(ctx, correction); err != nil || !call.Rehearsal || call.Audience != 4 {
		t.Errorf("the correction %+v, %v", call, err)
	}
}

// Whoever checks a call or imports a list has it asked who receives for the people's
// mail domains; a look at a table alone asks nothing.
func TestDomainsAreMet(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.Systems = worker.NewSystems(d.Redis, d.Keys, d.Clock)
	wanted := func(want int64) {
		t.Helper()
		if n := d.Redis.HLen(t.Context(), "mail:systems:wanted").Val(); n != want {
			t.Errorf("%d domains wait to be looked up, want %d", n, want)
		}
	}
	wanted(0)
	if _, err := d.Check(t.Context(), ReadFiles(sample(t))); err != nil {
		t.Fatal(err)
	}
	wanted(2) // example.org and example.com
	for i, dry := range []bool{true, false} {
		table, err := tabular.Open(strings.NewReader("name,email\nAnn,ann@mail.example\n"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.Import(t.Context(), table, lists.ImportOptions{List: "more", Consent: "yes", DryRun: dry}, nil); err != nil {
			t.Fatal(err)
		}
		wanted(int64(2 + i))
	}
}

// A holder is a gateway that can give back what it has not sent on.
type holder struct{ gateway.Gateway }

func (holder) WithdrawUnless(func(context.Context, string) bool) {}

// A call that is done can be stopped while such a gateway holds messages of it.
func TestDoneCallIsStoppedWhileHeld(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.Gates = []Gate{{Gate: worker.Gate{Name: "fax", Channel: address.Fax, Gateway: holder{}}}, {Gate: worker.Gate{Name: "relay", Channel: address.Email}}}
	progress := func(state broadcast.CallState, fax broadcast.Counts) *broadcast.Progress {
		return &broadcast.Progress{Call: &broadcast.Call{State: state, Gateways: []string{"", "relay", "fax", "gone"}}, Counters: &broadcast.Counters{Gateways: []broadcast.Slice{
			{Channel: address.Email, Name: "1", Counts: broadcast.Counts{broadcast.Sent: 90}},
			{Channel: address.Fax, Name: "2", Counts: fax},
			{Channel: address.Fax, Name: "3", Counts: broadcast.Counts{broadcast.Sent: 5}},
			{Channel: address.Fax, Name: "9", Counts: broadcast.Counts{broadcast.Sent: 5}},
		}}}
	}
	for _, c := range []struct {
		state broadcast.CallState
		fax   broadcast.Counts
		held  int
		does  broadcast.Action
	}{
		{broadcast.Done, broadcast.Counts{broadcast.Sent: 3, broadcast.Delivered: 4}, 3, broadcast.ActWithdraw},
		{broadcast.Done, broadcast.Counts{broadcast.Delivered: 7}, 0, broadcast.ActStop},
		{broadcast.Running, broadcast.Counts{broadcast.Sent: 3}, 3, broadcast.ActStop},
	} {
		p := progress(c.state, c.fax)
		if held, does := d.Held(p), d.ActionFor(Stop, p); held != c.held || does != c.does {
			t.Errorf("%s, with %v at the fax server: %d are held, and stop does %q; want %d, %q", c.state, c.fax, held, does, c.held, c.does)
		}
		if does := d.ActionFor(Pause, p); does != broadcast.ActPause {
			t.Errorf("pause does %q", does)
		}
	}
}

// Pictures that a call's mails link to can be fetched before the first mail goes;
// those within the mails cannot.
func TestLaunchPublishesPictures(t *testing.T) {
	t.Parallel()
	d := open(t)
	files := sample(t)
	name := fmt.Sprintf("%x.png", sha256.Sum256(files["picture.png"]))
	for _, changes := range [][]string{nil, {`# pictures = "linked"`, `pictures = "linked"`}} {
		if _, err := d.Create(t.Context(), ReadFiles(sample(t, changes...)), LaunchOptions{Rehearsal: true}); err != nil {
			t.Fatal(err)
		}
		data, err := d.Ledger.Picture(t.Context(), name)
		switch {
		case changes == nil && !errors.Is(err, broadcast.ErrNoPicture):
			t.Errorf("a picture within the mails is published: %v", err)
		case changes != nil && !bytes.Equal(data, files["picture.png"]):
			t.Errorf("%d bytes of a picture that is linked: %v", len(data), err)
		}
	}
}

func TestLaunchRefuses(t *testing.T) {
	t.Parallel()
	d := open(t)
	for name, c := range map[string]struct {
		draft *Draft
		says  string
	}{
		"broken files": {ReadFiles(sample(t, "campaign =", "campain =")), "campain"},
		"no gateway":   {ReadFiles(sample(t)), "no gateway takes it"},
		"unknown list": {ReadFiles(sample(t, `lists = ["supporters"]`, `lists = ["nobody"]`)), "nobody"},
	} {
		if _, err := d.Launch(t.Context(), c.draft, LaunchOptions{}); err == nil || !strings.Contains(err.Error(), c.says) || !Mistaken(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	nobody := ReadFiles(sample(t, `# tags = ["volunteer"]`, `languages = ["en"]`))
	if _, err := d.Launch(t.Context(), nobody, LaunchOptions{Rehearsal: true}); err == nil || !Mistaken(err) {
		t.Errorf("nobody is reached: %v", err)
	}
	if calls, err := d.Calls(t.Context()); err != nil || len(calls) != 0 {
		t.Errorf("calls %v, %v", calls, err)
	}
	if _, err := d.Status(t.Context(), "c77"); !Mistaken(err) {
		t.Errorf("no such call: %v", err)
	}
	if Mistaken(errors.New("dial: refused")) {
		t.Error("a lost Redis is taken for a person's mistake")
	}
}

func TestSuppressAndPeople(t *testing.T) {
	t.Parallel()
	d := open(t)
	ctx := t.Context()
	lines, err := d.Suppress(ctx, "kim@example.org", 0, lists.Suppression{Reason: lists.Blocked, Source: "staff"})
	if err != nil || len(lines) != 1 || !*lines[0].Fresh || strings.Contains(lines[0].Address, "kim@") {
		t.Fatalf("%+v, %v", lines, err)
	}
	people, err := d.PeopleAt(ctx, "010 2345 6789")
	if err != nil || len(people) != 1 || people[0].Name != "김영희" || len(people[0].Suppression) != 1 {
		t.Fatalf("%+v, %v", people, err)
	}
	if lines, err = d.Restore(ctx, "KIM@example.org", lists.SuppressionFilter{Reason: lists.Blocked}); err != nil || len(lines) != 1 || lines[0].Asked() {
		t.Errorf("%+v, %v", lines, err)
	}
	for _, err := range []error{
		second(d.Restore(ctx, "kim@example.org", lists.SuppressionFilter{})),
		second(d.PeopleAt(ctx, "nobody@example.org")),
		second(d.PeopleAt(ctx, "secret words")),
		second(d.Suppress(ctx, "kim@example.org", address.Fax, lists.Suppression{Reason: lists.Blocked})),
	} {
		if !Mistaken(err) || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "kim@") {
			t.Errorf("refused with %v", err)
		}
	}
	if gone, err := d.Erase(ctx, *people[0].Number); err != nil || !gone {
		t.Errorf("erase: %v, %v", gone, err)
	}
}

func second[T any](_ T, err error) error { return err }

var quietLog = slog.New(slog.DiscardHandler)
