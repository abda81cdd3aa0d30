package pack

import (
	"archive/zip"
	"fmt"
	"io"
	"time"

	"clarion/petition"
)

// A Zip is a Sink that writes an archive as it comes, and keeps nothing.
type Zip struct {
	out    *zip.Writer
	folder string
	at     time.Time
}

// NewZip begins an archive with one folder in it.
func NewZip(w io.Writer, folder string, at time.Time) *Zip {
	return &Zip{zip.NewWriter(w), folder, at}
}

// Put adds a file.
func (z *Zip) Put(name string, data []byte) error {
	w, err := z.out.CreateHeader(&zip.FileHeader{Name: z.folder + "/" + name, Method: zip.Deflate, Modified: z.at})
	if err == nil {
		_, err = w.Write(data)
	}
	if err == nil {
		err = z.out.Flush() // its reader need not wait for the next volume
	}
	if err != nil {
		return fmt.Errorf("write the pack: %w", err)
	}
	return nil
}

// Restart fails: what was written is with its reader.
func (z *Zip) Restart() error { return petition.ErrStale }

// Finish ends the archive.
func (z *Zip) Finish() error {
	if err := z.out.Close(); err != nil {
		return fmt.Errorf("finish the pack: %w", err)
	}
	return nil
}
