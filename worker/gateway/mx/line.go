package mx

import (
	"context"
	"slices"

	"clarion/worker/gateway"
)

// A keeper keeps sessions open for whoever comes next.
type keeper interface {
	take(key string) gateway.Session // nil: it has none
	put(key string, s gateway.Session)
	makeRoom() // before a session is opened
}

// A line is a session that has one connection at a time. It serves the parts of a
// group one after the other, and begins with those that its connection leads to.
type line struct {
	g    *Gateway
	key  string
	open gateway.Session // nil: none
}

// OpenLine returns a session that has one connection at a time, and none once it
// is closed.
func (g *Gateway) OpenLine(ctx context.Context) (gateway.Session, error) {
	if err := ctx.Err(); err != nil {
		return nil, &gateway.Error{Kind: gateway.Temporary, Reason: gateway.Network, Err: err}
	}
	return &line{g: g}, nil
}

func (l *line) SendGroup(ctx context.Context, group []gateway.Message, proceed func(int) bool, result func(int, gateway.Receipt, error)) error {
	parts := l.g.parts(ctx, group)
	slices.SortStableFunc(parts, func(a, b *part) int { return l.away(a) - l.away(b) })
	return l.g.serve(ctx, parts, 1, l, group, proceed, result)
}

func (l *line) away(p *part) int {
	if l.open != nil && slices.ContainsFunc(p.to.hosts, func(h string) bool { return p.to.session(h) == l.key }) {
		return 0
	}
	return 1
}

func (l *line) take(key string) gateway.Session {
	if l.open == nil || key != l.key {
		return nil
	}
	s := l.open
	l.open = nil
	return s
}

func (l *line) put(key string, s gateway.Session) { l.key, l.open = key, s }

func (l *line) makeRoom() {
	if l.open != nil {
		l.open.Close()
		l.open = nil
	}
}

// Close ends the connection.
func (l *line) Close() error {
	l.makeRoom()
	return nil
}
