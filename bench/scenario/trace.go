package scenario

import (
	"errors"
	"io/fs"
	"math"
	"os"

	"meterbench/bench/arrival"
	"meterbench/internal/strictyaml"
)

// readTraces reads the traces that loads follow, each file once. Their meters and values become those of
// the workloads.
func (s *Scenario) readTraces() error {
	read := map[string]*arrival.Trace{}
	for i := range s.Series {
		one := &s.Series[i]
		a := &one.Load.Arrivals
		if a.Kind != Trace {
			continue
		}
		if s.doc.Has(one.from.at + "workload.meters") {
			return s.Refuse(*one, "workload.meters", "leave it out", "a trace brings its own meters")
		}
		if read[a.File] == nil {
			trace, err := s.readTrace(*one)
			if err != nil {
				return err
			}
			read[a.File] = trace
		}
		a.Trace = read[a.File]
		one.Workload.Meters = a.Trace.Meters()
		one.Load.settle()
		if p := one.check(s.Warmup, s.Target); p != nil {
			return s.doc.Locate(one.naming(p))
		}
		bound := one.Workload.Traits().Bound
		for row := range a.Trace.Len() {
			if v := a.Trace.Row(row).Value; v < 0 || math.Round(v) >= float64(bound) {
				return s.Refuse(*one, "load.arrivals.trace", "", "%s: row %d: the value %g is not within 0 and the workload's bound, %d", a.File, row+1, v, bound)
			}
		}
	}
	return nil
}

// maxTrace is what a trace in memory takes a few times, in bytes.
const maxTrace = 1 << 30

func (s Scenario) readTrace(one Series) (*arrival.Trace, error) {
	const path = "load.arrivals.trace"
	name := s.file(one.Load.Arrivals.File)
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, s.Refuse(one, path, "", "there is no file %s", name)
	}
	if err != nil {
		return nil, s.Refuse(one, path, "", "%v", err)
	}
	defer f.Close() // only read
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() || info.Size() > maxTrace {
		return nil, s.Refuse(one, path, "", "%s is no file of at most %d MiB", name, maxTrace>>20)
	}
	trace, err := arrival.ReadTrace(name, f)
	if wrong, ok := errors.AsType[*arrival.TraceError](err); ok {
		return nil, &strictyaml.Error{File: wrong.File, Line: wrong.Line, Column: wrong.Column, Msg: wrong.Msg}
	}
	if err != nil {
		return nil, s.Refuse(one, path, "", "%v", err)
	}
	return trace, nil
}
