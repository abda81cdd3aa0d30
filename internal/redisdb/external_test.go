package redisdb_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"clarion/internal/redisdb"
	"clarion/internal/redistest"
)

func TestExternal(t *testing.T) {
	t.Parallel()
	server := redistest.Server(t, "--appendfsync", "always")
	db := open(t, redisdb.Config{URL: server.URL()})
	if db.Kind() != redisdb.External || !db.Keeps() || db.Failed() != nil {
		t.Errorf("an external Redis is %s, keeps %v", db.Kind(), db.Keeps())
	}
	if findings, err := db.Check(t.Context()); err != nil || len(findings) > 0 {
		t.Errorf("findings %v, %v", findings, err)
	}
	set(t, db, "k", "v")
	server.Restart()
	wantKept(t, db, "k", "v")
}

func TestLossyIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args  []string
		lossy string // the setting that is refused, "" for none
		found string // what findings say, "" for none
	}{
		"eviction":              {[]string{"--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"}, "maxmemory-policy", "maxmemory-policy noeviction"},
		"volatile eviction":     {[]string{"--maxmemory", "100mb", "--maxmemory-policy", "volatile-ttl"}, "maxmemory-policy", "maxmemory-policy noeviction"},
		"a limit that refuses":  {[]string{"--maxmemory", "100mb", "--maxmemory-policy", "noeviction"}, "", ""},
		"a policy unused":       {[]string{"--maxmemory-policy", "allkeys-lru"}, "", ""},
		"no append-only file":   {[]string{"--appendonly", "no"}, "appendonly", "appendonly yes"},
		"snapshots alone":       {[]string{"--appendonly", "no", "--save", "60 1"}, "appendonly", "appendonly yes"},
		"each second":           {[]string{"--appendfsync", "everysec"}, "", "appendfsync always"},
		"never":                 {[]string{"--appendfsync", "no"}, "", "half a minute"},
		"small packed hashes":   {[]string{"--hash-max-listpack-entries", "128"}, "", "hash-max-listpack-entries 512"},
		"short packed values":   {[]string{"--hash-max-listpack-value", "64"}, "", "hash-max-listpack-value 255"},
		"a replica":             {[]string{"--replicaof", "127.0.0.1 1"}, "role", "master"},
		"CONFIG is not allowed": {[]string{"--rename-command", "CONFIG", ""}, "", "cannot be told"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Server(t, append([]string{"--appendfsync", "always"}, c.args...)...)
			log := slog.New(slog.DiscardHandler)
			db, err := redisdb.Open(t.Context(), redisdb.Config{URL: server.URL()}, log)
			if err == nil {
				defer db.Close()
			}
			var lossy *redisdb.LossyError
			switch {
			case c.lossy == "" && err != nil:
				t.Fatal(err)
			case c.lossy != "" && (!errors.As(err, &lossy) || len(lossy.Findings) != 1 || lossy.Findings[0].Setting != c.lossy):
				t.Fatalf("want %s refused, got %v", c.lossy, err)
			case c.lossy != "" && !strings.Contains(err.Error(), c.found):
				t.Errorf("%q does not say %q", err, c.found)
			}
			db = open(t, redisdb.Config{URL: server.URL(), AllowLossy: true})
			findings, err := db.Check(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if c.found == "" && len(findings) > 0 || c.found != "" && (len(findings) != 1 || !strings.Contains(findings[0].String(), c.found)) {
				t.Errorf("findings %v, want one that says %q", findings, c.found)
			}
		})
	}
}

// certificate writes a certificate for 127.0.0.1 that signs itself, and its key.
func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "redis"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA:        true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, block := range map[string]*pem.Block{
		cert: {Type: "CERTIFICATE", Bytes: der},
		key:  {Type: "PRIVATE KEY", Bytes: pkcs8},
	} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

func TestTLSAndPassword(t *testing.T) {
	t.Parallel()
	cert, key := certificate(t)
	port := redistest.Port(t)
	redistest.Server(t, "--bind", "127.0.0.1", "--tls-port", port,
		"--tls-cert-file", cert, "--tls-key-file", key, "--tls-ca-cert-file", cert, "--tls-auth-clients", "yes",
		"--user", "clarion", "on", ">p@ss", "~*", "&*", "+@all")
	at := "127.0.0.1:" + port
	pair := "&tls_cert=" + cert + "&tls_key=" + key
	db := open(t, redisdb.Config{URL: "rediss://clarion:p%40ss@" + at + "/3?tls_ca=" + cert + pair})
	set(t, db, "k", "v")
	wantKept(t, db, "k", "v")
	if strings.Contains(db.Where(), "p@ss") || strings.Contains(db.Where(), "p%40ss") {
		t.Errorf("the password shows in %s", db.Where())
	}

	for name, c := range map[string]struct{ url, says string }{
		"wrong password":     {"rediss://clarion:hunter2@" + at + "?tls_ca=" + cert + pair, "password"},
		"unknown authority":  {"rediss://clarion:hunter2@" + at + "?tls_cert=" + cert + "&tls_key=" + key, "certificate"},
		"no TLS":             {"redis://clarion:hunter2@" + at, "reach Redis at redis://" + at},
		"nobody there":       {"redis://:hunter2@127.0.0.1:" + redistest.Port(t), "refused"},
		"no such authority":  {"rediss://:hunter2@" + at + "?tls_ca=/nowhere", "tls_ca"},
		"no PEM":             {"rediss://:hunter2@" + at + "?tls_ca=/proc/self/status", "no certificate"},
		"no such key":        {"rediss://:hunter2@" + at + "?tls_cert=" + cert + "&tls_key=/nowhere", "tls_key"},
		"not a known scheme": {"http://:hunter2@" + at, "scheme"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, err := redisdb.Open(t.Context(), redisdb.Config{URL: c.url}, slog.New(slog.DiscardHandler))
			switch {
			case err == nil:
				db.Close()
				t.Error("it is taken")
			case !strings.Contains(err.Error(), c.says):
				t.Errorf("%q does not say %q", err, c.says)
			case strings.Contains(err.Error(), "hunter2"):
				t.Errorf("%q shows the password", err)
			}
		})
	}
}

func TestInProcess(t *testing.T) {
	t.Parallel()
	db := open(t, redisdb.Config{InProcess: true})
	if db.Kind() != redisdb.InProcess || db.Keeps() {
		t.Errorf("an in-process Redis is %s, keeps %v", db.Kind(), db.Keeps())
	}
	ctx := t.Context()
	if err := db.Client().Set(ctx, "k", "v", 1500*time.Millisecond).Err(); err != nil {
		t.Fatal(err)
	}
	before := db.Client().Time(ctx).Val()
	eventually(t, func() error { // keys expire and the time goes on
		if n := db.Client().Exists(ctx, "k").Val(); n != 0 {
			return errors.New("the key has not expired")
		}
		if now := db.Client().Time(ctx).Val(); !now.After(before) {
			return fmt.Errorf("TIME stands at %v", now)
		}
		return nil
	})
	findings, err := db.Check(ctx)
	if err != nil || len(findings) != 1 || !findings[0].Lossy {
		t.Errorf("findings %v, %v, want one: nothing is kept", findings, err)
	}
	f, err := db.Figures(ctx)
	if err != nil || len(f) != 1 || f[0].Keeps || f[0].MemoryShare() != 0 || f[0].DiskShare() != 0 {
		t.Errorf("figures %+v, %v, want none: it has none to tell", f, err)
	}
}
