package daemons

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"meterbench/internal/process"
)

// buildArgs and buildEnv make the build the same whatever the user's settings: GOFLAGS and GOWORK of a user
// can otherwise change or refuse it. Without cgo it needs no C compiler.
func (r Release) buildArgs() []string {
	return []string{"-v", "-trimpath", "-ldflags", "-s -w -X " + fabricModule + "/common/metadata.Version=" + r.version()}
}

func (r Release) buildEnv() []string {
	return []string{"GOFLAGS=" + r.goFlags(), "GOWORK=off", "GO111MODULE=on", "CGO_ENABLED=0", "GOOS=" + runtime.GOOS, "GOARCH=" + runtime.GOARCH}
}

// key is a hash of all that goes into a build. Go's version is that of this program: a cached build is found
// without a Go toolchain.
func (r Release) key() string {
	h := sha256.New()
	for _, text := range [][]byte{r.goMod(), r.goSum(), read(r.folder() + "sampleconfig/core.yaml"), read(r.folder() + "sampleconfig/orderer.yaml")} {
		fmt.Fprintf(h, "%d %s", len(text), text)
	}
	fmt.Fprintf(h, "%q %q %q %q", r.buildArgs(), r.buildEnv(), runtime.Version(), []string{changedFile, refuses, accepts})
	return fmt.Sprintf("%x", h.Sum(nil)[:6])
}

// build makes the folder dir in one step, unless another process has.
func (r Release) build(ctx context.Context, c Config, root, dir string) error {
	return install(ctx, c, root, dir, contents, func(work, out string, progress io.Writer) error {
		if err := r.compile(ctx, work, filepath.Join(out, "bin"), dir, progress); err != nil {
			return err
		}
		if err := writeConfig(r.folder(), filepath.Join(out, "config")); err != nil {
			return fmt.Errorf("write the sample configuration: %w", err)
		}
		return nil
	})
}

// install makes the folder dir of the cache root in one step, unless another process has. produce puts its contents into the
// folder out, with a folder to work in.
func install(ctx context.Context, c Config, root, dir string, contents []string, produce func(work, out string, progress io.Writer) error) error {
	progress := cmp.Or(c.Progress, io.Discard)
	if err := os.MkdirAll(root, 0o755); err != nil {
		return fmt.Errorf("make the cache folder: %w; "+cacheAdvice, err)
	}
	unlock, err := lock(ctx, filepath.Join(root, "build.lock"), progress)
	if err != nil {
		return err
	}
	defer unlock()
	if _, err := os.Stat(dir); err == nil {
		return nil // built while this process waited for the lock
	}
	// Builds that were killed: compilers of the last one may still write there for a moment, and then what is
	// left goes with the next build.
	if _, err := process.Sweep(root); err != nil {
		fmt.Fprintln(progress, "cannot remove leftovers of a killed build:", err)
	}
	work, err := process.NewDir(root, "build")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)

	out := filepath.Join(work, "out")
	if err := produce(work, out, progress); err != nil {
		return err
	}
	if err := record(out, contents); err != nil {
		return fmt.Errorf("record the build's checksums: %w", err)
	}
	if err := os.Rename(out, dir); err != nil {
		return fmt.Errorf("put the build into the cache: %w", err)
	}
	return nil
}

// A builder compiles programs from a module in a work folder of its own.
type builder struct {
	what     string // is compiled, in messages
	goTool   string
	work     string // folder
	dir      string // where the finished build goes
	env      []string
	begin    time.Time
	progress io.Writer
}

// newBuilder prepares a module, with the environment of its build.
func newBuilder(what, work, bin, dir string, goMod, goSum []byte, env []string, progress io.Writer) (*builder, error) {
	goTool, err := exec.LookPath("go")
	if err != nil {
		return nil, errors.New("building them needs the Go toolchain, and there is no \"go\" on the PATH;" +
			" install it (https://go.dev/dl), or give daemons that exist with --fabric-bin DIR")
	}
	b := &builder{what: what, goTool: goTool, work: work, dir: dir, begin: time.Now(), progress: progress}
	// Go's own temporary files go where they are swept after a SIGKILL.
	b.env = slices.Concat(os.Environ(), env, []string{"GOTMPDIR=" + filepath.Join(work, "tmp")})
	for _, d := range []string{b.module(), bin, filepath.Join(work, "tmp")} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return nil, fmt.Errorf("prepare the build: %w", err)
		}
	}
	for name, text := range map[string][]byte{"go.mod": goMod, "go.sum": goSum} {
		if err := os.WriteFile(filepath.Join(b.module(), name), text, 0o644); err != nil {
			return nil, fmt.Errorf("prepare the build: %w", err)
		}
	}
	return b, nil
}

