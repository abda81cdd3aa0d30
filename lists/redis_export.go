package lists

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"clarion/lists/address"
)

// Export writes a list as CSV in UTF-8, with a byte order mark, without which
// Excel takes it for the system's code page. Import reads it back. Cells that a
// spreadsheet would run as a formula are guarded by an apostrophe.
func (s *Store) Export(ctx context.Context, list string, w io.Writer) error {
	// The names of merge fields are nowhere but in the records, so that the list
	// is read twice.
	custom := make(map[string]struct{})
	err := s.Each(ctx, list, func(contacts []Contact) error {
		for i := range contacts {
			for name := range contacts[i].Fields {
				custom[name] = struct{}{}
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("export a list: %w", err)
	}
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return fmt.Errorf("export a list: %w", err)
	}
	out := csv.NewWriter(w)
	names := slices.Sorted(maps.Keys(custom))
	row := []string{fieldName, fieldOrganisation, fieldEmail, fieldSMS, fieldFax, fieldLanguage, fieldZone, fieldTags, fieldConsent, fieldSuppressed}
	for _, name := range names {
		row = append(row, guard(name))
	}
	if err := out.Write(row); err != nil {
		return fmt.Errorf("export a list: %w", err)
	}
	err = s.Each(ctx, list, func(contacts []Contact) error {
		suppressed, err := s.reasons(ctx, contacts)
		if err != nil {
			return err
		}
		for i := range contacts {
			c := &contacts[i]
			row = append(row[:0], guard(c.Name), guard(c.Organisation), guard(c.Email.Reveal()), c.SMS.Reveal(), c.Fax.Reveal(),
				guard(c.Language), guard(c.Zone), guard(strings.Join(c.Tags, ", ")), guard(c.answers()), suppressed[i])
			for _, name := range names {
				row = append(row, guard(c.Fields[name]))
			}
			if err := out.Write(row); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		out.Flush()
		err = out.Error()
	}
	if err != nil {
		return fmt.Errorf("export a list: %w", err)
	}
	return nil
}

// reasons returns for each contact which of its addresses must not be written
// to, and why: "email: opted_out; fax: bounced".
func (s *Store) reasons(ctx context.Context, contacts []Contact) ([]string, error) {
	texts := make([]string, len(contacts))
	for _, ch := range address.Channels {
		var (
			who  []int
			keys []string
		)
		for i := range contacts {
			if a := contacts[i].Address(ch); !a.IsZero() {
				k := s.Key(a)
				who, keys = append(who, i), append(keys, string(k[:]))
			}
		}
		if len(keys) == 0 {
			continue
		}
		values, err := s.rdb.HMGet(ctx, keySuppression.Name(ch), keys...).Result()
		if err != nil {
			return nil, fmt.Errorf("read suppressions: %w", err)
		}
		for j, v := range values {
			lines, ok := v.(string)
			if !ok {
				continue
			}
			all, err := parseSuppressions(lines)
			if err != nil {
				return nil, err
			}
			for _, sup := range all {
				if texts[who[j]] != "" {
					texts[who[j]] += "; "
				}
				texts[who[j]] += ch.String() + ": " + sup.Reason.String()
			}
		}
	}
	return texts, nil
}

// answers puts the contact's consent into one cell, as an import reads it: "no"
// if it refused any channel, else the words it agreed to.
func (c *Contact) answers() string {
	words := ""
	for _, ch := range address.Channels {
		a, ok := c.Consent[ch]
		switch {
		case !ok || !a.Recorded:
		case !a.Given:
			return "no"
		case words == "":
			words = a.Words
		}
	}
	return words
}

// guard keeps a spreadsheet from taking a cell for a formula.
func guard(s string) string {
	if s != "" && strings.ContainsRune("=+-@'\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
