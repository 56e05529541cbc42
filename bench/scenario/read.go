package scenario

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"

	"meterbench/internal/strictyaml"
)

//go:embed library/*.yaml
var library embed.FS

// Names returns the names of the shipped scenarios, sorted.
func Names() []string {
	entries, err := library.ReadDir("library")
	if err != nil {
		panic(err) // embedded: cannot happen
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".yaml"))
	}
	return names
}

// Shipped returns the shipped scenarios, sorted by name.
func Shipped() ([]Scenario, error) {
	var all []Scenario
	for _, name := range Names() {
		s, err := Read(name, nil)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// Read reads a shipped scenario by name, or a file, with overrides as
// strictyaml.Document.Set takes them, reads its traces and makes sure that its
// networks can be made. The error is a *strictyaml.Error.
func Read(nameOrPath string, overrides []string) (Scenario, error) {
	file, from := "shipped "+nameOrPath+".yaml", ""
	src, err := library.ReadFile(path.Join("library", nameOrPath+".yaml"))
	if err != nil {
		file, from = nameOrPath, nameOrPath
		src, err = os.ReadFile(nameOrPath)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return Scenario{}, &strictyaml.Error{File: "scenario " + nameOrPath,
			Msg: "there is neither a shipped scenario nor a file of that name", Hint: strictyaml.Hint(nameOrPath, Names())}
	}
	if err != nil {
		return Scenario{}, &strictyaml.Error{File: "scenario " + nameOrPath, Msg: "the file cannot be read: " + err.Error()}
	}
	s, doc, err := parse(file, src, overrides)
	if err != nil {
		return Scenario{}, err
	}
	s.Path = from
	if err := s.checkNetworks(doc); err != nil {
		return Scenario{}, err
	}
	if err := s.readTraces(doc); err != nil {
		return Scenario{}, err
	}
	return s, nil
}

// Parse reads a scenario from the text of a file, whose name is for errors
// only, with overrides. Other files it does not read. What the
// text leaves out gets these defaults: warmup 0, repeat 1, seed 1; for a
// workload meters 100, length 1, bound 10000, interval 15m, verify true, and
// unless it is plain, scheme ddh, bits 2048; for an encrypted one encryption
// inline; for a load wait commit, think 0, and if it is open, slots 2000 and
// arrivals constant, and steps as the hold; for
// the table of costs schemes ddh, bits 1024 to 4096, lengths 1 and 24, bound
// 10000, samples 6. The error is a *strictyaml.Error.
func Parse(file string, src []byte, overrides []string) (Scenario, error) {
	s, _, err := parse(file, src, overrides)
	return s, err
}

// A text is a scenario as it stands in a file.
type text struct {
	Name        string        `yaml:"name"`
	Description string        `yaml:"description"`
	Topology    string        `yaml:"topology"`
	Target      *Target       `yaml:"target"`
	Policy      string        `yaml:"policy"`
	Batch       *Batch        `yaml:"batch"`
	Limits      *Limits       `yaml:"limits"`
	Vary        Vary          `yaml:"vary"`
	Workload    *Workload     `yaml:"workload"`
	Workloads   []Workload    `yaml:"workloads"`
	Load        *Load         `yaml:"load"`
	Series      []Series      `yaml:"series"`
	FE          *FE           `yaml:"fe"`
	Warmup      time.Duration `yaml:"warmup"`
	Repeat      int           `yaml:"repeat"`
	Fresh       bool          `yaml:"fresh"`
	Seed        uint64        `yaml:"seed"`
	Record      bool          `yaml:"record"`
	Require     string        `yaml:"require"`
}

func parse(file string, src []byte, overrides []string) (Scenario, *strictyaml.Document, error) {
	doc, err := strictyaml.Parse(file, src)
	if err != nil {
		return Scenario{}, nil, err
	}
	for _, o := range overrides {
		if err := doc.Set(o); err != nil {
			return Scenario{}, nil, err
		}
	}
	t := text{Repeat: 1, Seed: 1}
	if err := doc.Decode(&t); err != nil {
		return Scenario{}, nil, err
	}
	if p := checkForm(doc); p != nil {
		return Scenario{}, nil, doc.Locate(p)
	}
	s, p := t.scenario()
	if p != nil {
		return Scenario{}, nil, doc.Locate(p)
	}
	s.Source = doc.String()
	return s, doc, nil
}

// scenario checks the text and expands its series.
func (t text) scenario() (Scenario, *strictyaml.Problem) {
	single := t.Series == nil
	if single {
		one := Series{Name: t.Name, Mix: t.Workloads, Load: *t.Load, Pos: t.Load.Pos}
		if t.Workload != nil {
			one.Workload, one.Pos = *t.Workload, t.Workload.Pos
		}
		if t.Workloads == nil && t.Vary.Workload == nil {
			one.Name = t.Workload.Kind // there is just one
		}
		weigh(one.Mix)
		t.Series = []Series{one}
	}
	if t.Topology == "" && len(t.Vary.Topology) > 0 {
		t.Topology = t.Vary.Topology[0]
	}
	s := Scenario{
		Name: t.Name, Description: t.Description, Topology: t.Topology, Target: t.Target, Policy: t.Policy, Batch: t.Batch, Limits: t.Limits,
		Vary: t.Vary, Series: t.Series, FE: t.FE, Warmup: t.Warmup, Repeat: t.Repeat, Fresh: t.Fresh, Seed: t.Seed, Record: t.Record, Require: t.Require,
	}
	if p := s.check(single); p != nil {
		return Scenario{}, p
	}
	if p := s.expand(single); p != nil {
		return Scenario{}, p
	}
	return s, nil
}

// checkForm holds the text to one of its two forms.
func checkForm(doc *strictyaml.Document) *strictyaml.Problem {
	if doc.Has("workload") && doc.Has("workloads") {
		return problem("", "workloads", "a scenario has either workload or workloads")
	}
	if doc.Has("series") {
		for _, key := range []string{"workload", "workloads", "load"} {
			if doc.Has(key) {
				return problem("move it into series, or leave series out", key, "a scenario has either series, or one workload and load")
			}
		}
		return nil
	}
	for _, key := range []string{"workload", "load"} {
		if !doc.Has(key) && !(key == "workload" && doc.Has("workloads")) {
			return problem("", key, "is missing; a scenario has either series, or one workload and load")
		}
	}
	return nil
}

func problem(hint, path, format string, args ...any) *strictyaml.Problem {
	return &strictyaml.Problem{Path: path, Msg: fmt.Sprintf(format, args...), Hint: hint}
}
