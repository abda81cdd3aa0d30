package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"clarion/internal/conf"
	"clarion/petition"
)

// signPath is where people sign, below web.public_url.
const signPath = "/sign"

// readPetition reads the folder that [petition] names, beside the config file.
func (c *config) readPetition(beside string) (ps []conf.Problem, err error) {
	dir := c.Petition.Folder
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(beside, dir)
	}
	c.campaign, ps, err = petition.Load(dir)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("there is no petition in %s (clarion petition new %s writes an example)", dir, dir)
	}
	for i := range ps {
		ps[i].File = filepath.Join(dir, ps[i].File)
	}
	return ps, err
}

// appeal is what volunteers carry on: the petition here, or what [appeal] says of one
// elsewhere.
func (c *config) appeal() petition.Appeal {
	if c.campaign == nil {
		return petition.Appeal(c.Appeal)
	}
	return c.campaign.Call(strings.TrimSuffix(c.Web.PublicURL, "/") + signPath)
}

func (p *program) petitionCommand() *cobra.Command {
	c := &cobra.Command{Use: "petition", Short: "The signatures: count them, audit the count, prove that a slip is in it; sheets and forms of paper"}
	c.AddCommand(p.petitionNew(), p.petitionTally(), p.petitionAudit(), p.petitionRoots(), p.petitionVerify(), p.petitionPurge(),
		p.petitionSheets(), p.petitionForm(), p.petitionFax(), p.petitionPack(), p.petitionWithdraw(), p.petitionAdvance(), p.petitionAnswer(), p.petitionCertificate())
	return c
}

// withRoll opens the signatures of the petition that the settings name.
func (p *program) withRoll(cmd *cobra.Command, do func(ctx context.Context, r *petition.Roll) error) error {
	return p.withPetition(cmd, func(ctx context.Context, a *app) error { return do(ctx, a.roll) })
}

func (p *program) petitionNew() *cobra.Command {
	return &cobra.Command{Use: "new DIR", Short: "Write an example petition with comments into a new folder", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			dir := args[0]
			if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
				return inputError("the folder %s is not empty; name a new one", dir)
			}
			if err := os.CopyFS(dir, petition.Example()); err != nil {
				return fmt.Errorf("write the example petition: %w", err)
			}
			return p.print(map[string]any{"dir": dir}, func(w io.Writer) {
				fmt.Fprintf(w, "Wrote an example petition to %s. Change %s and the appeals, then name the folder in %s:\n  [petition]\n  folder = %q\n",
					dir, filepath.Join(dir, petition.CampaignFile), p.configFile, dir)
			})
		}}
}

func (p *program) petitionTally() *cobra.Command {
	return &cobra.Command{Use: "tally", Short: "Count the signatures, and say how the count is made up", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withRoll(cmd, func(ctx context.Context, r *petition.Roll) error {
				t, err := r.Tally(ctx)
				if err != nil {
					return err
				}
				return p.print(t, func(w io.Writer) {
					for _, s := range t.Sentences(spoken()) {
						fmt.Fprintln(w, s)
					}
				})
			})
		}}
}

func (p *program) petitionAudit() *cobra.Command {
	return &cobra.Command{Use: "audit", Short: "Recount every signature and sheet, and hold that against the count", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withRoll(cmd, func(ctx context.Context, r *petition.Roll) error {
				a, err := r.Audit(ctx)
				if err != nil {
					return err
				}
				if err := p.print(a, func(w io.Writer) { petitionAuditWords(w, a) }); err != nil {
					return err
				}
				if !a.OK() {
					return &statusError{exitFailed, errors.New("the count and the signatures do not agree")}
				}
				return nil
			})
		}}
}

func petitionAuditWords(w io.Writer, a *petition.Audit) {
	for _, d := range a.Differences {
		fmt.Fprintf(w, "WRONG  %s\n", d)
	}
	if a.OK() {
		fmt.Fprintf(w, "ok    %s signatures and %s sheets, and each counter is what they say\n", petition.Thousands(a.Signatures), petition.Thousands(a.Sheets))
	}
}

