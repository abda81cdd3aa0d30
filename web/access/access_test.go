package access_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"clarion/internal/audit"
	"clarion/internal/redistest"
	"clarion/web/access"
)

// The whole life of a team, on every script, with every key declared and nothing
// of a person to be read in Redis.
func TestLifeOfATeam(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	redistest.EveryScript(t, h.rdb, ".")
	ctx := t.Context()
	if ready, err := h.Ready(ctx); err != nil || ready {
		t.Fatalf("an empty house is ready: %v", err)
	}
	han := h.director()
	if ready, err := h.Ready(ctx); err != nil || !ready || han.Name != "Han Director" || han.Language != "ko" {
		t.Errorf("with a director: %v, %v, %+v", ready, err, han.Staff)
	}
	if code, err := h.FirstCode(ctx); code != "" || err != nil {
		t.Errorf("there is a director, and a code for another: %q, %v", code, err)
	}
	kim := han.add("kim.younghee", access.Author, access.Watcher)
	if kim.Language != "en" || !slices.Equal(kim.Roles, []access.Role{access.Author, access.Watcher}) || len(kim.recovery) != 10 {
		t.Errorf("who joined is %+v", kim.Staff)
	}
	kim.logIn()
	phone := newDevice(t)
	q, err := h.AskPasskey(ctx, kim.Visitor)
	h.must(err)
	kim.secret, kim.Visitor, err = h.AddPasskey(ctx, kim.Visitor, q.Sealed, phone.create(t, q), "Kim's telephone")
	h.must(err)
	if q, err = h.AskLogIn(); err != nil {
		t.Fatal(err)
	}
	_, _, err = h.LogInByPasskey(ctx, q.Sealed, phone.get(t, q), from)
	h.must(err)
	h.clk.Advance(2 * time.Minute)
	_, err = h.Visit(ctx, kim.secret)
	h.must(err)
	_, _, err = h.LogIn(ctx, access.Credentials{Email: kim.email, Password: "wrong", Code: kim.code()}, from)
	if !errors.Is(err, access.ErrRefused) {
		t.Errorf("a wrong password: %v", err)
	}
	_, made, err := h.MakeToken(ctx, han.Visitor, "harvest", []access.Right{access.Watch}, time.Hour)
	h.must(err)
	han.invite("lee@save9.example", access.Volunteer)
	h.must(h.SetRoles(ctx, han.Visitor, kim.Number, []access.Role{access.Releaser}))

	team, err := h.Team(ctx)
	if err != nil || len(team) != 2 || team[0].Email != han.email || !slices.Equal(team[1].Roles, []access.Role{access.Releaser}) {
		t.Errorf("the team is %+v, %v", team, err)
	}
	redistest.Undeclared(t, h.rdb, append(access.Keys(), audit.Keys()...))
	dump := h.dump()
	for _, bare := range []string{"kim", "Kim", "han.", "Han", "lee@", "save9.example", "192.0.2.1", "Firefox", "argon2", made.Name, han.secret} {
		if strings.Contains(dump, bare) {
			t.Errorf("%q can be read in Redis", bare)
		}
	}
	if r, err := h.trail.Verify(ctx); err != nil || !r.OK {
		t.Errorf("the trail: %+v, %v", r, err)
	}
	want := "first_director proved invited joined log_in passkey_added log_in log_in_refused token_made proved invited roles_changed"
	if got := strings.Join(h.said(), " "); got != want {
		t.Errorf("the trail says\n%s, want\n%s", got, want)
	}
}

// dump is all that Redis holds, as text.
func (h *house) dump() string {
	h.t.Helper()
	ctx := context.Background()
	names, err := h.rdb.Keys(ctx, "*").Result()
	h.must(err)
	var b strings.Builder
	for _, name := range names {
		b.WriteString(name + "\n")
		var v any
		switch h.rdb.Type(ctx, name).Val() {
		case "hash":
			v = h.rdb.HGetAll(ctx, name).Val()
		case "set":
			v = h.rdb.SMembers(ctx, name).Val()
		case "list":
			v = h.rdb.LRange(ctx, name, 0, -1).Val()
		default:
			v = h.rdb.Get(ctx, name).Val()
		}
		switch v := v.(type) {
		case map[string]string:
			for k, s := range v {
				b.WriteString(k + "\n" + s + "\n")
			}
		case []string:
			b.WriteString(strings.Join(v, "\n"))
		case string:
			b.WriteString(v)
		}
	}
	return b.String()
}

