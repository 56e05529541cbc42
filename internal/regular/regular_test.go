package regular_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"meterbench/internal/regular"
)

const most = 100

// in returns an error or the content that read returns within a moment.
func in(t *testing.T, read func() ([]byte, error)) ([]byte, error) {
	t.Helper()
	type answer struct {
		data []byte
		err  error
	}
	answers := make(chan answer, 1)
	go func() {
		data, err := read()
		answers <- answer{data, err}
	}()
	select {
	case a := <-answers:
		return a.data, a.err
	case <-time.After(time.Minute):
		t.Fatal("still waiting")
		return nil, nil
	}
}

func TestRead(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.WriteFile(outside, []byte("outside"), 0o600); err != nil {
		t.Fatal(err)
	}
	write := func(n int) func(string) error {
		return func(path string) error { return os.WriteFile(path, bytes.Repeat([]byte("x"), n), 0o600) }
	}
	link := func(to string) func(string) error { return func(path string) error { return os.Symlink(to, path) } }
	const irregular = "is no regular file but a "
	for _, c := range []struct {
		name        string
		make        func(path string) error
		open, below string // what the error says; empty: none
	}{
		{"empty file", write(0), "", ""},
		{"largest file", write(most), "", ""},
		{"too large", write(most + 1), "is larger than 100 bytes", "is larger than 100 bytes"},
		{"sparse", func(path string) error { return errors.Join(write(0)(path), os.Truncate(path, 1<<40)) }, "is larger than 100 bytes", "is larger than 100 bytes"},
		{"named pipe", func(path string) error { return syscall.Mkfifo(path, 0o600) }, irregular + "named pipe", irregular + "named pipe"},
		{"folder", func(path string) error { return os.Mkdir(path, 0o700) }, irregular + "folder", irregular + "folder"},
		{"socket", func(path string) error {
			l, err := net.Listen("unix", path)
			if err == nil {
				t.Cleanup(func() { l.Close() })
			}
			return err
		}, irregular + "socket", irregular + "socket"},
		{"link to a device", link("/dev/zero"), irregular + "device", irregular + "symbolic link"},
		{"link to a file", link(outside), "", irregular + "symbolic link"},
		{"link to nothing", link("nothing"), "no such file", irregular + "symbolic link"},
		{"link to itself", link("file"), "too many levels", irregular + "symbolic link"},
		{"endless file without a size", link("/proc/self/maps"), "is larger than 100 bytes", irregular + "symbolic link"},
		{"none", func(string) error { return nil }, "no such file", "no such file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "file")
			if err := c.make(path); err != nil {
				t.Fatal(err)
			}
			folder, err := regular.Folder(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer folder.Close()
			for way, read := range map[string]struct {
				do   func() ([]byte, error)
				want string
			}{
				"by path":     {func() ([]byte, error) { return regular.Read(path, most) }, c.open},
				"in a folder": {func() ([]byte, error) { return regular.ReadIn(folder, "file", most) }, c.below},
			} {
				data, err := in(t, read.do)
				if read.want == "" {
					want, _ := os.ReadFile(path)
					if err != nil || !bytes.Equal(data, want) {
						t.Errorf("%s: got %q, %v, want %q", way, data, err, want)
					}
					continue
				}
				at, ok := errors.AsType[*fs.PathError](err)
				if !ok || !strings.Contains(err.Error(), read.want) || at.Path != path {
					t.Errorf("%s: error %v, want one of %s with %q", way, err, path, read.want)
				}
			}
		})
	}
}

// A file may grow after it was opened: no more is read than the limit, and its end is not taken for the file's.
func TestGrowing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, make([]byte, 10), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := regular.Open(path, most)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, size := range []int64{most, most + 1, 1 << 40} {
		if err := os.Truncate(path, size); err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, io.NewSectionReader(f, 0, 1<<50))
		_, large := errors.AsType[regular.SizeError](err)
		if n > most || large != (size > most) {
			t.Errorf("%d bytes: read %d, %v", size, n, err)
		}
	}
}

func TestFolder(t *testing.T) {
	dir := t.TempDir()
	inside, pipe := filepath.Join(dir, "inside"), filepath.Join(dir, "pipe")
	err := errors.Join(os.Mkdir(inside, 0o700), os.WriteFile(filepath.Join(dir, "outside"), nil, 0o600), syscall.Mkfifo(pipe, 0o600),
		os.Symlink(inside, filepath.Join(dir, "link")), os.Symlink("..", filepath.Join(inside, "up")))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"inside": "", "link": "", "pipe": "not a directory", "outside": "not a directory", "none": "no such file"} {
		_, err := in(t, func() ([]byte, error) {
			folder, err := regular.Folder(filepath.Join(dir, name))
			if err == nil {
				defer folder.Close()
				if _, err := regular.ReadIn(folder, "up/outside", most); err == nil {
					t.Error("a link out of the folder is followed")
				}
			}
			return nil, err
		})
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", name, err, want)
		}
	}
}
