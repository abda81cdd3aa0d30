package api_test

import (
	"encoding/json"
	"strings"

	"clarion/lists"
	"clarion/lists/address"
)

// texting tries the routes of texting by volunteers: a person of the team begins a
// round, and another texts those who are entrusted to them.
func (c *contract) texting() {
	t, h := c.t, c.house
	t.Helper()
	director, volunteer := h.session(h.director), h.session(h.join("carries@save9.example", "volunteer"))
	begin := map[string]any{"name": "Neighbours", "list": "supporters", "script": map[string]string{"ko": "{{ name }} 님, 서명해 주세요. {{ link }}"}}
	c.call("POST /texting/rounds", nil, begin, 403) // no token stands for a person
	c.call("POST /texting/rounds", nil, map[string]any{"name": "", "list": "supporters", "script": map[string]string{}}, 422, director)
	c.call("POST /texting/rounds", nil, begin, 201, director)
	c.call("GET /texting/rounds", nil, nil, 403, volunteer)
	c.call("GET /texting/rounds/{round}/turn", []string{"9"}, nil, 404, volunteer)
	if w := c.call("GET /texting/rounds/{round}/turn", []string{"1"}, nil, 200, volunteer); !strings.Contains(w.Body.String(), `{"contact":0}`) {
		t.Errorf("before the first, in hand is %s", w.Body)
	}
	var turn struct {
		Contact   uint32
		Text, SMS string
	}
	w := c.call("POST /texting/rounds/{round}/next", []string{"1"}, nil, 200, volunteer)
	h.must(json.Unmarshal(w.Body.Bytes(), &turn))
	if !strings.HasPrefix(turn.Text, "김영희 님,") || !strings.HasPrefix(turn.SMS, "sms:+821023456789") {
		t.Errorf("in hand is %s", w.Body)
	}
	if w := c.call("GET /texting/rounds/{round}", []string{"1"}, nil, 200, director); !strings.Contains(w.Body.String(), `"holds_since":"`) {
		t.Errorf("the round is %s", w.Body)
	}
	c.call("POST /texting/rounds/{round}/settle", []string{"1"}, map[string]any{"contact": turn.Contact, "outcome": "left_out"}, 422, volunteer)
	c.call("POST /texting/rounds/{round}/settle", []string{"1"}, map[string]any{"contact": turn.Contact, "outcome": "stopped"}, 204, volunteer)
	to, err := address.ParsePhone("010-2345-6789", "KR", address.SMS)
	h.must(err)
	if sup, err := h.desk.People.SuppressionOf(t.Context(), address.SMS, h.desk.People.Key(to)); err != nil || sup == nil || sup.Reason != lists.OptedOut {
		t.Errorf("who said stop is suppressed as %+v, %v", sup, err)
	}
	c.call("POST /texting/rounds/{round}/next", []string{"1"}, nil, 422, volunteer) // nobody is left
	c.call("POST /texting/rounds/{round}/give-up", []string{"1"}, map[string]any{"volunteer": 2}, 204, director)
	c.call("POST /texting/rounds/{round}/close", []string{"1"}, nil, 204, director)
	if w := c.call("GET /texting/rounds", nil, nil, 200, director); !strings.Contains(w.Body.String(), `"closed":true`) || !strings.Contains(w.Body.String(), `"stopped":1`) {
		t.Errorf("the rounds are %s", w.Body)
	}
}
