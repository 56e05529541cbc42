package daemons

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// fakeGo puts a "go" on the PATH that, instead of building, runs a script with
// $out set to the folder after -o, and notes its arguments and the variables
// that matter in the file that is returned.
func fakeGo(t *testing.T, script string) (calls string) {
	t.Helper()
	dir := t.TempDir()
	calls = filepath.Join(dir, "calls")
	text := fmt.Sprintf(`#!/bin/sh
if [ "$1" = mod ]; then
	mkdir -p %[1]s/fabric/core/peer
	echo '%[2]s' > %[1]s/fabric/core/peer/config.go
	version=$(sed -n 's|.*github.com/hyperledger/fabric \(v[^ ]*\) .*|\1|p' go.mod)
	echo '{"Version": "'$version'", "Dir": "%[1]s/fabric"}'
	exit
fi
echo "$GOFLAGS $GOWORK $CGO_ENABLED $*" >> %[3]s
for a in "$@"; do [ "$prev" = -o ] && out=$a; prev=$a; done
%[4]s
`, dir, refuses, calls, script)
	if err := os.WriteFile(filepath.Join(dir, "go"), []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":/usr/bin:/bin")
	return calls
}

const fakeBuild = `test -s go.mod -a -s go.sum || exit 9
grep -q "^replace github.com/hyperledger/fabric => ../fabric" go.mod || exit 8
grep -q '^return "127.0.0.1", nil$' ../fabric/core/peer/config.go || exit 7
for d in peer orderer; do printf '#!/bin/sh\nprintf "'$d':\\n Version: v9.9\\n"\n' > $out$d; chmod +x $out$d; done`

func noLeftovers(t *testing.T, root string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if fmt.Sprint(names) != fmt.Sprint(append([]string{"build.lock"}, want...)) {
		t.Errorf("cache holds %v, want build.lock and %v", names, want)
	}
}