// Whatever does not fit, the answer is the same, and a password alone is nothing.
func TestLogInRefuses(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	han := h.director()
	kim, shut := han.add("kim", access.Author), han.add("shut", access.Author)
	han.prove()
	h.must(h.Disable(ctx, han.Visitor, shut.Number))
	used := kim.credentials()
	_, _, err := h.LogIn(ctx, used, from)
	h.must(err)
	recovery := access.Credentials{Email: kim.email, Password: password, Code: strings.ToUpper(kim.recovery[3])}
	_, _, err = h.LogIn(ctx, recovery, from)
	h.must(err)
	for name, c := range map[string]access.Credentials{
		"no code":                      {Email: kim.email, Password: password},
		"a wrong code":                 {Email: kim.email, Password: password, Code: "000000"},
		"a code that was used":         used,
		"a recovery code that was":     recovery,
		"another's recovery code":      {Email: kim.email, Password: password, Code: han.recovery[0]},
		"another's code":               {Email: kim.email, Password: password, Code: han.code()},
		"a wrong password":             {Email: kim.email, Password: password + "!", Code: kim.code()},
		"no password":                  {Email: kim.email, Code: kim.code()},
		"nobody":                       {Email: "nobody@save9.example", Password: password, Code: kim.code()},
		"no address":                   {Email: "", Password: password, Code: kim.code()},
		"nonsense":                     {Email: "\x00", Password: "\xff", Code: "\xff"},
		"an account that is shut":      shut.credentials(),
		"a code of long ago":           {Email: kim.email, Password: password, Code: codeAt(kim.totp, h.clk.Now().Add(-time.Hour))},
		"a recovery code of ten and a": {Email: kim.email, Password: password, Code: "aaaa-bbbb-cccc"},
	} {
		secret, v, err := h.LogIn(ctx, c, access.Client{Address: name})
		if err == nil || err.Error() != access.ErrRefused.Error() || secret != "" || v != nil {
			t.Errorf("%s: %v", name, err)
		}
		h.clk.Advance(time.Hour) // past the limits
	}
	if _, err := h.Visit(ctx, ""); !errors.Is(err, access.ErrNoSession) {
		t.Errorf("no secret: %v", err)
	}
	if _, err := h.Visit(ctx, "forged"); !errors.Is(err, access.ErrNoSession) {
		t.Errorf("a forged one: %v", err)
	}
	// The address in another spelling is the same person's.
	c := kim.credentials()
	c.Email = "KIM@Save9.Example"
	if _, _, err := h.LogIn(ctx, c, from); err != nil {
		t.Errorf("in capitals: %v", err)
	}
}

// One code lets one in, however many send it at once.
func TestCodeIsUsedOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	han := h.director()
	for _, c := range []access.Credentials{han.credentials(), {Email: han.email, Password: password, Code: han.recovery[0]}} {
		errs := make([]error, 6)
		var all sync.WaitGroup
		for i := range errs {
			all.Go(func() { _, _, errs[i] = h.LogIn(context.Background(), c, access.Client{Address: "192.0.2.9"}) })
		}
		all.Wait()
		in := 0
		for _, err := range errs {
			if err == nil {
				in++
			} else if !errors.Is(err, access.ErrRefused) {
				t.Error(err)
			}
		}
		if in != 1 {
			t.Errorf("%d of %d come in by one code", in, len(errs))
		}
		h.clk.Advance(time.Hour)
	}
	if n := strings.Count(strings.Join(h.said(), " ")+" ", "log_in "); n != 2 {
		t.Errorf("the trail says %d times that somebody came in, want 2", n)
	}
}

// Failures are counted by account and by client, by all processes together.
func TestLimits(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	other := h.open(origin)
	ctx := t.Context()
	han := h.director()
	wrong := func(s *access.Store, email, client string) error {
		_, _, err := s.LogIn(ctx, access.Credentials{Email: email, Password: "wrong", Code: "1"}, access.Client{Address: client})
		return err
	}
	for i := range 10 {
		store := h.Store
		if i%2 == 0 {
			store = other
		}
		if err := wrong(store, han.email, string(rune('a'+i))); !errors.Is(err, access.ErrRefused) {
			t.Fatalf("failure %d: %v", i, err)
		}
	}
	var limited *access.LimitedError
	if _, _, err := h.LogIn(ctx, han.credentials(), access.Client{Address: "x"}); !errors.As(err, &limited) || limited.Wait <= 0 || limited.Wait > 15*time.Minute {
		t.Errorf("after ten failures of the account: %v", err)
	}
	// It tells as much of an address that nobody has.
	for range 10 {
		_ = wrong(h.Store, "nobody@save9.example", "y")
	}
	if err := wrong(other, "nobody@save9.example", "z"); !errors.As(err, &limited) {
		t.Errorf("after ten failures of nobody: %v", err)
	}
	h.clk.Advance(15 * time.Minute)
	han.logIn()
	// Who gets in has not failed, however often.
	for range 40 {
		han.logIn()
	}
	// A client that tries many accounts.
	h.clk.Advance(time.Hour)
	for i := range 30 {
		if err := wrong(h.Store, string(rune('a'+i%26))+string(rune('a'+i/26))+"@save9.example", "2001:db8::/64"); !errors.Is(err, access.ErrRefused) {
			t.Fatalf("failure %d of the client: %v", i, err)
		}
	}
	if err := wrong(other, "someone@save9.example", "2001:db8::/64"); !errors.As(err, &limited) {
		t.Errorf("after thirty failures of the client: %v", err)
	}
	if n := strings.Count(strings.Join(h.said(), " "), "log_in_limited"); n != 3 {
		t.Errorf("the trail says %d times that somebody is limited, want 3", n)
	}
}

