package fax

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	_ "image/png" // what Ghostscript writes
	"os"
	"os/exec"
	"path/filepath"
)

// A Raster is a fax as the machine at the other end prints it: fine mode, 204 by
// 196 pels an inch, a bit each (ITU-T T.4).
type Raster struct {
	Pages  int      `json:"pages"`
	Width  int      `json:"width"`  // in pels
	Height int      `json:"height"` // in lines
	Files  []string `json:"-"`      // a PNG a page, in order
}

// Rasterize draws the pages of a PDF with Ghostscript, in the way that HylaFAX
// does it before it dials, into a new folder within dir.
func Rasterize(ctx context.Context, pdf []byte, dir string) (*Raster, error) {
	gs, err := exec.LookPath("gs")
	if err != nil {
		return nil, errors.New("draw fax: gs is missing; install the package ghostscript (apt-get install ghostscript)")
	}
	dir, err = os.MkdirTemp(dir, "fax-")
	if err != nil {
		return nil, fmt.Errorf("draw fax: %w", err)
	}
	pattern := filepath.Join(dir, "page-%03d.png")
	cmd := exec.CommandContext(ctx, gs, "-q", "-dSAFER", "-dBATCH", "-dNOPAUSE", "-dFIXEDMEDIA", "-sPAPERSIZE=a4",
		"-sDEVICE=pngmono", "-r209.10x196", "-sOutputFile="+pattern, "-")
	cmd.Stdin = bytes.NewReader(pdf)
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("draw fax: gs: %w: %.300s", err, out)
	}
	r := &Raster{}
	for {
		name := fmt.Sprintf(pattern, r.Pages+1)
		f, err := os.Open(name)
		if errors.Is(err, os.ErrNotExist) && r.Pages > 0 {
			return r, nil
		} else if err != nil {
			return nil, fmt.Errorf("draw fax: %w", err)
		}
		config, _, err := image.DecodeConfig(f)
		f.Close()
		if err != nil {
			return nil, fmt.Errorf("draw fax: %w", err)
		}
		r.Pages, r.Width, r.Height = r.Pages+1, config.Width, config.Height
		r.Files = append(r.Files, name)
	}
}
