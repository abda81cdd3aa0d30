package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"clarion/internal/dkim"
)

// A dkimKey is what the dkim commands print of a key.
type dkimKey struct {
	Domain    string `json:"domain"`
	Selector  string `json:"selector"`
	Algorithm string `json:"algorithm"`
	File      string `json:"file,omitempty"` // of new
	Name      string `json:"name"`           // of the TXT record
	Text      string `json:"text"`           // its value, in one piece
	Zone      string `json:"zone"`           // the record as a line of a zone file
}

// A dkimFinding is what dkim check prints of a key.
type dkimFinding struct {
	Domain    string `json:"domain"`
	Selector  string `json:"selector"`
	Algorithm string `json:"algorithm"`
	OK        bool   `json:"ok"`
	Finding   string `json:"finding"`
	Do        string `json:"do"`
}

func (p *program) dkimCommand() *cobra.Command {
	c := &cobra.Command{Use: "dkim", Short: "Keys that sign your mail: make them, print their DNS records, see that they are published"}
	c.AddCommand(p.dkimNew(), p.dkimShow(), p.dkimCheck())
	return c
}

func (p *program) dkimNew() *cobra.Command {
	var dir, selector, algorithm string
	c := &cobra.Command{Use: "new DOMAIN", Short: "Make keys for the domain of your From address, and print the DNS records and settings they need", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return p.newKeys(args[0], selector, algorithm, dir) }}
	c.Flags().StringVar(&dir, "dir", "dkim", "folder for the key files")
	c.Flags().StringVar(&selector, "selector", time.Now().Format("c0601"), "name under which the keys are found; the algorithm's first letter is added")
	c.Flags().StringVar(&algorithm, "algorithm", "both", "rsa, ed25519 or both")
	return c
}

func (p *program) newKeys(domain, selector, algorithm, dir string) error {
	algorithms := []dkim.Algorithm{dkim.RSA, dkim.Ed25519}
	if algorithm != "both" {
		algorithms = []dkim.Algorithm{dkim.Algorithm(algorithm)}
		if algorithms[0] != dkim.RSA && algorithms[0] != dkim.Ed25519 {
			return inputError("--algorithm is %q: rsa, ed25519 or both is right", algorithm)
		}
	}
	var made []dkimKey
	texts := map[string][]byte{} // by file
	for _, a := range algorithms {
		text, err := dkim.Generate(a)
		if err != nil {
			return err
		}
		k, err := dkim.ParseKey(domain, selector+string(a[0]), string(text))
		if err != nil {
			return &statusError{exitInput, err}
		}
		m, err := describe(k)
		if err != nil {
			return err
		}
		m.File = filepath.Join(dir, m.Selector+"."+m.Domain+".pem")
		if _, err := os.Stat(m.File); err == nil {
			return inputError("%s is there already: name another --selector, so that mail signed by the old key can still be verified", m.File)
		}
		made, texts[m.File] = append(made, m), text
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the folder for the keys: %w", err)
	}
	for _, m := range made {
		if err := writeNew(m.File, texts[m.File]); err != nil {
			return fmt.Errorf("keep a key: %w", err)
		}
	}
	if p.json {
		return p.printKeys(made)
	}
	p.tell("The keys are in %s, for this user alone. Publish these in DNS and wait until they are known, up to a day:", dir)
	p.tell("열쇠 파일은 %s에 있습니다. 아래 레코드를 DNS에 등록하고 알려질 때까지 기다리십시오(최대 하루).", dir)
	if err := p.printKeys(made); err != nil {
		return err
	}
	p.tell("Then add this to %s, and run clarion dkim check:", p.configFile)
	p.tell("그다음 %s에 아래 설정을 더하고 clarion dkim check를 실행하십시오.", p.configFile)
	_, err := fmt.Fprintf(p.out, "\n[dkim.%q.keys]\n", made[0].Domain)
	for _, m := range made {
		if err == nil {
			_, err = fmt.Fprintf(p.out, "%s = %q\n", m.Selector, "file:"+m.File)
		}
	}
	if err != nil {
		return fmt.Errorf("print the settings: %w", err)
	}
	return nil
}

// writeNew writes a file that was not there, for its owner alone.
func writeNew(name string, data []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}

func describe(k dkim.Key) (dkimKey, error) {
	r, err := k.Record()
	if err != nil {
		return dkimKey{}, err
	}
	return dkimKey{Domain: k.Domain, Selector: k.Selector, Algorithm: string(k.Algorithm), Name: r.Name, Text: r.Text, Zone: r.Zone()}, nil
}

func (p *program) printKeys(keys []dkimKey) error {
	for _, k := range keys {
		if err := p.print(&k, func(w io.Writer) {
			fmt.Fprintf(w, "\nname  %s\ntype  TXT\ntext  %s\nin a zone file:\n%s\n", k.Name, k.Text, k.Zone)
		}); err != nil {
			return err
		}
	}
	return nil
}

func (p *program) dkimShow() *cobra.Command {
	return &cobra.Command{Use: "show", Short: "Print the DNS records of the keys in use", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := p.configWithKeys(cmd)
			if err != nil {
				return err
			}
			var all []dkimKey
			for _, k := range cfg.dkimKeys {
				d, err := describe(k)
				if err != nil {
					return err
				}
				all = append(all, d)
			}
			return p.printKeys(all)
		}}
}

func (p *program) dkimCheck() *cobra.Command {
	var server string
	c := &cobra.Command{Use: "check", Short: "See that the records of the keys in use stand in DNS", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := p.configWithKeys(cmd)
			if err != nil {
				return err
			}
			return p.checkKeys(cmd.Context(), cfg, server)
		}}
	c.Flags().StringVar(&server, "resolver", "", resolverUsage)
	return c
}

func (p *program) checkKeys(ctx context.Context, cfg *config, server string) error {
	keys := cfg.dkimKeys
	dns, err := cfg.resolver(server)
	if err != nil {
		return err
	}
	open := 0
	for _, k := range keys {
		f := dkimFinding{Domain: k.Domain, Selector: k.Selector, Algorithm: string(k.Algorithm)}
		f.Finding, f.Do = published(ctx, dns, k)
		f.OK = f.Do == ""
		if err := p.print(&f, func(w io.Writer) {
			if f.OK {
				fmt.Fprintf(w, "ok    %s\n", f.Finding)
			} else {
				fmt.Fprintf(w, "MEND  %s\n      → %s\n", f.Finding, f.Do)
			}
		}); err != nil {
			return err
		}
		if !f.OK {
			open++
		}
	}
	if open > 0 {
		return &statusError{exitFailed, fmt.Errorf("%d of %d keys are not published as they should be", open, len(keys))}
	}
	return nil
}

// configWithKeys reads the config, which must name keys.
func (p *program) configWithKeys(cmd *cobra.Command) (*config, error) {
	if _, err := os.Stat(p.configFile); errors.Is(err, fs.ErrNotExist) && !cmd.Flags().Changed("config") {
		return nil, inputError("there is no %s, which would name the keys: clarion dkim new DOMAIN makes some", p.configFile)
	}
	cfg, err := p.loadConfig(cmd)
	if err != nil {
		return nil, err
	}
	if len(cfg.dkimKeys) == 0 {
		return nil, inputError("%s names no DKIM keys: clarion dkim new DOMAIN makes some, and says how they are named there", p.configFile)
	}
	return cfg, nil
}
