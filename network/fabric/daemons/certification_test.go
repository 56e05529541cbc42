package daemons

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const fakeCA = `test -s go.mod -a -s go.sum || exit 9
printf '#!/bin/sh\nprintf "fabric-ca-server:\\n Version: 9.9\\n"\n' > ${out}fabric-ca-server; chmod +x ${out}fabric-ca-server`

// withCompiler puts something called gcc beside the fake go.
func withCompiler(t *testing.T, calls string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(filepath.Dir(calls), "gcc"), []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
}

func TestEnsureCABuildsOnce(t *testing.T) {
	calls := fakeGo(t, fakeCA)
	withCompiler(t, calls)
	t.Setenv("GOFLAGS", "-mod=mod")
	t.Setenv("CGO_ENABLED", "0")
	c := Config{Dir: t.TempDir()}
	if got := CABuildTime(c); got < 10*time.Second || got > 5*time.Minute {
		t.Errorf("%v for a build", got)
	}
	for range 2 {
		got, err := EnsureCA(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(CA{filepath.Join(caCached(c.Dir), "bin", "fabric-ca-server"), "v1.5.15"}, got); diff != "" {
			t.Error(diff)
		}
	}
	if got := CABuildTime(c); got != 0 {
		t.Errorf("%v for what is built", got)
	}
	got, err := os.ReadFile(calls)
	if want := "-mod=readonly off 1 build -v -trimpath"; err != nil || strings.Count(string(got), "\n") != 1 || !strings.HasPrefix(string(got), want) {
		t.Errorf("calls of go: %q, %v; want one, %s…", got, err, want)
	}
	noLeftovers(t, c.Dir, filepath.Base(caCached(c.Dir)))
}

// CC may have flags, or a compiler's name after that of a cache.
func TestCompilerWithFlags(t *testing.T) {
	for _, cc := range []string{"gcc -m64", " gcc  -O2 ", " "} {
		t.Run(cc, func(t *testing.T) {
			withCompiler(t, fakeGo(t, fakeCA))
			t.Setenv("CC", cc)
			if _, err := EnsureCA(t.Context(), Config{Dir: t.TempDir()}); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestCorruptCA(t *testing.T) {
	withCompiler(t, fakeGo(t, fakeCA))
	c := Config{Dir: t.TempDir()}
	ca, err := EnsureCA(t.Context(), c)
	if err == nil {
		err = os.WriteFile(ca.Server, []byte("x"), 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	_, err = EnsureCA(t.Context(), c)
	if err == nil || !strings.HasPrefix(err.Error(), "fabric-ca: "+ca.Server+" is corrupt") || !strings.Contains(err.Error(), "remove the folder "+caCached(c.Dir)) {
		t.Errorf("got %v", err)
	}
}

// Without a C compiler nothing is tried, and the error says what there is to do.
func TestNoCompiler(t *testing.T) {
	dir := filepath.Dir(fakeGo(t, fakeCA))
	t.Setenv("PATH", dir)
	root := t.TempDir()
	for cc, want := range map[string]string{"": `"gcc"`, "clang-99": `"clang-99"`} {
		t.Run(want, func(t *testing.T) {
			t.Setenv("CC", cc)
			_, err := EnsureCA(t.Context(), Config{Dir: root})
			if _, ok := errors.AsType[NoCompilerError](err); !ok {
				t.Fatalf("got %v", err)
			}
			for _, part := range []string{"no " + want + " on the PATH", "apt-get install gcc libc6-dev", "--fabric-bin", "issuer: in-process"} {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("no %q in: %v", part, err)
				}
			}
		})
	}
	if entries, err := os.ReadDir(root); err != nil || len(entries) > 0 {
		t.Errorf("the cache has %v, %v", entries, err)
	}
}

func TestCABuildFails(t *testing.T) {
	withCompiler(t, fakeGo(t, "echo 'runtime/cgo: stdlib.h: No such file or directory'; exit 1"))
	root := t.TempDir()
	_, err := EnsureCA(t.Context(), Config{Dir: root})
	want := "fabric-ca: go build of fabric-ca v1.5.15 failed: exit status 1\n\truntime/cgo: stdlib.h: No such file or directory\n\t" + caAdvice
	if fmt.Sprint(err) != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
	noLeftovers(t, root)
}

func TestCAFromDir(t *testing.T) {
	dir := t.TempDir()
	if got, ok, err := CAFromDir(t.Context(), dir); ok || err != nil {
		t.Errorf("%v, %t, %v of an empty folder", got, ok, err)
	}
	path := filepath.Join(dir, "fabric-ca-server")
	put := func(script string) {
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	put("printf 'fabric-ca-server:\\n Version: 1.5.12\\n Go version: go1.23\\n'")
	got, ok, err := CAFromDir(t.Context(), dir)
	if diff := cmp.Diff(CA{path, "v1.5.12"}, got); !ok || err != nil || diff != "" {
		t.Errorf("%t, %v %s", ok, err, diff)
	}
	put("exit 3")
	if _, ok, err := CAFromDir(t.Context(), dir); ok || err == nil {
		t.Errorf("%t, %v of a program that fails", ok, err)
	}
}

// What is pinned builds, and the server says what it is.
func TestRealCA(t *testing.T) {
	if testing.Short() {
		t.Skip("may build fabric-ca")
	}
	ca, err := EnsureCA(t.Context(), Config{Progress: t.Output()})
	if missing, ok := errors.AsType[NoCompilerError](err); ok {
		t.Skip(missing)
	}
	if err != nil {
		t.Fatal(err)
	}
	if v, err := runVersion(t.Context(), ca.Server); "v"+v != caVersion || err != nil {
		t.Errorf("%s: %q, %v", ca.Server, v, err)
	}
}
