package archtest

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A door says where a third party may be imported, in files that are no tests.
type door struct {
	module string
	rooms  []string // packages, without "clarion/"
	files  string   // or, in any package, files whose names fit this pattern
}

// Each third party whose API is wide, or whose errors and payloads need care,
// has one door.
var doors = []door{
	{module: "github.com/hibiken/asynq", rooms: []string{"worker"}},
	{module: "github.com/redis/go-redis", rooms: []string{"internal/redisdb", "internal/redistest"}, files: "redis*.go"},
	{module: "github.com/alicebob/miniredis", rooms: []string{"internal/redisdb"}},
	{module: "github.com/wneessen/go-mail", rooms: []string{"worker/gateway/smtp", "templates/email"}},
	{module: "github.com/emersion/go-imap", rooms: []string{"worker/inbox"}},
	{module: "github.com/emersion/go-msgauth"}, // tests alone: its signer is slow where each message differs
	{module: "github.com/signintech/gopdf", rooms: []string{"internal/pdf"}},
	{module: "github.com/BurntSushi/toml", rooms: []string{"internal/conf"}},
	{module: "github.com/go-webauthn/webauthn", rooms: []string{"web/access"}},
	{module: "github.com/prometheus", rooms: []string{"web/metrics"}},
	{module: "github.com/spf13/cobra", rooms: []string{"cmd/clarion"}},
	{module: "github.com/vbauerster/mpb", rooms: []string{"cmd/clarion"}},
}

// open says whether file of package name may import path.
func open(name, file, path string) bool {
	for _, d := range doors {
		if path != d.module && !strings.HasPrefix(path, d.module+"/") {
			continue
		}
		if slices.Contains(d.rooms, name) {
			return true
		}
		ok, err := filepath.Match(d.files, filepath.Base(file))
		return ok && err == nil
	}
	return true
}

func TestDoors(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		if p.name == "internal/bench" {
			continue // it measures third parties beside our own
		}
		for _, file := range p.files(false) {
			f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
			if err != nil {
				t.Fatal(err)
			}
			for _, i := range f.Imports {
				path, err := strconv.Unquote(i.Path.Value)
				if err != nil {
					t.Fatal(err)
				}
				if !open(p.name, file, path) {
					t.Errorf("%s/%s imports %s, whose door is elsewhere", p.name, filepath.Base(file), path)
				}
			}
		}
	}
}

func TestDoorsRefuse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, file, path string
		want             bool
	}{
		{"worker", "task.go", "github.com/hibiken/asynq", true},
		{"worker/inbox", "inbox.go", "github.com/hibiken/asynq", false},
		{"broadcast", "redis_call.go", "github.com/redis/go-redis/v9", true},
		{"broadcast", "call.go", "github.com/redis/go-redis/v9", false},
		{"broadcast", "redis.go", "github.com/hibiken/asynq", false},
		{"internal/redisdb", "client.go", "github.com/redis/go-redis/v9/maintnotifications", true},
		{"worker/gateway/smtp", "dial.go", "github.com/wneessen/go-mail/smtp", true},
		{"worker/gateway/kannel", "kannel.go", "github.com/wneessen/go-mail", false},
		{"templates", "parse.go", "github.com/BurntSushi/toml", false},
		{"internal/dkim", "signer.go", "github.com/emersion/go-msgauth/dkim", false},
	} {
		if got := open(c.name, c.file, c.path); got != c.want {
			t.Errorf("%s/%s imports %s: %v, want %v", c.name, c.file, c.path, got, c.want)
		}
	}
}
