package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

func redisFaults() []*fault {
	return []*fault{
		{name: "Redis killed", weight: 7, strike: killRedis(false)},
		{name: "Redis killed, torn tail", weight: 4, strike: killRedis(true)},
		{name: "power lost", weight: 6, strike: losePower},
		{name: "Redis stopped 2.5 s", weight: 4, stalls: true, strike: stopRedis(2500 * time.Millisecond)},
		{name: "Redis stopped 32 s, longer than asynq's lease", weight: 1, slow: true, alone: true, stalls: true, strike: stopRedis(32 * time.Second)},
		{name: "Redis slow", weight: 3, strike: slowRedis},
		{name: "Redis cut off", weight: 5, strike: cutRedis},
		{name: "Redis out of memory", weight: 5, strike: squeeze},
		{name: "disk full", weight: 5, small: true, alone: true, strike: fillDisk},
	}
}

func killRedis(torn bool) func(*round) (proof, error) {
	return func(r *round) (proof, error) {
		hit := len(r.owners()) > 0
		r.redis.kill()
		if torn {
			if err := r.redis.tear(); err != nil {
				return nil, err
			}
		}
		time.Sleep(time.Duration(r.rnd.IntN(300)) * time.Millisecond)
		if err := r.redis.start(); err != nil {
			return nil, err
		}
		return struck(hit && len(r.owners()) > 0), nil
	}
}

// losePower kills Redis between a write to its append-only file and the sync,
// and takes from the file what was not synced.
func losePower(r *round) (proof, error) {
	hit := len(r.owners()) > 0
	limit := 2 * time.Second
	if r.lossy {
		// At any moment, once the launch is on disk.
		time.Sleep(2*time.Second + time.Duration(r.rnd.IntN(1000))*time.Millisecond)
		hit, limit = len(r.owners()) > 0, 0
	}
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); time.Sleep(time.Duration(r.rnd.IntN(1000)) * time.Microsecond) {
		r.redis.process.Signal(syscall.SIGSTOP)
		if r.redis.asleep() {
			if behind, err := r.redis.unsynced(); err == nil && behind > 0 {
				break
			}
		}
		r.redis.process.Signal(syscall.SIGCONT)
	}
	r.redis.kill()
	lost, err := r.redis.loseUnsynced()
	if err != nil {
		return nil, err
	}
	r.lost += lost
	return struck(hit && lost > 0), r.redis.start()
}

func stopRedis(d time.Duration) func(*round) (proof, error) {
	return func(r *round) (proof, error) {
		hit := len(r.owners()) > 0
		r.redis.process.Signal(syscall.SIGSTOP)
		time.Sleep(d)
		return struck(hit), r.redis.process.Signal(syscall.SIGCONT)
	}
}

func slowRedis(r *round) (proof, error) {
	const lag = 50 * time.Millisecond
	hit := len(r.owners()) > 0
	fast, err := r.slowly(lag)
	if err != nil {
		return nil, err
	}
	took, err := r.lines[0].ping()
	if err != nil {
		return nil, err
	}
	time.Sleep(time.Second)
	return struck(hit && took >= lag), fast()
}

func cutRedis(r *round) (proof, error) {
	hit := len(r.owners()) > 0 && r.redis.clients() > 0
	for _, l := range r.lines {
		l.cut()
	}
	gone := await(5*time.Second, "connections to end", func() bool { return r.redis.clients() == 0 }) == nil
	time.Sleep(time.Duration(r.rnd.IntN(1500)) * time.Millisecond)
	for _, l := range r.lines {
		if err := l.mend(); err != nil {
			return nil, err
		}
	}
	return struck(hit && gone), nil
}

func squeeze(r *round) (proof, error) {
	before := r.redis.refused()
	if err := r.redis.squeeze(true); err != nil {
		return nil, err
	}
	time.Sleep(time.Duration(300+r.rnd.IntN(1200)) * time.Millisecond)
	hit := r.redis.refused() > before
	return struck(hit), r.redis.squeeze(false)
}

// fillDisk fills the file system under Redis, which with appendfsync always ends
// when it cannot write; then there is room again, and Redis is started.
func fillDisk(r *round) (proof, error) {
	hit := len(r.owners()) > 0
	filler := filepath.Join(r.redis.dir, "filler")
	f, err := os.Create(filler)
	if err != nil {
		return nil, err
	}
	block := make([]byte, 1<<20)
	for size := len(block); size > 0; {
		if _, err := f.Write(block[:size]); err != nil {
			size /= 2
		}
	}
	f.Close()
	ended := false
	select {
	case <-r.redis.process.Done():
		ended = true
	case <-time.After(5 * time.Second):
	}
	if err := os.Remove(filler); err != nil || !ended {
		return struck(false), err
	}
	log, err := os.ReadFile(r.redis.log())
	if err != nil {
		return nil, err
	}
	said := strings.Contains(string(log), "Can't recover from AOF write error")
	time.Sleep(time.Duration(r.rnd.IntN(300)) * time.Millisecond)
	return struck(hit && said), r.redis.start()
}
