// Package daemons provides Fabric's peer and orderer: it builds a release once, with one change of one line, and keeps it in
// the user's cache, or takes daemons that exist. It provides the server of fabric-ca likewise, which is built by cgo, and only
// where something asks for it.
//
// Releases are rows of one table. A line of releases has a folder with the sample configuration, which differs in comments
// only, a go.sum.txt of all its releases that are pinned, and of each of these a module file, RELEASE.mod.txt. They are
// embedded under these names because Go embeds no folder with a go.mod of its own. A module file is what `go get -tool` of
// the two programs at that release and `go mod tidy` leave, but for what advisories told to raise: grpc, golang.org/x/net and
// x/crypto, docker, klauspost/compress (CHANGELOG.md has the figures). go.sum.txt is complete, so the build of a pinned
// release resolves nothing. One that is not pinned Go resolves as it is built.
//
// The other modules stay as the release pins them, so that what is measured is that release. Docker stays at 28: the
// client of it that Fabric imports is not of the modules that came after, and go-archive at the version that 28 fits.
package daemons

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"

	"meterbench/internal/printable"
	"meterbench/internal/process"

	"github.com/google/renameio/v2"
)

// Binaries are daemons that are ready to run.
type Binaries struct {
	Peer      string // path of the program
	Orderer   string // path of the program
	ConfigDir string // with core.yaml and orderer.yaml, for FABRIC_CFG_PATH
	Version   string // for example v3.1.1
}

// Config says which daemons are wanted, where they are cached and where a build reports.
type Config struct {
	Release  string    // as a topology names it; empty: Default
	Dir      string    // root of the cache; empty: meterbench in the user's cache folder
	Progress io.Writer // gets plain lines while daemons are built; may be nil
}

const cacheAdvice = "set HOME, or XDG_CACHE_HOME to a folder that may be written"

func (c Config) root() (string, error) {
	if c.Dir != "" {
		return filepath.Abs(c.Dir)
	}
	dir, err := os.UserCacheDir()
	if err == nil && !filepath.IsAbs(dir) {
		err = fmt.Errorf("%s is a relative path", dir)
	}
	if err != nil {
		return "", fmt.Errorf("find the user's cache folder: %w; "+cacheAdvice, err)
	}
	return filepath.Join(dir, "meterbench"), nil
}

// Ensure returns the daemons of a release and builds them if the cache has none. Each call verifies the checksums that the
// build recorded. A cached folder is complete or not there at all; several processes may call Ensure at once.
func Ensure(ctx context.Context, c Config) (Binaries, error) {
	release, err := find(c.Release)
	if err != nil {
		return Binaries{}, fmt.Errorf("fabric daemons: %w", err)
	}
	root, err := c.root()
	if err != nil {
		return Binaries{}, fmt.Errorf("fabric daemons: %w", err)
	}
	dir := release.cached(root)
	if _, err := os.Stat(dir); err != nil {
		if err := release.build(ctx, c, root, dir); err != nil {
			return Binaries{}, fmt.Errorf("fabric daemons: %w", err)
		}
	}
	if err := verify(dir, contents); err != nil {
		return Binaries{}, fmt.Errorf("fabric daemons: %w; remove the folder %s and run again, it is then built anew", err, dir)
	}
	return Binaries{
		Peer:      filepath.Join(dir, "bin", "peer"),
		Orderer:   filepath.Join(dir, "bin", "orderer"),
		ConfigDir: filepath.Join(dir, "config"),
		Version:   release.version(),
	}, nil
}

// cached returns the folder of the release's built daemons below the root of the cache.
func (r Release) cached(root string) string {
	return filepath.Join(root, "fabric-"+r.version()+"-"+r.key())
}

// BuildTime returns about how long Ensure will take to build daemons where Go's build cache is empty and its module cache
// full: 0 where they are built, or there are none to build.
func BuildTime(c Config) time.Duration {
	release, err := find(c.Release)
	if err != nil {
		return 0
	}
	if root, err := c.root(); err == nil {
		if _, err := os.Stat(release.cached(root)); err == nil {
			return 0
		}
	}
	return (processorTime / time.Duration(runtime.NumCPU())).Round(10 * time.Second)
}

