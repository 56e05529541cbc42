package charts_test

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"meterbench/reports"
	"meterbench/reports/charts"
)

// TestUplot compares uPlot's files with those of the npm package uplot 1.6.32, by their SHA-256.
func TestUplot(t *testing.T) {
	for name, want := range map[string]string{
		"uPlot.iife.min.js": "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f",
		"uPlot.min.css":     "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04",
		"uPlot.LICENSE.txt": "8f989229699b4fe2f1a0432d0e9edc338a8a911e250e2d1b01ecd770a5f5b1bd",
	} {
		content, err := charts.Files.ReadFile(name)
		if err != nil {
			t.Error(err)
			continue
		}
		if sum := sha256.Sum256(content); hex.EncodeToString(sum[:]) != want {
			t.Errorf("%s has the SHA-256 %x, want %s: take it from the package as it is", name, sum, want)
		}
	}
}

// TestLists checks that what a page is to load is there, and that nothing else is.
func TestLists(t *testing.T) {
	entries, err := charts.Files.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	want := slices.Sorted(slices.Values(slices.Concat(charts.Scripts, charts.Styles, []string{charts.Figures, "uPlot.LICENSE.txt"})))
	if !slices.Equal(got, want) {
		t.Errorf("embedded are %v, the lists name %v", got, want)
	}
}

// Bars that are not valid are marked, as in the picture.
func TestInvalidBars(t *testing.T) {
	f := reports.Figure{ID: "bars", Kind: reports.Stacked, Panels: []reports.Panel{{
		Categories: []string{"25", "50"},
		Series:     []reports.Series{{Name: "endorse", Points: []reports.Point{{X: 0, Y: 1}, {X: 1, Y: 2, Invalid: true}}}},
	}}}
	data, err := charts.Data(f)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(data), `"categories":["25","50 *"]`) || f.Panels[0].Categories[1] != "50" {
		t.Errorf("%s of %v", data, f.Panels[0].Categories)
	}
}
