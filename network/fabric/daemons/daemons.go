// Package daemons provides Fabric's peer and orderer: it builds the pinned release once, with one change of one line, and
// keeps it in the user's cache, or takes daemons that exist.
//
// A release is a folder named after it, with the module that pins it and the sample configuration. Go does
// not embed a folder with a go.mod of its own, so the module is embedded as go.mod.txt and go.sum.txt and
// written out before a build. They are what `go get -tool` of the two programs at that release and `go mod
// tidy` leave, but for what advisories told to raise: grpc, golang.org/x/net and x/crypto, docker, klauspost/compress
// (CHANGELOG.md has the figures). go.sum.txt is complete, so a build resolves nothing.
//
// The other modules stay as the release pins them, so that what is measured is that release. Docker stays at 28: the
// client of it that Fabric imports is not of the modules that came after, and go-archive at the version that 28 fits.
package daemons

import (
	"context"
	"embed"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"

	"meterbench/internal/printable"
	"meterbench/internal/process"

	"github.com/google/renameio/v2"
)

// Version is the Fabric release that Ensure provides. What the network relies on in it is a row of package fabric.
const Version = "v3.1.1"

//go:embed v3.1.1/*.txt v3.1.1/sampleconfig/*.yaml
var files embed.FS

// read returns an embedded file of the release.
func read(name string) []byte {
	text, err := files.ReadFile(Version + "/" + name)
	if err != nil {
		panic(err) // embedded: cannot happen
	}
	return text
}

// Binaries are daemons that are ready to run.
type Binaries struct {
	Peer      string // path of the program
	Orderer   string // path of the program
	ConfigDir string // with core.yaml and orderer.yaml, for FABRIC_CFG_PATH
	Version   string // for example v3.1.1
}

// Config says where daemons are cached and where a build reports.
type Config struct {
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

// Ensure returns the pinned daemons and builds them if the cache has none. Each call verifies the checksums that the
// build recorded. A cached folder is complete or not there at all; several processes may call Ensure at once.
func Ensure(ctx context.Context, c Config) (Binaries, error) {
	root, err := c.root()
	if err != nil {
		return Binaries{}, fmt.Errorf("fabric daemons: %w", err)
	}
	dir := cached(root)
	if _, err := os.Stat(dir); err != nil {
		if err := build(ctx, c, root, dir); err != nil {
			return Binaries{}, fmt.Errorf("fabric daemons: %w", err)
		}
	}
	if err := verify(dir); err != nil {
		return Binaries{}, fmt.Errorf("fabric daemons: %w; remove the folder %s and run again, it is then built anew", err, dir)
	}
	return Binaries{
		Peer:      filepath.Join(dir, "bin", "peer"),
		Orderer:   filepath.Join(dir, "bin", "orderer"),
		ConfigDir: filepath.Join(dir, "config"),
		Version:   Version,
	}, nil
}

// cached returns the folder of the built daemons below the root of the cache.
func cached(root string) string { return filepath.Join(root, "fabric-"+Version+"-"+key()) }

// BuildTime returns about how long Ensure will take to build daemons where Go's build cache is empty and its module cache
// full: 0 where they are built.
func BuildTime(c Config) time.Duration {
	if root, err := c.root(); err == nil {
		if _, err := os.Stat(cached(root)); err == nil {
			return 0
		}
	}
	return (processorTime / time.Duration(runtime.NumCPU())).Round(10 * time.Second)
}

// FromDir returns the programs peer and orderer of a folder, after it has run each to learn its version. They
// are given the pinned release's sample configuration, kept in the user's cache folder.
func FromDir(ctx context.Context, dir string) (Binaries, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return Binaries{}, fmt.Errorf("fabric daemons: %w", err)
	}
	b := Binaries{Peer: filepath.Join(dir, "peer"), Orderer: filepath.Join(dir, "orderer")}
	if b.Version, err = runVersion(ctx, b.Peer); err != nil {
		return Binaries{}, err
	}
	orderer, err := runVersion(ctx, b.Orderer)
	if err != nil {
		return Binaries{}, err
	}
	if orderer != b.Version {
		return Binaries{}, fmt.Errorf("fabric daemons in %s: peer is %s but orderer is %s", dir, b.Version, orderer)
	}
	root, err := Config{}.root()
	if err == nil {
		b.ConfigDir = filepath.Join(root, "config-"+Version)
		err = writeConfig(b.ConfigDir)
	}
	if err != nil {
		return Binaries{}, fmt.Errorf("fabric daemons: write the sample configuration: %w", err)
	}
	return b, nil
}

// What a program may answer when it is asked for its version: Fabric's say ten lines at once.
const (
	versionTime  = 10 * time.Second
	versionBytes = 64 << 10
)

// versionLine matches the line with the version.
var versionLine = regexp.MustCompile(`(?m)^\s*Version: ([0-9A-Za-z.+_-]{1,64})\s*$`)

// runVersion asks a daemon for its version.
func runVersion(ctx context.Context, path string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, versionTime)
	defer cancel()
	out, err := process.Output(ctx, versionBytes, path, "version")
	if err != nil {
		first, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
		return "", fmt.Errorf("fabric daemons: run %s version: %w %s", path, err, printable.Line(first[:min(len(first), 200)]))
	}
	match := versionLine.FindSubmatch(out)
	if match == nil {
		return "", fmt.Errorf("fabric daemons: %s version names no version; is it Fabric's?", path)
	}
	return string(match[1]), nil
}

func writeConfig(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, name := range []string{"core.yaml", "orderer.yaml"} {
		// Others see the old or the new text.
		err := renameio.WriteFile(filepath.Join(dir, name), read("sampleconfig/"+name), 0o644, renameio.WithTempDir(dir), renameio.WithStaticPermissions(0o644))
		if err != nil {
			return err
		}
	}
	return nil
}