func TestBuildTime(t *testing.T) {
	fakeGo(t, fakeBuild)
	c := Config{Dir: t.TempDir()}
	if got := BuildTime(c); got < 10*time.Second || got > 5*time.Minute {
		t.Errorf("%v for a build", got)
	}
	if _, err := Ensure(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if got := BuildTime(c); got != 0 {
		t.Errorf("%v for what is built", got)
	}
}

func TestEnsureBuildsOnce(t *testing.T) {
	calls := fakeGo(t, fakeBuild)
	t.Setenv("GOFLAGS", "-mod=mod")
	t.Setenv("GOWORK", "/nowhere/go.work")
	root := t.TempDir()
	stale := filepath.Join(root, "build.pid4194305.start1.2") // of a build that was killed
	if err := os.MkdirAll(filepath.Join(stale, "module"), 0o755); err != nil {
		t.Fatal(err)
	}

	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			b, err := Ensure(t.Context(), Config{Dir: root})
			if err != nil {
				t.Error(err)
				return
			}
			for _, path := range []string{b.Peer, b.Orderer, filepath.Join(b.ConfigDir, "core.yaml"), filepath.Join(b.ConfigDir, "orderer.yaml")} {
				if _, err := os.Stat(path); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	got, err := os.ReadFile(calls)
	if err != nil {
		t.Fatal(err)
	}
	if want := "-mod=readonly off 0 build -v -trimpath"; strings.Count(string(got), "\n") != 1 || !strings.HasPrefix(string(got), want) {
		t.Errorf("calls of go:\n%s\nwant one, %s…", got, want)
	}
	noLeftovers(t, root, filepath.Base(releaseOf(t, "").cached(root)))
}

func TestCorruptCache(t *testing.T) {
	fakeGo(t, fakeBuild)
	root := t.TempDir()
	b, err := Ensure(t.Context(), Config{Dir: root})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(b.ConfigDir)
	advice := "; remove the folder " + dir + " and run again, it is then built anew"
	sum, err := sha256File(b.Peer)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		harm func() error
		want string
	}{
		{"changed", func() error { return os.WriteFile(b.Peer, []byte("x"), 0o755) },
			"fabric daemons: " + b.Peer + " is corrupt: SHA-256 is 2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881, the build recorded \"" + sum + `"`},
		{"missing", func() error { return os.Remove(b.Orderer) },
			"fabric daemons: the cached build is not whole: open " + b.Orderer + ": no such file or directory"},
		{"no manifest", func() error { return os.Remove(filepath.Join(dir, sums)) },
			"fabric daemons: the cached build has no checksums: open " + filepath.Join(dir, sums) + ": no such file or directory"},
	}
	for _, test := range tests { // each on top of the one before
		if err := test.harm(); err != nil {
			t.Fatal(err)
		}
		if _, err := Ensure(t.Context(), Config{Dir: root}); fmt.Sprint(err) != test.want+advice {
			t.Errorf("%s: got\n%v\nwant\n%s", test.name, err, test.want+advice)
		}
	}
	if err := os.RemoveAll(dir); err != nil { // the advice works
		t.Fatal(err)
	}
	if _, err := Ensure(t.Context(), Config{Dir: root}); err != nil {
		t.Error(err)
	}
}

func TestBuildFails(t *testing.T) {
	fakeGo(t, "echo 'go: go.mod requires go >= 1.26.0'; exit 1")
	root := t.TempDir()
	_, err := Ensure(t.Context(), Config{Dir: root})
	want := "fabric daemons: go build of Fabric v" + Default() + " failed: exit status 1\n\tgo: go.mod requires go >= 1.26.0"
	if fmt.Sprint(err) != want {
		t.Errorf("got %v, want %s", err, want)
	}
	noLeftovers(t, root)
}

func TestBuildIsInterrupted(t *testing.T) {
	calls := fakeGo(t, "sleep 3600 & wait")
	root := t.TempDir()
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("interrupted")
	go func() {
		for {
			if _, err := os.Stat(calls); err == nil {
				cancel(stop)
				return
			}
			time.Sleep(time.Millisecond)
		}
	}()
	if _, err := Ensure(ctx, Config{Dir: root}); !errors.Is(err, stop) {
		t.Errorf("got %v, want it to be %v", err, stop)
	}
	noLeftovers(t, root)
}

func TestWaitingForAnotherBuildIsInterrupted(t *testing.T) {
	root := t.TempDir()
	unlock, err := lock(t.Context(), filepath.Join(root, "build.lock"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	var progress lines
	ctx, cancel := context.WithCancel(t.Context())
	progress.on = cancel
	if _, err := Ensure(ctx, Config{Dir: root, Progress: &progress}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if got := progress.String(); got != "waiting for another process that builds Fabric\n" {
		t.Errorf("progress %q", got)
	}
}

// lines collects progress and calls on at each line.
type lines struct {
	strings.Builder
	on func()
}

func (l *lines) Write(b []byte) (int, error) {
	defer l.on()
	return l.Builder.Write(b)
}

func TestNoGo(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := Ensure(t.Context(), Config{Dir: t.TempDir()})
	if err == nil || !strings.Contains(err.Error(), `there is no "go" on the PATH; install it`) {
		t.Errorf("got %v", err)
	}
}

func TestUnwritableCache(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Ensure(t.Context(), Config{Dir: filepath.Join(file, "cache")})
	if err == nil || !strings.Contains(err.Error(), "fabric daemons: ") || !strings.Contains(err.Error(), file) {
		t.Errorf("got %v", err)
	}
}

func TestFromDir(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	dir := t.TempDir()
	put := func(name, script string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	fails := func(want string) {
		t.Helper()
		_, err := FromDir(t.Context(), dir)
		want = dir + ": " + want + "; name a folder with Fabric's peer and orderer, both of one release"
		if folder, ok := errors.AsType[*FolderError](err); !ok || folder.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
	peer, orderer := filepath.Join(dir, "peer"), filepath.Join(dir, "orderer")
	fails("there is no program peer in it")
	put("peer", "printf 'peer:\\n Version: v2.5.9\\n Go version: go1.21\\n'")
	if err := os.Mkdir(orderer, 0o755); err != nil {
		t.Fatal(err)
	}
	fails("there is no program orderer in it")
	if err := os.Remove(orderer); err != nil {
		t.Fatal(err)
	}
	put("orderer", "echo broken; exit 4")
	fails("orderer version: exit status 4: broken")
	put("orderer", "echo GNU orderer 1.0")
	fails("orderer version names no version: it is not Fabric's")
	put("orderer", "echo ' Version: v3.1.1'")
	fails("peer is v2.5.9 but orderer is v3.1.1")
	put("orderer", "echo ' Version: v2.5.9'")
	b, err := FromDir(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Binaries{Peer: peer, Orderer: orderer, Version: "v2.5.9", ConfigDir: b.ConfigDir}, b); diff != "" {
		t.Error(diff)
	}
	if _, err := os.Stat(filepath.Join(b.ConfigDir, "core.yaml")); err != nil {
		t.Error(err)
	}
}

// releaseOf returns the release of a name, or the default.
func releaseOf(t *testing.T, name string) Release {
	t.Helper()
	r, err := find(name)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// What is pinned builds, and the daemons say what they are.
func TestRealDaemons(t *testing.T) {
	if testing.Short() {
		t.Skip("may build Fabric")
	}
	for _, r := range releases {
		if !r.Pinned() {
			continue
		}
		t.Run(r.Name, func(t *testing.T) {
			b, err := Ensure(t.Context(), Config{Release: r.Name, Progress: t.Output()})
			if err != nil {
				t.Fatal(err)
			}
			for _, path := range []string{b.Peer, b.Orderer} {
				if v, err := runVersion(t.Context(), path); v != "v"+r.Name || err != nil {
					t.Errorf("%s: %q, %v", path, v, err)
				}
			}
		})
	}
}
