package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"slices"
	"strings"

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
		n, err := s.roll.Advance(ctx, stage, nil)
		if err != nil {
			return nil, err
		}
		s.say("%s: %s signatures with a name", stage.Word("en"), petition.Thousands(n))
	}
	sheets, err := s.roll.AdvanceSheets(ctx, petition.HandedOver)
	if err != nil {
		return nil, err
	}
	s.say("the President's office takes them, and %d sheets in boxes", sheets)

	s.at(days+4, 11, 0)
	_, err = s.roll.Advance(ctx, petition.Acknowledged, nil)
	if err == nil {
		_, err = s.roll.AdvanceSheets(ctx, petition.Acknowledged)
	}
	if err != nil {
		return nil, err
	}
	end := &ending{}
	if end.told, err = s.answer(ctx); err != nil {
		return nil, err
	}
	if end.tally, err = s.agrees(ctx); err != nil {
		return nil, err
	}
	return end, s.purge(ctx, end)
}

// answer tells each who left a way to be reached, by the way they left.
func (s *story) answer(ctx context.Context) (told int, err error) {
	var table strings.Builder
	table.WriteString("name,email,sms,fax,language\n")
	asked := map[string]bool{}
	err = s.roll.Walk(ctx, func(sig *petition.Signature) error {
		if sig.Certain() && sig.Agreed.News {
			asked[sig.Contact.Reveal()] = true
			var at [3]string
			at[slices.Index(address.Channels[:], sig.Contact.Channel())] = sig.Contact.Reveal()
			fmt.Fprintf(&table, "%s,%s,%s,%s,%s\n", sig.Name, at[0], at[1], at[2], sig.Language)
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	if _, err := s.load(ctx, "signers", strings.NewReader(table.String())); err != nil {
		return 0, err
	}
	files, err := readAll(calls, "calls/answer")
	if err != nil {
		return 0, err
	}
	report, err := s.call(ctx, files)
	if err != nil {
		return 0, err
	}
	if report.Status.Audience != len(asked) {
		return 0, fmt.Errorf("%d asked to be told, and the call goes to %d", len(asked), report.Status.Audience)
	}
	s.say("the office has answered: %s are told, %s", petition.Thousands(report.Status.Audience), channels(report.Status))
	return report.Status.Audience, nil
}

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
	if end.certificate, err = s.roll.Purge(ctx, counter); err != nil {
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
