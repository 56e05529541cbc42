package scenario

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"meterbench/bench/arrival"
	"meterbench/internal/strictyaml"
)

// TraceFile is a file of recorded readings. In YAML its name alone, or a mapping that says in which unit and of which kind
// its values are.
type TraceFile struct {
	File string         `yaml:"file"` // readings, time,meter,value in CSV
	Unit arrival.Unit   `yaml:"unit"` // of the values, default Wh; they are whole Wh
	Kind arrival.Values `yaml:"kind"` // interval: energy since the meter's row before; register: its difference is sent; asked for where values never fall
}

// UnmarshalNode reads one of the forms of a trace.
func (f *TraceFile) UnmarshalNode(n *strictyaml.Node) error {
	*f = TraceFile{}
	if _, ok := n.Scalar(); ok {
		return n.Decode(&f.File)
	}
	type plain TraceFile
	return n.Decode((*plain)(f))
}

func (f TraceFile) check(at string) *strictyaml.Problem {
	if f.File == "" {
		return strictyaml.Problemf("", at, "the name of a file is needed")
	}
	if f.Unit != "" {
		if p := strictyaml.OneOf(at+".unit", f.Unit, arrival.Units()...); p != nil {
			return p
		}
	}
	if f.Kind != "" {
		return strictyaml.OneOf(at+".kind", f.Kind, arrival.ValueKinds()...)
	}
	return nil
}

// String names the file and what is said of its values, as in readings.csv in kWh, register.
func (f TraceFile) String() string {
	text := f.File
	if f.Unit != "" {
		text += " in " + string(f.Unit)
	}
	if f.Kind != "" {
		text += ", " + string(f.Kind)
	}
	return text
}

// readTraces reads the traces that loads follow, each file once. Their meters and values become those of the workloads.
func (s *Scenario) readTraces(ctx context.Context) error {
	read := map[TraceFile]*arrival.Trace{}
	for i := range s.Series {
		one := &s.Series[i]
		a := &one.Load.Arrivals
		if a.Kind != Trace {
			continue
		}
		if s.doc.Has(one.from.at + "workload.meters") {
			return s.Refuse(*one, "workload.meters", "leave it out", "a trace brings its own meters")
		}
		if read[a.Recorded] == nil {
			trace, err := s.readTrace(ctx, *one)
			if err != nil {
				return err
			}
			read[a.Recorded] = trace
		}
		a.Trace = read[a.Recorded]
		one.Workload.Meters = a.Trace.Meters()
		if err := s.settleInterval(one); err != nil {
			return err
		}
		one.Load.settle()
		one.timed(0)
		if p := one.check(s.WarmupOf, s.Target); p != nil {
			return s.doc.Locate(one.naming(p))
		}
		if err := s.checkTraceBound(*one); err != nil {
			return err
		}
	}
	return nil
}

// readFiles reads the files that workloads name.
func (s *Scenario) readFiles() error {
	files := &Files{Resolve: s.file, Open: s.open, Read: map[string]any{}}
	for i := range s.Series {
		one := &s.Series[i]
		of := []*Workload{&one.Workload}
		if one.Mix != nil {
			one.Mix, of = slices.Clone(one.Mix), nil // others may share it
			for j := range one.Mix {
				of = append(of, &one.Mix[j])
			}
		}
		at := 0
		for path := range one.Workloads() {
			err := of[at].readFiles(one.from.at+path+".", files)
			if p, ok := errors.AsType[*strictyaml.Problem](err); ok {
				return s.doc.Locate(one.naming(p))
			}
			if err != nil {
				return err
			}
			at++
		}
	}
	return nil
}

func (w *Workload) readFiles(at string, files *Files) (err error) {
	if filed, ok := w.Options.(Filed); ok {
		w.Options, err = filed.Read(at, files)
	}
	return err
}

// settleInterval makes the time from row to row of a meter that which a value covers. One that the scenario gives must be
// the same.
func (s Scenario) settleInterval(one *Series) error {
	spacing, given := one.Load.Arrivals.Trace.Interval(), one.Workload.Traits().Interval
	options, ok := one.Workload.Options.(Timed)
	switch {
	case !ok || spacing == 0 || spacing == given:
	case s.doc.Has(one.from.at + "workload.interval"):
		return s.Refuse(*one, "workload.interval", fmt.Sprintf("leave it out, or give %v", spacing),
			"readings would say that a value covers %v, and in %s the rows of a meter are %v apart", given, one.Load.Arrivals.Recorded.File, spacing)
	default:
		one.Workload.Options = options.WithInterval(spacing)
	}
	return nil
}

// checkTraceBound refuses a trace with a value that the workload's bound excludes.
func (s Scenario) checkTraceBound(one Series) error {
	bound, largest := one.Workload.Traits().Bound, one.Load.Arrivals.Trace.Largest()
	if largest.Wh < bound {
		return nil
	}
	hint := fmt.Sprintf("give workload: {bound: %d} or more", largest.Wh+1)
	if largest.Wh >= MaxBound {
		hint = fmt.Sprintf("a bound is at most %d: is the unit right?", MaxBound)
	}
	return &strictyaml.Error{
		File: s.file(one.Load.Arrivals.Recorded.File), Line: largest.Line, Column: largest.Column,
		Msg: fmt.Sprintf("the trace's largest value, %d Wh, is not below the workload's bound, %d", largest.Wh, bound), Hint: hint,
	}
}

// readTrace reads the trace of a series. The error is a *strictyaml.Error, or that of the context.
func (s Scenario) readTrace(ctx context.Context, one Series) (*arrival.Trace, error) {
	const path = "load.arrivals.trace"
	recorded := one.Load.Arrivals.Recorded
	name := s.file(recorded.File)
	f, err := s.open(recorded.File, arrival.MaxTraceBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, s.Refuse(one, path, "", "there is no file %s", name)
	}
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return nil, s.Refuse(one, path, "", "the file %s %v", name, e.Err)
	}
	if err != nil {
		return nil, s.Refuse(one, path, "", "%v", err)
	}
	defer f.Close() // only read
	trace, err := arrival.ReadTrace(ctx, name, f, arrival.Form{Unit: recorded.Unit, Values: recorded.Kind, Name: recorded.File})
	wrong, ok := errors.AsType[*arrival.TraceError](err)
	switch {
	case ok:
		return nil, &strictyaml.Error{File: wrong.File, Line: wrong.Line, Column: wrong.Column, Msg: wrong.Msg, Hint: wrong.Hint}
	case err == nil, ctx.Err() != nil:
		return trace, err
	}
	return nil, s.Refuse(one, path, "", "%v", err)
}
