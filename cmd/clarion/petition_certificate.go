package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"clarion/petition"
)

func (p *program) petitionCertificate() *cobra.Command {
	var f printing
	c := &cobra.Command{Use: "certificate", Short: "Print the certificate of the purge as PDF, or with --json as it was signed", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withPetition(cmd, func(ctx context.Context, a *app) error {
				c, err := a.roll.Certificate(ctx)
				if err != nil {
					return err
				}
				if c == nil || c.Done.IsZero() {
					return &statusError{exitFailed, fmt.Errorf("the names of this petition are not deleted: there is no certificate yet")}
				}
				if f.file == "" && p.json {
					return p.line(c)
				}
				if f.file == "" {
					return inputError("name the file to write: -o certificate.pdf, or - for standard output")
				}
				return p.printCertificate(a, &f, c)
			})
		}}
	c.Flags().StringVarP(&f.file, "output", "o", "", "the PDF file to write, - for standard output")
	c.Flags().StringVar(&f.lang, "language", "", "ko or en; else that of the terminal")
	return c
}

func (p *program) printCertificate(a *app, f *printing, c *petition.Certificate) error {
	press, err := a.press(f.lang, c.Done)
	if err != nil {
		return err
	}
	data, err := press.Certificate(c)
	if err == nil {
		err = p.writePaper(f.file, data)
	}
	if err != nil || f.file == "-" {
		return err
	}
	return p.print(c, func(w io.Writer) { fmt.Fprintf(w, "Wrote the certificate to %s.\n", f.file) })
}