// A FolderError says why a folder that a user names has no daemons to run, and what to name instead.
type FolderError struct {
	Dir string // as it was named
	Err error
}

// Error names the folder.
func (e *FolderError) Error() string {
	return fmt.Sprintf("%s: %v; name a folder with Fabric's peer and orderer, both of one release", e.Dir, e.Err)
}

// Unwrap returns the reason.
func (e *FolderError) Unwrap() error { return e.Err }

// FromDir returns the programs peer and orderer of a folder, after it has run each to learn its version. They
// are given the sample configuration of its line, kept in the user's cache folder. The error is a *FolderError where the
// folder is not what it should be.
func FromDir(ctx context.Context, dir string) (Binaries, error) {
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return Binaries{}, fmt.Errorf("fabric daemons: %w", err)
	}
	b := Binaries{Peer: filepath.Join(absolute, "peer"), Orderer: filepath.Join(absolute, "orderer")}
	if b.Version, err = versionIn(ctx, b); err != nil {
		return Binaries{}, &FolderError{Dir: dir, Err: err}
	}
	root, err := Config{}.root()
	if err == nil {
		from := folder(b.Version)
		b.ConfigDir = filepath.Join(root, "config-"+path.Clean(from))
		err = writeConfig(from, b.ConfigDir)
	}
	if err != nil {
		return Binaries{}, fmt.Errorf("fabric daemons: write the sample configuration: %w", err)
	}
	return b, nil
}

// versionIn returns the version of which both programs are.
func versionIn(ctx context.Context, b Binaries) (string, error) {
	switch info, err := os.Stat(filepath.Dir(b.Peer)); {
	case errors.Is(err, fs.ErrNotExist):
		return "", errors.New("there is no such folder")
	case err == nil && !info.IsDir():
		return "", errors.New("is a file, not a folder")
	}
	for _, program := range []string{b.Peer, b.Orderer} {
		if info, err := os.Stat(program); errors.Is(err, fs.ErrNotExist) || err == nil && info.IsDir() {
			return "", fmt.Errorf("there is no program %s in it", filepath.Base(program))
		}
	}
	peer, err := runVersion(ctx, b.Peer)
	if err != nil {
		return "", err
	}
	orderer, err := runVersion(ctx, b.Orderer)
	if err == nil && orderer != peer {
		err = fmt.Errorf("peer is %s but orderer is %s", peer, orderer)
	}
	return peer, err
}

// What a program may answer when it is asked for its version: Fabric's say ten lines at once.
const (
	versionTime  = 10 * time.Second
	versionBytes = 64 << 10
)

// versionLine matches the line with the version.
var versionLine = regexp.MustCompile(`(?m)^\s*Version: ([0-9A-Za-z.+_-]{1,64})\s*$`)

// runVersion asks a daemon for its version.
func runVersion(ctx context.Context, program string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, versionTime)
	defer cancel()
	out, err := process.Output(ctx, versionBytes, nil, program, "version")
	if err != nil {
		first, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
		if first != "" {
			err = fmt.Errorf("%w: %s", err, printable.Line(first[:min(len(first), 200)]))
		}
		return "", fmt.Errorf("%s version: %w", filepath.Base(program), err)
	}
	match := versionLine.FindSubmatch(out)
	if match == nil {
		return "", fmt.Errorf("%s version names no version: it is not Fabric's", filepath.Base(program))
	}
	return string(match[1]), nil
}

// writeConfig writes the sample configuration of an embedded folder.
func writeConfig(from, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, name := range []string{"core.yaml", "orderer.yaml"} {
		// Others see the old or the new text.
		err := renameio.WriteFile(filepath.Join(dir, name), read(from+"sampleconfig/"+name), 0o644, renameio.WithTempDir(dir), renameio.WithStaticPermissions(0o644))
		if err != nil {
			return err
		}
	}
	return nil
}
