package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"

	"github.com/spf13/cobra"

	"clarion/petition"
	"clarion/petition/pack"
	"clarion/petition/paper"
	"clarion/web/desk"
)

func (p *program) petitionPack() *cobra.Command {
	var wish desk.PackWish
	var check, loose bool
	c := &cobra.Command{Use: "pack DIR", Short: "Make the delivery pack in a new folder: letter, book of signatures, totals, labels, media sheet and hashes; or --check one", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withPetition(cmd, func(ctx context.Context, a *app) error {
				if check {
					return a.checkPack(ctx, args[0])
				}
				return a.makePack(ctx, args[0], wish, loose)
			})
		}}
	c.Flags().BoolVar(&check, "check", false, "hold the files of a pack against its hashes, and its count against the one of now")
	c.Flags().BoolVar(&wish.Masked, "masked", false, "cover all names in the book, whatever their signers agreed to")
	c.Flags().StringVar(&wish.Language, "language", "", "of book, totals and labels; else the petition's first. Letter and media sheet are in each")
	c.Flags().BoolVar(&loose, "loose", false, "counted sheets that lie in no box are meant to")
	c.MarkFlagsMutuallyExclusive("check", "masked")
	c.MarkFlagsMutuallyExclusive("check", "language")
	c.MarkFlagsMutuallyExclusive("check", "loose")
	return c
}

func (a *app) makePack(ctx context.Context, dir string, wish desk.PackWish, loose bool) error {
	folder, err := pack.NewFolder(dir)
	if err != nil {
		return inputError("%w", err)
	}
	made, err := a.fillPack(ctx, folder, wish)
	if err != nil {
		return errors.Join(err, folder.Abandon()) // names lie nowhere that nobody asked for
	}
	if err := a.print(made, func(w io.Writer) { writePack(w, dir, made) }); err != nil {
		return err
	}
	left := len(made.Unprintable) > 0
	if left {
		a.tell("%s", words{"Signatures with letters that could not be printed, where □ stands: %s.", "글꼴에 없는 글자가 있어 □로 적힌 서명: %s."}.in(spoken(), paper.Ranges(made.Unprintable)))
	}
	if len(made.Unboxed) > 0 && !loose {
		left = true
		a.tell("%s", words{"Counted sheets that lie in no box, and stand on no label: %s. Box them (clarion petition sheets box) and make the pack again, or say --loose.",
			"세었지만 상자에 담지 않아 이름표에 없는 서명지: %s. 상자에 담고(clarion petition sheets box) 다시 만들거나 --loose를 붙이십시오."}.in(spoken(), paper.Ranges(made.Unboxed)))
	}
	if left {
		return partial()
	}
	return nil
}

func (a *app) fillPack(ctx context.Context, folder *pack.Folder, wish desk.PackWish) (*pack.Made, error) {
	p, err := a.desk.Pack(ctx, wish, a.note(ctx))
	if err != nil {
		return nil, err
	}
	made, err := p.Write(ctx, folder)
	if err != nil {
		return nil, err
	}
	return made, folder.Finish()
}

func writePack(w io.Writer, dir string, m *pack.Made) {
	lang, n := spoken(), petition.Thousands
	fmt.Fprintln(w, words{"Wrote the delivery pack to %s: at least %s, at most %s signatures.", "%s에 전달 묶음을 만들었습니다. 서명은 적어도 %s명, 많아야 %s명입니다."}.in(lang, dir, n(m.AtLeast), n(m.AtMost)))
	fmt.Fprintln(w, words{"  book: signatures: %s, volumes: %d, with their name: %s", "  서명부: 서명 %s명, %d권, 이름을 밝힌 분 %s명"}.in(lang, n(m.Signatures), m.Volumes, n(m.Named)))
	fmt.Fprintln(w, words{"  sheets: %s; boxes: %d", "  서명지 %s장, 상자 %d개"}.in(lang, n(m.Sheets), m.Boxes))
	fmt.Fprintln(w, words{"It holds names in the clear: keep it no longer than needed. By email and fax the office hears of it by clarion call rehearse %s.",
		"이름이 그대로 들어 있으니 필요한 동안만 보관하십시오. 메일과 팩스로는 clarion call rehearse %s로 알립니다."}.in(lang, filepath.Join(dir, pack.CallFolder)))
}

func (a *app) checkPack(ctx context.Context, dir string) error {
	c, err := pack.Check(ctx, dir, a.roll)
	for _, mistake := range []error{pack.ErrNoPack, pack.ErrManifest, pack.ErrOther, fs.ErrNotExist} {
		if errors.Is(err, mistake) {
			return inputError("%s: %w", dir, err)
		}
	}
	if err != nil {
		return err
	}
	if err := a.print(c, func(w io.Writer) {
		for _, d := range c.Differences {
			fmt.Fprintf(w, "WRONG  %s\n", d.Sentence(spoken()))
		}
		if len(c.Differences) == 0 {
			fmt.Fprintf(w, "ok    %s\n", words{"%d files, each as it was, and the count is the one of now", "파일 %d개가 모두 그대로이고 수도 지금과 같습니다."}.in(spoken(), len(c.Files)))
		}
	}); err != nil {
		return err
	}
	if len(c.Differences) > 0 {
		return &statusError{exitFailed, errors.New("the pack is not what it was")}
	}
	return nil
}
