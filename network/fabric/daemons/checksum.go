package daemons

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// sums is the manifest of a cached build, in the form of sha256sum(1).
const sums = "SHA256SUMS"

// contents lists what a cached build holds, slash-separated.
func contents() []string {
	return []string{"bin/orderer", "bin/peer", "config/core.yaml", "config/orderer.yaml"}
}

// record writes the manifest of a build.
func record(dir string) error {
	var text strings.Builder
	for _, name := range contents() {
		sum, err := sha256File(filepath.Join(dir, name))
		if err != nil {
			return fmt.Errorf("record the build's checksums: %w", err)
		}
		fmt.Fprintf(&text, "%s  %s\n", sum, name)
	}
	if err := os.WriteFile(filepath.Join(dir, sums), []byte(text.String()), 0o644); err != nil {
		return fmt.Errorf("record the build's checksums: %w", err)
	}
	return nil
}

// verify holds a cached build to its manifest.
func verify(dir string) error {
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
	for _, name := range contents() {
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
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return fmt.Sprintf("%x", h.Sum(nil)), nil
}
