package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// A newFile is a file that gets its name when all of it is written. Until then it has none, so that nothing of it is left,
// however the program ends; only a file system that has no files without a name shows it, as .NAME-*.
type newFile struct {
	*os.File
	name      string
	temporary string // its name until then, empty: none
}

func createNewFile(name string) (*newFile, error) {
	folder := filepath.Dir(name)
	file, err := os.OpenFile(folder, os.O_RDWR|unix.O_TMPFILE, 0o644)
	if err == nil {
		return &newFile{File: file, name: name}, nil
	}
	if !errors.Is(err, unix.EOPNOTSUPP) && !errors.Is(err, unix.EISDIR) {
		return nil, err
	}
	return createNamedFile(name)
}

// createNamedFile is createNewFile where a file needs a name.
func createNamedFile(name string) (*newFile, error) {
	file, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+"-*")
	if err != nil {
		return nil, err
	}
	return &newFile{file, name, file.Name()}, file.Chmod(0o644)
}

// keep gives the file its name, unless there is one of that name already.
func (f *newFile) keep() error {
	if err := f.Sync(); err != nil {
		return err
	}
	from := f.temporary
	if from == "" {
		from = fmt.Sprintf("/proc/self/fd/%d", f.Fd())
	}
	err := unix.Linkat(unix.AT_FDCWD, from, unix.AT_FDCWD, f.name, unix.AT_SYMLINK_FOLLOW)
	if err != nil {
		return &fs.PathError{Op: "link", Path: f.name, Err: err}
	}
	return nil
}

// discard frees what has no name yet. It does not touch a file that was kept.
func (f *newFile) discard() {
	_ = f.Close() // kept or of no use
	if f.temporary != "" {
		_ = os.Remove(f.temporary)
	}
}
