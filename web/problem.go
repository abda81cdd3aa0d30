package web

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"slices"

	"clarion/broadcast"
	"clarion/internal/conf"
	"clarion/internal/seal"
	"clarion/petition"
	"clarion/petition/texting"
	"clarion/web/access"
	"clarion/web/desk"
	"clarion/webhooks"
	"clarion/worker/alarm"
	"clarion/worker/gateway"
)

// A Problem is an error as HTTP tells it (RFC 9457).
type Problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Korean string `json:"-"` // the title, for pages

	Problems []conf.Problem `json:"problems,omitempty"` // mistakes in files, each with its line
}

// Say is the problem in a sentence, in Korean or English.
func (p Problem) Say(lang string) string {
	if lang == "ko" {
		return p.Korean
	}
	return p.Title
}

// Errors of the packages below, told by ProblemOf.
var (
	// ErrNotFound means that nothing of ours stands at the address.
	ErrNotFound = errors.New("there is nothing here")
	// ErrUnreadable means that a request cannot be read, and would not be the
	// next time either.
	ErrUnreadable = errors.New("the request cannot be read")
	// ErrTooMany means that one client asks faster than is good for the others.
	ErrTooMany = errors.New("too many requests from one client")
	// ErrMethod means that what stands at the address is asked by other methods.
	ErrMethod = errors.New("the method is not for this address")
	// ErrMedia means that a body is of another type than is read here.
	ErrMedia = errors.New("the body is of another type")
	// ErrNoVersion means that a change does not say which version it is made to.
	ErrNoVersion = errors.New("If-Match is missing")
	// ErrVersion means that what is to be changed has another version by now.
	ErrVersion = errors.New("If-Match names another version")
	// ErrKey means that an Idempotency-Key is none.
	ErrKey = errors.New("the Idempotency-Key cannot be read")
	// ErrKeyOther means that an Idempotency-Key came before with another request.
	ErrKeyOther = errors.New("the Idempotency-Key is that of another request")
	// ErrKeyBusy means that the request of an Idempotency-Key is being done.
	ErrKeyBusy = errors.New("the request of this Idempotency-Key is being done")
	// ErrKeyLost means that nobody knows what became of the request of an Idempotency-Key.
	ErrKeyLost = errors.New("what became of the request of this Idempotency-Key is not known")
	// ErrKeyLarge means that the request of an Idempotency-Key was done, with an answer too large to keep.
	ErrKeyLarge = errors.New("the answer to the request of this Idempotency-Key was not kept")
)

