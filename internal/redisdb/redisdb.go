// Package redisdb owns how Redis is opened: by a URL, as a supervised
// redis-server in the data folder, or in-process for the demo; and whether the
// one that was opened keeps what it is told.
package redisdb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/redis/go-redis/v9"
)

// Config says which Redis to open. With neither URL nor InProcess it is a
// redis-server of our own in DataDir.
type Config struct {
	// URL names a Redis that someone else runs:
	//
	//	redis://[user:password@]host[:6379][/db]     rediss:// with TLS
	//	unix://[user:password@]/path/of/socket[?db=n]
	//	redis+sentinel://[user:password@]host[:26379],…/master[/db]
	//	redis+cluster://[user:password@]host[:6379],…
	//
	// With rediss://, rediss+sentinel:// and rediss+cluster:// the parameters
	// tls_ca, tls_cert and tls_key name files in PEM; sentinel_user and
	// sentinel_password are those of the sentinels themselves.
	URL string
	// DataDir is the folder of a Redis of our own; it is made if need be, 0700.
	DataDir string
	// InProcess runs a Redis within this process that keeps nothing.
	InProcess bool
	// AppendFsync is Redis's appendfsync for one of our own: always, everysec
	// or no. Empty means always, which costs nothing at our group size.
	AppendFsync string
	// AllowLossy opens a Redis too that would lose data.
	AllowLossy bool
	// Replicas says which writes wait for replicas of the Redis that URL names.
	Replicas Replicas
}

// Kind is the way in which Redis was opened.
type Kind string

// The kinds.
const (
	External  Kind = "external"   // named by a URL
	Managed   Kind = "managed"    // a redis-server that this process supervises
	Guest     Kind = "guest"      // one that another Clarion on this data folder supervises
	InProcess Kind = "in_process" // within this process: nothing is kept
)

// A DB is an open Redis.
type DB struct {
	client   redis.UniversalClient
	where    string
	replicas Replicas
	lineage  *Lineage   // nil unless External
	managed  *managed   // nil unless Managed or Guest
	process  *inProcess // nil unless InProcess
}

// Open opens the Redis that c names and waits until it answers. One that would
// lose data gives a *LossyError, unless c.AllowLossy. ctx bounds the opening
// alone; Close ends what Open began.
func Open(ctx context.Context, c Config, log *slog.Logger) (*DB, error) {
	switch {
	case c.InProcess && c.URL != "":
		return nil, errors.New("open Redis: an in-process one and redis.url exclude each other")
	case c.InProcess:
		return openInProcess(ctx, log)
	case c.URL != "":
		return openExternal(ctx, c, log)
	case c.DataDir != "":
		return openManaged(ctx, c, log, firstPause)
	}
	return nil, errors.New("open Redis: set redis.url, or a data folder for a Redis of our own")
}

func openExternal(ctx context.Context, c Config, log *slog.Logger) (*DB, error) {
	a, err := parseURL(c.URL)
	if err != nil {
		return nil, err
	}
	if err := c.Replicas.Check(); err != nil {
		return nil, fmt.Errorf("redis.%w", err)
	}
	lineage := newLineage(a.form == sentinel)
	client, err := a.connect(lineage)
	if err != nil {
		return nil, err
	}
	c.Replicas.attach(client)
	db := &DB{client: client, where: a.String(), replicas: c.Replicas, lineage: lineage}
	if err := db.accept(ctx, a, c.AllowLossy, log); err != nil {
		client.Close()
		return nil, err
	}
	log.Info("opened Redis", "at", db.where)
	return db, nil
}

// accept asks an external Redis whether it is there and keeps data.
func (db *DB) accept(ctx context.Context, a address, allowLossy bool, log *slog.Logger) error {
	if err := reach(ctx, db.client, a); err != nil {
		return err
	}
	findings, err := db.Check(ctx)
	if err != nil {
		return err
	}
	lossy := &LossyError{Where: db.where}
	for _, f := range findings {
		if f.Lossy {
			lossy.Findings = append(lossy.Findings, f)
		}
		log.Warn("Redis is not set as Clarion needs it", "at", db.where, "finding", f.String())
	}
	if len(lossy.Findings) > 0 && !allowLossy {
		return lossy
	}
	return nil
}

// Client is the one client of this Redis; asynq shares it. It is safe for
// concurrent use and closed by Close. A command that was under way when Redis
// went away fails with ErrUnknown.
func (db *DB) Client() redis.UniversalClient { return db.client }

// Lineage tells when another Redis has taken the place of this one, nil where none can.
func (db *DB) Lineage() *Lineage { return db.lineage }

// Kind is the way in which Redis was opened. A Guest becomes Managed when the
// Clarion that ran Redis ends: this process then runs it.
func (db *DB) Kind() Kind {
	switch {
	case db.process != nil:
		return InProcess
	case db.managed == nil:
		return External
	case db.managed.owner.Load():
		return Managed
	}
	return Guest
}

// Keeps says whether what is written outlives this process.
func (db *DB) Keeps() bool { return db.process == nil }

// Where names the Redis for a person, without credentials.
func (db *DB) Where() string { return db.where }

// Failed delivers at most one error: the redis-server of our own ended again
// and again and is no longer started. It never delivers for the other kinds.
func (db *DB) Failed() <-chan error {
	if db.managed == nil {
		return nil
	}
	return db.managed.failed
}

// Close closes the client and then, last of all, stops a redis-server of our
// own and waits until it has written everything.
func (db *DB) Close() error {
	err := db.client.Close()
	if err != nil {
		err = fmt.Errorf("close the client of Redis at %s: %w", db.where, err)
	}
	if db.managed != nil {
		err = errors.Join(err, db.managed.close())
	}
	if db.process != nil {
		db.process.close()
	}
	return err
}
