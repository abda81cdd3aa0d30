package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"strings"

	"clarion/internal/audit"
	"clarion/lists/address"
	"clarion/petition"
	"clarion/web/desk"
)

//go:embed calls
var calls embed.FS

// theCampaign is the petition that comes with Clarion, at its time.
func theCampaign() (*petition.Campaign, error) {
	files, err := readAll(petition.Example(), ".")
	if err != nil {
		return nil, err
	}
	toml := string(files[petition.CampaignFile])
	for _, day := range [][2]string{{"opens", "2013-06-03"}, {"closes", "2013-06-19"}} {
		before, rest, ok := strings.Cut(toml, day[0]+` = "`)
		_, after, ended := strings.Cut(rest, `"`)
		if !ok || !ended {
			return nil, fmt.Errorf("the example says nothing of when it %s", day[0])
		}
		toml = before + day[0] + ` = "` + day[1] + `"` + after
	}
	files[petition.CampaignFile] = []byte(toml)
	campaign, problems := petition.Parse(files)
	if len(problems) > 0 {
		return nil, fmt.Errorf("the example: %s", problems[0])
	}
	return campaign, nil
}

// deliver hands all over, tells those who asked to be told, and deletes the names.
func (s *story) deliver(ctx context.Context) (*ending, error) {
	s.at(days+1, 10, 0)
	if _, err := s.roll.Add(ctx, petition.Signing{Way: petition.WayWeb, Name: "김늦음", Region: "seoul", Language: "ko", Agreed: petition.Agreed{Opinion: true}, Age: true}); !errors.Is(err, petition.ErrClosed) {
		return nil, fmt.Errorf("who comes after the end is told: %w", err)
	}
	for _, stage := range []petition.Stage{petition.Counted, petition.Boxed, petition.HandedOver} {
		went, err := s.desk.AdvancePetition(ctx, desk.Advance{Stage: stage, To: "the President's office"}, counter, unnoted)
		if err != nil {
			return nil, err
		}
		s.say("%s: %s signatures with a name%s", stage.Word("en"), petition.Thousands(went.Signatures), plus(went.Sheets, ", and %d sheets in boxes"))
	}

	s.at(days+4, 11, 0)
	if _, err := s.desk.AdvancePetition(ctx, desk.Advance{Stage: petition.Acknowledged}, counter, unnoted); err != nil {
		return nil, err
	}
	end := &ending{}
	var err error
	if end.told, err = s.answer(ctx); err != nil {
		return nil, err
	}
	if end.tally, err = s.agrees(ctx); err != nil {
		return nil, err
	}
	return end, s.purge(ctx, end)
}

// answer tells each who agreed to hear and left a way to be reached, by that way.
func (s *story) answer(ctx context.Context) (told int, err error) {
	asked := map[address.Channel]map[string]bool{address.Email: {}, address.SMS: {}, address.Fax: {}}
	people := 0
	err = s.roll.Walk(ctx, func(sig *petition.Signature) error {
		if at := asked[sig.Contact.Channel()]; sig.Certain() && sig.Agreed.News && !at[sig.Contact.Reveal()] {
			at[sig.Contact.Reveal()] = true
			people++
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	if err := s.desk.NoteAnswer(ctx, s.clk.Now(), counter, unnoted); err != nil {
		return 0, err
	}
	files, err := readAll(calls, "calls/answer")
	if err != nil {
		return 0, err
	}
	draft, err := s.desk.PrepareAnswer(ctx, files, "the team", unnoted)
	if err != nil {
		return 0, err
	}
	id, err := s.desk.LaunchSaved(ctx, draft, desk.LaunchOptions{By: counter})
	if err != nil {
		return 0, fmt.Errorf("launch the answer: %w", err)
	}
	report, err := s.ended(ctx, id)
	if err != nil {
		return 0, err
	}
	if report.Status.Audience != people {
		return 0, fmt.Errorf("%d asked to be told, and the call goes to %d", people, report.Status.Audience)
	}
	for ch, at := range asked {
		if n := report.Status.Channels[ch.String()].Total; n != len(at) {
			return 0, fmt.Errorf("%d asked to be told by %s, and the call goes to %d", len(at), ch, n)
		}
	}
	s.say("the office has answered: %s are told, %s", petition.Thousands(people), channels(report.Status))
	return people, nil
}

// unnoted is for what nobody of a team does: the story has no trail.
func unnoted(audit.Action, string, map[string]string) error { return nil }

// channels says how many of a call's messages went by which channel.
func channels(r *desk.StatusReport) string {
	var out []string
	for _, ch := range address.Channels {
		if c, ok := r.Channels[ch.String()]; ok && c.Total > 0 {
			out = append(out, fmt.Sprintf("%s by %s", petition.Thousands(c.Total), desk.ChannelWord(ch, "en")))
		}
	}
	return strings.Join(out, ", ")
}

// purge deletes who signed. What was counted and proven stays so.
func (s *story) purge(ctx context.Context, end *ending) (err error) {
	if end.certificate, err = s.desk.PurgePetition(ctx, s.roll.ID, counter, unnoted); err != nil {
		return err
	}
	if err := end.certificate.Verify(); err != nil {
		return err
	}
	named := 0
	err = s.roll.Walk(ctx, func(sig *petition.Signature) error {
		if sig.Name != "" || !sig.Contact.IsZero() {
			named++
		}
		return nil
	})
	if err != nil {
		return err
	}
	if named > 0 {
		return fmt.Errorf("%d names are still there after the purge", named)
	}
	tally, err := s.roll.Tally(ctx)
	if err != nil {
		return err
	}
	if tally.AtLeast != end.tally.AtLeast || tally.AtMost != end.tally.AtMost {
		return fmt.Errorf("with the names went some of the count: %d to %d", tally.AtLeast, tally.AtMost)
	}
	for number, slip := range s.slips {
		if !s.model.numbers[number].confirmed || s.model.numbers[number].gone {
			continue
		}
		proof, err := s.roll.Prove(ctx, number)
		if err == nil {
			err = petition.Verify(slip, proof)
		}
		if err != nil {
			return fmt.Errorf("the slip of signature %d after the purge: %w", number, err)
		}
		if end.proven++; end.proven == 100 {
			break
		}
	}
	s.say("%s records and %s keyed hashes are deleted; %d slips tried after that still lead to the root", petition.Thousands(end.certificate.Records), petition.Thousands(end.certificate.Hashes), end.proven)
	return nil
}
