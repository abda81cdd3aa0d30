package redisdb

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// form is how the Redis behind an address is laid out.
type form string

const (
	single   form = "redis"
	socket   form = "unix"
	sentinel form = "redis+sentinel"
	cluster  form = "redis+cluster"
)

// address is what the setting redis.url says.
type address struct {
	form     form
	tls      bool
	user     string
	password string
	hosts    []string // host:port, or one path of a socket
	master   string   // the name that the sentinels know, sentinel only
	db       int

	sentinelUser, sentinelPassword string
	tlsCA, tlsCert, tlsKey         string // files in PEM
}

// String is the address without its credentials: what logs and errors show.
func (a address) String() string {
	scheme := string(a.form)
	if a.tls {
		scheme = "rediss" + strings.TrimPrefix(scheme, "redis")
	}
	s := scheme + "://" + strings.Join(a.hosts, ",")
	if a.master != "" {
		s += "/" + a.master
	}
	if a.db != 0 && a.form != socket {
		s += "/" + strconv.Itoa(a.db)
	}
	return s
}

// defaultPorts are those of redis.io's redis.conf and sentinel.conf.
var defaultPorts = map[form]string{single: "6379", cluster: "6379", sentinel: "26379"}

// urlError is a mistake in redis.url. It never quotes what it read: the
// password stands there, and where a URL is wrong nobody can tell which part
// of it is the password.
func urlError(what string) error {
	return errors.New("redis.url: " + what +
		" (redis://, rediss://, unix://, redis+sentinel:// and redis+cluster:// are known; " +
		"a special character in a password is written in percent form, as %40 for @)")
}

// parseURL reads redis.url by hand: net/url takes one host, and a Sentinel
// group or a Cluster has several.
//
//	redis://[user:password@]host[:6379][/db]             rediss:// with TLS
//	unix://[user:password@]/path/of/socket[?db=n]
//	redis+sentinel://[user:password@]host[:26379],…/master[/db]
//	redis+cluster://[user:password@]host[:6379],…        rediss+… with TLS
//
// Parameters: tls_ca, tls_cert, tls_key name files in PEM; sentinel_user and
// sentinel_password are those of the sentinels themselves.
func parseURL(s string) (address, error) {
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok {
		return address{}, urlError("it has no scheme")
	}
	var a address
	if tail, ok := strings.CutPrefix(scheme, "rediss"); ok {
		a.tls, scheme = true, "redis"+tail
	}
	a.form = form(scheme)
	switch a.form {
	case single, socket, sentinel, cluster:
	default:
		return address{}, urlError("the scheme is not known")
	}

	rest, query, _ := strings.Cut(rest, "?")
	authority, path := rest, ""
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		authority, path = rest[:i], rest[i:]
	}
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		if err := a.readUser(authority[:i]); err != nil {
			return address{}, err
		}
		authority = authority[i+1:]
	}
	var err error
	if a.form == socket {
		err = a.readSocket(authority, path)
	} else if err = a.readHosts(authority); err == nil {
		err = a.readPath(path)
	}
	if err != nil {
		return address{}, err
	}
	if err := a.readQuery(query); err != nil {
		return address{}, err
	}
	return a, nil
}

func (a *address) readUser(info string) error {
	user, password, ok := strings.Cut(info, ":")
	if !ok { // as in redis://secret@host: what stands alone is the user, by RFC 3986
		return urlError("there is a user without a password (a password alone is written :password@)")
	}
	var errUser, errPassword error
	a.user, errUser = url.PathUnescape(user)
	a.password, errPassword = url.PathUnescape(password)
	if errUser != nil || errPassword != nil {
		return urlError("the user or the password is not in percent form")
	}
	return nil
}

func (a *address) readSocket(authority, path string) error {
	path, err := url.PathUnescape(path)
	if authority != "" || err != nil || !filepath.IsAbs(path) || strings.ContainsRune(path, 0) {
		return urlError("a socket is named by its whole path, as unix:///run/redis/redis.sock")
	}
	a.hosts = []string{path}
	return nil
}

func (a *address) readHosts(authority string) error {
	for h := range strings.SplitSeq(authority, ",") {
		host, port, err := net.SplitHostPort(h)
		if err != nil { // no port, or not a host at all
			host, port, err = net.SplitHostPort(h + ":" + defaultPorts[a.form])
		}
		if n, errPort := strconv.ParseUint(port, 10, 16); err != nil || errPort != nil || n == 0 || !plainHost(host) {
			return urlError("a host is written host:port, several of them with a comma between")
		}
		a.hosts = append(a.hosts, net.JoinHostPort(host, port))
	}
	if a.form == single && len(a.hosts) > 1 {
		return urlError("several hosts are a Sentinel group (redis+sentinel://) or a Cluster (redis+cluster://)")
	}
	return nil
}

// plainHost says whether host holds only what a name or an IP address may.
func plainHost(host string) bool {
	return host != "" && !strings.ContainsFunc(host, func(r rune) bool {
		return r <= ' ' || r > '~' || strings.ContainsRune(`/\?#@%[]"`, r)
	})
}

func (a *address) readPath(path string) error {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	if a.form == sentinel {
		name, err := url.PathUnescape(parts[0])
		if name == "" || err != nil {
			return urlError("after the sentinels comes the name of the master, as /mymaster")
		}
		a.master, parts = name, parts[1:]
	}
	if len(parts) == 0 || len(parts) == 1 && parts[0] == "" {
		return nil
	}
	if len(parts) > 1 {
		return urlError("there is more after the number of the database")
	}
	return a.readDB(parts[0])
}

func (a *address) readDB(s string) error {
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil {
		return urlError("the database is a number from 0 up")
	}
	if a.form == cluster && n != 0 {
		return urlError("a Cluster has no numbered databases")
	}
	a.db = int(n)
	return nil
}

func (a *address) readQuery(query string) error {
	values, err := url.ParseQuery(query)
	if err != nil {
		return urlError("the parameters after ? cannot be read")
	}
	fields := map[string]*string{
		"tls_ca": &a.tlsCA, "tls_cert": &a.tlsCert, "tls_key": &a.tlsKey,
		"sentinel_user": &a.sentinelUser, "sentinel_password": &a.sentinelPassword,
	}
	for name, v := range values {
		field, known := fields[name]
		switch {
		case len(v) != 1:
			return urlError("a parameter is said twice")
		case name == "db" && a.form == socket:
			if err := a.readDB(v[0]); err != nil {
				return err
			}
		case !known:
			return urlError(fmt.Sprintf("a parameter is not known; there are %s, and db for a socket",
				strings.Join(parameterNames(fields), ", ")))
		case strings.HasPrefix(name, "tls_") && !a.tls:
			return urlError("tls_ parameters go with rediss://")
		case strings.HasPrefix(name, "sentinel_") && a.form != sentinel:
			return urlError("sentinel_ parameters go with redis+sentinel://")
		default:
			*field = v[0]
		}
	}
	if (a.tlsCert == "") != (a.tlsKey == "") {
		return urlError("tls_cert and tls_key go together")
	}
	return nil
}

func parameterNames(fields map[string]*string) []string {
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