func (p *program) petitionRoots() *cobra.Command {
	return &cobra.Command{Use: "roots", Short: "Print the root of each night, the first night first", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withRoll(cmd, func(ctx context.Context, r *petition.Roll) error {
				roots, err := r.Roots(ctx)
				if err != nil {
					return err
				}
				for _, root := range roots {
					if err := p.print(root, func(w io.Writer) {
						fmt.Fprintf(w, "%s  %s  %s signatures, %s sheets\n", root.Day, root.Root, petition.Thousands(root.Signatures), petition.Thousands(root.Sheets))
					}); err != nil {
						return err
					}
				}
				if len(roots) == 0 && !p.json {
					p.tell("No root is published yet.")
				}
				return nil
			})
		}}
}

// A proven is what petition verify found: the proof, and that it holds.
type proven struct {
	Number uint32 `json:"number"`
	petition.Proof
	Proven bool `json:"proven"`
}

func (p *program) petitionVerify() *cobra.Command {
	var proofFile string
	c := &cobra.Command{Use: "verify SLIP", Short: "Hold a slip against the root of the last night, or against a proof in a file: for that no server is needed",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := p.readFile(args[0])
			if err != nil {
				return err
			}
			slip, err := petition.ParseSlip(string(text))
			if err != nil {
				return inputError("%s: %w", args[0], err)
			}
			if proofFile != "" {
				return p.verifyBy(slip, proofFile)
			}
			return p.withRoll(cmd, func(ctx context.Context, r *petition.Roll) error {
				proof, err := r.Prove(ctx, slip.Number)
				if err != nil {
					return err
				}
				return p.verify(slip, proof)
			})
		}}
	c.Flags().StringVar(&proofFile, "proof", "", "file with the proof, as the page of the slip or --json gives it")
	return c
}

// readFile reads a file, or with "-" standard input.
func (p *program) readFile(name string) (data []byte, err error) {
	if name == "-" {
		data, err = io.ReadAll(p.in)
	} else {
		data, err = os.ReadFile(name)
	}
	if err != nil {
		return nil, inputError("read %s: %w", name, err)
	}
	return data, nil
}

func (p *program) verifyBy(slip *petition.Slip, file string) error {
	text, err := p.readFile(file)
	if err != nil {
		return err
	}
	var proof petition.Proof
	if err := json.Unmarshal(text, &proof); err != nil {
		return inputError("%s is no proof: %w", file, err)
	}
	return p.verify(slip, &proof)
}

func (p *program) verify(slip *petition.Slip, proof *petition.Proof) error {
	if err := petition.Verify(slip, proof); err != nil {
		return &statusError{exitFailed, err}
	}
	return p.print(proven{slip.Number, *proof, true}, func(w io.Writer) {
		fmt.Fprintf(w, "ok    signature %d is counted in the root of %s\n      %s\n      Compare it with the one that was published.\n", slip.Number, proof.Day, proof.Root)
	})
}

func (p *program) petitionPurge() *cobra.Command {
	var id string
	c := &cobra.Command{Use: "purge", Short: "Delete who signed, after the petition has ended, and print the certificate; the count stays", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withPetition(cmd, func(ctx context.Context, a *app) error {
				if id != a.roll.ID {
					return inputError("this deletes all names for good. If that is meant, say which petition: --name %s", a.roll.ID)
				}
				c, err := a.desk.PurgePetition(ctx, id, 0, a.note(ctx))
				if err != nil {
					return err
				}
				return p.print(c, func(w io.Writer) {
					fmt.Fprintf(w, "Deleted: %s records, %s keyed hashes, %s labels of sheets (%s).\nThe last root, of %s, is %s.\n",
						petition.Thousands(c.Records), petition.Thousands(c.Hashes), petition.Thousands(c.Labels), c.Done.Local().Format("2006-01-02 15:04"), c.Root.Day, c.Root.Root)
				})
			})
		}}
	c.Flags().StringVar(&id, "name", "", "id of the petition, so that the wrong one is never purged")
	return c
}
