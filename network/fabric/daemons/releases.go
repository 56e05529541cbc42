package daemons

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"meterbench/network/fabric"
)

// A Release is a release of Fabric.
type Release struct {
	Name   string // 3.1.1, as a topology has it
	Module string // version of Fabric's Go module
}

// releases has the newest first. The version of a module is the time and the commit of the release's tag, after what Go
// counts as the version before it.
var releases = []Release{
	{"3.1.5", "v1.4.0-rc1.0.20260618074816-86c1172bec37"},
	{"3.1.1", "v1.4.0-rc1.0.20250510200036-435a7f1a780a"},
	{"3.1.0", "v1.4.0-rc1.0.20250318174348-8f08391d840c"},
	{"2.5.16", "v1.4.0-rc1.0.20260617221605-f871cf92a026"},
	{"2.5.9", "v1.4.0-rc1.0.20240618194258-7c3876255bf0"},
}

// Releases returns the releases that Ensure knows, newest first.
func Releases() []Release { return slices.Clone(releases) }

// Default returns the name of the release that is taken where none is asked for: the newest whose modules are pinned.
func Default() string { return releases[slices.IndexFunc(releases, Release.Pinned)].Name }

// find returns the release of a name, or with an empty one the default.
func find(name string) (Release, error) {
	if name == "" {
		name = Default()
	}
	i := slices.IndexFunc(releases, func(r Release) bool { return r.Name == name })
	if i < 0 {
		var known []string
		for _, r := range releases {
			known = append(known, r.Name)
		}
		return Release{}, fmt.Errorf("there is no release %q; known are %s", name, strings.Join(known, ", "))
	}
	return releases[i], nil
}

//go:embed 2.5 3.1 ca
var files embed.FS

// read returns an embedded file.
func read(name string) []byte {
	text, err := files.ReadFile(name)
	if err != nil {
		panic(err) // embedded: cannot happen
	}
	return text
}

// version returns what the release's daemons say that they are.
func (r Release) version() string { return "v" + r.Name }

// folder returns the embedded folder of the release's line.
func (r Release) folder() string { return folder(r.Name) }

func folder(version string) string {
	line, _ := fabric.LineOf(version)
	return line.Name + "/"
}

func (r Release) modFile() string { return r.folder() + r.Name + ".mod.txt" }

// Pinned reports whether the versions of all the release's modules are embedded.
func (r Release) Pinned() bool {
	_, err := fs.Stat(files, r.modFile())
	return err == nil
}

// goMod returns the go.mod of the release's build. A release that is not pinned begins with that of the newest in its
// line which is, and Go raises in it what the release requires.
func (r Release) goMod() []byte {
	if r.Pinned() {
		return read(r.modFile())
	}
	i := slices.IndexFunc(releases, func(of Release) bool { return of.Pinned() && of.folder() == r.folder() })
	return bytes.ReplaceAll(read(releases[i].modFile()), releases[i].requirement(), r.requirement())
}

// requirement returns what the go.mod of a build has of Fabric itself.
func (r Release) requirement() []byte { return []byte(fabricModule + " " + r.Module + " //") }

// goSum returns the checksums with which the release's build begins. They are those of all releases of its line that are
// pinned; for another one Go adds what is missing, as its checksum database has it.
func (r Release) goSum() []byte { return read(r.folder() + "go.sum.txt") }

// goFlags returns the setting of GOFLAGS for the release's build.
func (r Release) goFlags() string {
	if r.Pinned() {
		return "-mod=readonly"
	}
	return "-mod=mod"
}

// refusal matches what go says of a version of a module that a proxy does not give away.
var refusal = regexp.MustCompile(`\b(40[134]|410) [A-Z][A-Za-z ]*|unknown revision [0-9a-f]+`)

// A refusedError says that Fabric's module is not to be had.
type refusedError struct {
	Release
	status string // of the proxy's answer
}

func (e refusedError) Error() string {
	return fmt.Sprintf("release %s is known, as version %s of %s, but the module proxy refuses that (%s); give daemons of it that you have with --fabric-bin DIR",
		e.Name, e.Module, fabricModule, e.status)
}

// refused turns what go says of Fabric's module into a refusedError if that is what it says.
func (r Release) refused(said string) error {
	status := refusal.FindString(said)
	if status == "" {
		return nil
	}
	return refusedError{r, strings.TrimSpace(status)}
}
