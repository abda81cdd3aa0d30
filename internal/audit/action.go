package audit

import (
	"maps"
	"slices"
)

// An Action is what was done, in one word.
type Action string

// The actions.
const (
	LogIn           Action = "log_in"           // somebody logged in; by is how
	LogInRefused    Action = "log_in_refused"   // a log-in failed; factor is what did not fit
	LogInLimited    Action = "log_in_limited"   // an account or a client has failed too often and must wait
	LogOut          Action = "log_out"          // somebody logged out
	Proved          Action = "proved"           // somebody who is logged in proved again who they are
	SessionEnded    Action = "session_ended"    // a session was ended from the list
	SessionsEnded   Action = "sessions_ended"   // all sessions of a person were ended
	FirstDirector   Action = "first_director"   // the first director was made
	Invited         Action = "invited"          // a person was invited, with roles
	Uninvited       Action = "uninvited"        // an invitation was taken back
	Joined          Action = "joined"           // a person accepted an invitation
	RolesChanged    Action = "roles_changed"    // a person's roles were changed
	Disabled        Action = "disabled"         // a person may not log in any more
	Enabled         Action = "enabled"          // a person may log in again
	Reset           Action = "reset"            // all ways to log in of a person were taken away, and a link made for new ones
	Restored        Action = "restored"         // a person chose new ways to log in, by such a link
	PasswordChanged Action = "password_changed" // a person changed the password, or the app that makes codes
	PasskeyAdded    Action = "passkey_added"    // a person added a passkey
	PasskeyRemoved  Action = "passkey_removed"  // a person removed a passkey
	RecoveryRenewed Action = "recovery_renewed" // a person got new recovery codes
	TokenMade       Action = "token_made"       // an API token was made
	TokenRevoked    Action = "token_revoked"    // an API token was revoked
	Rehearsed       Action = "rehearsed"        // a call was rehearsed
	Tested          Action = "tested"           // a person sent themselves a test
	Launched        Action = "launched"         // a call was launched
	Released        Action = "released"         // a call was released by a second person
	CallMade        Action = "call_made"        // a draft that was launched, rehearsed or tested became this call
	Corrected       Action = "corrected"        // a correction was launched to those whom a call had reached
	Resent          Action = "resent"           // deliveries in doubt were sent again
	Settled         Action = "settled"          // deliveries in doubt were taken for sent
	Paused          Action = "paused"           // a call was paused
	Resumed         Action = "resumed"          // a call was resumed
	Stopped         Action = "stopped"          // a call was stopped for good
	Imported        Action = "imported"         // people were taken onto a list from a file; list is its name
	Exported        Action = "exported"         // a list was written as a file; list is its name
	Suppressed      Action = "suppressed"       // an address was suppressed
	Freed           Action = "freed"            // a suppression was taken back
	AmnestyGiven    Action = "amnesty_given"    // what a gateway's wrong answers led to was taken back; suppressions and deliveries are how many
	WebhookMade     Action = "webhook_made"     // a webhook was set up; events are those that it is told
	WebhookChanged  Action = "webhook_changed"  // a webhook got another address or other events
	WebhookRotated  Action = "webhook_rotated"  // a webhook got a new secret
	WebhookShut     Action = "webhook_shut"     // a webhook is sent nothing any more
	WebhookReopened Action = "webhook_reopened" // a webhook is sent what comes again
	WebhookDeleted  Action = "webhook_deleted"  // a webhook was deleted
	Erased          Action = "erased"           // a contact was erased

	AlarmAcknowledged Action = "alarm_acknowledged" // somebody said that they see to an alarm
	AlarmQuieted      Action = "alarm_quieted"      // an alarm was quieted for some hours
	TaskRun           Action = "task_run"           // a failed task of a queue was run again
	TaskDropped       Action = "task_dropped"       // a failed task of a queue was deleted

	SignatureEntered   Action = "signature_entered"   // a signature that came on paper was entered; way is how it came
	SetAside           Action = "set_aside"           // a fax or a reply that waited counts nothing; reason is why
	SignatureWithdrawn Action = "signature_withdrawn" // a signature was taken back for a signer who asked the team; by is code or name, as they told it
	SheetsIssued       Action = "sheets_issued"       // sheets of paper were issued; sheets is how many
	SheetsAskedFor     Action = "sheets_asked_for"    // volunteers were asked by text for late sheets; sheets is how many
	SheetMarked        Action = "sheet_marked"        // a sheet is out, back, scanned or lost
	SheetCounted       Action = "sheet_counted"       // a person counted a sheet; count is the first or the second
	SheetBoxed         Action = "sheet_boxed"         // a sheet was laid into a box
	Invalidated        Action = "invalidated"         // signatures were made invalid; signatures is how many were to be
	InvalidUndone      Action = "invalid_undone"      // signatures that were made invalid together stand again
	PetitionAdvanced   Action = "petition_advanced"   // signatures went on to a stage; to is the office that took them
	PetitionPacked     Action = "petition_packed"     // a delivery pack was made: signatures is how many are in its book, masked whether all names are covered
	PetitionAnswered   Action = "petition_answered"   // the addressee has answered
	AnswerPrepared     Action = "answer_prepared"     // the call was prepared that tells signers the answer
	PetitionPurged     Action = "petition_purged"     // the names of a petition were deleted
	TextingBegun       Action = "texting_begun"       // a round of texting by volunteers was begun; list is its name
	TextingClosed      Action = "texting_closed"      // a round was closed
	TextingGivenUp     Action = "texting_given_up"    // whom a volunteer never settled was taken out of their hands; volunteer is who
	Entrusted          Action = "entrusted"           // a contact was shown to a volunteer, to text; round is in which
)

