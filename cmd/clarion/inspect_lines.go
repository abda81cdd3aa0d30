package main

import (
	"errors"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"clarion/lists/address"
	"clarion/lists/optout"
	"clarion/templates/sms"
	"clarion/worker/gateway/smtpreply"
)

func inspectReply(line []byte) (any, error) {
	var in struct {
		Reply *string   `json:"reply"`
		Code  replyCode `json:"smtp_code"`
	}
	if err := object(line, &in, "reply", func() bool { return in.Reply != nil }); err != nil {
		return nil, err
	}
	return smtpreply.Inspect(int(in.Code), *in.Reply), nil
}

// A replyCode is written as 550, "550" or, where it is not known, null or "".
type replyCode int

var errReplyCode = errors.New(`"smtp_code" must be a number from 100 to 999, or null`)

func (c *replyCode) UnmarshalJSON(b []byte) error {
	text := strings.Trim(string(b), `"`)
	if text == "null" || text == "" {
		return nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 100 || n > 999 {
		return errReplyCode
	}
	*c = replyCode(n)
	return nil
}

type textLine struct {
	Text *string `json:"text"`
}

func (t *textLine) read(line []byte) error {
	return object(line, t, "text", func() bool { return t.Text != nil })
}

func inspectSMS(line []byte) (any, error) {
	var in textLine
	if err := in.read(line); err != nil {
		return nil, err
	}
	return sms.Count(*in.Text), nil
}

func inspectOptOut(line []byte) (any, error) {
	var in textLine
	if err := in.read(line); err != nil {
		return nil, err
	}
	return struct {
		Intent optout.Wish `json:"intent"`
	}{optout.Intent(*in.Text)}, nil
}

func inspectEmail(line []byte) (any, error) {
	var in struct {
		Address *string `json:"address"`
	}
	if err := object(line, &in, "address", func() bool { return in.Address != nil }); err != nil {
		return nil, err
	}
	info := address.InspectEmail(*in.Address)
	return struct {
		Valid      bool   `json:"valid"`
		Normalized string `json:"normalized"` // "" unless valid
		Reason     string `json:"reason"`     // "" when valid
	}(info), nil
}

func (p *program) inspectPhone() *cobra.Command {
	c := p.inspectLines("phone", "", nil)
	c.Short = `Read telephone numbers: {"number","region"} a line; without a region that of the config holds`
	c.RunE = func(cmd *cobra.Command, args []string) error {
		cfg, err := p.loadConfig(cmd)
		if err != nil {
			return err
		}
		return p.answerLines(args, func(line []byte) (any, error) { return inspectNumber(line, cfg.Region) })
	}
	return c
}

func inspectNumber(line []byte, region string) (any, error) {
	var in struct {
		Number *string `json:"number"`
		Region *string `json:"region"`
	}
	if err := object(line, &in, "number", func() bool { return in.Number != nil }); err != nil {
		return nil, err
	}
	if in.Region != nil {
		region = *in.Region
	}
	info := address.InspectPhone(*in.Number, region)
	return struct {
		Valid  bool   `json:"valid"`
		E164   string `json:"e164"` // "" unless valid
		SMS    bool   `json:"sms_capable"`
		Reason string `json:"reason"` // why not valid, or why a valid number gets no texts
	}{info.Valid, info.E164, info.SMSCapable, info.Reason}, nil
}
