package redisdb

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseURL(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		url   string
		want  address
		shown string
	}{
		{"redis://localhost", address{form: single, hosts: []string{"localhost:6379"}}, "redis://localhost:6379"},
		{"redis://:p%40ss@10.0.0.7:6380/3", address{form: single, password: "p@ss", hosts: []string{"10.0.0.7:6380"}, db: 3}, "redis://10.0.0.7:6380/3"},
		{"rediss://clarion:pass@redis.example.org?tls_ca=/etc/ca.pem",
			address{form: single, tls: true, user: "clarion", password: "pass", hosts: []string{"redis.example.org:6379"}, tlsCA: "/etc/ca.pem"},
			"rediss://redis.example.org:6379"},
		{"redis://[::1]:6379/", address{form: single, hosts: []string{"[::1]:6379"}}, "redis://[::1]:6379"},
		{"redis://[::1]", address{form: single, hosts: []string{"[::1]:6379"}}, "redis://[::1]:6379"},
		{"unix:///run/redis/redis.sock?db=2", address{form: socket, hosts: []string{"/run/redis/redis.sock"}, db: 2}, "unix:///run/redis/redis.sock"},
		{"unix://:a:b@/run/r%20s.sock", address{form: socket, password: "a:b", hosts: []string{"/run/r s.sock"}}, "unix:///run/r s.sock"},
		{"redis+sentinel://u:p@s1,s2:5000/main/1?sentinel_password=q",
			address{form: sentinel, user: "u", password: "p", hosts: []string{"s1:26379", "s2:5000"}, master: "main", db: 1, sentinelPassword: "q"},
			"redis+sentinel://s1:26379,s2:5000/main/1"},
		{"rediss+cluster://n1:7000,n2:7001,n3",
			address{form: cluster, tls: true, hosts: []string{"n1:7000", "n2:7001", "n3:6379"}},
			"rediss+cluster://n1:7000,n2:7001,n3:6379"},
	} {
		got, err := parseURL(c.url)
		if err != nil {
			t.Errorf("%s: %v", c.url, err)
			continue
		}
		if d := cmp.Diff(c.want, got, cmp.AllowUnexported(address{})); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.url, d)
		}
		if got.String() != c.shown {
			t.Errorf("%s is shown as %s, want %s", c.url, got, c.shown)
		}
	}
}

func TestParseURLRefusesAndHidesThePassword(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	for _, c := range []struct{ url, says string }{
		{"localhost:6379", "no scheme"},
		{"http://:hunter2@h", "scheme is not known"},
		{"redis://:hunter2@", "host:port"},
		{"redis://:hunter2@h:99999", "host:port"},
		{"redis://:hunter2@h:0", "host:port"},
		{"redis://:hunter2/@h", "host:port"}, // a raw slash in the password
		{"redis://:hunter2%zz@h", "percent form"},
		{"redis://hunter2@h", "without a password"},
		{"redis://:hunter2@a,b", "several hosts"},
		{"redis://:hunter2@h/one", "number"},
		{"redis://:hunter2@h/1/2", "more after"},
		{"redis://:hunter2@h/99999999999", "number"},
		{"redis://:hunter2@h?tls_ca=/f", "rediss"},
		{"redis://:hunter2@h?hunter2=1", "not known"},
		{"redis://h?sentinel_password=hunter2", "redis+sentinel"},
		{"rediss://:hunter2@h?tls_cert=/f", "go together"},
		{"redis+sentinel://:hunter2@s1", "name of the master"},
		{"redis+cluster://:hunter2@n1/1", "no numbered databases"},
		{"unix://:hunter2@run/redis.sock", "whole path"},
		{"unix://:hunter2@", "whole path"},
		{"unix://:hunter2@/s?db=1&db=2", "said twice"},
	} {
		_, err := parseURL(c.url)
		switch {
		case err == nil:
			t.Errorf("%s is taken", c.url)
		case !strings.Contains(err.Error(), c.says):
			t.Errorf("%s: %q does not say %q", c.url, err, c.says)
		case strings.Contains(err.Error(), secret):
			t.Errorf("%s: %q shows the password", c.url, err)
		}
	}
}

func FuzzParseURL(f *testing.F) {
	for _, s := range []string{
		"redis://:p@h:1/2", "rediss://u:p@[::1]:6379?tls_ca=/a", "unix://:p@/a/b?db=1",
		"redis+sentinel://s1,s2:5/m/1", "redis+cluster://a:1,b:2", "redis://", "://", "redis://h?%",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := parseURL(s)
		if err != nil {
			return
		}
		if len(a.hosts) == 0 {
			t.Fatalf("%q names no host", s)
		}
		// What is shown has no credentials and names the same place.
		if a.form == socket {
			return // its path is shown unescaped
		}
		shown, err := parseURL(strings.ReplaceAll(a.String(), "%", "%25"))
		if err != nil {
			if a.form == sentinel {
				return // a master's name may hold anything
			}
			t.Fatalf("%q is shown as %q: %v", s, a, err)
		}
		if shown.user != "" || shown.password != "" {
			t.Fatalf("%q shows credentials: %q", s, a)
		}
		if a.form != sentinel && !cmp.Equal(shown.hosts, a.hosts) {
			t.Fatalf("%q is shown as %q", s, a)
		}
	})
}
