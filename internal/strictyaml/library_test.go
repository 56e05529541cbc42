package strictyaml

import (
	"bytes"
	gocmp "cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

func TestLibrary(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, name := range []string{"own.yaml", "apple"} {
		if err := os.WriteFile(name, []byte("text of "+name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile("large", bytes.Repeat([]byte("a"), 2*MaxBytes), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := gocmp.Or(unix.Mkfifo("fifo", 0o600), os.Symlink("/dev/zero", "zero")); err != nil {
		t.Fatal(err)
	}
	l := Library{Kind: "fruit", Dir: "shop", Files: fstest.MapFS{
		"shop/pear.yaml": {Data: []byte("a pear")}, "shop/apple-pie.yaml": {}, "shop/apple.yaml": {Data: []byte("an apple")}, "else.yaml": {},
	}}
	if names := l.Names(); !slices.Equal(names, []string{"apple", "apple-pie", "pear"}) {
		t.Errorf("names %v", names)
	}
	tests := []struct {
		name, src, file string
		shipped         bool
		err             string
	}{
		{"apple", "an apple", "shipped apple.yaml", true, "<nil>"}, // before a file of that name
		{"./apple", "text of apple", "./apple", false, "<nil>"},
		{"own.yaml", "text of own.yaml", "own.yaml", false, "<nil>"},
		{"appel", "", "appel", false, "fruit appel: there is neither a shipped fruit nor a file of that name; did you mean apple?"},
		{"../else", "", "../else", false, "fruit ../else: there is neither a shipped fruit nor a file of that name; known are apple, apple-pie, pear"},
		{"", "", "", false, `fruit "": there is neither a shipped fruit nor a file of that name; known are apple, apple-pie, pear`},
		{"large", "", "large", false, "large:1:1: larger than 64 KiB"},
		{dir, "", dir, false, "fruit " + dir + ": the file is no regular file but a folder; put a regular file in its place"},
		{"fifo", "", "fifo", false, "fruit fifo: the file is no regular file but a named pipe; put a regular file in its place"},
		{"/dev/zero", "", "/dev/zero", false, "fruit /dev/zero: the file is no regular file but a device; put a regular file in its place"},
		{"zero", "", "zero", false, "fruit zero: the file is no regular file but a device; put a regular file in its place"},
	}
	for _, tt := range tests {
		t.Run(filepath.Base(tt.name), func(t *testing.T) {
			src, file, shipped, err := l.Read(tt.name)
			if diff := cmp.Diff([]any{tt.src, tt.file, tt.shipped, tt.err}, []any{string(src), file, shipped, fmt.Sprint(err)}); diff != "" {
				t.Errorf("text, file, shipped and error (-want +got):\n%s", diff)
			}
		})
	}
}
