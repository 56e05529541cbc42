package storage

import (
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// dataEnd returns an offset behind which a file was never written. Without the file system's help that is its size.
func dataEnd(f *os.File) (end int64, err error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	for at := int64(0); at < info.Size(); {
		data, err := unix.Seek(int(f.Fd()), at, unix.SEEK_DATA)
		if errors.Is(err, unix.ENXIO) { // nothing but a hole follows
			return end, nil
		}
		if err == nil {
			end, err = unix.Seek(int(f.Fd()), data, unix.SEEK_HOLE)
		}
		if err != nil || end <= at {
			return info.Size(), nil
		}
		at = end
	}
	return end, nil
}

// ignoreEnd returns an error unless it is that of a file's end.
func ignoreEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
