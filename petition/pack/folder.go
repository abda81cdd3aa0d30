package pack

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
)

// unfinished stands in a folder that is no whole pack, from its first moment on.
const unfinished = "UNFINISHED.txt"

const unfinishedWords = "This is not a whole delivery pack. Delete this folder, and make the pack again.\n" +
	"완성되지 않은 전달 묶음입니다. 이 폴더를 지우고 다시 만들어 주십시오.\n"

// ErrNotEmpty means that a folder holds something already.
var ErrNotEmpty = errors.New("the folder is not empty: name a new one")

// A Folder is a Sink on disk that its owner alone can read.
type Folder struct {
	dir  string
	root *os.Root
	made bool // by us
}

// NewFolder makes a folder, or takes an empty one, and marks it as unfinished. The error
// is ErrNotEmpty where there is something in it.
func NewFolder(dir string) (*Folder, error) {
	f := &Folder{dir: dir}
	err := os.Mkdir(dir, 0o700)
	if f.made = err == nil; errors.Is(err, fs.ErrExist) {
		var entries []os.DirEntry
		if entries, err = os.ReadDir(dir); err == nil && len(entries) > 0 {
			err = ErrNotEmpty
		}
		if err == nil {
			err = os.Chmod(dir, 0o700)
		}
	}
	if err == nil {
		f.root, err = os.OpenRoot(dir)
	}
	if err != nil {
		return nil, fmt.Errorf("make the folder %s: %w", dir, err)
	}
	return f, f.Put(unfinished, []byte(unfinishedWords))
}

// Put writes a file through to the disk.
func (f *Folder) Put(name string, data []byte) error {
	if folder := path.Dir(name); folder != "." {
		if err := f.root.Mkdir(folder, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("write the pack: %w", err)
		}
	}
	file, err := f.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err == nil {
		_, werr := file.Write(data)
		err = errors.Join(werr, file.Sync(), file.Close())
	}
	if err != nil {
		return fmt.Errorf("write the pack: %w", err)
	}
	return nil
}

// Restart deletes all but the mark.
func (f *Folder) Restart() error {
	entries, err := os.ReadDir(f.dir)
	for _, e := range entries {
		if e.Name() != unfinished && err == nil {
			err = f.root.RemoveAll(e.Name())
		}
	}
	if err != nil {
		return fmt.Errorf("begin the pack anew: %w", err)
	}
	return nil
}

// Finish takes the mark away: the pack is whole.
func (f *Folder) Finish() error {
	err := f.root.Remove(unfinished)
	if dir, oerr := f.root.Open("."); oerr == nil {
		err = errors.Join(err, dir.Sync(), dir.Close()) // the names of the files, and that of the mark
	} else {
		err = errors.Join(err, oerr)
	}
	if err = errors.Join(err, f.root.Close()); err != nil {
		return fmt.Errorf("finish the pack: %w", err)
	}
	return nil
}

// Abandon deletes what was written, names above all, and the folder if it was made here.
func (f *Folder) Abandon() error {
	err := errors.Join(f.Restart(), f.root.Remove(unfinished), f.root.Close())
	if f.made {
		err = errors.Join(err, os.Remove(f.dir))
	}
	return err
}
