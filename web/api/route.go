package api

import (
	"io"
	"net/http"
	"reflect"

	"clarion/web/access"
	"clarion/web/desk"
)

// none is a request without parameters, and an answer without a body (204).
type none struct{}

// A stream is an answer that is no one JSON value.
type stream func(w io.Writer) error

// A route is one thing that programs ask for.
type route struct {
	method, path string
	right        access.Right
	summary      string
	in, out      reflect.Type // of a stream's lines, where they are JSON
	match        bool         // If-Match names the version that is changed
	made         bool         // it makes something: 201
	takes        string       // media type of the body that is no JSON; then in is the query
	answers      string       // media type of a stream
	most         int64        // most bytes of the body, 0: web.MaxBody
	do           func(a *api, q *request) (any, error)
}

// What goes by another size or type than JSON of one megabyte.
const (
	maxDraft = 12 << 20 // bytes: six megabytes of files, of which pictures are in base64
	maxTable = 32 << 20
	csvType  = "text/csv"
	zipType  = "application/zip"
	lineType = "application/jsonl"
	pngType  = "image/png"
)

// on is a route from the function that does it.
func on[In, Out any](method, path string, right access.Right, summary string, do func(a *api, q *request, in In) (Out, error), with ...func(*route)) route {
	rt := route{method: method, path: path, right: right, summary: summary, in: reflect.TypeFor[In](), out: reflect.TypeFor[Out]()}
	for _, w := range with {
		w(&rt)
	}
	query := rt.byQuery()
	rt.do = func(a *api, q *request) (any, error) {
		var in In
		var err error
		if query {
			err = readQuery(q, &in)
		} else {
			err = readJSON(q, &in)
		}
		if err != nil {
			return nil, err
		}
		return do(a, q, in)
	}
	return rt
}

// What a route has beside the ordinary.
func matched(rt *route)           { rt.match = true }
func makes(rt *route)             { rt.made = true }
func large(rt *route)             { rt.most = maxDraft }
func table32(rt *route)           { rt.takes, rt.most = csvType, maxTable }
func sheet(rt *route)             { rt.answers = csvType }
func picture(rt *route)           { rt.answers = pngType }
func zipped(rt *route)            { rt.answers = zipType }
func lines[T any](rt *route)      { rt.answers, rt.out = lineType, reflect.TypeFor[T]() }
func (rt route) byQuery() bool    { return rt.method == get || rt.method == del || rt.takes != "" }
func (rt route) answerless() bool { return rt.out == reflect.TypeFor[none]() }

// changes reports whether a request changes something, so that it makes a difference whether it is done twice. A stream changes
// nothing, though the trail may have it, and it is not kept to be given twice.
func (rt route) changes() bool { return rt.method != get && rt.answers == "" }

// status is what a request is answered that did what it asked for.
func (rt route) status() int {
	switch {
	case rt.answerless():
		return http.StatusNoContent
	case rt.made:
		return http.StatusCreated
	}
	return http.StatusOK
}

const (
	get  = http.MethodGet
	post = http.MethodPost
	put  = http.MethodPut
	del  = http.MethodDelete
)

