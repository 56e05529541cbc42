package result

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
)

// Runs of one second get folders of their own, and one that is discarded leaves nothing
// that was not there before.
func TestNewFolder(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	parent := filepath.Join(out, "mine")
	synctest.Test(t, func(t *testing.T) { // the clock stands still
		first, discard, err := NewFolder(parent)
		if err != nil {
			t.Fatal(err)
		}
		second, discardSecond, err := NewFolder(parent)
		if err != nil {
			t.Fatal(err)
		}
		if want := filepath.Join(parent, "20000101-000000"); first != want || second != want+"-2" {
			t.Errorf("got %s and %s", first, second)
		}
		discard()
		if missing(second) || !missing(first) {
			t.Error("the first folder is there, or the second is gone")
		}
		discardSecond()
		if missing(parent) {
			t.Error("a folder is gone that the second run did not make")
		}
		discard()
		if !missing(out) {
			t.Error("folders are left")
		}
	})
}

func TestNewFolderKeepsResults(t *testing.T) {
	dir, discard, err := NewFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "run.json")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if discard(); missing(file) {
		t.Error("a result is gone")
	}
}

func TestNewFolderBelowAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, _, err := NewFolder(filepath.Join(file, "mine"))
	if err == nil || !strings.Contains(err.Error(), file+": not a directory") {
		t.Errorf("got %v", err)
	}
}

func missing(path string) bool {
	_, err := os.Stat(path)
	return errors.Is(err, os.ErrNotExist)
}
