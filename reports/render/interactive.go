package render

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html/template"
	"slices"
	"strings"

	"meterbench/internal/printable"
	"meterbench/reports"
	"meterbench/reports/charts"
)

// script returns the text of the script that makes charts of a report's figures, with the licence of what is not ours, empty where
// no figure has a chart.
func script(rep reports.Report) (string, error) {
	if !slices.ContainsFunc(rep.Figures(), charts.Draws) {
		return "", nil
	}
	licence, err := charts.Files.ReadFile("uPlot.LICENSE.txt")
	if err != nil {
		return "", fmt.Errorf("reading the licence of uPlot: %w", err)
	}
	var b strings.Builder
	b.WriteString("/*! uPlot\n\n" + string(licence) + "*/\n")
	for _, name := range append(slices.Clone(charts.Scripts), charts.Figures) {
		text, err := charts.Files.ReadFile(name)
		if err != nil {
			return "", fmt.Errorf("reading a script of charts: %w", err)
		}
		b.Write(text)
		b.WriteString(";\n")
	}
	return printable.Lines(strings.ReplaceAll(b.String(), "\r\n", "\n")), nil // as the whole page is written
}

// policy is the page's content security policy: nothing is loaded, and of scripts only this one runs.
func policy(script string) string {
	const still = "default-src 'none'; style-src 'unsafe-inline'"
	if script == "" {
		return still
	}
	sum := sha256.Sum256([]byte(script))
	return still + "; script-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// chartStyle returns the style of charts.
func chartStyle() (template.CSS, error) {
	var b strings.Builder
	for _, name := range charts.Styles {
		text, err := charts.Files.ReadFile(name)
		if err != nil {
			return "", fmt.Errorf("reading a style of charts: %w", err)
		}
		b.Write(text)
		b.WriteString("\n")
	}
	return template.CSS(b.String()), nil
}

// data returns what the script draws of a figure, empty where it has no chart. It is JSON without a character of HTML.
func data(f reports.Figure) (template.JS, error) {
	if !charts.Draws(f) {
		return "", nil
	}
	text, err := charts.Data(f)
	return template.JS(text), err
}
