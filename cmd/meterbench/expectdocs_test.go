package main

import (
	"os"
	"strings"
	"testing"

	"meterbench/bench/metric"
)

// The table of metrics in the documentation has all of them: those of parts and outcomes by their families.
func TestMetricsDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/scenario.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "### What is expected of the figures\n")
	section, _, _ = strings.Cut(section, "\n## ")
	has := func(word string) bool { return strings.Contains(section, "`"+word+"`") }
	for _, m := range metric.All() {
		family, figure, _ := strings.Cut(m.Name, ".")
		known := has(m.Name) || has(family) && has("commit."+figure) || figure == "share" && has("valid.share") && has("dropped.share")
		if !known {
			t.Errorf("docs/scenario.md does not have the metric %s", m.Name)
		}
	}
}
