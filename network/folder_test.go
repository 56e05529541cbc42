package network

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A folder that a network has left is used again; what no network has made is never removed.
func TestOpenFolder(t *testing.T) {
	for _, tt := range []struct {
		name  string
		there []string // with a slash at the end: folders
		says  string   // empty: opened
	}{
		{"new", nil, ""},
		{"left by a network", []string{".meterbench", "nodes/peer0.ptb/data/", "organisations/", "channels/c.block", "logs/peer0.ptb.log", "connection-ptb.json"}, ""},
		{"left by a network that was killed", []string{".meterbench", "network.json", "nodes/"}, ""},
		{"of another program", []string{"thesis.tex"}, "is not empty: there is thesis.tex"},
		{"with the names of a network's", []string{"nodes/", "logs/"}, "is not empty: there is logs"},
		{"left by a network and used otherwise", []string{".meterbench", "nodes/", "thesis.tex"}, "is not empty: there is thesis.tex"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "run")
			for _, name := range tt.there {
				path := dir + "/" + name
				err := os.MkdirAll(filepath.Dir(path+"x"), 0o700)
				if err == nil && !strings.HasSuffix(name, "/") {
					err = os.WriteFile(path, nil, 0o600)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			f, err := openFolder(dir, "minimal")
			if tt.says != "" {
				if err == nil || !strings.Contains(err.Error(), tt.says) {
					t.Errorf("%v; want %q", err, tt.says)
				}
				for _, name := range tt.there {
					if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
						t.Errorf("a refused folder was changed: %v", err)
					}
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, err := openFolder(dir, "minimal"); err == nil || !strings.Contains(err.Error(), "a network runs there") {
				t.Errorf("a folder in use: %v", err)
			}
			if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
				t.Errorf("in an opened folder: %v, %v", entries, err)
			}
			if err := f.close(false); err != nil {
				t.Error(err)
			}
			again, err := openFolder(dir, "minimal")
			if err != nil {
				t.Fatalf("opened again: %v", err)
			}
			if err := again.close(true); err != nil {
				t.Error(err)
			}
			if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
				t.Errorf("after a failed start: %v, %v", entries, err)
			}
		})
	}
}

// Content is removed, not what links in it lead to.
func TestOpenFolderFollowsNoLinks(t *testing.T) {
	outside, dir := t.TempDir(), t.TempDir()
	precious := filepath.Join(outside, "precious")
	for _, path := range []string{precious, filepath.Join(dir, markFile)} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(outside, filepath.Join(dir, nodesDir)); err != nil {
		t.Fatal(err)
	}
	f, err := openFolder(dir, "minimal")
	if err != nil {
		t.Fatal(err)
	}
	if err := f.close(true); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(precious); err != nil {
		t.Error(err)
	}
}

// Where no run folder can be made, the error says what to set.
func TestOpenFolderWithoutTemporaryFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, dir := range map[string]string{"is not there": filepath.Join(t.TempDir(), "none"), "a file": file} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("TMPDIR", dir)
			if _, err := openFolder("", "minimal"); err == nil || !strings.Contains(err.Error(), "set TMPDIR to a folder that may be written") {
				t.Errorf("error %v; want one that says what to set", err)
			}
		})
	}
}
