package junit_test

import (
	"bytes"
	"encoding/xml"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"meterbench/reports/junit"
)

var update = flag.Bool("update", false, "write the golden files anew")

func document(t testing.TB, suites ...junit.Suite) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := junit.Write(&b, suites...); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// suite has a case of every outcome.
func suite() junit.Suite {
	return junit.Suite{
		Name: "smoke: head against base", Host: "ci-7", Started: time.Date(2026, 1, 2, 4, 4, 5, 6, time.FixedZone("", 3600)), Took: 1500 * time.Millisecond,
		Properties: []junit.Property{{"alpha", "0.05"}, {"base", "out/base/20260102-030405"}},
		Cases: []junit.Case{
			{Class: "plain", Name: "throughput at 8 clients", Message: "no difference: -0.3 % [-1.9 %, +1.2 %]", Evidence: "base 412 tx/s\nhead 411 tx/s"},
			{Class: "plain", Name: "commit.p99 at 8 clients", Outcome: junit.Failed, Message: "worse: +12 %", Evidence: "base 1.00 s\nhead 1.12 s\n"},
			{Class: "plain", Name: "commit.p50 at 8 clients", Outcome: junit.Skipped, Message: "cannot tell"},
			{Class: "bank, 2048 bits", Name: "throughput at 8 clients", Outcome: junit.Errored, Message: "cannot tell: take 9 runs", Evidence: "n = 2"},
		},
	}
}

func TestWrite(t *testing.T) {
	got, golden := document(t, suite()), filepath.Join("testdata", "outcomes.xml")
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

// hostile has what would end an element, drive a terminal, or is no character of XML.
const hostile = "a\x1b[31m<b>]]>&\"'\n\x00\xff\ufffe\u202e é"

// Every document is valid, whatever its texts are.
func TestSchema(t *testing.T) {
	xmllint, err := exec.LookPath("xmllint")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("CI needs xmllint (Debian: libxml2-utils)")
		}
		t.Skip("needs xmllint (Debian: libxml2-utils)")
	}
	foreign := junit.Suite{Name: hostile, Host: hostile, Properties: []junit.Property{{hostile, hostile}, {}}}
	for o := junit.Passed; o <= junit.Skipped; o++ {
		foreign.Cases = append(foreign.Cases, junit.Case{Class: hostile, Name: hostile, Outcome: o, Message: hostile, Evidence: hostile}, junit.Case{Outcome: o})
	}
	for _, c := range []struct {
		name   string
		suites []junit.Suite
	}{{"nothing", nil}, {"empty suite", []junit.Suite{{}}}, {"outcomes", []junit.Suite{suite(), suite()}}, {"hostile", []junit.Suite{foreign}}} {
		t.Run(c.name, func(t *testing.T) {
			lint := exec.Command(xmllint, "--noout", "--nonet", "--schema", filepath.Join("testdata", "junit.xsd"), "-")
			lint.Stdin = bytes.NewReader(document(t, c.suites...))
			if out, err := lint.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// Counts are those of the cases, and every message and all evidence is in the output of the suite.
func TestOutput(t *testing.T) {
	var parsed struct {
		Suites []struct {
			Tests    int      `xml:"tests,attr"`
			Failures int      `xml:"failures,attr"`
			Errors   int      `xml:"errors,attr"`
			Skipped  int      `xml:"skipped,attr"`
			Cases    []string `xml:"testcase"`
			Out      string   `xml:"system-out"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(document(t, suite()), &parsed); err != nil {
		t.Fatal(err)
	}
	got := parsed.Suites[0]
	if got.Tests != 4 || len(got.Cases) != 4 || got.Failures != 1 || got.Errors != 1 || got.Skipped != 1 {
		t.Errorf("%+v", got)
	}
	for _, c := range suite().Cases {
		if !strings.Contains(got.Out, c.Message) {
			t.Errorf("the output lacks %q", c.Message)
		}
		for line := range strings.Lines(c.Evidence) {
			if !strings.Contains(got.Out, "    "+strings.TrimSuffix(line, "\n")+"\n") {
				t.Errorf("the output lacks %q", line)
			}
		}
	}
}
