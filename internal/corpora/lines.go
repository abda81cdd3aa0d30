package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func scorePhones(b *board) error {
	type phone struct {
		Input  string `json:"input"`
		Region any    `json:"default_region"`
		Valid  bool   `json:"valid"`
		E164   string `json:"e164"`
		SMS    bool   `json:"sms_capable"`
	}
	all, err := cases[phone](b, "phones/cases.jsonl")
	if err != nil {
		return err
	}
	var lines []any
	for _, c := range all {
		lines = append(lines, map[string]any{"number": c.Input, "region": c.Region})
	}
	answers, err := ask[struct {
		Valid bool   `json:"valid"`
		E164  string `json:"e164"`
		SMS   bool   `json:"sms_capable"`
	}](b, lines, "phone", "-")
	if err != nil {
		return err
	}
	r := b.row("phones", "valid, E.164, takes texts", 0.9)
	for i, c := range all {
		a := answers[i]
		r.note(a.Valid == c.Valid && (!c.Valid || a.E164 == c.E164 && a.SMS == c.SMS), c.Input, a, c)
	}
	return nil
}

func scoreEmails(b *board) error {
	type email struct {
		Address  string `json:"address"`
		Valid    bool   `json:"valid"`
		Mailable bool   `json:"mailable"`
	}
	all, err := cases[email](b, "addresses/addresses.jsonl")
	if err != nil {
		return err
	}
	var lines []any
	for _, c := range all {
		lines = append(lines, map[string]any{"address": c.Address})
	}
	answers, err := ask[struct {
		Valid bool `json:"valid"`
	}](b, lines, "email", "-")
	if err != nil {
		return err
	}
	r := b.row("addresses", "refused or taken", 0.9)
	for i, c := range all {
		if !c.Valid || c.Mailable { // between the two either is right
			r.note(answers[i].Valid == c.Valid, fmt.Sprintf("%q", c.Address), answers[i].Valid, c.Valid)
		}
	}
	return nil
}

func scoreSegments(b *board) error {
	type text struct {
		Text     string  `json:"text"`
		Encoding string  `json:"encoding"`
		Segments int     `json:"segments"`
		EUCKR    *int    `json:"euckr_bytes"`
		Class    *string `json:"korean_class"`
	}
	all, err := cases[text](b, "sms/segments.jsonl")
	if err != nil {
		return err
	}
	var lines []any
	for _, c := range all {
		lines = append(lines, map[string]any{"text": c.Text})
	}
	answers, err := ask[text](b, lines, "sms", "-")
	if err != nil {
		return err
	}
	same := func(a, b *string) bool { return b == nil || a != nil && *a == *b }
	r := b.row("sms", "encoding, segments, Korean", 0.95)
	for i, c := range all {
		a := answers[i]
		r.note((c.Encoding == "" || a.Encoding == c.Encoding && a.Segments == c.Segments) && (c.EUCKR == nil || a.EUCKR != nil && *a.EUCKR == *c.EUCKR) && same(a.Class, c.Class),
			c.Text[:min(len(c.Text), 40)], []any{a.Encoding, a.Segments}, []any{c.Encoding, c.Segments})
	}
	return nil
}

func scoreOptOuts(b *board) error {
	data, err := os.ReadFile(filepath.Join(b.dir, "sms/optout_keywords.json"))
	if err != nil {
		return fmt.Errorf("read a corpus: %w", err)
	}
	var groups map[string]json.RawMessage
	if err := json.Unmarshal(data, &groups); err != nil {
		return fmt.Errorf("read a corpus: %w", err)
	}
	type asked struct{ text, want string }
	var all []asked
	for _, raw := range groups {
		var words map[string]json.RawMessage
		if json.Unmarshal(raw, &words) != nil {
			continue
		}
		for intent, list := range words {
			var texts []string
			if !slices.Contains([]string{"stop", "start", "help"}, intent) || json.Unmarshal(list, &texts) != nil {
				continue
			}
			for _, t := range texts {
				all = append(all, asked{t, intent})
			}
		}
	}
	for name, intent := range map[string]string{"must_match": "stop", "must_not_match": ""} {
		var texts []string
		if err := json.Unmarshal(groups[name], &texts); err != nil {
			return fmt.Errorf("read a corpus: %w", err)
		}
		for _, t := range texts {
			all = append(all, asked{t, intent})
		}
	}
	var lines []any
	for _, c := range all {
		lines = append(lines, map[string]any{"text": c.text})
	}
	answers, err := ask[struct{ Intent string }](b, lines, "optout", "-")
	if err != nil {
		return err
	}
	r := b.row("sms", "stop, start, help", 0.9)
	for i, c := range all {
		r.note(answers[i].Intent == c.want, c.text, answers[i].Intent, c.want)
	}
	return nil
}

// scoreTables asks about each table of which the rows are known.
func scoreTables(b *board) error {
	files, err := filepath.Glob(filepath.Join(b.dir, "contacts/*.csv.truth.json"))
	if err != nil {
		return fmt.Errorf("find the tables: %w", err)
	}
	r := b.row("tables", "rows", 0.8)
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("read a corpus: %w", err)
		}
		name, err := filepath.Abs(strings.TrimSuffix(file, ".truth.json"))
		if err != nil {
			return fmt.Errorf("find a table: %w", err)
		}
		var want [][]string
		if json.Unmarshal(data, &want) != nil {
			continue // rows as objects: of a table with a header
		}
		answers, err := ask[struct{ Rows [][]string }](b, nil, "table", name)
		if err != nil {
			return err
		}
		got := answers[0].Rows
		r.note(slices.EqualFunc(got, want, slices.Equal[[]string]), filepath.Base(name), len(got), len(want))
	}
	return nil
}
