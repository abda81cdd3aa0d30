package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"clarion/lists/tabular"
	"clarion/templates/fax"
	"clarion/web/desk"
	"clarion/worker/bounce"
)

type bounceLine struct {
	File       string            `json:"file"`
	Kind       string            `json:"kind"`
	Recipients []bounceRecipient `json:"recipients"`
	Reason     string            `json:"reason"`
	Delivery   string            `json:"delivery"` // the token of our envelope sender; its signature is not checked here
}

type bounceRecipient struct {
	Address string `json:"address"`
	Status  string `json:"status"` // RFC 3463, "" if the mail has none
	Kind    string `json:"kind"`
}

func (p *program) inspectBounce() *cobra.Command {
	return &cobra.Command{Use: "bounce FILE…", Short: "Read returned mails: what each says of whom; - is one mail on standard input", Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			wrong := 0
			for _, name := range args {
				v, err := p.readBounce(name)
				if err != nil {
					wrong++
					v = map[string]string{"file": name, "error": err.Error()}
				}
				if err := p.line(v); err != nil {
					return err
				}
			}
			if wrong > 0 {
				return inputError("%d could not be read; each has its error in its place", wrong)
			}
			return nil
		}}
}

func (p *program) readBounce(name string) (any, error) {
	f, _, err := p.input(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	res, err := bounce.Read(f)
	if err != nil {
		return nil, err
	}
	out := bounceLine{File: name, Kind: res.Kind.String(), Recipients: []bounceRecipient{}, Reason: res.Reason.String(), Delivery: res.Delivery}
	for _, r := range res.Recipients {
		out.Recipients = append(out.Recipients, bounceRecipient{r.Address, r.Status, r.Kind.String()})
	}
	return out, nil
}

func (p *program) inspectTable() *cobra.Command {
	return &cobra.Command{Use: "table FILE", Short: "Read a CSV or TSV file as rows, as an import sees it", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			f, _, err := p.input(args[0])
			if err != nil {
				return err
			}
			defer f.Close()
			t, err := tabular.Open(f)
			if err != nil {
				return errors.Join(err, p.line(refusal(err)))
			}
			out := bufio.NewWriter(p.out)
			readErr, err := writeTable(out, t)
			if err = errors.Join(err, out.Flush()); err != nil {
				return fmt.Errorf("write the rows: %w", err)
			}
			if readErr != nil {
				return readErr
			}
			return nil
		}}
}

func refusal(err error) map[string]string {
	out := map[string]string{"error": err.Error()}
	var why *tabular.Error
	if errors.As(err, &why) {
		out["reason"] = why.Reason
	}
	return out
}

// writeTable writes the object row by row, so that the file may be of any size.
// What is known for certain only at the end, the encoding and what broke, comes
// last in it. readErr is what ended the reading, beside the end of the file.
func writeTable(w io.Writer, t *tabular.Table) (readErr, err error) {
	write := func(s string, v any) {
		var b []byte
		if err == nil {
			b, err = json.Marshal(v)
		}
		if err == nil {
			_, err = fmt.Fprintf(w, "%s%s", s, b)
		}
	}
	write(`{"delimiter":`, t.Delimiter)
	write(`,"header":`, t.HasHeader)
	next := `,"rows":[`
	row := func(cells []string) {
		write(next, cells)
		next = ","
	}
	for _, r := range t.Preamble {
		row(r.Cells)
	}
	if t.HasHeader {
		row(t.Header)
	}
	for err == nil {
		var r tabular.Row
		if r, readErr = t.Next(); readErr != nil {
			break
		}
		row(r.Cells)
	}
	end := `],"encoding":`
	if next != "," {
		end = `,"rows":[` + end
	}
	write(end, t.Encoding)
	if errors.Is(readErr, io.EOF) {
		readErr = nil
	} else if readErr != nil {
		for name, text := range refusal(readErr) {
			write(fmt.Sprintf(",%q:", name), text)
		}
	}
	if err == nil {
		_, err = io.WriteString(w, "}\n")
	}
	return readErr, err
}

func (p *program) inspectFax() *cobra.Command {
	var lang, file string
	var values []string
	c := &cobra.Command{Use: "fax DIR", Short: "Make the fax of a call as it will be sent, and measure it as the far machine prints it", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			fields := map[string]string{}
			for _, pair := range values {
				name, value, ok := strings.Cut(pair, "=")
				if !ok {
					return inputError("--field %q: name=value is right", pair)
				}
				fields[strings.TrimSpace(name)] = value
			}
			cfg, err := p.loadConfig(cmd)
			if err != nil {
				return err
			}
			d, err := readWhole(args[0])
			if err != nil {
				return err
			}
			if lang == "" {
				lang = d.Text.Languages[0]
			}
			if _, said := fields["organisation"]; !said && cfg.Organisation != "" {
				fields["organisation"] = cfg.Organisation
			}
			pdf, err := desk.FaxPDF(d, lang, cfg.links(), func(name string) (string, bool) { v, ok := fields[name]; return v, ok }, time.Now())
			if err != nil {
				return err
			}
			switch file {
			case "":
			case "-":
				return writeAll(p.out, pdf)
			default:
				if err := writeFile(file, func(w io.Writer) error { return writeAll(w, pdf) }); err != nil {
					return err
				}
			}
			drawn, err := desk.DrawFax(cmd.Context(), pdf)
			if err != nil {
				return err
			}
			return p.line(fax.Raster{Pages: len(drawn.Pages), Width: drawn.Width, Height: drawn.Height})
		}}
	f := c.Flags()
	f.StringVar(&lang, "lang", "", "language of the text; the call's first one if not set")
	f.StringVarP(&file, "output", "o", "", "write the PDF here; - is standard output, and nothing else is printed then")
	f.StringArrayVar(&values, "field", nil, "name=value: a merge field of the person; without it the fall-back stands there")
	return c
}

func writeAll(w io.Writer, b []byte) error {
	if _, err := w.Write(b); err != nil {
		return fmt.Errorf("write the fax: %w", err)
	}
	return nil
}