// processorTime is about what a build takes of all processors together where Go's build cache is empty.
const processorTime = 120 * time.Second

// compile builds the release's tools into bin.
func (r Release) compile(ctx context.Context, work, bin, dir string, progress io.Writer) error {
	b, err := newBuilder("Fabric "+r.version(), work, bin, dir, r.goMod(), r.goSum(), r.buildEnv(), progress)
	if err != nil {
		return err
	}
	fmt.Fprintf(progress, "building Fabric %s peer and orderer, once, into %s: about %v\n",
		r.version(), dir, BuildTime(Config{Release: r.Name, Dir: filepath.Dir(dir)}))
	if err := r.change(ctx, b); err != nil {
		return err
	}
	return b.build(ctx, bin, r.buildArgs())
}

// build compiles the module's tools into bin.
func (b *builder) build(ctx context.Context, bin string, args []string) error {
	if err := b.run(ctx, "go build", nil, slices.Concat([]string{"build"}, args, []string{"-o", bin + "/", "tool"})...); err != nil {
		return err
	}
	fmt.Fprintf(b.progress, "built %s in %.0f s\n", b.what, time.Since(b.begin).Seconds())
	return nil
}

func (b *builder) module() string { return filepath.Join(b.work, "module") }

// run runs go in the module and waits for its end. Its output goes to out, if that is not nil, else to the log.
func (b *builder) run(ctx context.Context, name string, out *os.File, args ...string) error {
	p, err := process.Start(process.Spec{
		Name: name + " of " + b.what, Path: b.goTool, Args: args, Env: b.env, Dir: b.module(),
		LogPath: filepath.Join(b.work, "build.log"), Stdout: out,
	})
	if err != nil {
		return err
	}
	return b.explain(watch(ctx, p, b.begin, b.progress))
}

// watch waits for the build's end and tells how it goes.
func watch(ctx context.Context, p *process.Process, begin time.Time, progress io.Writer) error {
	tick := time.NewTicker(5 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			p.Stop(5 * time.Second)
			return fmt.Errorf("build: %w", context.Cause(ctx))
		case <-tick.C:
			last := "preparing"
			if tail := process.Tail(p.LogPath()); len(tail) > 0 {
				last = tail[len(tail)-1]
			}
			fmt.Fprintf(progress, "  %3.0f s  %s\n", time.Since(begin).Seconds(), last)
		case <-p.Done():
			exit, ok := errors.AsType[*process.ExitError](p.Err())
			switch {
			case ok && exit.Code == 0:
				return nil
			case ok: // the log goes with the work folder, so only its end is shown
				return fmt.Errorf("%s failed: %s\n\t%s", exit.Name, exit.Status, strings.Join(exit.Tail, "\n\t"))
			}
			return p.Err()
		}
	}
}

// lock takes a file lock; the kernel drops it should this process die.
func lock(ctx context.Context, path string, progress io.Writer) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("lock the cache: %w", err)
	}
	for waiting := false; ; waiting = true {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return func() { f.Close() }, nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR) {
			f.Close()
			return nil, fmt.Errorf("lock the cache: %s: %w", path, err)
		}
		if !waiting {
			fmt.Fprintln(progress, "waiting for another process that builds Fabric")
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, fmt.Errorf("wait for another process's build: %w", context.Cause(ctx))
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// sums is the manifest of a cached build, in the form of sha256sum(1).
const sums = "SHA256SUMS"

// contents lists the files of a cached release, slash-separated.
var contents = []string{"bin/orderer", "bin/peer", "config/core.yaml", "config/orderer.yaml"}

// record writes the manifest of a build.
func record(dir string, contents []string) error {
	var text strings.Builder
	for _, name := range contents {
		sum, err := sha256File(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		fmt.Fprintf(&text, "%s  %s\n", sum, name)
	}
	return os.WriteFile(filepath.Join(dir, sums), []byte(text.String()), 0o644)
}

// verify holds a cached build to its manifest.
func verify(dir string, contents []string) error {
	text, err := os.ReadFile(filepath.Join(dir, sums))
	if err != nil {
		return fmt.Errorf("the cached build has no checksums: %w", err)
	}
	want := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if sum, name, ok := strings.Cut(strings.TrimSpace(line), "  "); ok {
			want[name] = sum
		}
	}
	for _, name := range contents {
		path := filepath.Join(dir, name)
		got, err := sha256File(path)
		if err != nil {
			return fmt.Errorf("the cached build is not whole: %w", err)
		}
		if got != want[name] {
			return fmt.Errorf("%s is corrupt: SHA-256 is %s, the build recorded %q", path, got, want[name])
		}
	}
	return nil
}

func sha256File(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	_, err = io.Copy(h, f)
	return fmt.Sprintf("%x", h.Sum(nil)), err
}