func TestSessions(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	han := h.director()
	first := han.secret
	han.logIn()
	if han.secret == first {
		t.Fatal("two log-ins have one secret")
	}
	alive := func(secret string) bool {
		_, err := h.Visit(ctx, secret)
		if err != nil && !errors.Is(err, access.ErrNoSession) {
			t.Fatal(err)
		}
		return err == nil
	}
	all, err := h.Sessions(ctx, han.Number)
	if err != nil || len(all) != 2 || all[0].Browser != "Firefox, Windows" {
		t.Fatalf("%+v, %v", all, err)
	}
	// A proof renews the secret: who had the old one has nothing.
	old := han.secret
	created := han.Session.Created
	han.prove()
	if alive(old) || !alive(han.secret) || !alive(first) || !han.Session.Created.Equal(created) {
		t.Error("a proof does not put one session in place of another")
	}
	// Another's session is not mine to end.
	kim := han.add("kim", access.Watcher)
	if err := h.EndSession(ctx, kim.Visitor, han.Session.ID); !errors.Is(err, access.ErrNobody) || !alive(han.secret) {
		t.Errorf("kim ends han's session: %v", err)
	}
	v, err := h.Visit(ctx, first)
	h.must(err)
	h.must(h.EndSession(ctx, han.Visitor, v.Session.ID))
	if alive(first) || !alive(han.secret) {
		t.Error("the wrong session ended")
	}
	// Idle, and used all the time.
	han.logIn()
	idle := han.secret
	han.logIn()
	for range 7*2 - 1 {
		h.clk.Advance(11 * time.Hour)
		if !alive(han.secret) {
			t.Fatal("a session that is used ended")
		}
	}
	if alive(idle) {
		t.Error("a session that is not used for 12 hours goes on")
	}
	for h.clk.Now().Before(han.Session.Created.Add(access.SessionTime - 11*time.Hour)) {
		h.clk.Advance(11 * time.Hour)
		alive(han.secret)
	}
	h.clk.Set(han.Session.Created.Add(access.SessionTime))
	if alive(han.secret) {
		t.Error("a session goes on for more than seven days")
	}
	// All but the one in hand, which goes on under another secret, and is no fresher.
	han.logIn()
	other := han.secret
	han.logIn()
	mine := han.secret
	h.clk.Advance(20 * time.Minute)
	secret, now, err := h.EndSessions(ctx, han.Visitor)
	h.must(err)
	if alive(other) || alive(mine) || !alive(secret) || now.Fresh(h.clk.Now()) {
		t.Error("ending all sessions ends others than it should, or counts as a proof")
	}
	h.must(h.LogOut(ctx, now))
	if alive(secret) {
		t.Error("who logged out is in")
	}
	if all, err := h.Sessions(ctx, han.Number); err != nil || len(all) != 0 {
		t.Errorf("%+v, %v", all, err)
	}
}

// What ends all sessions of a person ends those too that somebody puts back.
func TestEndedSessionsStayEnded(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	han := h.director()
	kim := han.add("kim", access.Author)
	name := "{staff}:session:" + kim.Session.ID
	kept, err := h.rdb.Get(ctx, name).Result()
	h.must(err)
	h.must(h.SetRoles(ctx, han.Visitor, kim.Number, []access.Role{access.Volunteer}))
	if n, err := h.rdb.Exists(ctx, name).Result(); err != nil || n != 0 {
		t.Errorf("the session is kept: %v", err)
	}
	h.must(h.rdb.Set(ctx, name, kept, 0).Err())
	if _, err := h.Visit(ctx, kim.secret); !errors.Is(err, access.ErrNoSession) {
		t.Errorf("a session that was put back: %v", err)
	}
}

// A session that somebody moves about in Redis opens nothing.
func TestSessionsAreSealed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	han := h.director()
	kim := han.add("kim", access.Volunteer)
	high, err := h.rdb.Get(ctx, "{staff}:session:"+han.Session.ID).Result()
	h.must(err)
	h.must(h.rdb.Set(ctx, "{staff}:session:"+kim.Session.ID, high, 0).Err())
	if v, err := h.Visit(ctx, kim.secret); err == nil {
		t.Errorf("kim is %s", v.Name)
	}
	account, err := h.rdb.HGet(ctx, "{staff}:accounts", "1").Result()
	h.must(err)
	h.must(h.rdb.HSet(ctx, "{staff}:accounts", "2", account).Err())
	if _, err := h.Team(ctx); err == nil {
		t.Error("an account in another's place opens")
	}
}
