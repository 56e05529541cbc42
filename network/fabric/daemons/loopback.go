package daemons

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"meterbench/internal/readjson"
)

// fabricModule is the path of the module that holds the two programs.
const fabricModule = "github.com/hyperledger/fabric"

// The one change to Fabric's code. A peer that starts looks for an address of this machine besides loopback before it
// looks whether it needs one, and ends where there is none. It is given its address, so what it finds goes unused.
const (
	changedFile = "core/peer/config.go"
	refuses     = `return "", errors.Errorf("no non-loopback, IPv4 interface detected")`
	accepts     = `return "127.0.0.1", nil`
)

// changed returns Fabric's file with the one change.
func changed(source []byte) ([]byte, error) {
	if n := bytes.Count(source, []byte(refuses)); n != 1 {
		return nil, fmt.Errorf("%s has %d times %s, want once", changedFile, n, refuses)
	}
	return bytes.Replace(source, []byte(refuses), []byte(accepts), 1), nil
}

// change makes a copy of Fabric's module with the one change and has the build take that. Go replaces no file within its
// module cache. It downloads the module where the cache has none, and go checks it against go.sum.
func (r Release) change(ctx context.Context, b *builder) error {
	dir, err := r.download(ctx, b)
	if err != nil {
		return err
	}
	fabric := filepath.Join(b.work, "fabric")
	if err := os.CopyFS(fabric, os.DirFS(dir)); err != nil {
		return fmt.Errorf("copy Fabric's code: %w", err)
	}
	path := filepath.Join(fabric, filepath.FromSlash(changedFile))
	source, err := os.ReadFile(path)
	if err == nil {
		source, err = changed(source)
	}
	if err == nil {
		err = os.WriteFile(path, source, 0o644)
	}
	if err == nil {
		replaced := slices.Concat(r.goMod(), []byte("\nreplace "+fabricModule+" => ../fabric\n"))
		err = os.WriteFile(filepath.Join(b.module(), "go.mod"), replaced, 0o644)
	}
	if err != nil {
		return fmt.Errorf("change the code of Fabric %s: %w", r.Name, err)
	}
	return nil
}

// download returns the folder of Fabric's module in Go's module cache.
func (r Release) download(ctx context.Context, b *builder) (dir string, err error) {
	out, err := os.Create(filepath.Join(b.work, "module.json"))
	if err != nil {
		return "", err
	}
	defer out.Close()
	err = b.run(ctx, "go mod download", out, "mod", "download", "-json", fabricModule)
	text, err2 := os.ReadFile(out.Name())
	var answer struct{ Version, Dir, Error string }
	if err2 == nil && len(text) > 0 {
		err2 = readjson.Unmarshal(text, &answer)
	}
	if answer.Error != "" {
		err = cmp.Or(r.refused(answer.Error), b.explain(errors.New(answer.Error)))
	}
	if err = errors.Join(err, err2); err == nil && answer.Version != r.Module {
		err = fmt.Errorf("the module file of release %s has version %s of Fabric, and the table %s", r.Name, answer.Version, r.Module)
	}
	return answer.Dir, err
}
