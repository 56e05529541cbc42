package compare

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"meterbench/bench/metric"
	"meterbench/internal/printable"
	"meterbench/internal/regular"

	"golang.org/x/perf/benchfmt"
	"golang.org/x/perf/benchunit"
)

// Limits of a benchmark file, which a stranger may have made.
const (
	mostBytes = 64 << 20
	mostCells = 100_000 // benchmarks times units
)

// packageKey is the configuration key under which go test states the package of the benchmarks that follow. It is part of
// their names here, for several packages have benchmarks of one name.
const packageKey = "pkg"

// readFile reads a file in Go benchmark format. Each unit is a metric, and each line of a benchmark a value of it. Which
// way is better says the file's metadata, or else the table of metrics, or the format's own rule for the units of go test.
func readFile(path string) (Run, error) {
	f, err := regular.Open(path, mostBytes)
	if err != nil {
		return Run{}, unreadable(path, err)
	}
	defer f.Close() // only read
	return readBenchmarks(benchfmt.NewReader(f, path), path)
}

func readBenchmarks(r *benchfmt.Reader, path string) (Run, error) {
	run := Run{Source: Source{Path: path, Complete: true}, file: true, alive: true}
	cells, seen := map[[2]string]int{}, valueSets{}
	for r.Scan() {
		switch record := r.Result().(type) {
		case *benchfmt.SyntaxError:
			return Run{}, fmt.Errorf("%s:%d: %s; correct the line or take it out", path, record.Line, printable.Line(record.Msg))
		case *benchfmt.UnitMetadata:
			if record.Key == "better" && record.Value != string(metric.Higher) && record.Value != string(metric.Lower) {
				_, line := record.Pos()
				return Run{}, fmt.Errorf("%s:%d: of %s better is %q; write better=higher or better=lower, or take the line out",
					path, line, printable.Line(record.OrigUnit), record.Value)
			}
		case *benchfmt.Result:
			if problem := flawed(record); problem != "" {
				_, line := record.Pos()
				return Run{}, fmt.Errorf("%s:%d: %s; correct the line or take it out", path, line, problem)
			}
			name := record.Name.String()
			for _, c := range record.Config {
				if c.Key == packageKey {
					name = string(c.Value) + "." + name
				}
			}
			for _, c := range record.Config {
				if c.Key != packageKey {
					seen.add(name, Key(c.Key), string(c.Value))
				}
			}
			for _, v := range record.Values {
				_, unit := benchunit.Tidy(1, v.Unit) // a value of 0 keeps its unit as it was written
				key := [2]string{name, unit}
				at, ok := cells[key]
				if !ok {
					if at = len(run.cells); at == mostCells {
						return Run{}, fmt.Errorf("%s: holds more than %d benchmarks and units", path, mostCells)
					}
					cells[key], run.cells = at, append(run.cells, cell{place: place{series: name}, metric: metric.Metric{Bench: unit}})
				}
				run.cells[at].values = append(run.cells[at].values, v.Value)
			}
		}
	}
	switch err := r.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return Run{}, fmt.Errorf("%s: has a line that is too long; a benchmark file has a benchmark on each line", path)
	case err != nil:
		return Run{}, fmt.Errorf("%w; a benchmark file has a benchmark on each line", err)
	}
	if len(run.cells) == 0 {
		return Run{}, fmt.Errorf("%s: has no benchmark in Go benchmark format; write one with go test -bench, or take bench.txt of a run", path)
	}
	units := r.Units()
	for i := range run.cells {
		run.cells[i].metric = ofUnit(run.cells[i].metric.Bench, units)
	}
	run.Source.Conditions = seen.conditions()
	return run, nil
}

// flawed says what is wrong with a line that is well formed, nothing of one that is right. benchstat says nothing of these: it
// takes a unit that is there twice for two measurements, of which a gate would believe that it has twice as many.
func flawed(line *benchfmt.Result) string {
	if line.Iters < 1 {
		return fmt.Sprintf("%d iterations measure nothing", line.Iters)
	}
	seen := map[string]bool{}
	for _, v := range line.Values {
		_, unit := benchunit.Tidy(1, v.Unit)
		switch written := printable.Line(cmp.Or(v.OrigUnit, v.Unit)); {
		case math.IsNaN(v.Value) || math.IsInf(v.Value, 0):
			return fmt.Sprintf("%v %s is no measurement", v.Value, written)
		case seen[unit]:
			return written + " is there twice, and which one counts is not known"
		}
		seen[unit] = true
	}
	return ""
}

// ofUnit makes a metric of a unit of a benchmark file. One of the table of metrics is gated as there, another where it is
// known which way is better.
func ofUnit(unit string, units benchfmt.UnitMetadataMap) metric.Metric {
	m := metric.Metric{Name: unit, Title: unit, Unit: metric.Unit(unit), Bench: unit}
	switch units.GetBetter(unit) {
	case 1:
		m.Better = metric.Higher
	case -1:
		m.Better = metric.Lower
	}
	all := metric.All()
	if at := slices.IndexFunc(all, func(known metric.Metric) bool { return known.Bench == unit }); at >= 0 {
		m.Unit, m.Gated = all[at].Unit, all[at].Gated
		if units.Get(unit, "better") == nil {
			m.Better = all[at].Better
		}
		return m
	}
	m.Gated = m.Better != ""
	return m
}
