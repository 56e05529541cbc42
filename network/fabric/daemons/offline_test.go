package daemons

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The real toolchain, without a network and with an empty module cache.
func TestOffline(t *testing.T) {
	cache, root := t.TempDir(), t.TempDir()
	t.Setenv("GOPROXY", "off")
	t.Setenv("GOMODCACHE", cache)
	_, err := Ensure(t.Context(), Config{Dir: root})
	if err == nil {
		t.Fatal("built from nothing")
	}
	for _, want := range []string{"fabric daemons: ", "GOPROXY=off", "--fabric-bin DIR", "to " + releaseOf(t, "").cached(root), "to " + cache} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in:\n%v", want, err)
		}
	}
	noLeftovers(t, root)
}

// Modules that the build needs may be missing although Fabric's own is there.
func TestOfflineAmidTheBuild(t *testing.T) {
	fakeGo(t, `echo 'go: golang.org/x/net@v0.61.0: Get "https://modules.example/x": dial tcp: lookup modules.example: no such host' >&2
echo 'go: and so on' >&2; exit 1`)
	_, err := Ensure(t.Context(), Config{Dir: t.TempDir()})
	if _, ok := errors.AsType[offlineError](err); !ok || !strings.Contains(err.Error(), "(go: golang.org/x/net@v0.61.0: ") {
		t.Errorf("got %v", err)
	}
}

func TestUnreachable(t *testing.T) {
	for text, want := range map[string]bool{
		`Get "https://modules.example/x": dial tcp: lookup modules.example on 127.0.0.53:53: server misbehaving`: true,
		`dial tcp 142.250.74.17:443: connect: network is unreachable`:                                            true,
		`proxyconnect tcp: EOF`: true,
		`Get "https://modules.example/x": net/http: TLS handshake timeout`:  true,
		`read tcp 10.0.0.1:1->10.0.0.2:443: read: connection reset by peer`: true,
		`module lookup disabled by GOPROXY=off`:                             true,
		`go: go.mod requires go >= 1.26.0`:                                  false,
		`verifying module: checksum mismatch`:                               false,
		`write $WORK/b001/_pkg_.a: no space left on device`:                 false,
	} {
		if got := unreachable.MatchString(text); got != want {
			t.Errorf("%q: %t, want %t", text, got, want)
		}
	}
}

// Without a home there is no cache, and the error says what to set.
func TestNoHome(t *testing.T) {
	for _, name := range []string{"HOME", "XDG_CACHE_HOME"} {
		t.Setenv(name, "") // restored at the end
		if err := os.Unsetenv(name); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	for _, name := range []string{"peer", "orderer"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\necho ' Version: v3.1.1'\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	_, err := Ensure(t.Context(), Config{})
	_, errFrom := FromDir(t.Context(), dir)
	for _, err := range []error{err, errFrom} {
		if err == nil || !strings.Contains(err.Error(), "set HOME, or XDG_CACHE_HOME to a folder that may be written") {
			t.Errorf("got %v", err)
		}
	}
}

// A cache folder that is of no use is answered with what to set.
func TestUselessCacheFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, home := range map[string]string{"relative": "home", "a file": file, "below a file": filepath.Join(file, "home")} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("XDG_CACHE_HOME", "")
			t.Setenv("HOME", home)
			if _, err := Ensure(t.Context(), Config{}); err == nil || !strings.Contains(err.Error(), cacheAdvice) {
				t.Errorf("error %v; want one that says: %s", err, cacheAdvice)
			}
		})
	}
}
