package ca

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"meterbench/internal/process"
)

// A server that ends, or is none, fails the start with its last words, and nothing is left.
func TestServerThatEnds(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	program := filepath.Join(t.TempDir(), "fabric-ca-server")
	if err := os.WriteFile(program, []byte("#!/bin/sh\necho no space left on device\nexit 3\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	_, err := Start(t.Context(), Config{Issuer: FabricCA, Server: program})
	ended, ok := errors.AsType[*process.ExitError](err)
	if !ok || ended.Code != 3 || !strings.Contains(err.Error(), "no space left on device") || !strings.HasPrefix(err.Error(), "certification authority: ") {
		t.Errorf("got %v", err)
	}
	_, err = Start(t.Context(), Config{Issuer: FabricCA, Server: program + "2"})
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) > 0 {
		t.Errorf("left are %v, %v", left, err)
	}
}

// A folder that is there is somebody's.
func TestFolderThatIsThere(t *testing.T) {
	dir := t.TempDir()
	if _, err := Start(t.Context(), Config{Issuer: FabricCA, Server: "/bin/true", Dir: dir}); !errors.Is(err, os.ErrExist) {
		t.Errorf("got %v", err)
	}
}

// What a responder cannot read ends it with a message.
func TestDispatch(t *testing.T) {
	if code, handled := Dispatch([]string{"meterbench"}); code != 0 || handled {
		t.Errorf("%d, %t", code, handled)
	}
	nonsense := filepath.Join(t.TempDir(), "responder.json")
	if err := os.WriteFile(nonsense, []byte(`{"issuer":"eA=="}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, args := range map[string][]string{"no file": {responderArgv0}, "missing": {responderArgv0, nonsense + "2"}, "nonsense": {responderArgv0, nonsense}} {
		t.Run(name, func(t *testing.T) {
			if code, handled := Dispatch(args); code != 1 || !handled {
				t.Errorf("%d, %t", code, handled)
			}
		})
	}
}
