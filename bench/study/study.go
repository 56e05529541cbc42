package study

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/bench/saturation"
	"meterbench/bench/scenario"
)

// ErrNothingMeasured marks a study that failed before it had a result. Its
// folder is gone.
var ErrNothingMeasured = errors.New("nothing was measured")

// A Config is what Run needs.
type Config struct {
	Scenario scenario.Scenario
	Lab      Lab
	Dir      string // the run's folder, there and empty
	ID       string // the run's id
	Versions map[string]string
	Observer Observer
}

// A study is a run under way.
type study struct {
	Config
	site      Site
	facts     Facts
	host      result.Host
	manifest  result.Run
	summary   result.Summary
	writer    *result.Writer
	workloads map[string]bench.Workload
	next      map[string]uint64 // first unused sequence number by series
	flags     []flag
}

// closing is how long winding up may take once the study was interrupted.
const closing = 2 * time.Minute

// Run runs a scenario and leaves its results in cfg.Dir. Where ctx ends or a
// node dies on the way, what was measured is written, marked incomplete, and
// the error says why. The error is ErrNothingMeasured where that is nothing.
func Run(ctx context.Context, cfg Config) error {
	s := &study{Config: cfg, workloads: map[string]bench.Workload{}, next: map[string]uint64{}}
	s.summary = result.Summary{
		Schema: result.Schema, Scenario: cfg.Scenario.Name, Run: cfg.ID, Complete: true,
		Warnings: []string{}, Points: []result.Point{}, Saturation: []result.Saturation{}, FE: []result.FECost{},
	}
	measured, err := s.run(ctx)
	if !measured {
		if removed := os.RemoveAll(cfg.Dir); removed != nil {
			err = errors.Join(err, removed)
		}
		return fmt.Errorf("%w: %w", ErrNothingMeasured, err)
	}
	return err
}

// run reports whether there is anything to keep.
func (s *study) run(ctx context.Context) (measured bool, err error) {
	started := time.Now()
	s.Observer.Step("time one P-256 signature and one verification on this machine")
	if s.host, err = calibrate(); err != nil {
		return false, err
	}
	if s.Scenario.FE != nil {
		s.Observer.Step("measure the cost of functional encryption, no network running")
		if s.summary.FE, err = s.Lab.FE(ctx, *s.Scenario.FE, s.Observer.Working); err != nil {
			return false, fmt.Errorf("encryption cost: %w", err)
		}
	}
	s.Observer.Step("bring the network up")
	if s.site, err = s.Lab.Start(ctx, s.Observer.Working); err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, s.site.Close()) }()
	ctx, cancel := withSite(ctx, s.site)
	defer cancel()

	s.facts = s.site.Facts()
	s.summary.Target = s.facts.Target
	s.summary.Warnings = append(s.summary.Warnings, s.facts.Notes...)
	s.manifest = s.describe(started)
	if err := s.prepare(ctx); err != nil {
		return false, err
	}
	s.manifest.Bringup = s.site.Facts().Bringup
	if s.writer, err = result.Create(s.Dir, s.manifest); err != nil {
		return false, err
	}
	err = s.levels(ctx)
	if len(s.summary.Points) == 0 {
		return false, errors.Join(err, s.writer.Abort(err))
	}
	return true, s.finish(ctx, err)
}

// withSite returns a context that also ends when a node of the site dies; its
// cause is then that node's error.
func withSite(ctx context.Context, site Site) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case err := <-site.Died():
			cancel(err)
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(nil) }
}

// prepare makes the workload of every series ready, before any load.
func (s *study) prepare(ctx context.Context) error {
	s.manifest.Preparation = map[string]result.Preparation{}
	for _, series := range s.Scenario.Series {
		s.Observer.Step("prepare series " + series.Name)
		workload, made, err := s.site.Series(ctx, series, planned(s.Scenario, series), s.Observer.Working)
		if err != nil {
			return fmt.Errorf("prepare series %q: %w", series.Name, cause(ctx, err))
		}
		s.workloads[series.Name] = workload
		if made.Ciphertexts > 0 {
			s.manifest.Preparation[series.Name] = made
		}
	}
	return nil
}

// levels runs every load level. Within a repetition the series alternate level
// by level, so that drift of the machine meets all of them alike.
func (s *study) levels(ctx context.Context) error {
	plan := schedule(s.Scenario)
	for i, l := range plan {
		l.number, l.of = i+1, len(plan)
		for _, later := range plan[i+1:] {
			l.after += later.series.Load.Hold
		}
		if i == 0 {
			s.Observer.Step(fmt.Sprintf("run %d load levels", len(plan)))
		}
		if err := s.level(ctx, l); err != nil {
			return err
		}
	}
	return nil
}

// finish audits the ledger and writes what the run leaves. failed is why the
// levels ended early, nil if they did not.
func (s *study) finish(ctx context.Context, failed error) error {
	if failed != nil {
		s.summary.Complete = false
		s.warn("the run ended early (%v): the figures cover what was done until then", failed)
	}
	s.Observer.Step("audit the ledger against the client's record")
	auditCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closing)
	defer cancel()
	audit, err := s.audit(auditCtx)
	if err != nil {
		s.warn("the ledger could not be audited: %v", err)
		failed = errors.Join(failed, fmt.Errorf("audit: %w", err))
	} else {
		s.summary.Audit = &audit
		if problem := verdict(audit); problem != "" {
			s.warn("%s", problem)
			failed = errors.Join(failed, errors.New(problem))
		}
	}
	for _, series := range s.Scenario.Series {
		points := s.pointsOf(series.Name)
		if len(points) > 1 && wait(series.Load.Wait) != bench.WaitEndorse {
			s.saturation(series, points)
		}
	}
	for _, f := range s.flags {
		s.warn("%s", f)
	}
	s.manifest.Ended = time.Now().UTC()
	if err := s.writer.Close(s.manifest, s.summary); err != nil {
		return errors.Join(failed, err)
	}
	return failed
}

// saturation locates the saturation point of a series with several levels.
func (s *study) saturation(series scenario.Series, points []result.Point) {
	locate := saturation.Closed
	if series.Load.Kind == "open" {
		locate = saturation.Open
	}
	found, warnings, err := locate(points)
	for _, w := range warnings {
		s.warn("%s", w)
	}
	if err != nil {
		s.warn("%v", err)
		return
	}
	s.summary.Saturation = append(s.summary.Saturation, found)
}

func (s *study) pointsOf(series string) []result.Point {
	return slices.DeleteFunc(slices.Clone(s.summary.Points), func(p result.Point) bool { return p.Series != series })
}

func (s *study) warn(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if !slices.Contains(s.summary.Warnings, text) {
		s.summary.Warnings = append(s.summary.Warnings, text)
	}
}

func (s *study) describe(started time.Time) result.Run {
	versions := maps.Clone(s.Versions)
	maps.Copy(versions, s.facts.Versions)
	return result.Run{
		Schema: result.Schema, ID: s.ID, Scenario: s.Scenario.Name, Source: s.Scenario.Source,
		Topology: s.facts.TopologyJSON, Target: s.facts.Target, Seed: s.Scenario.Seed,
		SeedNote: "plans, values, meter keys and signatures of plain payloads repeat from the seed; ciphertexts and Fabric's own signatures are randomised and do not",
		Started:  started.UTC(), Versions: versions, Host: s.host,
	}
}

// cause prefers the reason why ctx ended, for example a node that died, to
// the errors that follow from it.
func cause(ctx context.Context, err error) error {
	if why := context.Cause(ctx); why != nil {
		return why
	}
	return err
}
