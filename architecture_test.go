package meterbench_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// floors are the top-level folders from the bottom up. Code imports from its own
// floor and from those below, so no arrow runs up. Change it on purpose, not in
// passing.
var floors = []string{"internal", "bench", "simulators", "workloads", "network", "cmd"}

// reports stands on bench, beside the floors above it: what is said about a run comes
// from its folder, so only cmd imports it.
const reports = "reports"

// floor returns the number of a folder's floor, -1 for an unknown folder.
func floor(folder string) int {
	if folder == reports {
		return slices.Index(floors, "bench")
	}
	return slices.Index(floors, folder)
}

// mayImport reports whether a package may import another one, both as paths below the
// module.
func mayImport(from, to string) bool {
	from, _, _ = strings.Cut(from, "/")
	to, _, _ = strings.Cut(to, "/")
	switch {
	case from == to:
		return true
	case from == reports:
		return floor(to) >= 0 && floor(to) <= floor("bench")
	case to == reports:
		return from == "cmd"
	}
	return floor(to) >= 0 && floor(to) < floor(from)
}

// foreign names libraries that only some packages may use.
var foreign = map[string][]string{
	"github.com/fentec-project/":                 {"simulators/fe"},
	"filippo.io/edwards25519":                    {"simulators/fe", "simulators/pki"},
	"github.com/hyperledger/fabric-chaincode-go": {"network/chaincode"},
	"github.com/hyperledger/":                    {"network/"},
	"gonum.org/v1/plot":                          {"reports/plot"},
	"github.com/spf13/cobra":                     {"cmd/meterbench"},
	"github.com/mdlayher/netlink":                {"internal/sockets", "network/wan"},
	"github.com/prometheus/client_golang":        {"reports/openmetrics"},
	"github.com/chromedp/":                       {"cmd/meterbench"},
	"github.com/fxamacker/":                      {"bench/worker"},
}

// Errors of JSON that somebody may read name what belongs into a file, which those of json.Unmarshal do not.
func TestJSONIsReadInItsWords(t *testing.T) {
	sources(t, func(file, text string) {
		if path.Dir(filepath.ToSlash(file)) != "internal/readjson" && regexp.MustCompile(`\bjson\.Unmarshal\(`).MatchString(text) {
			t.Errorf("%s: use readjson.Unmarshal in place of json.Unmarshal", file)
		}
	})
}

// sources calls visit with the name of every file of production code, and its text.
func sources(t *testing.T, visit func(file, text string)) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		hidden := strings.HasPrefix(entry.Name(), ".") && file != "."
		_, err = os.Stat(filepath.Join(file, "go.mod"))
		otherModule := err == nil && file != "." // as examples of contracts are
		if entry.IsDir() && (hidden || otherModule || slices.Contains([]string{"testdata", "out"}, entry.Name())) {
			return fs.SkipDir
		}
		if entry.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		files++
		text, err := os.ReadFile(file)
		if err == nil {
			visit(file, string(text))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 20 {
		t.Fatalf("only %d files seen: is the test run from the module's root?", files)
	}
}

// TestImports checks that every non-test file imports by the tables above, and that no
// package does anything by being imported.
func TestImports(t *testing.T) {
	const module = "meterbench/"
	sources(t, func(file, text string) {
		from := path.Dir(filepath.ToSlash(file))
		parsed, err := parser.ParseFile(token.NewFileSet(), file, text, parser.SkipObjectResolution)
		if err != nil {
			t.Error(err)
			return
		}
		for _, d := range parsed.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s has an init function; make what it registers a row of a literal table", file)
			}
		}
		for _, spec := range parsed.Imports {
			to := strings.Trim(spec.Path.Value, `"`)
			if to == "math/rand" {
				t.Errorf("%s imports math/rand; use math/rand/v2 with an explicit seed", file)
			}
			if own, ok := strings.CutPrefix(to, module); ok {
				if !mayImport(from, own) {
					t.Errorf("%s: %s may not import %s: that arrow runs up", file, from, own)
				}
				continue
			}
			for _, prefix := range slices.Sorted(maps.Keys(foreign)) {
				if strings.HasPrefix(to, prefix) && !slices.ContainsFunc(foreign[prefix], func(p string) bool { return strings.HasPrefix(from+"/", p) }) {
					t.Errorf("%s: %s may not use %s", file, from, to)
				}
			}
		}
	})
}

