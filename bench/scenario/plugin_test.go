package scenario_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/internal/strictyaml"
	"meterbench/network/lab"
)

// keyOptions are those of a workload kind that no contract of ours has.
type keyOptions struct {
	Key string `yaml:"key"` // curve of the key that is registered
}

type keyText struct {
	scenario.Common
	keyOptions
}

func (o keyOptions) Check(at string) *strictyaml.Problem {
	return strictyaml.OneOf(at+"key", o.Key, "p256", "p384")
}
func (o keyOptions) Traits() scenario.Traits       { return scenario.Traits{} }
func (o keyOptions) Describe(c *result.Conditions) { c.Workload, c.Details = "register", o.Key }
func (o keyOptions) String() string                { return "register " + o.Key }

// withKeys returns the program's tables with one more workload kind and a factor over its option.
func withKeys() scenario.Catalog {
	c := lab.Catalog()
	c.Workloads = append(c.Workloads, scenario.WorkloadKind{
		Name: "register", Text: reflect.TypeFor[keyText](),
		Decode: func(n *strictyaml.Node, kind string, _ bool) (scenario.Common, scenario.Options, error) {
			t := keyText{scenario.Common{Meters: 10}, keyOptions{"p256"}}
			err := n.Decode(&t)
			t.Kind = kind
			return t.Common, t.keyOptions, err
		},
	})
	c.Factors = append(c.Factors, scenario.OptionFactor("key", func(s string) string { return s },
		func(path, key string) *strictyaml.Problem { return strictyaml.OneOf(path, key, "p256", "p384") },
		func(keyOptions) bool { return true },
		func(_ keyOptions, key string) keyOptions { return keyOptions{key} }))
	return c
}

// A workload kind with options of its own takes a row in the tables, and nothing here.
func TestWorkloadKindOfItsOwn(t *testing.T) {
	const text = "name: a\ntopology: minimal\nworkload: {kind: register, key: p384}\nload: {kind: closed, clients: 1, hold: 3s}\n"
	for _, test := range []struct {
		name, text string
		sets       []string
		want       string // names and workloads of the series, or the error
	}{
		{"options", text, nil, "register: register p384"},
		{"default", strings.Replace(text, ", key: p384", "", 1), nil, "register: register p256"},
		{"check", strings.Replace(text, "p384", "p512", 1), nil, `a.yaml:3:33: workload.key: there is no "p512"; known are p256, p384`},
		{"unknown option", strings.Replace(text, "key:", "keey:", 1), nil, "a.yaml:3:28: unknown key workload.keey; did you mean key?"},
		{"option of other kinds", strings.Replace(text, "key: p384", "bits: 2048", 1), nil,
			"a.yaml:3:34: workload.bits: a register workload has no bits; leave it out, or use kind: plain, padded, encrypted, billing"},
		{"other kind with the option", strings.Replace(text, "register", "plain", 1), nil,
			"a.yaml:3:30: workload.key: a plain workload has no key; leave it out, or use kind: register"},
		{"unknown kind", strings.Replace(text, "register", "registre", 1), nil, `a.yaml:3:18: workload.kind: there is no "registre"; did you mean register?`},
		{"factor", text, []string{"vary.key=[p256, p384]"}, "register/key=p256: register p256, register/key=p384: register p384"},
		{"varied kind", text, []string{"vary={workload: [plain, register], length: [2], key: [p384]}"},
			"a/workload=plain/length=2: plain length 2, a/workload=register/key=p384: register p384"},
		{"mix", strings.Replace(text, "workload: {kind: register, key: p384}", "workloads: [{kind: plain}, {kind: register, weight: 3}]", 1), nil,
			"a: 1 plain length 1 + 3 register p256"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, err := scenario.Parse("a.yaml", []byte(test.text), test.sets, withKeys())
			var all []string
			for _, series := range s.Series {
				var parts []string
				for _, w := range series.Workloads() {
					parts = append(parts, w.String())
				}
				all = append(all, series.Name+": "+strings.Join(parts, " + "))
			}
			got := strings.Join(all, ", ")
			if err != nil {
				got = fmt.Sprint(err)
			}
			if got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// Factors are data of the series, in the order of its name.
func TestFactors(t *testing.T) {
	s, err := parse(varied, "vary.batch=[{messages: 10}]")
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range s.Series {
		name := strings.Split(one.Name, "/")[0]
		for _, f := range one.Factors {
			name += "/" + f.Key + "=" + f.Label
		}
		if name != one.Name || len(one.Factors) < 2 {
			t.Errorf("series %s has the factors %v", one.Name, one.Factors)
		}
	}
	if want := (result.Factor{Key: "bits", Label: "1024"}); !slices.Contains(s.Series[1].Factors, want) {
		t.Errorf("series %s has the factors %v, not %v", s.Series[1].Name, s.Series[1].Factors, want)
	}
}

// The schema has the options and factors of every kind.
func TestSchemaOfAKind(t *testing.T) {
	of := func(root map[string]any, key string) map[string]any {
		return root["properties"].(object)[key].(object)["properties"].(object)
	}
	root := scenario.SchemaOf(t, withKeys(), words(), ".")
	for _, key := range []string{"workload", "vary"} {
		if of(root, key)["key"] == nil {
			t.Errorf("%s has no property key", key)
		}
	}
	if of(root, "workload")["scheme"] == nil {
		t.Error("a workload has no property scheme any more")
	}
}
