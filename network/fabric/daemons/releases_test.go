package daemons

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The table is in order, and whatever a release is built with is of that release.
func TestReleases(t *testing.T) {
	for i, r := range releases {
		t.Run(r.Name, func(t *testing.T) {
			if i > 0 && slices.Compare(numbered(t, r), numbered(t, releases[i-1])) >= 0 {
				t.Errorf("follows %s", releases[i-1].Name)
			}
			if n := bytes.Count(r.goMod(), r.requirement()); n != 1 {
				t.Errorf("its go.mod has %d times %s", n, r.requirement())
			}
			for _, suffix := range []string{" h1:", "/go.mod h1:"} {
				if line := fabricModule + " " + r.Module + suffix; bytes.Contains(r.goSum(), []byte(line)) != r.Pinned() {
					t.Errorf("pinned is %t, and its go.sum has %t of %s", r.Pinned(), !r.Pinned(), line)
				}
			}
			for _, other := range releases[:i] {
				if other.key() == r.key() {
					t.Errorf("has the key of %s", other.Name)
				}
			}
		})
	}
	if got := Default(); got != "3.1.1" {
		t.Errorf("the default is %s", got)
	}
}

// numbered returns the three numbers of a release.
func numbered(t *testing.T, r Release) []int {
	t.Helper()
	n := make([]int, 3)
	if _, err := fmt.Sscanf(r.Name+";", "%d.%d.%d;", &n[0], &n[1], &n[2]); err != nil {
		t.Fatalf("%s: %v", r.Name, err)
	}
	return n
}

// Every module file is that of a release in the table.
func TestModuleFiles(t *testing.T) {
	found, err := filepath.Glob("*/*.mod.txt")
	if err != nil || len(found) < 3 {
		t.Fatalf("%d files, %v", len(found), err)
	}
	for _, file := range found {
		if r := releaseOf(t, strings.TrimSuffix(filepath.Base(file), ".mod.txt")); r.modFile() != file {
			t.Errorf("%s is %s", r.modFile(), file)
		}
	}
}

func TestUnknownRelease(t *testing.T) {
	_, err := Ensure(t.Context(), Config{Release: "3.1.2", Dir: t.TempDir()})
	if want := `fabric daemons: there is no release "3.1.2"; known are 3.1.5, 3.1.1, 3.1.0, 2.5.16, 2.5.9`; err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

// A "go" that says what a proxy's refusal makes the real one say of a module.
func refuse(t *testing.T, said string) {
	t.Helper()
	dir := t.TempDir()
	text := "#!/bin/sh\necho '{\"Error\": \"" + said + "\"}'; exit 1\n"
	if err := os.WriteFile(filepath.Join(dir, "go"), []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":/usr/bin:/bin")
}

func TestRefused(t *testing.T) {
	for name, test := range map[string]struct{ said, want string }{
		"forbidden": {`github.com/hyperledger/fabric@v1: reading https://modules.example/v1.info: 403 Forbidden\\n\\tserver response: not available.`,
			"fabric daemons: release 2.5.16 is known, as version v1.4.0-rc1.0.20260617221605-f871cf92a026 of github.com/hyperledger/fabric, " +
				"but the module proxy refuses that (403 Forbidden); give daemons of it that you have with --fabric-bin DIR"},
		"gone": {`reading https://modules.example/v1.info: 410 Gone`, `refuses that \(410 Gone\); give`},
		"tree": {`reading https://modules.example/v1.info: 404 Not Found\\n\\tserver response: not found: fabric@v1: invalid version: unknown revision f871cf92a026`,
			`refuses that \(404 Not Found\); give`},
		"direct": {`invalid version: unknown revision f871cf92a026`, `refuses that \(unknown revision f871cf92a026\); give`},
		"damage": {`verifying github.com/hyperledger/fabric@v1: checksum mismatch`, `^fabric daemons: verifying github.*mismatch`},
	} {
		t.Run(name, func(t *testing.T) {
			refuse(t, test.said)
			root := t.TempDir()
			_, err := Ensure(t.Context(), Config{Release: "2.5.16", Dir: root})
			if err == nil || err.Error() != test.want && !regexp.MustCompile(test.want).MatchString(err.Error()) {
				t.Errorf("got %v\nwant %s", err, test.want)
			}
			if err != nil && strings.Contains(err.Error(), "\n") {
				t.Errorf("more than a line: %v", err)
			}
			noLeftovers(t, root)
		})
	}
}

// The code that is built is that of the release, whatever a module file says.
func TestOtherVersion(t *testing.T) {
	calls := fakeGo(t, fakeBuild)
	tool := filepath.Join(filepath.Dir(calls), "go")
	text, err := os.ReadFile(tool)
	if err == nil {
		err = os.WriteFile(tool, bytes.Replace(text, []byte(`"Version": "`), []byte(`"Version": "v0-`), 1), 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	_, err = Ensure(t.Context(), Config{Dir: t.TempDir()})
	if err == nil || !strings.Contains(err.Error(), "has version v0-"+releaseOf(t, "").Module+" of Fabric, and the table") {
		t.Errorf("got %v", err)
	}
}

// A release that is not pinned is built with what Go resolves, one that is with nothing but what is embedded.
func TestFlagsOfReleases(t *testing.T) {
	for release, want := range map[string]string{"2.5.16": "-mod=mod", "2.5.9": "-mod=readonly"} {
		t.Run(release, func(t *testing.T) {
			calls := fakeGo(t, fakeBuild)
			b, err := Ensure(t.Context(), Config{Release: release, Dir: t.TempDir()})
			if err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(calls)
			if err != nil || !strings.HasPrefix(string(got), want+" ") || b.Version != "v"+release {
				t.Errorf("calls %q, %v, version %s", got, err, b.Version)
			}
		})
	}
}
