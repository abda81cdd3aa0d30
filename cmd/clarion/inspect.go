package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

func (p *program) inspectCommand() *cobra.Command {
	c := &cobra.Command{Use: "inspect", Args: cobra.NoArgs,
		Short: "Say what Clarion makes of a mail, a text, an address or a file; nothing is stored or sent",
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	c.AddCommand(p.inspectBounce(), p.inspectTable(), p.inspectFax(),
		p.inspectLines("reply", `Read SMTP refusals: {"reply","smtp_code"} a line`, inspectReply),
		p.inspectLines("sms", `Count texts: {"text"} a line`, inspectSMS),
		p.inspectLines("optout", `Say what people want who write back: {"text"} a line`, inspectOptOut),
		p.inspectLines("email", `Read email addresses: {"address"} a line`, inspectEmail),
		p.inspectPhone(), p.inspectWebhook())
	return c
}

// maxLine bounds a line of JSON, in bytes; what is longer is answered with an error.
const maxLine = 16 << 20

// inspectLines makes a command that reads JSON objects, one a line, from files
// or standard input, and answers each with one line, in order. Empty lines have
// no answer.
func (p *program) inspectLines(name, short string, answer func(line []byte) (any, error)) *cobra.Command {
	return &cobra.Command{Use: name + " [FILE…]", Short: short,
		RunE: func(cmd *cobra.Command, args []string) error { return p.answerLines(args, answer) }}
}

func (p *program) answerLines(files []string, answer func(line []byte) (any, error)) error {
	if len(files) == 0 {
		files = []string{"-"}
	}
	wrong := 0
	out := bufio.NewWriter(p.out)
	for _, name := range files {
		f, _, err := p.input(name)
		if err != nil {
			wrong++
			if err := writeLine(out, map[string]string{"file": name, "error": err.Error()}); err != nil {
				return err
			}
			continue
		}
		n, err := answerFile(f, out, answer)
		f.Close()
		if err != nil {
			return errors.Join(err, out.Flush())
		}
		wrong += n
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write the answers: %w", err)
	}
	if wrong > 0 {
		return inputError("%d could not be read; each has its error in its place", wrong)
	}
	return nil
}

// answerFile answers the lines of one file, and returns how many could not be read.
func answerFile(f io.Reader, out *bufio.Writer, answer func(line []byte) (any, error)) (wrong int, err error) {
	in := bufio.NewReaderSize(f, 64<<10)
	for {
		line, long, end, err := readLine(in)
		if err != nil {
			return wrong, err
		}
		if long || len(bytes.TrimSpace(line)) > 0 {
			var v any
			if long {
				err = fmt.Errorf("the line is longer than %d bytes", maxLine)
			} else {
				v, err = answer(line)
			}
			if err != nil {
				wrong++
				v = map[string]string{"error": err.Error()}
			}
			if err := writeLine(out, v); err != nil {
				return wrong, err
			}
		}
		if end {
			return wrong, nil
		}
		if in.Buffered() == 0 { // whoever asks line by line is answered line by line
			if err := out.Flush(); err != nil {
				return wrong, fmt.Errorf("write the answers: %w", err)
			}
		}
	}
}

func writeLine(out io.Writer, v any) error {
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("write the answers: %w", err)
	}
	return nil
}

// readLine returns the next line without its end. A line above maxLine is read
// to its end, and not kept.
func readLine(in *bufio.Reader) (line []byte, long, end bool, err error) {
	for {
		piece, rerr := in.ReadSlice('\n')
		if long = long || len(line)+len(piece) > maxLine; long {
			line = nil
		} else {
			line = append(line, piece...)
		}
		switch {
		case rerr == nil:
			return bytes.TrimSuffix(line, []byte("\n")), long, false, nil
		case errors.Is(rerr, io.EOF):
			return line, long, true, nil
		case !errors.Is(rerr, bufio.ErrBufferFull):
			return nil, false, true, fmt.Errorf("read the lines: %w", rerr)
		}
	}
}

// object reads a line as a JSON object into v. name names the member that must
// be there, present says whether it was.
func object(line []byte, v any, name string, present func() bool) error {
	var at *json.UnmarshalTypeError
	switch err := json.Unmarshal(bytes.TrimPrefix(line, []byte("\ufeff")), v); {
	case errors.As(err, &at) && at.Field != "":
		return fmt.Errorf("%q must be a %s, not a %s", at.Field, jsonName(at), at.Value)
	case errors.Is(err, errReplyCode):
		return err
	case err != nil:
		return fmt.Errorf("this is no JSON object: {%q: …} is right", name)
	case !present():
		return fmt.Errorf("%q is missing", name)
	}
	return nil
}

func jsonName(e *json.UnmarshalTypeError) string {
	if e.Type.Kind().String() == "string" {
		return "string"
	}
	return "number"
}
