package access_test

import (
	"errors"
	"testing"
	"time"

	"clarion/web/access"
)

// Whoever runs the machine makes tokens for people, which may no more than their
// owners, and voids anybody's; the trail says for whom.
func TestTokensOfTheMachine(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	kim := h.director().add("kim", access.Author)
	for name, c := range map[string]struct {
		by     *access.Visitor
		of     uint32
		scopes []access.Right
		holds  time.Duration
		want   error
	}{
		"a person issues":              {kim.Visitor, kim.Number, []access.Right{access.Watch}, time.Hour, access.ErrForbidden},
		"for nobody":                   {access.Machine(), 9, []access.Right{access.Watch}, time.Hour, access.ErrNobody},
		"more than its owner may":      {access.Machine(), kim.Number, []access.Right{access.Steer}, time.Hour, access.ErrInput},
		"what no token may":            {access.Machine(), kim.Number, []access.Right{access.Own}, time.Hour, access.ErrInput},
		"no right":                     {access.Machine(), kim.Number, []access.Right{"king"}, time.Hour, access.ErrInput},
		"for ever":                     {access.Machine(), kim.Number, []access.Right{access.Watch}, 367 * 24 * time.Hour, access.ErrInput},
		"the machine makes its own":    {access.Machine(), 0, []access.Right{access.Watch}, time.Hour, access.ErrNobody},
		"with no scope it may nothing": {access.Machine(), kim.Number, nil, time.Hour, access.ErrInput},
	} {
		if secret, _, err := h.IssueToken(ctx, c.by, c.of, "harvest", c.scopes, c.holds); !errors.Is(err, c.want) || secret != "" && err == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	secret, made, err := h.IssueToken(ctx, access.Machine(), kim.Number, "harvest", []access.Right{access.Watch, access.Write}, time.Hour)
	h.must(err)
	v, err := h.Bearer(ctx, secret)
	h.must(err)
	if v.Number != kim.Number || !v.May(access.Write) || v.May(access.Launch) {
		t.Errorf("the token is %+v", v.Token)
	}
	h.must(h.RevokeToken(ctx, access.Machine(), kim.Number, made.ID))
	if _, err := h.Bearer(ctx, secret); !errors.Is(err, access.ErrNoSession) {
		t.Errorf("a token that was revoked lets in: %v", err)
	}
	entries, err := h.trail.Read(ctx, 0, 2)
	h.must(err)
	if entries[0].Action != "token_revoked" || entries[0].Actor != "machine" || entries[1].Actor != "machine" || entries[1].Details["owner"] != "staff:2" || entries[1].Details["scopes"] != "watch write" {
		t.Errorf("the trail says %+v", entries)
	}
}