// sentences say what was done, in English and Korean, as the console shows it.
var sentences = map[Action][2]string{
	LogIn:           {"logged in", "로그인했습니다"},
	LogInRefused:    {"tried to log in, in vain", "로그인에 실패했습니다"},
	LogInLimited:    {"failed too often and must wait", "실패가 잦아 기다려야 합니다"},
	LogOut:          {"logged out", "로그아웃했습니다"},
	Proved:          {"proved again who they are", "본인임을 다시 확인했습니다"},
	SessionEnded:    {"ended a session", "세션 하나를 끝냈습니다"},
	SessionsEnded:   {"ended all sessions", "모든 세션을 끝냈습니다"},
	FirstDirector:   {"became the first director", "첫 책임자가 되었습니다"},
	Invited:         {"invited somebody", "사람을 초대했습니다"},
	Uninvited:       {"took an invitation back", "초대를 취소했습니다"},
	Joined:          {"accepted an invitation", "초대를 받아들였습니다"},
	RolesChanged:    {"changed roles", "역할을 바꾸었습니다"},
	Disabled:        {"shut an account", "계정을 막았습니다"},
	Enabled:         {"opened an account again", "계정을 다시 열었습니다"},
	Reset:           {"took away all ways to log in", "로그인 수단을 모두 없앴습니다"},
	Restored:        {"chose new ways to log in", "로그인 수단을 새로 정했습니다"},
	PasswordChanged: {"changed the password", "비밀번호를 바꾸었습니다"},
	PasskeyAdded:    {"added a passkey", "패스키를 더했습니다"},
	PasskeyRemoved:  {"removed a passkey", "패스키를 지웠습니다"},
	RecoveryRenewed: {"made new recovery codes", "복구 코드를 새로 만들었습니다"},
	TokenMade:       {"made an API token", "API 토큰을 만들었습니다"},
	TokenRevoked:    {"revoked an API token", "API 토큰을 취소했습니다"},
	Rehearsed:       {"rehearsed a call", "예행연습을 했습니다"},
	Tested:          {"sent themselves a test", "자신에게 시험 발송했습니다"},
	Launched:        {"launched a call", "발송을 올렸습니다"},
	Released:        {"released a call", "발송을 승인했습니다"},
	CallMade:        {"a call was made of a draft", "초안이 발송이 되었습니다"},
	Corrected:       {"launched a correction", "정정을 올렸습니다"},
	Resent:          {"sent again what was in doubt", "불확실한 건을 다시 보냈습니다"},
	Settled:         {"took for sent what was in doubt", "불확실한 건을 보낸 것으로 쳤습니다"},
	Paused:          {"paused a call", "발송을 멈췄습니다"},
	Resumed:         {"resumed a call", "발송을 다시 시작했습니다"},
	Stopped:         {"stopped a call for good", "발송을 완전히 중단했습니다"},
	Imported:        {"imported people onto a list", "명단에 사람들을 가져왔습니다"},
	Exported:        {"took a list out as a file", "명단을 파일로 내보냈습니다"},
	Suppressed:      {"suppressed an address", "주소를 막았습니다"},
	Freed:           {"took a suppression back", "주소를 다시 풀었습니다"},
	AmnestyGiven:    {"took back what was our own fault", "우리 잘못으로 막힌 주소를 되돌렸습니다"},
	WebhookMade:     {"set up a webhook", "웹훅을 만들었습니다"},
	WebhookChanged:  {"changed a webhook", "웹훅을 바꾸었습니다"},
	WebhookRotated:  {"renewed the secret of a webhook", "웹훅의 비밀 키를 새로 만들었습니다"},
	WebhookShut:     {"shut a webhook", "웹훅을 닫았습니다"},
	WebhookReopened: {"opened a webhook again", "웹훅을 다시 열었습니다"},
	WebhookDeleted:  {"deleted a webhook", "웹훅을 지웠습니다"},
	Erased:          {"erased a contact", "연락처를 지웠습니다"},

	AlarmAcknowledged: {"sees to an alarm", "경보를 확인했습니다"},
	AlarmQuieted:      {"quieted an alarm", "경보 알림을 껐습니다"},
	TaskRun:           {"ran a failed task again", "실패한 작업을 다시 실행했습니다"},
	TaskDropped:       {"deleted a failed task", "실패한 작업을 지웠습니다"},

	SignatureEntered:   {"entered a signature from paper", "종이로 온 서명을 입력했습니다"},
	SetAside:           {"set aside what waited", "확인 대기 중이던 것을 제외했습니다"},
	SignatureWithdrawn: {"withdrew a signature for its signer", "서명자의 요청으로 서명을 철회했습니다"},
	SheetsIssued:       {"issued sheets", "서명지를 발급했습니다"},
	SheetsAskedFor:     {"asked volunteers for late sheets", "늦은 서명지를 돌려 달라고 자원봉사자에게 문자를 보냈습니다"},
	SheetMarked:        {"noted where a sheet is", "서명지의 상태를 적었습니다"},
	SheetCounted:       {"counted a sheet", "서명지를 세었습니다"},
	SheetBoxed:         {"laid a sheet into a box", "서명지를 상자에 담았습니다"},
	Invalidated:        {"made signatures invalid", "서명을 무효로 했습니다"},
	InvalidUndone:      {"made invalid signatures stand again", "무효로 한 서명을 되돌렸습니다"},
	PetitionAdvanced:   {"brought signatures on to a stage", "서명을 다음 단계로 넘겼습니다"},
	PetitionPacked:     {"made the delivery pack of a petition", "서명 전달 묶음을 만들었습니다"},
	PetitionAnswered:   {"noted that the addressee answered", "받는 곳의 답변을 적었습니다"},
	AnswerPrepared:     {"prepared to tell signers the answer", "서명한 분들께 답변을 알릴 준비를 했습니다"},
	PetitionPurged:     {"deleted the names of a petition", "서명 운동의 이름을 삭제했습니다"},
	TextingBegun:       {"began texting by volunteers", "자원봉사자 문자를 시작했습니다"},
	TextingClosed:      {"closed a round of texting", "자원봉사자 문자를 마쳤습니다"},
	TextingGivenUp:     {"took a contact out of a volunteer's hands", "자원봉사자가 맡은 연락처를 거두었습니다"},
	Entrusted:          {"was entrusted with a contact", "연락처 하나를 맡았습니다"},
}

// Actions are all of them, sorted.
func Actions() []Action { return slices.Sorted(maps.Keys(sentences)) }

// Sentence says what was done, without who; lang is "ko" or anything else for English.
func (a Action) Sentence(lang string) string {
	if lang == "ko" {
		return sentences[a][1]
	}
	return sentences[a][0]
}
