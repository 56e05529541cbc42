// Package regular opens files that others may have made. Only a regular file of a bounded size is opened: a named pipe
// keeps its reader waiting, a device may never end, and what is promised to be small may still grow. A symbolic link is
// followed where a user names a path, but not inside a folder that may come from a stranger.
package regular

import (
	"cmp"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// File is an open regular file. Its methods never read beyond the limit that it was opened with: a file that is longer
// by then ends with a SizeError.
type File struct {
	file *os.File
	path string
	size int64 // when it was opened
	most int64
	at   int64 // read up to here
}

// Open opens the regular file at a path, of at most most bytes, and follows symbolic links. It never waits. The error is a
// *fs.PathError, with an IrregularError or a SizeError in it where the file itself is refused.
func Open(path string, most int64) (*File, error) {
	return open(path, most,
		func() (fs.FileInfo, error) { return os.Stat(path) },
		func(flag int) (*os.File, error) { return os.OpenFile(path, flag, 0) })
}

// OpenIn is Open for a file in a folder. It follows no symbolic link to the file, and none out of the folder.
func OpenIn(folder *os.Root, name string, most int64) (*File, error) {
	path := filepath.Join(folder.Name(), name)
	return open(path, most,
		func() (fs.FileInfo, error) { return folder.Lstat(name) },
		func(flag int) (*os.File, error) { return folder.OpenFile(name, flag, 0) })
}

// open looks before it opens, as to open a device may have effects, and again afterwards, as the path may have changed.
func open(path string, most int64, stat func() (fs.FileInfo, error), do func(flag int) (*os.File, error)) (*File, error) {
	info, err := stat()
	if err == nil {
		err = check(info, most)
	}
	if err != nil {
		return nil, refused(path, err)
	}
	f, err := do(os.O_RDONLY | unix.O_NONBLOCK)
	if err != nil {
		return nil, refused(path, err)
	}
	if info, err = f.Stat(); err == nil {
		err = check(info, most)
	}
	if err != nil {
		f.Close()
		return nil, refused(path, err)
	}
	return &File{file: f, path: path, size: info.Size(), most: most}, nil
}

func check(info fs.FileInfo, most int64) error {
	switch {
	case !info.Mode().IsRegular():
		return IrregularError{info.Mode()}
	case info.Size() > most:
		return SizeError{most}
	}
	return nil
}

// Read returns the content of the regular file at a path, of at most most bytes. The error is that of Open.
func Read(path string, most int64) ([]byte, error) { return content(Open(path, most)) }

// ReadIn is Read for a file in a folder, with the links of OpenIn.
func ReadIn(folder *os.Root, name string, most int64) ([]byte, error) {
	return content(OpenIn(folder, name, most))
}

func content(f *File, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	defer f.Close() // only read
	data := make([]byte, 0, f.size+1)
	for {
		n, err := f.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		if err == io.EOF {
			return data, nil
		}
		if err != nil {
			return nil, err
		}
		if len(data) == cap(data) { // it grows, or is one of /proc, whose sizes are 0
			data = append(data, 0)[:len(data)]
		}
	}
}

// Folder opens a folder for OpenIn and ReadIn. The path itself may be a symbolic link. It never waits.
func Folder(path string) (*os.Root, error) {
	// With an element behind it a named pipe is no folder. Alone it would be opened, which waits for a writer.
	path = cmp.Or(path, ".")
	root, err := os.OpenRoot(path + string(os.PathSeparator) + ".")
	if err != nil {
		return nil, refused(path, err)
	}
	return root, nil
}

// Read reads on, as an io.Reader.
func (f *File) Read(p []byte) (int, error) {
	n, err := f.ReadAt(p, f.at)
	f.at += int64(n)
	if n > 0 && err == io.EOF {
		err = nil
	}
	return n, err
}

// ReadAt reads at an offset, as an io.ReaderAt.
func (f *File) ReadAt(p []byte, at int64) (int, error) {
	if room := f.most - at; int64(len(p)) > room {
		var beyond [1]byte
		if n, _ := f.file.ReadAt(beyond[:], max(at, f.most)); n > 0 {
			return 0, refused(f.path, SizeError{f.most})
		}
	}
	n, err := f.file.ReadAt(p, at)
	if err != nil && err != io.EOF {
		err = refused(f.path, err)
	}
	return n, err
}

// Name returns the path that the file was opened by.
func (f *File) Name() string { return f.path }

// Size returns the size that the file had when it was opened, in bytes. It is 0 for those of /proc.
func (f *File) Size() int64 { return f.size }

// OS returns the open file itself, for what concerns no content, such as locks.
func (f *File) OS() *os.File { return f.file }

// Close closes the file.
func (f *File) Close() error { return f.file.Close() }

// refused is the error of a path that cannot be read: the cause without the path that it names itself.
func refused(path string, err error) error {
	if e, ok := err.(*fs.PathError); ok {
		err = e.Err
	}
	return &fs.PathError{Op: "open", Path: path, Err: err}
}

// IrregularError says that a path is no regular file.
type IrregularError struct{ Mode fs.FileMode }

// Error says what it is instead and what to do.
func (e IrregularError) Error() string {
	return fmt.Sprintf("is no regular file but a %s; put a regular file in its place", kind(e.Mode))
}

func kind(mode fs.FileMode) string {
	switch mode.Type() {
	case fs.ModeDir:
		return "folder"
	case fs.ModeSymlink:
		return "symbolic link"
	case fs.ModeNamedPipe:
		return "named pipe"
	case fs.ModeSocket:
		return "socket"
	}
	return "device"
}

// SizeError says that a file is larger than is read.
type SizeError struct{ Most int64 } // bytes

// Error says the limit and what to do.
func (e SizeError) Error() string {
	return fmt.Sprintf("is larger than %d bytes, the most that is read; put a smaller file in its place", e.Most)
}
