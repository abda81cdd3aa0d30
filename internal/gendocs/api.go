package main

import (
	"strings"

	"clarion/web/access"
	"clarion/web/api"
	"clarion/webhooks"
)

// programs lists what programs ask for over HTTP.
func programs() string {
	t := &text{}
	t.say("# The interface for programs\n\nJSON over HTTP under `%s`: what staff do on the console's pages. The OpenAPI document (3.1), with every type, is written from the same table as this page and stands at `GET %s/openapi.json`.\n\n", api.Prefix, api.Prefix)
	t.say(`- **Who asks.** A program sends a token of a person of the team: %s. It may what its scopes say, as long as its owner may ([rights](rights.md)). Nobody: 401; not with these scopes: 403. What no token may, a person does in a session.
- **What goes wrong** is a problem (RFC 9457, %s) with a sentence for a person; mistakes in a draft stand in %s with file and line. A field or parameter that there is not is refused by name. 429 and 503 say in %s when to come again.
- **Versions.** A draft's version is its %s. Who replaces, deletes or launches one says with %s which they saw: 428 without, 412 when somebody else changed it meanwhile.
- **Once.** A program that may have to repeat a request sends an %s with it, such as a random UUID. For 24 hours the same request with that key, from the same token, is not done again: it is answered as the first one was, with %s. Another request with the key: 422. While the first is being done: 409, and %s. If it was broken off for good, as when the machine died: 409 too, and its sentence says to look whether it was done, since nobody else knows; a launch goes out once in any case. What was answered by 5xx is forgotten, and may be repeated under the same key. An answer of more than a megabyte is not kept: 409 says so.
- **Languages.** Sentences are in Korean where %s says so, else in English. Go by %s and the fields, not by words.
- **Bounds.** A body has a megabyte at most, a draft 12, a table of contacts 32. A token may ask 20 times a second, and 60 times at once.
- **Addresses** of people stand in bodies, never in URLs: servers and proxies write those down.

`, code("Authorization: Bearer clarion_…"), code("application/problem+json"), code("problems"), code("Retry-After"), code("ETag"), code("If-Match"), code("Idempotency-Key"), code("Idempotent-Replayed: true"), code("Retry-After"), code("Accept-Language"), code("status"))
	var rows [][]string
	for _, op := range api.Operations() {
		by := code(string(op.Right))
		if !op.Right.ForTokens() {
			by += ", a person alone"
		}
		rows = append(rows, []string{code(op.Method + " " + strings.TrimPrefix(op.Path, api.Prefix)), by, op.Summary})
	}
	t.table([]string{"route", "right", "what it does"}, rows)
	t.say("## Webhooks\n\nWho would rather be told than ask sets up a webhook, here or on the console's page. It is told by POST, by the [Standard Webhooks](https://www.standardwebhooks.com) scheme: %s is the same for the same event however often it comes, so that a receiver who has it throws it away; %s holds the second at which it was sent; %s is HMAC-SHA-256 under the secret (%s), for a day after a rotation by two secrets. Whatever answers 2xx within 15 seconds has it. Else it comes again after 5 seconds, 5 and 30 minutes, 2, 5, 10 and 10 hours; so events may come late and out of order, and %s says when they happened. Answer 410 to be told no more.\n\n",
		code("webhook-id"), code("webhook-timestamp"), code("webhook-signature"), code("whsec_…"), code("timestamp"))
	rows = nil
	for _, e := range webhooks.Events {
		rows = append(rows, []string{code(string(e)), e.Sentence("en")})
	}
	t.table([]string{"event", "when"}, rows)
	t.say("Of a call the body is %s, of an alarm %s; one that was raised and becomes critical is raised once more. The totals are those of the moment in which it was written down. No event names a person.\n\n", code(`{"type":"call.paused","timestamp":"…","data":{"call":"c7","name":"…","campaign":"…","rehearsal":false,"state":"paused","contacts":…,"audience":…,"channels":{"email":{"delivered":…}},"why":"…"}}`),
		code(`{"type":"alarm.raised","timestamp":"…","data":{"alarm":3,"kind":"gateway_down","object":"relay","level":"critical","sentence":"…","sentence_ko":"…","since":"…"}}`))
	t.say("In the demo everyone is a director called by any token: `curl -H 'Authorization: Bearer demo' http://localhost:8080%s/calls`. Elsewhere whoever has the right %s makes tokens.\n", api.Prefix, code(string(access.Tokens)))
	return t.String()
}
