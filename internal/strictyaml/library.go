package strictyaml

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
)

// Library is a folder of files that are shipped inside the program and known by their names without
// .yaml.
type Library struct {
	Kind  string // what a file of it is, in messages: scenario
	Files fs.FS  // holds Dir
	Dir   string
}

// Names returns the names of the shipped files, sorted.
func (l Library) Names() []string {
	entries, err := fs.ReadDir(l.Files, l.Dir)
	if err != nil {
		panic(err) // embedded: cannot happen
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".yaml"))
	}
	slices.Sort(names) // with .yaml, a-b comes before a
	return names
}

// Read returns the text of a shipped file by its name, else of the file at a path. file is what
// errors should call it. The error is an *Error.
func (l Library) Read(nameOrPath string) (src []byte, file string, shipped bool, err error) {
	if slices.Contains(l.Names(), nameOrPath) {
		src, err = fs.ReadFile(l.Files, path.Join(l.Dir, nameOrPath+".yaml"))
		return src, "shipped " + nameOrPath + ".yaml", true, err
	}
	src, err = readFile(nameOrPath)
	switch asked := l.Kind + " " + quote(nameOrPath, true); {
	case errors.Is(err, fs.ErrNotExist):
		err = &Error{File: asked, Msg: "there is neither a shipped " + l.Kind + " nor a file of that name", Hint: Hint(nameOrPath, l.Names())}
	case err != nil:
		err = &Error{File: asked, Msg: "the file cannot be read: " + err.Error()}
	}
	return src, nameOrPath, false, err
}

// readFile reads as much of a file as shows that Parse will refuse the rest.
func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxBytes+1))
}
