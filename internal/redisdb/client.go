package redisdb

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

const (
	dialTimeout = 5 * time.Second
	// readTimeout is long enough for an fsync on a busy disk and for bit
	// operations over a million contacts. Who cannot wait says so in a context.
	readTimeout = 10 * time.Second
	// poolSize is per process and node: the workers' connections, asynq's own
	// and the web's. They are opened when needed.
	poolSize = 64
	// A dial is tried again for half a second, and then three more times with
	// the command: a restart of Redis passes unnoticed, and a caller hears
	// after some two seconds that there is none.
	dialTries     = 5
	dialPause     = 100 * time.Millisecond
	commandTries  = 3
	maxRetryPause = time.Second
)

// Connect makes a client of the Redis that url names (see Config.URL), without
// asking whether it is there. Every client of Clarion is made here, so that
// all treat a broken connection alike: see ErrUnknown.
func Connect(url string) (redis.UniversalClient, error) {
	a, err := parseURL(url)
	if err != nil {
		return nil, err
	}
	return a.connect(nil)
}

// connect makes a client; lineage, unless it is nil, is told of each new connection.
func (a address) connect(lineage *Lineage) (redis.UniversalClient, error) {
	config, err := a.tlsConfig()
	if err != nil {
		return nil, err
	}
	var met func(context.Context, *redis.Conn) error
	if lineage != nil {
		met = lineage.met
	}
	switch a.form {
	case sentinel:
		return redis.NewFailoverClient(&redis.FailoverOptions{
			MasterName: a.master, SentinelAddrs: a.hosts, OnConnect: met,
			SentinelUsername: a.sentinelUser, SentinelPassword: a.sentinelPassword,
			Username: a.user, Password: a.password, DB: a.db,
			Dialer:      dialer(dialTimeout, config),
			DialTimeout: dialTimeout, DialerRetries: dialTries, DialerRetryTimeout: dialPause,
			ReadTimeout: readTimeout, WriteTimeout: readTimeout, ContextTimeoutEnabled: true,
			MaxRetries: commandTries, MaxRetryBackoff: maxRetryPause,
			PoolSize: poolSize, ReadBufferSize: buffer, WriteBufferSize: buffer, PipelineReadBufferSize: buffer, PipelineWriteBufferSize: buffer, DisableIdentity: true,
		}), nil
	case cluster:
		return redis.NewClusterClient(&redis.ClusterOptions{
			Addrs: a.hosts, Username: a.user, Password: a.password,
			Dialer: dialer(dialTimeout, config),
			// A node that is gone must not hold a command up: after a failover
			// another one has its slots.
			DialTimeout: dialTimeout, DialerRetries: 2, DialerRetryTimeout: dialPause,
			ReadTimeout: readTimeout, WriteTimeout: readTimeout, ContextTimeoutEnabled: true,
			MaxRedirects: 8, MaxRetryBackoff: maxRetryPause,
			PoolSize: poolSize, ReadBufferSize: buffer, WriteBufferSize: buffer, PipelineReadBufferSize: buffer, PipelineWriteBufferSize: buffer, DisableIdentity: true, MaintNotificationsConfig: noNotices(),
		}), nil
	default:
		network := "tcp"
		if a.form == socket {
			network = "unix"
		}
		return redis.NewClient(&redis.Options{
			Network: network, Addr: a.hosts[0], OnConnect: met,
			Username: a.user, Password: a.password, DB: a.db,
			Dialer:      dialer(dialTimeout, config),
			DialTimeout: dialTimeout, DialerRetries: dialTries, DialerRetryTimeout: dialPause,
			ReadTimeout: readTimeout, WriteTimeout: readTimeout, ContextTimeoutEnabled: true,
			MaxRetries: commandTries, MaxRetryBackoff: maxRetryPause,
			PoolSize: poolSize, ReadBufferSize: buffer, WriteBufferSize: buffer, PipelineReadBufferSize: buffer, PipelineWriteBufferSize: buffer, DisableIdentity: true, MaintNotificationsConfig: noNotices(),
		}), nil
	}
}

// buffer is what a connection holds in each direction, in bytes. The client's own
// choice is 128 KiB for pipelines; a group of 16 mails takes some 10, and more
// only means more memory.
const buffer = 16 << 10

// noNotices turns off a hand-over protocol that only one hosting service speaks.
func noNotices() *maintnotifications.Config {
	return &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
}

func (a address) tlsConfig() (*tls.Config, error) {
	if !a.tls {
		return nil, nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if a.tlsCA != "" {
		pem, err := os.ReadFile(a.tlsCA)
		if err != nil {
			return nil, fmt.Errorf("redis.url: read tls_ca: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("redis.url: tls_ca %s holds no certificate in PEM", a.tlsCA)
		}
	}
	if a.tlsCert != "" {
		pair, err := tls.LoadX509KeyPair(a.tlsCert, a.tlsKey)
		if err != nil {
			return nil, fmt.Errorf("redis.url: read tls_cert and tls_key: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}

// reach waits until the Redis at a answers, for ten seconds at most.
func reach(ctx context.Context, client redis.UniversalClient, a address) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := client.Ping(ctx).Err(); err != nil {
		hint := ""
		switch {
		case redis.HasErrorPrefix(err, "NOAUTH"), redis.HasErrorPrefix(err, "WRONGPASS"):
			hint = " (set the user and the password in redis.url)"
		case errors.Is(err, context.DeadlineExceeded):
			hint = " (is it running, and does a firewall let this machine through?)"
		}
		return fmt.Errorf("reach Redis at %s: %w%s", a, err, hint)
	}
	return nil
}

// LogTo sends what the client library has to say about its connections to log,
// at level debug: callers get the errors themselves. The library has one
// logger for the whole process, so main calls this once, at start.
func LogTo(log *slog.Logger) { redis.SetLogger(libraryLog{log}) }

type libraryLog struct{ log *slog.Logger }

func (l libraryLog) Printf(ctx context.Context, format string, args ...any) {
	l.log.DebugContext(ctx, "redis client", "detail", fmt.Sprintf(format, args...))
}