// table is every route, in the order in which documents tell of them.
var table = []route{
	on(get, "/calls", access.Watch, "All calls, the newest first", (*api).calls),
	on(get, "/calls/{call}", access.Watch, "How a call stands: its state, counters by channel, who is left alone and why", (*api).status),
	on(get, "/calls/{call}/report", access.Watch, "How a call went: by channel, gateway, lane and language, and failures by reason", (*api).report),
	on(get, "/calls/{call}/report.csv", access.Watch, "The rows of the report as a table", (*api).reportCSV, sheet),
	on(get, "/calls/{call}/audit", access.Watch, "The ledger recounted against its counters and batches", (*api).audit),
	on(post, "/calls/{call}/pause", access.Pause, "Pause a call: nothing new begins", change(desk.Pause)),
	on(post, "/calls/{call}/resume", access.Steer, "Let a paused call go on", change(desk.Resume)),
	on(post, "/calls/{call}/stop", access.Steer, "End a call for good: what waits is cancelled", change(desk.Stop)),
	on(post, "/calls/{call}/release", access.Release, "Release what somebody else has launched. No token can have this right: it takes a person in a session", (*api).release),
	on(get, "/calls/{call}/doubt", access.Settle, "The deliveries in doubt, by number of the contact", (*api).doubts),
	on(post, "/calls/{call}/doubt", access.Settle, "Send again, or take for sent, what is in doubt", (*api).resolve),
	on(post, "/calls/{call}/correct", access.Launch, "Launch a draft as a correction to exactly those whom a call has reached", (*api).correct, makes),

	on(get, "/audit", access.Trail, "The audit trail, a hundred entries at a time, the last first: who did what, by numbers and never by name", (*api).trail),
	on(get, "/audit/verify", access.Trail, "Whether the trail is as it was written, and at which entries it is not", (*api).verifyTrail),
	on(get, "/alarms", access.Alarms, "All alarms: the open ones, critical first, and those that were over within a week", (*api).alarms),
	on(post, "/alarms/{alarm}/acknowledge", access.Alarms, "Say that somebody sees to an alarm: nobody is reminded of it", (*api).acknowledge),
	on(post, "/alarms/{alarm}/quiet", access.Alarms, "Acknowledge an alarm, and have nothing said of it for some hours", (*api).quiet),

	on(get, "/drafts", access.Write, "All drafts without their texts, the one last changed first", (*api).drafts),
	on(post, "/drafts", access.Write, "Save a new draft", (*api).newDraft, makes, large),
	on(get, "/drafts/{draft}", access.Write, "A draft with its texts and pictures. Its version is its ETag", (*api).draft),
	on(put, "/drafts/{draft}", access.Write, "Replace a draft, if it still has the version that If-Match names", (*api).replaceDraft, matched, large),
	on(del, "/drafts/{draft}", access.Write, "Delete a draft, if it still has the version that If-Match names", (*api).deleteDraft, matched),
	on(get, "/drafts/{draft}/check", access.Write, "What is wrong with a draft, whom it would reach, and who is left out and why", (*api).check),
	on(get, "/drafts/{draft}/proofs/{language}", access.Write, "The mail, the text message and the fax as people get them", (*api).proofs),
	on(post, "/drafts/{draft}/rehearse", access.Write, "Run a draft against the rehearsal gateways: nobody gets anything", (*api).rehearse, makes),
	on(post, "/drafts/{draft}/test", access.Write, "Send a draft to one person of the team", (*api).test, makes),
	on(post, "/drafts/{draft}/launch", access.Launch, "Launch a draft, if it still has the version that If-Match names", (*api).launch, matched, makes),

	on(get, "/lists", access.Lists, "All lists with their sizes", (*api).lists),
	on(get, "/lists/{list}", access.Lists, "A list, and who of it cannot be written to, and why", (*api).list),
	on(post, "/lists/{list}/import", access.Import, "Take the contacts of a table onto a list, which is made if it is not there", (*api).imports, table32),
	on(get, "/lists/{list}/export", access.Export, "A list as CSV that import reads, with addresses in the clear", (*api).export, sheet),

	on(get, "/suppressions", access.Import, "All suppressions, one a line; they name no address", (*api).suppressions, lines[desk.SuppressionLine]),
	on(post, "/suppressions", access.Import, "Never write to an address again", (*api).suppress, makes),
	on(post, "/suppressions/check", access.Import, "Why an address is not written to", (*api).suppressed),
	on(post, "/suppressions/remove", access.Import, "Let an address be written to again", (*api).restore),

	on(post, "/contacts/find", access.People, "Everything that is kept of the people at an address: a POST, since addresses do not belong into URLs", (*api).contacts),
	on(del, "/contacts/{number}", access.Erase, "Erase a contact; the suppression of its addresses stays", (*api).erase),

	on(get, "/amnesties", access.Amnesty, "The amnesties that were given: who took back what, and why", (*api).amnesties),
	on(post, "/amnesties/survey", access.Amnesty, "Count what an amnesty would take back, by reason, and change nothing", (*api).surveyAmnesty),
	on(post, "/amnesties", access.Amnesty, "Take back the suppressions that a gateway's wrong answers led to since a time, and send again what failed by them", (*api).grantAmnesty),

	on(get, "/volunteer", access.Forward, "What the token's owner carries on as a volunteer: link, code, texts, and how many came by it; of fewer than five only that", (*api).volunteer),
	on(get, "/volunteers", access.Volunteers, "Who carries the appeal on, and how many came by each; of fewer than five only that", (*api).volunteers),

	on(get, "/texting/rounds", access.Entrust, "Rounds of texting by volunteers, the last one first. No token can have this right: it takes a person in a session, as for all of texting", (*api).rounds),
	on(post, "/texting/rounds", access.Entrust, "Begin a round of texting: one script to one list", (*api).beginRound, makes),
	on(get, "/texting/rounds/{round}", access.Entrust, "A round, and what each volunteer has done in it", (*api).round),
	on(post, "/texting/rounds/{round}/close", access.Entrust, "End a round: nobody is entrusted any more", (*api).closeRound),
	on(post, "/texting/rounds/{round}/give-up", access.Entrust, "Take whom a volunteer never settled out of their hands; nobody else gets them", (*api).giveUpText),
	on(get, "/texting/rounds/{round}/turn", access.Text, "Whom one has in hand, and what to write to them", (*api).textInHand),
	on(post, "/texting/rounds/{round}/next", access.Text, "Take the next contact into one's hands, or the one who is there", (*api).nextText),
	on(post, "/texting/rounds/{round}/settle", access.Text, "Say what became of the contact in one's hands; a stop suppresses the number at once", (*api).settleText),

	on(get, "/petition", access.Petition, "How the petition stands: the count and how it is made up, pace, days, regions, volunteers, and what to push today; nobody who signed is named", (*api).petition),
	on(post, "/petition/signatures", access.Enter, "Enter a signature that came on paper. Its slip is in this answer alone", (*api).enterPaper, makes),
	on(get, "/petition/waiting", access.Enter, "Faxes, and replies in which no name could be read, that wait for a person, the oldest first", (*api).allWaiting),
	on(get, "/petition/waiting/{waiting}", access.Enter, "One of them", (*api).waiting),
	on(get, "/petition/waiting/{waiting}/pages/{page}", access.Enter, "A page of a fax that waits, from 1, as a picture", (*api).faxPage, picture),
	on(post, "/petition/waiting/{waiting}/signature", access.Enter, "Enter a signature that the token's owner read in it. Its slip is in this answer alone. 409: somebody else was quicker", (*api).enterWaiting, makes),
	on(post, "/petition/waiting/{waiting}/sheet", access.Enter, "Count a fax as the sheet that it is, by its number", (*api).countWaiting),
	on(post, "/petition/waiting/{waiting}/aside", access.Enter, "Settle what counts nothing, or nothing more, for a reason", (*api).setAside),
	on(get, "/petition/sheets", access.Sheets, "Sheets of paper, the late ones first", (*api).sheets),
	on(post, "/petition/sheets", access.Sheets, "Issue sheets", (*api).issueSheets, makes),
	on(post, "/petition/sheets/ask", access.Sheets, "Ask the volunteers who have late sheets for them by text, once for each sheet and its day; names who must be telephoned", (*api).askForSheets),
	on(get, "/petition/sheets/{sheet}", access.Sheets, "A sheet: where it is, and what was counted on it", (*api).sheet),
	on(post, "/petition/sheets/{sheet}/mark", access.Sheets, "Say that a sheet is out, back, scanned or lost", (*api).markSheet),
	on(post, "/petition/sheets/{sheet}/count", access.Sheets, "Enter how many signatures the token's owner counted on a sheet; the second count must be another person's", (*api).countSheet),
	on(post, "/petition/sheets/{sheet}/box", access.Sheets, "Say in which box a counted sheet lies", (*api).boxSheet),
	on(post, "/petition/bulks/survey", access.Invalidate, "Count which signatures a filter would make invalid, and change nothing", (*api).surveyInvalid),
	on(get, "/petition/bulks", access.Invalidate, "What was made invalid together, by whom and why, the last first", (*api).bulks),
	on(post, "/petition/bulks", access.Invalidate, "Make the signatures of a filter invalid, for a reason", (*api).makeInvalid, makes),
	on(post, "/petition/bulks/{bulk}/restore", access.Invalidate, "Undo that: they stand again", (*api).restoreInvalid),
	on(post, "/petition/withdrawals", access.Invalidate, "Withdraw a signature for its signer who asks the team: by the code of the slip, or by number and name; a confirmation goes to the address that they left", (*api).withdraw),
	on(get, "/petition/delivery", access.Petition, "How many are at each stage, hand-overs, when the answer is due, the roots, and the certificate of the purge", (*api).delivery),
	on(post, "/petition/delivery", access.Deliver, "Bring signatures on to a stage, which is never undone; a hand-over says to which office and when", (*api).advance),
	on(post, "/petition/delivery/answer", access.Deliver, "Note that the addressee has answered: the clock stops", (*api).answered),
	on(post, "/petition/delivery/answer/draft", access.Deliver, "Prepare the call that tells the answer to the signers who agreed to hear, each by the way that they left: a draft, to be written, checked and launched like any other; the same one when asked again", (*api).answerCall, makes),
	on(post, "/petition/delivery/pack", access.Export, "The delivery pack as a ZIP archive: letter, book of signatures by name, totals, labels, media sheet, and the hashes of all", (*api).pack, zipped),
	on(post, "/petition/purge", access.Purge, "Delete who signed, once the petition has ended, and answer with the certificate. No token can have this right: it takes a person in a session", (*api).purge),

	on(get, "/queues", access.System, "How queues, workers, running calls and Redis stand, and which tasks failed", (*api).queues),
	on(post, "/queues/run", access.System, "Run a failed task again", (*api).runTask),
	on(post, "/queues/delete", access.System, "Delete a task that was given up; one that holds what a gateway reported is not", (*api).dropTask),

	on(get, "/webhooks", access.Webhooks, "All webhooks: what they are told, and whether it comes through", (*api).webhooks),
	on(post, "/webhooks", access.Webhooks, "Set up a webhook. Its secret is in this answer alone", (*api).newWebhook, makes),
	on(get, "/webhooks/{webhook}", access.Webhooks, "A webhook", (*api).webhook),
	on(put, "/webhooks/{webhook}", access.Webhooks, "Give a webhook another address and other events", (*api).changeWebhook),
	on(del, "/webhooks/{webhook}", access.Webhooks, "Delete a webhook with its log", (*api).deleteWebhook),
	on(post, "/webhooks/{webhook}/rotate", access.Webhooks, "Give a webhook a new secret; the one before signs beside it for a day", (*api).rotateWebhook),
	on(post, "/webhooks/{webhook}/shut", access.Webhooks, "Send a webhook nothing any more", (*api).shutWebhook),
	on(post, "/webhooks/{webhook}/open", access.Webhooks, "Send a webhook what comes from now on", (*api).reopenWebhook),
	on(post, "/webhooks/{webhook}/test", access.Webhooks, "Send a webhook a test", (*api).tryWebhook),
	on(get, "/webhooks/{webhook}/attempts", access.Webhooks, "The last attempts to tell a webhook, the newest first", (*api).attempts),
	on(post, "/webhooks/{webhook}/resend", access.Webhooks, "Send a message of the last seven days once more, under the same webhook-id", (*api).resendMessage),
}