// longest is the most characters that a line of production code may have.
const longest = 160

// TestLines checks that no line of production code is too long to be read.
func TestLines(t *testing.T) {
	sources(t, func(file, text string) {
		number := 0
		for line := range strings.Lines(text) {
			number++
			if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > longest {
				t.Errorf("%s:%d: %d characters, more than %d", file, number, n, longest)
			}
		}
	})
}

// No floor imports from one above, and none from reports but cmd.
func TestMayImport(t *testing.T) {
	for _, c := range []struct {
		from, to string
		want     bool
	}{
		{"cmd/meterbench", "reports/render", true}, {"cmd/meterbench", "network/lab", true},
		{"network/lab", "bench/study", true}, {"network/lab", "reports", false}, {"bench", "network", false},
		{"workloads", "simulators/meter", true}, {"simulators/meter", "workloads", false},
		{"reports/claims", "bench/result", true}, {"reports", "simulators/fe", false}, {"bench/study", "reports", false},
		{"internal/proc", "bench", false}, {"bench", "internal/proc", true}, {"bench", "elsewhere", false},
	} {
		t.Run(c.from+" imports "+c.to, func(t *testing.T) {
			if got := mayImport(c.from, c.to); got != c.want {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}

// TestLinks checks that the links of the pages lead to files, and to headings, that
// exist.
func TestLinks(t *testing.T) {
	var pages []string
	for _, pattern := range []string{"*.md", "docs/*.md", "examples/*.md"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, files...)
	}
	link := regexp.MustCompile(`\]\(([^)#:]*)(#[^)]*)?\)`)
	seen := 0
	for _, page := range pages {
		t.Run(page, func(t *testing.T) {
			for _, m := range link.FindAllStringSubmatch(prose(t, page), -1) {
				seen++
				to := page
				if m[1] != "" {
					to = filepath.Join(filepath.Dir(page), filepath.FromSlash(m[1]))
				}
				if _, err := os.Stat(to); err != nil {
					t.Errorf("%s: %v", m[0], err)
				} else if m[2] != "" && !slices.Contains(anchors(t, to), m[2]) {
					t.Errorf("%s: %s has no such heading", m[0], to)
				}
			}
		})
	}
	if seen < 20 {
		t.Errorf("only %d links seen", seen)
	}
}

// prose returns a page without its code blocks.
func prose(t *testing.T, page string) string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile("(?ms)^```.*?^```$").ReplaceAllString(string(text), "")
}

// anchors returns the headings of a page as links name them.
func anchors(t *testing.T, page string) (all []string) {
	t.Helper()
	drop := regexp.MustCompile(`[^\pL\pN _-]`)
	for _, m := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(prose(t, page), -1) {
		all = append(all, "#"+strings.ReplaceAll(drop.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-"))
	}
	return all
}

// TestPaths checks that files and folders that the pages for contributors name exist. In
// what is to be made NAME stands for the new thing.
func TestPaths(t *testing.T) {
	named := regexp.MustCompile("`([a-z]+/[^` ]*)`")
	seen := 0
	for _, page := range []string{"ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"} {
		for _, m := range named.FindAllStringSubmatch(prose(t, page), -1) {
			top, _, _ := strings.Cut(m[1], "/")
			if info, err := os.Stat(top); err != nil || !info.IsDir() {
				continue
			}
			if top == "out" || strings.Contains(m[1], "NAME") {
				continue
			}
			seen++
			if _, err := os.Stat(filepath.FromSlash(m[1])); err != nil {
				t.Errorf("%s: %v", page, err)
			}
		}
	}
	if seen < 20 {
		t.Errorf("only %d paths seen", seen)
	}
}
