package access

import "slices"

// A Role is what somebody is in the team. A person may have several, and may
// then do what any of them may.
type Role string

// The roles.
const (
	Director   Role = "director"    // answers for all of it
	Author     Role = "author"      // writes calls, and launches them for release
	Releaser   Role = "releaser"    // the second person, who lets a call go
	Watcher    Role = "watcher"     // watches the board, and takes alarms
	ListKeeper Role = "list_keeper" // keeps lists and the people on them
	Volunteer  Role = "volunteer"   // forwards the appeal
	Technician Role = "technician"  // keeps gateways, queues and machines running
)

// Roles are all roles, in the order of the columns of the table.
var Roles = [...]Role{Director, Author, Releaser, Watcher, ListKeeper, Volunteer, Technician}

// A Right is one thing that a page or a route of the API asks for.
type Right string

// The rights.
const (
	Own        Right = "own"        // one's own account: ways to log in, sessions, language
	Watch      Right = "watch"      // see calls, how they run, and reports without names
	Write      Right = "write"      // write, check and rehearse calls, and send oneself a test
	Launch     Right = "launch"     // launch or schedule a call, which somebody else then releases
	Release    Right = "release"    // release what somebody else has launched
	Pause      Right = "pause"      // pause a call
	Steer      Right = "steer"      // resume a call, or stop it for good
	Settle     Right = "settle"     // settle deliveries in doubt, or send them again
	Alarms     Right = "alarms"     // take alarms and quiet them
	Lists      Right = "lists"      // see lists, how many are on them, and who is left out by number and reason
	People     Right = "people"     // see and change single contacts
	Import     Right = "import"     // import lists, suppress addresses and free them
	Export     Right = "export"     // take people's data out of Clarion
	Erase      Right = "erase"      // erase contacts
	Amnesty    Right = "amnesty"    // take back suppressions that were our own fault
	Forward    Right = "forward"    // one's own page for volunteers: link, texts, reach
	Text       Right = "text"       // text contacts who are entrusted to one, from one's own phone
	Volunteers Right = "volunteers" // volunteers and their links
	Petition   Right = "petition"   // see the petition: its count, pace and roots, without names
	Sheets     Right = "sheets"     // sheets of paper: issue, follow, count and box them
	Enter      Right = "enter"      // enter signatures that came on paper, by name
	Invalidate Right = "invalidate" // make signatures invalid, and undo that; withdraw one for its signer
	Deliver    Right = "deliver"    // bring signatures on to the addressee
	Purge      Right = "purge"      // delete the names of a petition that has ended
	Entrust    Right = "entrust"    // have volunteers text contacts, who are shown to them one at a time
	System     Right = "system"     // gateways, queues, readiness
	Team       Right = "team"       // invite people, give roles, shut accounts
	Trail      Right = "trail"      // read the audit trail and verify it
	Tokens     Right = "tokens"     // make API tokens, which may no more than oneself
	Webhooks   Right = "webhooks"   // outbound webhooks and their log
)

// An answer is may or not; the zero value is no answer, and a test refuses it.
type answer uint8

const (
	_ answer = iota
	not
	may
)

// A row says who has a right, and under which conditions.
type row struct {
	right Right
	roles [len(Roles)]answer
	fresh answer // may: it takes a proof of who one is that is not older than Freshness
	token answer // may: an API token can have it
	en    string
	ko    string
}

