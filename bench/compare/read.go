package compare

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"

	"meterbench/bench/metric"
	"meterbench/bench/result"
)

// A Run is a source with its values.
type Run struct {
	Source   Source
	file     bool   // in Go benchmark format
	resolved string // Source.Path without links
	alive    bool   // something succeeded at a point that takes part
	cells    []cell
	network  []Condition // of the topologies, in full: too many to show, unless they differ
}

// A cell holds the values of a metric at one level of one series of one Run.
type cell struct {
	place
	metric  metric.Metric
	values  []float64 // one for each repetition, in the order of time
	paces   []float64 // time of a signature while each was measured, 0 where it is unknown
	missing int       // repetitions without it
}

// A place is a level of a series, or a benchmark.
type place struct {
	series string
	load   result.Load
}

// Read reads runs. A path is the folder of a run, a folder of such folders, of which it stands for all, or a file in Go
// benchmark format; both kinds together are an error, as are a folder without a run, a run that failed, runs of which
// none has a valid point and a file without a benchmark.
func Read(paths []string) ([]Run, error) {
	var runs []Run
	for _, path := range paths {
		more, err := readPath(path)
		if err != nil {
			return nil, err
		}
		for i := range more {
			more[i].resolved = resolved(more[i].Source.Path)
		}
		if runs = append(runs, more...); runs[0].file != more[0].file {
			return nil, mixed(runs[0], more[0])
		}
	}
	if !slices.ContainsFunc(runs, func(r Run) bool { return len(r.cells) > 0 }) && len(runs) > 0 {
		s := runs[0].Source
		return nil, fmt.Errorf("%s: has no valid point to compare (%d invalid, %d with events); see its report for the reasons", s.Path, s.Invalid, s.Disturbed)
	}
	return runs, nil
}

// resolved returns a path as it is known whatever it is called.
func resolved(path string) string {
	if whole, err := filepath.Abs(path); err == nil {
		path = whole
	}
	if whole, err := filepath.EvalSymlinks(path); err == nil {
		path = whole
	}
	return path
}

func mixed(a, b Run) error {
	if a.file {
		a, b = b, a
	}
	return fmt.Errorf("%s: is the folder of a run and %s is a benchmark file; compare the one kind or the other", a.Source.Path, b.Source.Path)
}

func readPath(path string) ([]Run, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, unreadable(path, err)
	case !info.IsDir():
		run, err := readFile(path)
		return []Run{run}, err
	}
	dirs, err := result.Folders(path)
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return nil, unreadable(e.Path, err)
	}
	if err != nil {
		return nil, err
	}
	var runs []Run
	for _, dir := range dirs {
		run, err := readFolder(dir)
		if err != nil {
			return nil, err
		}
		runs = append(runs, run)
	}
	return runs, nil
}

// unreadable is the error of a path that cannot be opened.
func unreadable(path string, err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		err = e.Err
	}
	return fmt.Errorf("%s: %w; name the folder of a run, a folder of runs or a benchmark file", path, err)
}

// readFolder reads the folder of a run. Points that are invalid or had events do not take part; one that is not valid only
// because nothing succeeded does, for that is what was measured.
func readFolder(dir string) (Run, error) {
	folder, err := result.Open(dir)
	if err != nil {
		return Run{}, err
	}
	sum := &folder.Summary
	run := Run{Source: Source{
		Path: dir, Run: folder.Run.ID, Scenario: folder.Run.Scenario, Started: folder.Run.Started, Complete: sum.Complete,
		Sign: folder.Run.Host.Sign,
	}}
	var valid []*result.Point
	for _, l := range metric.Levels(sum) {
		var points []*result.Point
		for _, p := range l.Points {
			switch {
			case p.Disturbed():
				run.Source.Disturbed++
			case p.Valid:
				run.alive = true
				points = append(points, p)
			case p.Failed && p.Measured():
				run.Source.Failed++
				points = append(points, p)
			default:
				run.Source.Invalid++
			}
		}
		if len(points) > 0 {
			run.addLevel(place{l.Series, l.Load}, points)
		}
		valid = append(valid, points...)
	}
	run.Source.Conditions = ConditionsOf(&folder.Run, sum.Target, valid)
	run.network = ofNetworks(&folder.Run, valid)
	return run, nil
}

// addLevel adds the metrics of a level.
func (r *Run) addLevel(at place, points []*result.Point) {
	for _, m := range append(metric.All(), moreQuantiles(points)...) {
		c := cell{place: at, metric: m}
		for _, p := range points {
			if v, ok := m.Of(p); ok && (!p.Failed || countsDead(m)) && !math.IsNaN(v.Value) && !math.IsInf(v.Value, 0) {
				c.values, c.paces = append(c.values, v.Value), append(c.paces, p.Pace)
			}
		}
		c.missing = len(points) - len(c.values)
		r.cells = append(r.cells, c)
	}
}

// countsDead reports whether a point at which nothing succeeded has the figure: rates and shares. What a transaction took has
// no meaning there.
func countsDead(m metric.Metric) bool {
	return m.Unit == metric.PerSecond || m.Unit == metric.Answers || m.Unit == metric.Share
}

// moreQuantiles returns the metrics of those percentiles that a scenario asks for beside the usual ones.
func moreQuantiles(points []*result.Point) (more []metric.Metric) {
	for _, part := range result.Parts() {
		var names []string
		for _, p := range points {
			for _, q := range p.Latency[part.String()].More {
				names = append(names, fmt.Sprintf("%s.p%v", part, q.Percent))
			}
		}
		slices.Sort(names)
		for _, name := range slices.Compact(names) {
			if m, ok := metric.Named(name); ok {
				more = append(more, m)
			}
		}
	}
	return more
}
