package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/google/renameio/v2"
	"github.com/spf13/cobra"

	"meterbench/bench/compare"
	"meterbench/internal/printable"
	"meterbench/network/lab"
	"meterbench/reports/comparison"
	"meterbench/reports/junit"
	"meterbench/reports/render"
)

// A form is one in which a comparison is written.
type form struct {
	name, extension string
	write           func(w io.Writer, c *compare.Comparison, strict bool, width int) error
}

// forms are all of them, the one of a terminal first.
func forms() []form {
	return []form{
		{"text", ".txt", func(w io.Writer, c *compare.Comparison, _ bool, width int) error {
			return render.Text(w, comparison.Build(c), width)
		}},
		{"markdown", ".md", func(w io.Writer, c *compare.Comparison, _ bool, _ int) error {
			return render.Markdown(w, comparison.Build(c))
		}},
		{"html", ".html", func(w io.Writer, c *compare.Comparison, _ bool, _ int) error {
			return render.HTML(w, comparison.Build(c))
		}},
		{"json", ".json", func(w io.Writer, c *compare.Comparison, _ bool, _ int) error { return comparison.JSON(w, c) }},
		{"junit", ".xml", func(w io.Writer, c *compare.Comparison, strict bool, _ int) error {
			return junit.Write(w, comparison.Suite(c, strict))
		}},
	}
}

// formBy returns the form of which a field is the text, or an error with those that there are.
func formBy(text string, field func(form) string) (form, error) {
	all := forms()
	if i := slices.IndexFunc(all, func(f form) bool { return field(f) == text }); i >= 0 {
		return all[i], nil
	}
	var known []string
	for _, f := range all {
		known = append(known, field(f))
	}
	return form{}, fmt.Errorf("%q is none of %s", text, strings.Join(known, ", "))
}

// A comparing is how compare was called.
type comparing struct {
	options compare.Options
	strict  bool
	format  string
	out     []string
}

func compareCommand() *cobra.Command {
	var c comparing
	var r ranker
	minimum, alpha := share{compare.DefaultMinimum}, share{compare.DefaultAlpha}
	var allow []string
	cmd := &cobra.Command{
		Use:   "compare BASE... HEAD... | --by FACTOR DIR...",
		Short: "Compare two versions, or settings: which is better, by how much, and how sure that is",
		Long: `Compare what was measured of two sides. A side is run folders, folders of run folders, which
stand for all runs in them, or files in Go benchmark format. With two arguments the first is
base and the second head; of more, those in one folder are a side (out/base/* out/head/*),
or -- stands between the sides, behind all flags.

Every figure of every load level gets a verdict: head is better, worse, not different by the
minimum effect, or it cannot be told. The gated figures decide: throughput, commit latency
p50 and p99, and the client's CPU time per commit, all of them together wrong in at most
alpha of comparisons of equals. Measure at least six runs of each side, in turn
(run --interleave). Conditions that must be alike are compared first.

With --by FACTOR, the levels of a factor in all runs named are ranked instead: throughput at
saturation, latency, CPU and bytes at 60 % of it, what a million readings cost at given
prices, and which settings others dominate.

Exit codes: 0 no regression, 2 bad input or unlike conditions, 3 a gated figure is worse,
5 with --strict: none is worse, but one cannot be told.`,
		Example: `  meterbench compare out/base out/head
  meterbench compare base.txt head.txt --format markdown
  meterbench compare --strict --out report.html --out gate.xml out/base/* -- out/head/*
  meterbench compare --by topology out/topologies --core-hour 0.05 --gigabyte 0.30`,
		Args: arguments(1, math.MaxInt),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := r.check(cmd); err != nil {
				return err
			}
			if r.factor != "" {
				return r.run(cmd, args, c.format, c.out)
			}
			c.options.Minimum, c.options.Alpha = minimum.value, alpha.value
			for _, key := range allow {
				c.options.Allow = append(c.options.Allow, compare.Key(key))
			}
			base, head, err := sides(args, cmd.ArgsLenAtDash())
			if err != nil {
				return lab.InputErrorf("%w", err)
			}
			return c.run(cmd, base, head)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&c.format, "format", "text", "print as text, markdown (for a pull request), html, json or junit; a ranking as text, markdown, html or csv")
	flags.StringArrayVar(&c.out, "out", nil,
		"write it to this `file`, too, in the form of its extension: .txt, .md, .html, .json or .xml, of a ranking .csv; may be repeated")
	flags.Var(&minimum, "min-effect", "the least difference that matters, as 5% or 0.05")
	flags.Var(&alpha, "alpha", "how often the gate may be wrong on equal sides")
	flags.StringSliceVar(&c.options.Gate, "gate", nil, "the `metrics` that decide, separated by commas, in place of the usual ones")
	flags.StringSliceVar(&allow, "allow-unlike", nil, "compare on purpose though these `conditions` differ, separated by commas; all: any")
	flags.BoolVar(&c.strict, "strict", false, "exit with 5 where a gated figure cannot be told")
	r.register(cmd, "min-effect", "alpha", "gate", "allow-unlike", "strict")
	return cmd
}