// table is the one place that says who may do what.
var table = [...]row{
	//            director author releaser watcher keeper volunteer technician  fresh token
	{Own, [7]answer{may, may, may, may, may, may, may}, not, not, "see and change one's own account", "자기 계정을 보고 바꿉니다"},
	{Watch, [7]answer{may, may, may, may, not, not, may}, not, may, "see calls, how they run, and reports without names", "발송과 진행 상황, 이름 없는 보고서를 봅니다"},
	{Write, [7]answer{may, may, not, not, not, not, not}, not, may, "write, check and rehearse calls", "발송 문안을 쓰고 점검하고 예행합니다"},
	{Launch, [7]answer{may, may, not, not, not, not, not}, may, may, "launch or schedule a call, for somebody else to release", "발송을 올리거나 예약합니다. 다른 사람이 승인해야 나갑니다"},
	{Release, [7]answer{may, not, may, not, not, not, not}, may, not, "release what somebody else has launched", "다른 사람이 올린 발송을 승인합니다"},
	{Pause, [7]answer{may, may, may, not, not, not, may}, not, may, "pause a call", "발송을 멈춥니다"},
	{Steer, [7]answer{may, not, may, not, not, not, not}, not, may, "resume a call, or stop it for good", "발송을 다시 시작하거나 완전히 끝냅니다"},
	{Settle, [7]answer{may, not, may, not, not, not, not}, not, may, "settle deliveries in doubt, or send them again", "나갔는지 모르는 건을 정리하거나 다시 보냅니다"},
	{Alarms, [7]answer{may, not, may, may, not, not, may}, not, may, "take alarms and quiet them", "경보를 받고 잠재웁니다"},
	{Lists, [7]answer{may, may, may, not, may, not, not}, not, may, "see lists, their sizes, and how many are left out and why", "명단과 인원, 빠진 사람의 수와 이유를 봅니다"},
	{People, [7]answer{may, not, not, not, may, not, not}, not, may, "see and change single contacts", "연락처를 하나하나 보고 바꿉니다"},
	{Import, [7]answer{may, not, not, not, may, not, not}, not, may, "import lists, suppress addresses and free them", "명단을 가져오고 주소를 막거나 풉니다"},
	{Export, [7]answer{may, not, not, not, may, not, not}, may, may, "take people's data out of Clarion", "사람들의 정보를 내보냅니다"},
	{Erase, [7]answer{may, not, not, not, may, not, not}, may, may, "erase contacts", "연락처를 지웁니다"},
	{Amnesty, [7]answer{may, not, not, not, may, not, not}, may, not, "take back suppressions that were our own fault", "우리 잘못으로 막힌 주소를 되돌립니다"},
	{Forward, [7]answer{may, may, not, not, not, may, not}, not, may, "see one's own page for volunteers", "자기 자원봉사자 페이지를 봅니다"},
	{Text, [7]answer{may, may, not, not, not, may, not}, not, not, "text the people who are entrusted to one, from one's own phone", "맡은 사람에게 자기 전화로 문자를 보냅니다"},
	{Volunteers, [7]answer{may, may, not, not, not, not, not}, not, may, "see volunteers and their links", "자원봉사자와 그 링크를 봅니다"},
	{Petition, [7]answer{may, may, may, may, may, not, may}, not, may, "see the petition: its count, pace and roots, without names", "서명 운동의 수, 속도, 공개된 해시를 이름 없이 봅니다"},
	{Sheets, [7]answer{may, may, not, may, may, not, not}, not, may, "issue, follow, count and box sheets of paper", "서명지를 발급하고 챙기고 세고 상자에 담습니다"},
	{Enter, [7]answer{may, not, not, not, may, not, not}, not, may, "enter signatures that came on paper, by name", "종이로 온 서명을 이름과 함께 입력합니다"},
	{Invalidate, [7]answer{may, not, not, not, may, not, not}, not, may, "make signatures invalid, undo that, and withdraw one for its signer", "서명을 무효로 하거나 되돌리고, 서명자의 요청으로 철회합니다"},
	{Deliver, [7]answer{may, may, not, not, not, not, not}, may, may, "bring signatures on to the addressee, which is never undone", "서명을 전달 단계로 넘깁니다. 되돌릴 수 없습니다"},
	{Purge, [7]answer{may, not, not, not, not, not, not}, may, not, "delete the names of a petition that has ended", "끝난 서명 운동의 이름을 모두 삭제합니다"},
	{Entrust, [7]answer{may, not, not, not, may, not, not}, may, not, "have volunteers text contacts, one at a time", "자원봉사자가 연락처에 한 사람씩 문자를 보내게 합니다"},
	{System, [7]answer{may, not, not, not, not, not, may}, not, may, "see gateways, queues and readiness", "게이트웨이, 대기열, 준비 상태를 봅니다"},
	{Team, [7]answer{may, not, not, not, not, not, not}, may, not, "invite people, give roles, shut accounts", "사람을 초대하고 역할을 주고 계정을 막습니다"},
	{Trail, [7]answer{may, not, not, not, not, not, may}, not, may, "read the audit trail and verify it", "감사 기록을 읽고 확인합니다"},
	{Tokens, [7]answer{may, not, not, not, not, not, may}, may, not, "make API tokens, which may no more than oneself", "자기 권한 안에서 API 토큰을 만듭니다"},
	{Webhooks, [7]answer{may, not, not, not, not, not, may}, may, may, "set up outbound webhooks and see their log", "바깥으로 알리는 웹훅을 정하고 그 기록을 봅니다"},
}

// roleWords name the roles for people, in English and Korean.
var roleWords = map[Role][2]string{
	Director: {"director", "책임자"}, Author: {"author", "작성자"}, Releaser: {"releaser", "승인자"}, Watcher: {"watcher", "지켜보는 사람"},
	ListKeeper: {"list keeper", "명단 관리자"}, Volunteer: {"volunteer", "자원봉사자"}, Technician: {"technician", "기술 담당자"},
}

// Word names the role; lang is "ko" or anything else for English.
func (r Role) Word(lang string) string {
	if lang == "ko" {
		return roleWords[r][1]
	}
	return roleWords[r][0]
}

// Valid says whether there is such a role.
func (r Role) Valid() bool { return slices.Contains(Roles[:], r) }

// Rights are all rights, in the order of the table.
func Rights() []Right {
	out := make([]Right, len(table))
	for i := range table {
		out[i] = table[i].right
	}
	return out
}

func (r Right) row() *row {
	for i := range table {
		if table[i].right == r {
			return &table[i]
		}
	}
	return &row{}
}

// Valid says whether there is such a right.
func (r Right) Valid() bool { return r.row().right != "" }

// Has says whether the role has the right.
func (r Role) Has(right Right) bool {
	i := slices.Index(Roles[:], r)
	return i >= 0 && right.row().roles[i] == may
}

// Fresh says whether the right takes a proof that is not older than Freshness.
func (r Right) Fresh() bool { return r.row().fresh == may }

// ForTokens says whether an API token can have the right.
func (r Right) ForTokens() bool { return r.row().token == may }

// Sentence says what one may do with the right; lang is "ko" or anything else for English.
func (r Right) Sentence(lang string) string {
	if lang == "ko" {
		return r.row().ko
	}
	return r.row().en
}
