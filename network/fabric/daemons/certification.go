package daemons

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"
)

// caVersion is the release of fabric-ca. Its module file is what `go get -tool` of the server and `go mod tidy` leave, but for
// grpc, protobuf, golang.org/x/crypto, x/net and x/sys, which are raised for their advisories.
const caVersion = "v1.5.15"

// The program of fabric-ca.
const (
	caServer  = "fabric-ca-server"
	caProgram = "bin/" + caServer
)

// caTime is what processorTime is, of fabric-ca.
const caTime = 110 * time.Second

// CA is a fabric-ca server that is ready to run.
type CA struct {
	Server  string // path of the program
	Version string // for example v1.5.15
}

// A NoCompilerError says that fabric-ca cannot be built: its database, SQLite, is written in C.
type NoCompilerError struct{ Compiler string }

func (e NoCompilerError) Error() string {
	return fmt.Sprintf("building %s takes a C compiler, for its SQLite, and there is no %q on the PATH; "+caAdvice, caServer, e.Compiler)
}

const caAdvice = "install one with the headers of the C library (Debian: apt-get install gcc libc6-dev)," +
	" give a " + caServer + " that exists in the folder of --fabric-bin, or choose `issuer: in-process`, which needs none"

// noHeaders matches what a C compiler says without the headers of the C library.
var noHeaders = regexp.MustCompile(`\.h: No such file or directory|\.h' file not found`)

// EnsureCA returns the fabric-ca server, as Ensure does a release of Fabric.
func EnsureCA(ctx context.Context, c Config) (CA, error) {
	root, err := c.root()
	if err != nil {
		return CA{}, fmt.Errorf("fabric-ca: %w", err)
	}
	dir := caCached(root)
	if _, err := os.Stat(dir); err != nil {
		if err := installCA(ctx, c, root, dir); err != nil {
			return CA{}, fmt.Errorf("fabric-ca: %w", err)
		}
	}
	if err := verify(dir, []string{caProgram}); err != nil {
		return CA{}, fmt.Errorf("fabric-ca: %w; remove the folder %s and run again, it is then built anew", err, dir)
	}
	return CA{filepath.Join(dir, caProgram), caVersion}, nil
}

// CAFromDir returns the fabric-ca server of a folder, after it has run it to learn its version. There may be none: ok is false.
func CAFromDir(ctx context.Context, dir string) (_ CA, ok bool, err error) {
	path, err := filepath.Abs(filepath.Join(dir, caServer))
	if err == nil {
		_, err = os.Stat(path)
	}
	if errors.Is(err, os.ErrNotExist) {
		return CA{}, false, nil
	}
	var version string
	if err == nil {
		version, err = runVersion(ctx, path)
	}
	if err != nil {
		return CA{}, false, err
	}
	return CA{path, "v" + version}, true, nil
}

// CABuildTime is BuildTime of EnsureCA.
func CABuildTime(c Config) time.Duration {
	if root, err := c.root(); err == nil {
		if _, err := os.Stat(caCached(root)); err == nil {
			return 0
		}
	}
	return (caTime / time.Duration(runtime.NumCPU())).Round(10 * time.Second)
}

func caArgs() []string {
	return []string{"-v", "-trimpath", "-ldflags", "-s -w"}
}

func caEnv() []string {
	return []string{"GOFLAGS=-mod=readonly", "GOWORK=off", "GO111MODULE=on", "CGO_ENABLED=1", "GOOS=" + runtime.GOOS, "GOARCH=" + runtime.GOARCH}
}

// caCached returns the folder of the built server below the root of the cache, named as Release.key does.
func caCached(root string) string {
	h := sha256.New()
	for _, text := range [][]byte{read("ca/mod.txt"), read("ca/sum.txt")} {
		fmt.Fprintf(h, "%d %s", len(text), text)
	}
	fmt.Fprintf(h, "%q %q %q", caArgs(), caEnv(), runtime.Version())
	return filepath.Join(root, fmt.Sprintf("fabric-ca-%s-%x", caVersion, h.Sum(nil)[:6]))
}

func installCA(ctx context.Context, c Config, root, dir string) error {
	compiler := "gcc"
	if words := strings.Fields(os.Getenv("CC")); len(words) > 0 { // flags may follow
		compiler = words[0]
	}
	if _, err := exec.LookPath(compiler); err != nil {
		return NoCompilerError{compiler}
	}
	return install(ctx, c, root, dir, []string{caProgram}, func(work, out string, progress io.Writer) error {
		bin := filepath.Join(out, "bin")
		b, err := newBuilder("fabric-ca "+caVersion, work, bin, dir, read("ca/mod.txt"), read("ca/sum.txt"), caEnv(), progress)
		if err != nil {
			return err
		}
		fmt.Fprintf(progress, "building fabric-ca %s, once, into %s: about %v\n", caVersion, dir, CABuildTime(Config{Dir: root}))
		err = b.build(ctx, bin, caArgs())
		if err != nil && noHeaders.MatchString(err.Error()) {
			return fmt.Errorf("%w\n\t%s", err, caAdvice)
		}
		return err
	})
}
