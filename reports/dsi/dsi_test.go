package dsi_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/result"
	"meterbench/reports/dsi"
)

var (
	update = flag.Bool("update", false, "write the golden file anew")
	schema = flag.String("schema", filepath.Join("testdata", "dsi.xsd"), "the `file` of the schema, as PTB's own")
)

// budget has two known sources, a and b.
func budget(figure string, value, a, b float64) result.Budget {
	f := result.Budget{Figure: figure, Series: "plain", Load: result.Load{Kind: result.LoadClosed, Clients: 8}, Value: value}
	f.Repetitions = 3
	f.Add(result.SourceScatter, a, 2)
	f.AddBounds(result.SourceEndEffects, b)
	return f
}

// A stored run is what is written of.
type stored struct {
	run     result.Run
	summary result.Summary
}

func run() stored {
	lacking := budget("commit_p99_s", 1e-7, 0, 3e-8)
	lacking.Missing = []result.Source{result.SourceInstrument, result.SourceObserver}
	return stored{result.Run{Started: time.Date(2026, 1, 2, 4, 4, 5, 6, time.FixedZone("", 3600))}, result.Summary{
		Scenario: "smoke", Run: "20260102-030405", Uncertainty: []result.Budget{
			budget(result.ThroughputKey, 412.5, 3, 4),
			budget("commit_p50_s", 0.25, 0.0005, 0.001),
			lacking,
			budget("client_cpu_per_commit_signatures", 5, 0.25, 0),
			budget("of a later version", 1, 1, 1),
			{Figure: result.AnsweredKey, Series: "reads", Load: result.Load{Kind: result.LoadOpen, Offered: 100}, Value: 100},
		},
	}}
}

// hostileRun has texts that would end an element or a comment, drive a terminal, or are no characters of XML.
func hostileRun() stored {
	const hostile = "a\x1b[31m<b>]]>&\"'\n\x00\xff\ufffe\u202e--->---- é-"
	b := budget(result.ThroughputKey, -1e300, 1e-300, 0)
	b.Series, b.Components[0].Source, b.Components[0].Type = hostile, hostile, hostile
	missing := b
	missing.Missing = []result.Source{hostile, "-", ""}
	negative := b
	negative.Expanded = -1
	factorless := b
	factorless.Factor = 0
	return stored{summary: result.Summary{Scenario: hostile, Run: hostile, Uncertainty: []result.Budget{b, missing, negative, factorless}}}
}

func document(t testing.TB, of stored) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := dsi.Write(&b, &of.run, &of.summary); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestWrite(t *testing.T) {
	got, golden := document(t, run()), filepath.Join("testdata", "figures.xml")
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// A run without budgets, or with none of a known figure, is no empty list, which the schema has not.
func TestNone(t *testing.T) {
	for _, s := range []*result.Summary{{}, {Uncertainty: []result.Budget{{Figure: "later"}}}} {
		var b bytes.Buffer
		if err := dsi.Write(&b, &result.Run{}, s); !errors.Is(err, dsi.ErrNone) || b.Len() > 0 {
			t.Errorf("%v, and %q is written", err, &b)
		}
	}
}

// Every document is valid, whatever its texts are. With -schema FILE, PTB's own schema says so.
func TestSchema(t *testing.T) {
	xmllint, err := exec.LookPath("xmllint")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("CI needs xmllint (Debian: libxml2-utils)")
		}
		t.Skip("needs xmllint (Debian: libxml2-utils)")
	}
	lint := func(document []byte) ([]byte, error) {
		lint := exec.Command(xmllint, "--noout", "--nonet", "--schema", *schema, "-")
		lint.Stdin = bytes.NewReader(document)
		return lint.CombinedOutput()
	}
	for _, c := range []struct {
		name string
		run  stored
	}{{"figures", run()}, {"hostile", hostileRun()}} {
		t.Run(c.name, func(t *testing.T) {
			if out, err := lint(document(t, c.run)); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
	t.Run("not valid", func(t *testing.T) { // which shows that anything is checked
		whole := document(t, run())
		for _, damage := range [][2]string{{"coverageFactor>3.", "coverageFactor>0."}, {"valueExpandedMU>1", "valueExpandedMU>-1"}, {"si:value>", "si:number>"}} {
			damaged := bytes.ReplaceAll(whole, []byte(damage[0]), []byte(damage[1]))
			if bytes.Equal(damaged, whole) {
				t.Errorf("there is no %s", damage[0])
			}
			if _, err := lint(damaged); err == nil {
				t.Errorf("%s is valid", damage[1])
			}
		}
	})
}

// The stated interval is value ± k standard uncertainties, from the budget, with the k that is stated.
func TestExpanded(t *testing.T) {
	var parsed struct {
		Lists []struct {
			Unit        string `xml:"listUnit"`
			Uncertainty *struct {
				Expanded float64 `xml:"expandedMU>valueExpandedMU"`
				Factor   float64 `xml:"expandedMU>coverageFactor"`
			} `xml:"listMeasurementUncertaintyUnivariate"`
			Value string `xml:"real>value"`
		} `xml:"realList"`
	}
	if err := xml.Unmarshal(document(t, run()), &parsed); err != nil {
		t.Fatal(err)
	}
	type row struct {
		Unit     string
		Value    float64
		Expanded float64 // 0: none
		Factor   float64
	}
	var got []row
	for _, l := range parsed.Lists {
		value, err := strconv.ParseFloat(l.Value, 64)
		if err != nil {
			t.Fatal(err)
		}
		r := row{Unit: l.Unit, Value: value}
		if l.Uncertainty != nil {
			r.Expanded, r.Factor = l.Uncertainty.Expanded, l.Uncertainty.Factor
		}
		got = append(got, r)
	}
	u := run().summary.Uncertainty
	k := func(i int) float64 { return u[i].Factor }
	want := []row{
		{`\second\tothe{-1}`, 412.5, k(0) * u[0].Standard, k(0)}, {`\second`, 0.25, k(1) * u[1].Standard, k(1)}, {`\second`, 1e-7, 0, 0},
		{`\one`, 5, k(3) * u[3].Standard, k(3)}, {`\second\tothe{-1}`, 100, 0, 0},
	}
	if k(0) < 3 || math.Abs(k(3)-4.53) > 0.01 { // t of two degrees of freedom
		t.Errorf("factors of %v and %v", k(0), k(3))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
