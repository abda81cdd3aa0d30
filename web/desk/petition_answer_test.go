package desk

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"clarion/broadcast"
	"clarion/internal/audit"
	"clarion/lists"
	"clarion/lists/address"
	"clarion/petition"
)

// A trail notes what was done, in its order.
type trail []audit.Action

func (n *trail) note(did audit.Action, _ string, _ map[string]string) error {
	*n = append(*n, did)
	return nil
}

// withPetition gives a desk the petition of the example, open now.
func withPetition(t *testing.T, d *Desk) *Desk {
	t.Helper()
	campaign, problems, err := petition.LoadFS(petition.Example())
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	d.Roll, d.Petition = petition.OpenRoll(campaign, d.Redis, d.Keys, d.Clock), petition.Open(d.Redis, d.Keys, d.Clock)
	return d
}

// signs has somebody sign who leaves an address on a channel, and says the number.
func signs(t *testing.T, d *Desk, name string, ch address.Channel, contact string, news bool) uint32 {
	t.Helper()
	to, err := parseAddress(ch, contact, "KR")
	if ch == address.Fax {
		to, err = address.ParsePhone(contact, "KR", address.Fax)
	}
	if err != nil {
		t.Fatal(err)
	}
	added, err := d.Roll.Add(t.Context(), petition.Signing{Way: petition.WayPost, Name: name, Region: "seoul", Language: "ko", Contact: to, Agreed: petition.Agreed{Opinion: true, News: news}, Age: true})
	if err != nil {
		t.Fatal(err)
	}
	return added.Number
}

// answered hands all over, and has the office answer.
func answered(t *testing.T, d *Desk, n *trail) {
	t.Helper()
	for _, stage := range []petition.Stage{petition.Counted, petition.Boxed, petition.HandedOver} {
		if _, err := d.AdvancePetition(t.Context(), Advance{Stage: stage, To: "Office"}, 1, n.note); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.PrepareAnswer(t.Context(), nil, "Kim", n.note); !Mistaken(err) {
		t.Fatalf("before there is an answer it is prepared: %v", err)
	}
	if err := d.NoteAnswer(t.Context(), d.Clock.Now(), 1, n.note); err != nil {
		t.Fatal(err)
	}
}

// goesTo are the addresses that a call goes to, by channel.
func goesTo(t *testing.T, d *Desk, who *lists.Resolved) (out []string) {
	t.Helper()
	for _, ch := range address.Channels {
		for n := range lists.Numbers(who.Bitmaps[ch]) {
			people, err := d.People.Read(t.Context(), []uint32{n})
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, people[0].Address(ch).Reveal())
		}
	}
	return out
}

