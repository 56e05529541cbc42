package lab

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"meterbench/bench/scenario"
)

const filedScenario = `name: filed
target: {kind: reference, batch: {timeout: 10ms, messages: 5}}
warmup: 0s
series:
  - name: trace
    workload: {kind: plain}
    load: {kind: open, arrivals: {trace: {file: t.csv, unit: kWh}}, hold: 4s}
  - name: rows
    workload: {kind: invoke, contract: basic, function: f, args: [{csv: {file: r.csv, column: b}}, "${k}"], values: {k: {choice: [x, y]}}}
    load: {kind: closed, clients: 2, hold: 1s}
`

// laid lays a scenario with its files out and returns its path.
func laid(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{
		"a.yaml": text, "t.csv": "time,meter,value\n0,one,1\n1,two,2\n2,one,0.5\n3,two,3\n", "r.csv": "a,b\n1,eins\n2,zwei\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "a.yaml")
}

// A worker has the same series as the coordinator, though it has none of its files.
func TestUnpackedScenarioIsTheSame(t *testing.T) {
	for _, name := range append(scenario.Names(), laid(t, filedScenario)) {
		t.Run(filepath.Base(name), func(t *testing.T) {
			s, err := scenario.Read(t.Context(), name, []string{"seed=9"}, Catalog())
			if err != nil {
				t.Fatal(err)
			}
			files, err := s.PackFiles()
			if err != nil {
				t.Fatal(err)
			}
			t.Chdir(t.TempDir())
			got, err := scenario.Unpack(t.Context(), s.Source, files, Catalog())
			if err != nil {
				t.Fatal(err)
			}
			if got.Seed != 9 || len(got.Series) != len(s.Series) || s.Target != nil && !reflect.DeepEqual(got.Target.Options, s.Target.Options) {
				t.Fatalf("seed %d, %d series of %d, target %+v", got.Seed, len(got.Series), len(s.Series), got.Target)
			}
			for i, one := range s.Series {
				other := got.Series[i]
				if other.Name != one.Name || other.Prefix != one.Prefix || !reflect.DeepEqual(other.Workload, one.Workload) || !reflect.DeepEqual(other.Mix, one.Mix) ||
					!reflect.DeepEqual(other.Load, one.Load) || other.Network != one.Network {
					t.Errorf("series %s differs:\n%+v\n%+v", one.Name, one, other)
				}
			}
		})
	}
}

// A file that has changed since the scenario was read is not handed over as if it were that one.
func TestPackFilesRefusesAnotherFile(t *testing.T) {
	path := laid(t, filedScenario)
	s, err := scenario.Read(t.Context(), path, nil, Catalog())
	if err != nil {
		t.Fatal(err)
	}
	files, err := s.PackFiles()
	if err != nil || len(files) != 2 || files[0].Name != "r.csv" || files[1].Name != "t.csv" {
		t.Fatalf("%d files, %v", len(files), err)
	}
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), "t.csv"), []byte("time,meter,value\n0,one,7\n1,two,2\n2,one,4\n3,two,3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.PackFiles(); err == nil || !strings.HasSuffix(err.Error(), "t.csv has changed since it was read; leave it as it is while it is used") {
		t.Errorf("error %v", err)
	}
	if _, err := scenario.Unpack(t.Context(), s.Source, files[:1], Catalog()); err == nil || !strings.Contains(err.Error(), "there is no file t.csv") {
		t.Errorf("error %v", err)
	}
}

// A scenario that names no topology is that of the network which is up, at a worker as well.
func TestUnpackedScenarioOfAHeldNetwork(t *testing.T) {
	held := up(t, "minimal", nil)
	p, err := ReadOn(t.Context(), laid(t, "name: a\nworkload: {kind: plain}\nload: {kind: closed, clients: 2, hold: 3s}\n"), nil, held)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := scenario.Unpack(t.Context(), p.Scenario.Source, nil, Catalog()); err == nil {
		t.Error("read without a topology")
	}
	catalog := Catalog()
	catalog.Topology = held.Dir
	got, err := scenario.Unpack(t.Context(), p.Scenario.Source, nil, catalog)
	if err != nil || len(got.Series) != 1 || got.Series[0].Network != p.Scenario.Series[0].Network {
		t.Errorf("%+v, %v", got.Series, err)
	}
	parsed, err := scenario.Parse("a.yaml", []byte(p.Scenario.Source), nil, catalog)
	if err != nil {
		t.Fatal(err)
	}
	if files, err := parsed.PackFiles(); err != nil || files != nil {
		t.Errorf("%d files, %v", len(files), err)
	}
}