// ProblemOf is the one mapping from domain errors to HTTP. An error that it does
// not know tells nothing of itself.
func ProblemOf(err error) Problem {
	problem := func(status int, en, ko string) Problem {
		return Problem{Type: "about:blank", Title: en, Status: status, Korean: ko}
	}
	var state *broadcast.StateError
	var size *http.MaxBytesError
	var wrong conf.Problems
	var refusal *petition.Refusal
	switch {
	case errors.Is(err, seal.ErrToken):
		return problem(http.StatusNotFound, "This link is not valid.", "올바르지 않은 링크입니다.")
	case errors.Is(err, broadcast.ErrNoCall), errors.Is(err, broadcast.ErrNoDelivery), errors.Is(err, broadcast.ErrNoPicture), errors.Is(err, ErrNotFound), errors.Is(err, desk.ErrNoDraft), errors.Is(err, access.ErrNobody), errors.Is(err, webhooks.ErrNone), errors.Is(err, alarm.ErrNone), errors.Is(err, texting.ErrNoRound):
		return problem(http.StatusNotFound, "There is no such thing.", "찾으시는 것이 없습니다.")
	case errors.Is(err, desk.ErrNoPetition):
		return problem(http.StatusNotFound, "No petition is set: the settings name its folder under [petition].", "서명 운동이 정해지지 않았습니다. 설정의 [petition]에서 폴더를 정합니다.")
	case errors.Is(err, petition.ErrNoWaiting):
		return problem(http.StatusNotFound, petition.ErrNoWaiting.Sentence("en"), petition.ErrNoWaiting.Sentence("ko"))
	case errors.Is(err, petition.ErrSettled):
		return problem(http.StatusConflict, petition.ErrSettled.Sentence("en"), petition.ErrSettled.Sentence("ko"))
	case errors.Is(err, petition.ErrNoSheet), errors.Is(err, petition.ErrNoBulk), errors.Is(err, petition.ErrNoSignature):
		return problem(http.StatusNotFound, "There is no such thing.", "찾으시는 것이 없습니다.")
	case errors.As(err, &refusal):
		return problem(http.StatusUnprocessableEntity, refusal.Sentence("en"), refusal.Sentence("ko"))
	case errors.Is(err, ErrMethod):
		return problem(http.StatusMethodNotAllowed, "This is not asked by that method: Allow says which.", "이 주소는 그 방식으로 부를 수 없습니다.")
	case errors.Is(err, ErrMedia):
		return problem(http.StatusUnsupportedMediaType, "The body is of another type than is read here: see Content-Type.", "본문의 형식이 다릅니다. Content-Type을 확인해 주십시오.")
	case errors.Is(err, ErrNoVersion):
		return problem(http.StatusPreconditionRequired, "Say which version you change: If-Match with the ETag that you read.", "어느 판을 고치는지 If-Match로 알려 주십시오.")
	case errors.Is(err, ErrVersion):
		return problem(http.StatusPreconditionFailed, "It has another version by now. Read it again, and repeat your change.", "그 사이에 판이 바뀌었습니다. 다시 읽은 뒤 고쳐 주십시오.")
	case errors.Is(err, ErrKey):
		return problem(http.StatusBadRequest, "An Idempotency-Key has 1 to 255 printable ASCII characters: a random UUID would be right.", "Idempotency-Key는 출력 가능한 ASCII 문자 1자에서 255자입니다. 임의의 UUID를 쓰십시오.")
	case errors.Is(err, ErrKeyOther):
		return problem(http.StatusUnprocessableEntity, "This Idempotency-Key came before with another request, and nothing was done. Take a new key for each request.", "이 Idempotency-Key는 다른 요청에 이미 쓰였고, 아무것도 하지 않았습니다. 요청마다 새 키를 쓰십시오.")
	case errors.Is(err, ErrKeyBusy):
		return problem(http.StatusConflict, "The first request with this Idempotency-Key is being done. Come again in a moment for its answer.", "이 Idempotency-Key의 첫 요청을 처리하는 중입니다. 잠시 뒤에 다시 물어 주십시오.")
	case errors.Is(err, ErrKeyLost):
		return problem(http.StatusConflict, "The first request with this Idempotency-Key was broken off, and nobody knows whether it was done. Look; if it was not, repeat it under a new key.", "이 Idempotency-Key의 첫 요청이 중간에 끊겨 처리되었는지 알 수 없습니다. 확인해 보시고, 되지 않았으면 새 키로 다시 요청해 주십시오.")
	case errors.Is(err, ErrKeyLarge):
		return problem(http.StatusConflict, "The first request with this Idempotency-Key was done; its answer is too large to be kept. Read what it made.", "이 Idempotency-Key의 첫 요청은 처리되었으나 응답이 커서 보관하지 않았습니다. 결과를 읽어 확인해 주십시오.")
	case errors.As(err, &state):
		return problem(http.StatusConflict, state.Error(), "이 발송은 지금 \""+state.State.Word("ko")+"\" 상태라서 그렇게 할 수 없습니다.")
	case errors.Is(err, alarm.ErrOver):
		return problem(http.StatusConflict, "This alarm is over.", "이미 끝난 경보입니다.")
	case errors.Is(err, desk.ErrConflict):
		return problem(http.StatusConflict, "Somebody else has changed it meanwhile. Read it again, and repeat your change.", "그 사이에 다른 사람이 고쳤습니다. 다시 읽은 뒤 고쳐 주십시오.")
	case errors.Is(err, desk.ErrOut):
		return problem(http.StatusConflict, "This draft went out already, and nothing was sent again: look among the calls. To send it once more, save it anew.", "이 초안은 이미 발송되었고, 다시 보내지 않았습니다. 발송 목록에서 확인하십시오. 한 번 더 보내려면 초안을 다시 저장하십시오.")
	case errors.Is(err, gateway.ErrForged):
		return problem(http.StatusForbidden, "This request does not come from the gateway.", "게이트웨이에서 온 요청이 아닙니다.")
	case errors.Is(err, access.ErrNoSession):
		return problem(http.StatusUnauthorized, "You are not logged in.", "로그인되어 있지 않습니다.")
	case errors.Is(err, access.ErrStale):
		return problem(http.StatusForbidden, "Prove first that it is you: open My account, and confirm.", "먼저 본인 확인이 필요합니다. 내 계정에서 확인해 주십시오.")
	case errors.Is(err, desk.ErrSamePerson):
		return problem(http.StatusForbidden, "You launched this call: somebody else releases it.", "직접 올리신 발송은 다른 분이 승인해야 합니다.")
	case errors.Is(err, access.ErrForbidden):
		return problem(http.StatusForbidden, "You may not do this. A director can give you the right to.", "이 작업을 할 권한이 없습니다. 책임자에게 권한을 요청하십시오.")
	case errors.Is(err, access.ErrForm):
		return problem(http.StatusForbidden, "This form is old or does not come from here. Open the page again and repeat it.", "오래된 양식이거나 이 사이트의 양식이 아닙니다. 페이지를 다시 열고 해 주십시오.")
	case errors.As(err, &size):
		return problem(http.StatusRequestEntityTooLarge, "The request is too large.", "보내신 내용이 너무 큽니다.")
	case errors.Is(err, ErrUnreadable):
		return problem(http.StatusBadRequest, "The request cannot be read.", "요청을 읽을 수 없습니다.")
	case errors.Is(err, ErrTooMany):
		return problem(http.StatusTooManyRequests, "Too many requests; wait a moment.", "요청이 너무 많습니다. 잠시 기다려 주십시오.")
	case errors.As(err, &wrong):
		p := problem(http.StatusUnprocessableEntity, "There is something to mend first.", "먼저 고칠 것이 있습니다.")
		p.Problems = wrong
		return p
	case desk.Mistaken(err), errors.Is(err, webhooks.ErrInput):
		return problem(http.StatusUnprocessableEntity, err.Error(), "고칠 것이 있습니다: "+err.Error())
	}
	return problem(http.StatusServiceUnavailable, "It did not work; try again in a moment.", "처리하지 못했습니다. 잠시 뒤에 다시 시도해 주십시오.")
}

// in is the problem as somebody reads it who reads lang.
func (p Problem) in(lang string) Problem {
	p.Title = p.Say(lang)
	if lang == "ko" {
		p.Problems = slices.Clone(p.Problems)
		for i, one := range p.Problems {
			p.Problems[i].Message = cmp.Or(one.Korean, one.Message)
		}
	}
	return p
}

// Fail answers with a problem, in the language that the request asks for.
func Fail(w http.ResponseWriter, r *http.Request, err error) {
	lang := Language(r)
	p := ProblemOf(err).in(lang)
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Content-Language", lang)
	w.Header().Add("Vary", "Accept-Language")
	if p.Status == http.StatusServiceUnavailable || p.Status == http.StatusTooManyRequests || errors.Is(err, ErrKeyBusy) {
		w.Header().Set("Retry-After", "5")
	}
	w.WriteHeader(p.Status)
	// The status is out; what is left to do when the far side is gone is nothing.
	_ = json.NewEncoder(w).Encode(p)
}
