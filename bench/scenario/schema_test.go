package scenario_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"meterbench/bench/arrival"
	"meterbench/bench/reference"
	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/network"
	"meterbench/network/lab"
	"meterbench/simulators/pki"
	"meterbench/workloads"
	"meterbench/workloads/values"
)

var update = flag.Bool("update", false, "write scenario.schema.json anew")

const schemaFile = "scenario.schema.json"

type object = map[string]any

// TestSchema holds scenario.schema.json, which editors check scenarios with,
// to the types that scenarios are read into. After a change of these:
//
//	go test ./bench/scenario -run TestSchema -update
func TestSchema(t *testing.T) {
	root := scenario.SchemaOf(t, lab.Catalog(), words(), ".", "../topology", "../arrival", "../reference", "../../internal/cgroup", "../../workloads", "../../workloads/values", "../../network/lab")
	var want bytes.Buffer
	e := json.NewEncoder(&want)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(root); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(schemaFile, want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want.Bytes()) {
		t.Errorf("%s is not what the types say; go test ./bench/scenario -run TestSchema -update", schemaFile)
	}
}

// words are what a field, or a level of a factor, may be.
func words() map[string]any {
	var kinds, failures []string
	for _, k := range workloads.Kinds() {
		kinds = append(kinds, k.Name)
	}
	for _, o := range reference.Failures() {
		failures = append(failures, o.String())
	}
	schemes := workloads.Schemes()
	exits := []scenario.NodeExit{scenario.NodeExitStop, scenario.NodeExitContinue}
	forms, sizes, waits := kinds[:3], schemes.Sizes(schemes.Names()...), []string{"endorse", "acknowledge", "commit"}
	encryption := object{"anyOf": []object{
		{"enum": []string{"inline", "ahead"}},
		{"type": "object", "required": []string{"bank"}, "additionalProperties": false, "properties": object{
			"bank": object{"type": "integer", "description": "ciphertexts made before the load, which transactions sign afresh"},
		}},
	}}
	var releases []string
	for _, r := range network.Releases() {
		releases = append(releases, r.Name)
	}
	size := object{"anyOf": []object{{"type": "integer"}, {"type": "string", "pattern": `^[0-9]+ ?(B|KiB|MiB|GiB)?$`}}}
	choice := object{"anyOf": []object{
		{"type": "array", "items": object{"anyOf": []object{{"type": "string"}, {"type": "number"}}}},
		{"type": "object", "additionalProperties": object{"type": "integer"}},
	}}
	distributed := object{"anyOf": append(size["anyOf"].([]object), object{"type": "object", "additionalProperties": false, "properties": object{
		"uniform": object{"type": "array", "items": size, "description": "the smallest and the largest, each size between as often"},
		"choice":  object{"anyOf": choice["anyOf"], "description": "one of several sizes, each as often or by weights"},
	}})}
	return map[string]any{
		"seriesText.Fabric": releases, "vary.fabric": releases,
		"Value": reflect.TypeFor[values.Generators](), "Size": distributed, "Choice": choice, "Time": values.Times(), "CSV.Order": []values.Order{values.InTurn, values.AtRandom},
		"UUID": object{"type": "object", "additionalProperties": false}, "Sequence.Per": []values.Per{values.PerClient}, "invocationText.Kind": kinds,
		"Load.Kind": []string{"closed", "open"}, "Load.Wait": waits, "Load.Driver": result.Drivers(), "vary.client": result.Drivers(),
		"pkiText.Kind": kinds, "PKI.Contract": []string{pki.ContractName, pki.PublishedName}, "PKI.Operation": result.LedgerOperations(),
		"PKI.Algorithm": pki.Algorithms(), "vary.algorithm": pki.Algorithms(), "vary.issuer": result.Issuers(),
		"certificationText.Kind": kinds, "Certification.Issuer": result.Issuers(), "Certification.Operation": result.CAOperations(),
		"vary.operation": slices.Concat(result.LedgerOperations(), result.CAOperations()),
		"Common.Kind":    kinds, "Options.Scheme": schemes.Names(), "Options.Form": forms, "Options.Bits": sizes, "Options.Encryption": encryption,
		"vary.workload": kinds, "vary.scheme": schemes.Names(), "vary.form": forms, "vary.bits": sizes, "vary.encryption": encryption, "vary.wait": waits,
		"text.OnNodeExit": exits,
		"subject": object{"anyOf": []object{
			{"type": "string", "minLength": 1}, {"type": "array", "items": object{"type": "string"}, "minItems": 2, "maxItems": 2},
			{"type": "object", "additionalProperties": false, "properties": object{
				"peer":      object{"type": "string", "description": "of an organisation"},
				"orderer":   object{"type": "string", "description": "of an organisation; leader: the one that leads"},
				"chaincode": object{"type": "string", "description": "of the peers of an organisation"},
			}},
		}},
		"Random.Kinds": result.EventKinds()[:7], "joinText.From": result.JoinFroms(),
		"FE.Schemes": schemes.Names(), "FE.Bits": sizes,
		"TraceFile.Unit": arrival.Units(), "TraceFile.Kind": arrival.ValueKinds(),
		"Commit.Per": []reference.Per{reference.PerTransaction, reference.PerBlock}, "Distribution.Kind": reference.Kinds(), "Failure.Outcome": failures,
	}
}

// What is shipped keeps to the schema, and what has an unknown key or a wrong
// type does not.
func TestSchemaFits(t *testing.T) {
	raw, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	var s object
	if err := json.Unmarshal(raw, &s); err != nil {
		t.Fatal(err)
	}
	check := func(src string) error {
		t.Helper()
		value, err := decoded(src)
		if err != nil {
			t.Fatal(err)
		}
		return fits(s["$defs"].(object), s, value, "")
	}
	right := []string{single, series, varied, mixed, strings.Replace(arriving, "X", "{trace: a.csv, speed: 2}", 1),
		strings.Replace(arriving, "X", "{steps: [{rate: 1/s, hold: 2s}]}", 1), strings.Replace(arriving, "X", "poisson", 1)}
	for _, n := range scenario.Names() {
		src, err := os.ReadFile("library/" + n + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		right = append(right, string(src))
	}
	for _, src := range right {
		if err := check(src); err != nil {
			t.Errorf("%v in\n%s", err, src)
		}
	}
	for _, change := range [][2]string{
		{"kind: closed", "kind: shut"}, {"clients: [1, 2]", "clients: [1, two]"}, {"hold: 3s", "hold: 3 seconds"},
		{"kind: encrypted", "kind: encrypted, encryption: {bnak: 3}"}, {"name: a\n", ""}, {"topology:", "toplogy:"},
	} {
		if check(strings.Replace(single, change[0], change[1], 1)) == nil {
			t.Errorf("%s fits", change[1])
		}
	}
	if err := check(single + "vary: {batch: {timeout: 1s}}\n"); fmt.Sprint(err) != "vary.batch: want array" {
		t.Errorf("got %v", err)
	}
}
