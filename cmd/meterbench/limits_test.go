package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/scenario"
	"meterbench/bench/topology"
	"meterbench/internal/strictyaml"
	"meterbench/workloads"
)

var limitsTable = regexp.MustCompile(`(?s)<!-- limits: -->\n(.*?)<!-- end -->`)

// TestLimits compares the tables of limits in the pages about scenarios and topologies with
// the tables that are checked. After a change of these:
//
//	go test ./cmd/meterbench -run TestLimits -update
func TestLimits(t *testing.T) {
	for page, limits := range map[string][]strictyaml.Limit{
		"docs/scenario.md": append(scenario.SizeLimits(), workloads.SizeLimits()...),
		"docs/topology.md": topology.SizeLimits(),
	} {
		t.Run(page, func(t *testing.T) {
			got := text(t, page)
			if !limitsTable.MatchString(got) {
				t.Fatal("the page has no table of limits")
			}
			var table strings.Builder
			table.WriteString("<!-- limits: -->\n| of | at most |\n|---|---|\n")
			for _, limit := range limits {
				table.WriteString("| " + limit.Of + " | " + limit.Most + " |\n")
			}
			want := limitsTable.ReplaceAllLiteralString(got, table.String()+"<!-- end -->")
			if *update {
				if err := os.WriteFile(filepath.Join("..", "..", page), []byte(want), 0o644); err != nil {
					t.Fatal(err)
				}
				got = want
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("the page does not have the limits that are checked; go test ./cmd/meterbench -run TestLimits -update (-checked +page):\n%s", d)
			}
		})
	}
}