// sides parts the paths into base and head. dash is how many of them stand before a --, negative for none.
func sides(paths []string, dash int) (base, head []string, err error) {
	switch {
	case dash > 0 && dash == len(paths):
		return nil, nil, errors.New("nothing stands behind --: name the runs of head there")
	case dash > 0:
		return paths[:dash], paths[dash:], nil
	case len(paths) == 1:
		return nil, nil, fmt.Errorf("only %s is named: compare takes a base and a head", paths[0])
	case len(paths) == 2:
		return paths[:1], paths[1:], nil
	}
	folder := func(path string) string { return filepath.Dir(filepath.Clean(path)) }
	at := slices.IndexFunc(paths, func(p string) bool { return folder(p) != folder(paths[0]) })
	if at < 0 || slices.ContainsFunc(paths[at:], func(p string) bool { return folder(p) != folder(paths[at]) }) {
		return nil, nil, fmt.Errorf("which of the %d paths are base, and which head? Put -- between them", len(paths))
	}
	return paths[:at], paths[at:], nil
}

// run compares and writes. What cannot be written is found before anything is read.
func (c comparing) run(cmd *cobra.Command, base, head []string) error {
	printed, err := formBy(c.format, func(f form) string { return f.name })
	if err != nil {
		return lab.InputErrorf("--format %w", err)
	}
	var files []form
	for _, name := range c.out {
		f, err := formBy(filepath.Ext(name), func(f form) string { return f.extension })
		if err != nil {
			return lab.InputErrorf("--out %s: the extension %w", name, err)
		}
		if err := writable(name); err != nil {
			return lab.InputErrorf("--out %s: %w", name, err)
		}
		files = append(files, f)
	}
	found, err := await(cmd.Context(), func() (*compare.Comparison, error) { return c.compare(base, head) })
	if unlike, ok := errors.AsType[*compare.UnlikeError](err); ok {
		return lab.InputErrorf("%w; if that is what you compare, --allow-unlike %s", err, strings.Join(conditions(unlike.Unlike), ","))
	}
	if unknown, ok := errors.AsType[*compare.UnknownConditionError](err); ok {
		return lab.InputErrorf("--allow-unlike: %w", unknown)
	}
	if err != nil && context.Cause(cmd.Context()) == nil {
		return lab.InputErrorf("%w", err)
	}
	if err != nil {
		return err
	}
	for i, f := range files {
		if err := c.write(f, found, c.out[i]); err != nil {
			return err
		}
	}
	width, _ := terminal(cmd.OutOrStdout())
	if err := printed.write(cmd.OutOrStdout(), found, c.strict, width); err != nil {
		return err
	}
	return c.decide(found)
}

func (c comparing) compare(base, head []string) (*compare.Comparison, error) {
	of, err := compare.Read(base)
	if err != nil {
		return nil, err
	}
	with, err := compare.Read(head)
	if err != nil {
		return nil, err
	}
	return compare.Compare(of, with, c.options)
}

// conditions names those that differ, each with all that belongs to it: host for host.cpu.
func conditions(unlike []compare.Unlike) (names []string) {
	for _, u := range unlike {
		name, _, _ := strings.Cut(string(u.Key), ".")
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// fileWidth is the width of a text in a file, in columns.
const fileWidth = 140

// writable says what keeps a file from being written, as far as that can be known before.
func writable(name string) error {
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		return errors.New("is no file; give another name")
	}
	if info, err := os.Stat(filepath.Dir(name)); err != nil || !info.IsDir() {
		return fmt.Errorf("there is no folder %s; make it, or give another name", filepath.Dir(name))
	}
	return nil
}

// write writes a file, all of it or nothing.
func (c comparing) write(f form, found *compare.Comparison, name string) error {
	var b bytes.Buffer
	err := f.write(&b, found, c.strict, fileWidth)
	if err == nil {
		err = renameio.WriteFile(name, b.Bytes(), 0o644, renameio.WithStaticPermissions(0o644))
	}
	if err != nil {
		return fmt.Errorf("--out %s: %w", name, err)
	}
	return nil
}

// What a comparison comes to, where that is no success.
var (
	errRegression = errors.New("head is worse than base")
	errUndecided  = errors.New("it cannot be told whether head is worse than base")
)

func (c comparing) decide(found *compare.Comparison) error {
	worse, unknown := found.Count(compare.Worse), found.Count(compare.CannotTell)
	switch {
	case worse > 0:
		return fmt.Errorf("%w: %s", errRegression, figures(worse))
	case c.strict && unknown > 0:
		return fmt.Errorf("%w: %s", errUndecided, figures(unknown))
	}
	return nil
}

func figures(n int) string { return printable.Count(int64(n), "gated figure") }

// A share is a flag's value between 0 and 1, also written in per cent.
type share struct{ value float64 }

func (s *share) String() string { return fmt.Sprintf("%g%%", 100*s.value) }

// Type is what help texts call the value.
func (s *share) Type() string { return "share" }

// Set reads a value.
func (s *share) Set(text string) error {
	number, percent := strings.CutSuffix(strings.TrimSpace(text), "%")
	v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if percent {
		v /= 100
	}
	if err != nil || !(v > 0 && v < 1) {
		return errors.New("must be between 0% and 100%, as 5% or 0.05")
	}
	s.value = v
	return nil
}
