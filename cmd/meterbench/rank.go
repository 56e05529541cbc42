package main

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/renameio/v2"
	"github.com/spf13/cobra"

	"meterbench/bench/rank"
	"meterbench/network/lab"
	"meterbench/reports"
	"meterbench/reports/ranking"
	"meterbench/reports/render"
)

// A ranker is how compare --by was called.
type ranker struct {
	factor string
	prices rank.Prices
	others []string // flags about two sides
}

// The flags that go with --by alone.
const (
	flagBy       = "by"
	flagCoreHour = "core-hour"
	flagKept     = "gigabyte"
	flagSent     = "gigabyte-sent"
	flagCurrency = "currency"
)

// register adds the flags of a ranking to the command. The others named decide about two sides.
func (r *ranker) register(cmd *cobra.Command, others ...string) {
	flags := cmd.Flags()
	flags.StringVar(&r.factor, flagBy, "", "rank the levels of this `factor`: topology, series, or any that a scenario varies; there are no two sides then")
	flags.Float64Var(&r.prices.CoreHour, flagCoreHour, 0, "with --by: `price` of a core for an hour, for the cost of a million readings")
	flags.Float64Var(&r.prices.Kept, flagKept, 0, "with --by: `price` of a gigabyte on the disk of a node, for as long as it is to be kept")
	flags.Float64Var(&r.prices.Sent, flagSent, 0, "with --by: `price` of a gigabyte sent from node to node")
	flags.StringVar(&r.prices.Currency, flagCurrency, "EUR", "with --by: `name` of the currency of prices")
	r.others = others
}

// check returns what is wrong with the flags, nil where there is no ranking.
func (r *ranker) check(cmd *cobra.Command) error {
	changed := func(name string) bool { return cmd.Flags().Changed(name) }
	own := []string{flagCoreHour, flagKept, flagSent, flagCurrency}
	if i := slices.IndexFunc(r.others, changed); r.factor != "" && i >= 0 {
		return lab.InputErrorf("--%s is about two sides, and --%s has none; leave one of them out", r.others[i], flagBy)
	}
	switch i := slices.IndexFunc(own, changed); {
	case changed(flagBy) && r.factor == "":
		return lab.InputErrorf("--%s names no factor: give one, as --%s topology", flagBy, flagBy)
	case r.factor == "" && i >= 0:
		return lab.InputErrorf("--%s goes with --%s FACTOR", own[i], flagBy)
	}
	if strings.TrimSpace(r.prices.Currency) == "" {
		return lab.InputErrorf("--%s names no currency: give one, as --%s EUR, or leave it out", flagCurrency, flagCurrency)
	}
	for i, price := range []float64{r.prices.CoreHour, r.prices.Kept, r.prices.Sent} {
		if !(price >= 0 && price <= math.MaxFloat32) {
			return lab.InputErrorf("--%s must be a price from 0 on, got %v", own[i], price)
		}
	}
	return nil
}

// A rankForm is one in which a ranking is written.
type rankForm struct {
	name, extension string
	write           func(w io.Writer, rep reports.Report, width int) error
}

// rankForms are all of them, the one of a terminal first.
func rankForms() []rankForm {
	return []rankForm{
		{"text", ".txt", render.Text},
		{"markdown", ".md", func(w io.Writer, rep reports.Report, _ int) error { return render.Markdown(w, rep) }},
		{"html", ".html", func(w io.Writer, rep reports.Report, _ int) error { return render.HTML(w, rep) }},
		{"csv", ".csv", func(w io.Writer, rep reports.Report, _ int) error { return render.CSV(w, rep.Sections[0].Tables[0]) }},
	}
}

// rankFormBy returns the form of which a field is the text, or an error with those that there are.
func rankFormBy(text string, field func(rankForm) string) (rankForm, error) {
	var known []string
	for _, f := range rankForms() {
		if field(f) == text {
			return f, nil
		}
		known = append(known, field(f))
	}
	return rankForm{}, fmt.Errorf("%q is none of %s, in which a ranking is written", text, strings.Join(known, ", "))
}

// run ranks the runs that paths name, writes the ranking to the files and prints it. What cannot be written is found before
// anything is read.
func (r *ranker) run(cmd *cobra.Command, paths []string, format string, out []string) error {
	printed, err := rankFormBy(format, func(f rankForm) string { return f.name })
	if err != nil {
		return lab.InputErrorf("--format %w", err)
	}
	var files []rankForm
	for _, name := range out {
		f, err := rankFormBy(filepath.Ext(name), func(f rankForm) string { return f.extension })
		if err != nil {
			return lab.InputErrorf("--out %s: the extension %w", name, err)
		}
		if err := writable(name); err != nil {
			return lab.InputErrorf("--out %s: %w", name, err)
		}
		files = append(files, f)
	}
	rep, err := await(cmd.Context(), func() (reports.Report, error) { return r.rank(paths) })
	if err != nil && cmd.Context().Err() == nil {
		return lab.InputErrorf("%w", err)
	}
	if err != nil {
		return err
	}
	for i, f := range files {
		var b bytes.Buffer
		err := f.write(&b, rep, fileWidth)
		if err == nil {
			err = renameio.WriteFile(out[i], b.Bytes(), 0o644, renameio.WithStaticPermissions(0o644))
		}
		if err != nil {
			return fmt.Errorf("--out %s: %w", out[i], err)
		}
	}
	width, _ := terminal(cmd.OutOrStdout())
	return printed.write(cmd.OutOrStdout(), rep, width)
}

// rank makes the report of a ranking.
func (r *ranker) rank(paths []string) (reports.Report, error) {
	runs, err := rank.Open(paths)
	if err != nil {
		return reports.Report{}, err
	}
	o := rank.Options{Factor: r.factor}
	if r.prices.CoreHour > 0 || r.prices.Kept > 0 || r.prices.Sent > 0 {
		o.Prices = &r.prices
	}
	ranked, err := rank.Rank(runs, o)
	if err != nil {
		return reports.Report{}, err
	}
	return ranking.Report(ranked, runs), nil
}
