package meterbench_test

import (
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
)

// mayImport is who may import whom inside the module. A package that is not
// listed may import nothing of ours. Change it on purpose, not in passing:
// bench knows nothing of Fabric, reports never see a network, and a chaincode
// sees neither the engine nor an encryption library.
var mayImport = map[string][]string{
	"bench":                  {"bench/arrival", "bench/result", "internal/alarm"},
	"bench/calibration":      {"bench", "bench/arrival", "bench/result", "bench/stats", "internal/alarm", "internal/proc", "simulators/ledger"},
	"bench/bottleneck":       {"bench/result", "bench/stats", "internal/proc"},
	"bench/saturation":       {"bench/result", "bench/stats"},
	"bench/scenario":         {"internal/strictyaml", "bench/arrival", "network/topology"},
	"bench/study":            {"bench", "bench/arrival", "bench/bottleneck", "bench/result", "bench/saturation", "bench/scenario", "bench/stats", "internal/alarm", "internal/proc"},
	"network/topology":       {"internal/strictyaml"},
	"network/fabric":         {"network/topology"},
	"network/fabric/daemons": {"network/process"},
	"network/client":         {"bench", "bench/result", "network/topology", "internal/strictyaml"},
	"network/chaincode":      {"workloads/reading", "workloads/fe/codec"},
	"network":                {"network/topology", "network/cgroup", "network/fabric", "network/fabric/daemons", "network/process", "network/client", "bench", "bench/result", "internal/proc"},
	"workloads/fe":           {"workloads/fe/codec"},
	"simulators/meter":       {"workloads/reading"},
	"simulators/authority":   {"workloads/fe", "workloads/reading"},
	"simulators/gateway":     {"simulators/meter", "workloads/fe", "workloads/reading"},
	"simulators/verifier":    {"workloads/fe", "workloads/reading"},
	"simulators/device":      {"network/process", "network/cgroup", "simulators/gateway", "simulators/meter", "workloads/reading", "workloads/fe"},
	"simulators/adversary":   {"bench/result", "simulators/authority", "simulators/gateway", "simulators/meter", "simulators/verifier", "workloads/reading", "workloads/fe"},
	"simulators/ledger":      {"bench", "bench/result", "internal/alarm"},
	"workloads":              {"bench", "bench/result", "simulators/meter", "simulators/authority", "simulators/gateway", "simulators/verifier", "workloads/reading", "workloads/fe", "workloads/fe/codec"},
	"reports":                {"bench/result", "bench/stats", "bench/saturation"},
	"reports/claims":         {"bench/result", "bench/stats", "bench/saturation", "reports"},
	"reports/plot":           {"reports"},
	"reports/render":         {"reports", "reports/plot"},
	"cmd/meterbench":         {"*"},
}

// foreign names libraries that only some packages may use.
var foreign = map[string][]string{
	"github.com/fentec-project/":                 {"workloads/fe"},
	"filippo.io/edwards25519":                    {"workloads/fe"},
	"github.com/hyperledger/fabric-chaincode-go": {"network/chaincode"},
	"github.com/hyperledger/":                    {"network/"},
	"gonum.org/v1/plot":                          {"reports/plot"},
	"github.com/spf13/cobra":                     {"cmd/meterbench"},
}

// TestImports holds every non-test file to the tables above.
func TestImports(t *testing.T) {
	const module = "meterbench/"
	files := 0
	err := filepath.WalkDir(".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (entry.Name() == "testdata" || entry.Name() == "out" || strings.HasPrefix(entry.Name(), ".") && file != ".") {
			return fs.SkipDir
		}
		if entry.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		files++
		from := path.Dir(filepath.ToSlash(file))
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range parsed.Imports {
			to := strings.Trim(spec.Path.Value, `"`)
			if to == "math/rand" {
				t.Errorf("%s imports math/rand; use math/rand/v2 with an explicit seed", file)
			}
			if own, ok := strings.CutPrefix(to, module); ok {
				allowed := mayImport[from]
				if !slices.Contains(allowed, "*") && !slices.Contains(allowed, own) {
					t.Errorf("%s: %s may not import %s", file, from, own)
				}
				continue
			}
			for _, prefix := range slices.Sorted(maps.Keys(foreign)) {
				if strings.HasPrefix(to, prefix) && !slices.ContainsFunc(foreign[prefix], func(p string) bool { return strings.HasPrefix(from+"/", p) }) {
					t.Errorf("%s: %s may not use %s", file, from, to)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 20 {
		t.Fatalf("only %d files seen: is the test run from the module's root?", files)
	}
}

// TestLinks holds the links of the pages at the root to files that exist.
func TestLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:]+)\)`)
	seen := 0
	for _, page := range []string{"README.md", "ARCHITECTURE.md"} {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			seen++
			if _, err := os.Stat(filepath.FromSlash(m[1])); err != nil {
				t.Errorf("%s: %v", page, err)
			}
		}
	}
	if seen < 3 {
		t.Errorf("only %d links seen", seen)
	}
}