// The answer goes to each signer who agreed to hear, by the way that they left, and to
// nobody who has withdrawn, is invalid or did not agree; once.
func TestAnswerGoesByTheWayTheySigned(t *testing.T) {
	t.Parallel()
	d, ctx, n := withPetition(t, withGates(t, open(t))), t.Context(), &trail{}
	// 김영희 is a supporter with an email address, and signed by her number.
	signs(t, d, "김영희", address.SMS, "010-2345-6789", true)
	signs(t, d, "이새롬", address.Email, "new@example.org", true)
	signs(t, d, "한별", address.Fax, "02-788-2001", true)
	signs(t, d, "조용", address.Email, "silent@example.org", false)
	signs(t, d, "Mary", address.Email, "mary@example.com", true) // she said stop
	gone := signs(t, d, "박철회", address.Email, "gone@example.org", true)
	fake := signs(t, d, "홍길동", address.Email, "fake@example.org", true)
	late := signs(t, d, "나중", address.Email, "late@example.org", true)
	answered(t, d, n)
	if _, err := d.Roll.Invalidate(ctx, petition.Filter{Numbers: []uint32{fake}}, "invented", 1); err != nil {
		t.Fatal(err)
	}
	leave := func(number uint32) {
		t.Helper()
		s, err := d.Roll.Read(ctx, number)
		if err == nil {
			err = d.news().Leave(ctx, s)
		}
		if err == nil {
			err = d.Roll.Withdraw(ctx, number)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	leave(gone)

	s, err := d.PrepareAnswer(ctx, nil, "Kim", n.note)
	if err != nil {
		t.Fatal(err)
	}
	draft := ReadFiles(s.Files)
	if said := draft.Problems.Err(); said == nil || !strings.Contains(said.Error(), "{{ answer }}") || len(draft.Problems) != 4 {
		t.Errorf("the draft waits for the words of the answer alone, not for: %v", said)
	}
	for name, data := range s.Files {
		s.Files[name] = []byte(strings.ReplaceAll(string(data), "{{ answer }}", "받은 **답변**입니다."))
	}
	if s, err = d.SaveDraft(ctx, *s); err != nil {
		t.Fatal(err)
	}
	draft = ReadFiles(s.Files)
	if report, err := d.Check(ctx, draft); err != nil || len(report.Problems) > 0 {
		t.Fatalf("what keeps it back: %v, %v", report.Problems, err)
	}
	again, err := d.PrepareAnswer(ctx, nil, "Lee", n.note)
	if err != nil || again.ID != s.ID || again.Version != s.Version {
		t.Errorf("prepared again it is another draft, or another version: %+v, %v", again, err)
	}
	// Who withdraws after that, and who signs, is minded at the launch.
	leave(late)
	signs(t, d, "막차", address.Email, "last@example.org", true)

	mailOnly := strings.Replace(string(s.Files["call.toml"]), `channels = ["email", "sms", "fax"]`, `channels = ["email"]`, 1)
	if _, err := d.Launch(ctx, ReadFiles(map[string][]byte{"call.toml": []byte(mailOnly), "text.ko.md": s.Files["text.ko.md"], "text.en.md": s.Files["text.en.md"]}), LaunchOptions{}); !Mistaken(err) || !strings.Contains(err.Error(), `add "sms"`) {
		t.Errorf("a call that forgets those who left a number: %v", err)
	}
	id, err := d.LaunchSaved(ctx, s, LaunchOptions{By: 1})
	if err != nil {
		t.Fatal(err)
	}
	who, err := d.Audience(ctx, draft)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := goesTo(t, d, who), []string{"new@example.org", "last@example.org", "+821023456789", "+8227882001"}; !slices.Equal(got, want) {
		t.Errorf("the answer goes to %v, want %v", got, want)
	}
	if call, err := d.Ledger.Call(ctx, id); err != nil || call.Audience != 4 || call.State != broadcast.Running {
		t.Errorf("the call is %+v, %v", call, err)
	}
	if found, err := d.People.Find(ctx, address.Canonical(address.Email, "late@example.org")); err != nil || len(found) > 0 {
		t.Errorf("who has withdrawn is a contact still: %v, %v", found, err)
	}

	// It goes once, whatever is changed in its draft; a correction is another thing.
	s.Version++
	changed := ReadFiles(s.Files)
	if _, err := d.Launch(ctx, changed, LaunchOptions{}); !Mistaken(err) || !strings.Contains(err.Error(), "already") {
		t.Errorf("it goes out a second time: %v", err)
	}
	if _, err := d.PrepareAnswer(ctx, nil, "Kim", n.note); !Mistaken(err) {
		t.Errorf("it is prepared a second time: %v", err)
	}
	if _, err := d.Launch(ctx, changed, LaunchOptions{Rehearsal: true}); err != nil {
		t.Errorf("a rehearsal: %v", err)
	}
	if want := (trail{audit.PetitionAdvanced, audit.PetitionAdvanced, audit.PetitionAdvanced, audit.PetitionAnswered, audit.AnswerPrepared, audit.AnswerPrepared}); !slices.Equal(*n, want) {
		t.Errorf("noted are %v, want %v", *n, want)
	}
	// Its words stand on the page of each slip.
	a, err := d.Roll.Answer(ctx)
	if err != nil || !strings.Contains(string(a.Text["ko"]), "<strong>답변</strong>") || !strings.Contains(string(a.Text["ko"]), "서명해 주신 분님") {
		t.Errorf("who has a slip reads %+v, %v", a, err)
	}

	// The names go when all are told, and the contacts that came by the petition with them.
	d.Roll.Closes = d.Clock.Now()
	if _, err := d.PurgePetition(ctx, d.Roll.ID, 1, n.note); !Mistaken(err) || !strings.Contains(err.Error(), "on its way") {
		t.Errorf("the names are deleted under the answer's hands: %v", err)
	}
	if _, err := d.Change(ctx, id, Stop); err != nil {
		t.Fatal(err)
	}
	if _, err := d.PurgePetition(ctx, d.Roll.ID, 1, n.note); err != nil {
		t.Fatal(err)
	}
	all, err := d.Lists(ctx)
	if err != nil || len(all) != 1 || all[0].Name != "supporters" || all[0].Contacts != 3 {
		t.Errorf("after the purge the lists are %+v, %v", all, err)
	}
	for text, want := range map[string]int{"new@example.org": 0, "kim@example.org": 1} {
		if found, err := d.People.Find(ctx, address.Canonical(address.Email, text)); err != nil || len(found) != want {
			t.Errorf("%d contacts are found at an address, want %d: %v", len(found), want, err)
		}
	}
	if r, err := d.Delivery(ctx); err != nil || r.Answer.Reach != nil {
		t.Errorf("after the purge it would reach %+v, %v", r.Answer, err)
	}
}

// An answer that nobody released makes room for another; its words are shown to nobody
// before somebody did.
func TestAnswerIsReleased(t *testing.T) {
	t.Parallel()
	d, ctx, n := withPetition(t, withGates(t, open(t))), t.Context(), &trail{}
	d.Release.SecondPerson = true
	signs(t, d, "이새롬", address.Email, "new@example.org", true)
	answered(t, d, n)
	s, err := d.PrepareAnswer(ctx, sample(t, `lists = ["supporters"]`, `lists = ["supporters"]`+"\nonly.sms = \"supporters\""), "Kim", n.note)
	if err != nil {
		t.Fatal(err)
	}
	first, err := d.LaunchSaved(ctx, s, LaunchOptions{By: 1})
	if err != nil {
		t.Fatal(err)
	}
	if call, err := d.Ledger.Call(ctx, first); err != nil || call.State != broadcast.Planned || call.Audience != 1 {
		t.Fatalf("before its release the call is %+v, %v", call, err)
	}
	if a, err := d.Roll.Answer(ctx); err != nil || a == nil || a.Text != nil {
		t.Errorf("before its release the answer is shown: %+v, %v", a, err)
	}
	if _, err := d.PrepareAnswer(ctx, nil, "Kim", n.note); !Mistaken(err) {
		t.Errorf("it is prepared again while it waits: %v", err)
	}
	if _, err := d.Change(ctx, first, Stop); err != nil {
		t.Fatal(err)
	}
	if s, err = d.PrepareAnswer(ctx, sample(t), "Kim", n.note); err != nil {
		t.Fatal(err)
	}
	second, err := d.LaunchSaved(ctx, s, LaunchOptions{By: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.ReleaseCall(ctx, second, 2); err != nil {
		t.Fatal(err)
	}
	if r, err := d.Delivery(ctx); err != nil || r.Answer.Call != second || !r.Answer.Went || r.Answer.Draft != s.ID {
		t.Errorf("the answer goes out by %+v, %v", r.Answer, err)
	}
	if a, err := d.Roll.Answer(ctx); err != nil || a.Text["en"] == "" || strings.Contains(string(a.Text["en"]), "<img") {
		t.Errorf("after its release the answer is %+v, %v", a, err)
	}
	var input *InputError
	if _, err := d.PrepareAnswer(ctx, map[string][]byte{"call.toml": []byte("campaign = 1\n")}, "Kim", n.note); err == nil || errors.As(err, &input) && !strings.Contains(err.Error(), "already") {
		t.Errorf("a broken folder: %v", err)
	}
}
