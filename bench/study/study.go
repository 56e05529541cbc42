package study

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"time"

	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/bench/stats"
	"meterbench/internal/alarm"
)

// ErrNothingMeasured marks a study that failed before it had a result. Its folder is gone but for the logs of
// nodes, unless it was refused: then it is as it was.
var ErrNothingMeasured = errors.New("nothing was measured")

// Config holds the arguments of Run.
type Config struct {
	Scenario scenario.Scenario
	Lab      Lab
	Dir      string // the run's folder, there and empty
	ID       string // the run's id
	Versions map[string]string
	// Instrument is the harness's stated uncertainty on this machine; nil where there is none, and then
	// Uncalibrated says why.
	Instrument   *result.Instrument
	Uncalibrated string
	Observer     Observer
	// Records, where not nil, is called when a load, or a phase of one, begins, whose window is [from, to) from the start of
	// the level, and returns what is called with each of its transactions, by one goroutine, within about a second of its end.
	// All calls are over before the level's Point is observed. Transactions of no load are not among them.
	Records func(series string, from, to time.Duration) func(*result.Record)
	Stopper *Stopper // nil: nobody ends it but ctx
}

// A study is a run under way.
type study struct {
	Config
	follower  Follower // the Observer, nil where it is none
	clock     alarm.Clock
	processor processor
	readings  []float64 // of the yardstick, in all sessions
	writer    *result.Writer
	manifest  result.Run
	summary   result.Summary
	notes     []result.Warning // for the end of the run's list
	silent    map[string]bool  // nodes of which it was said that they do not answer

	next       map[string]uint64 // first unused sequence number by series
	spare      map[string]uint64 // likewise of run-outs, 0 where they go on with those of the levels
	traces     []*trace
	recordings []recording
	searches   []search // in the order in which they began
	ledgers    ledgers  // of all sessions until now
	shared     bool     // others may use the target
	manned     bool     // workers make the load
	cutShort   []int    // points whose levels were interrupted within their holds
	ended      bool     // a level on request
	unread     error    // why the ledger of a session could not be read
	unclosed   error    // why the last network could not be taken down

	stored result.Summary // by the last checkpoint
}

// leastRepetitions are the fewest for which the 95 % interval of a median is finite (stats.MedianInterval).
const leastRepetitions = 6

// Run runs a scenario and leaves its results in cfg.Dir. Where ctx ends or a node dies on the way, what was measured,
// if only the encryption cost, is written, marked incomplete, and the error says why. Where all was measured and audited
// it is a *NotValidError if that is not as the scenario requires, or else a *MissedError if it is not as the scenario
// expects. It is ErrNothingMeasured where there is nothing; of the folder then only the nodes' logs are left, if there
// are any.
func Run(ctx context.Context, cfg Config) error {
	clock, err := alarm.New()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNothingMeasured, err)
	}
	defer clock.Close()
	return run(ctx, cfg, clock, processor{calibrate, pace, watchHalts, timePaces})
}

func run(ctx context.Context, cfg Config, clock alarm.Clock, on processor) (err error) {
	s := &study{Config: cfg, clock: clock, processor: on, next: map[string]uint64{}, spare: map[string]uint64{}, silent: map[string]bool{}}
	s.manifest = s.newManifest()
	s.summary.Complete, s.summary.LeftOut, s.summary.Lifecycle = true, s.Scenario.LeftOut, s.Scenario.Lifecycle
	// Before anything else writes into the folder, as nodes do with their logs.
	if s.writer, err = result.Create(cfg.Dir, s.manifest); err != nil {
		return fmt.Errorf("%w: %w", ErrNothingMeasured, err)
	}
	s.follower, _ = cfg.Observer.(Follower)
	ctx, over := cfg.Stopper.begin(ctx, false)
	defer over()
	measured, err := s.run(ctx)
	if !measured {
		return fmt.Errorf("%w: %w", ErrNothingMeasured, s.abandon(ctx, err))
	}
	return err
}

// LogsFolder is the folder of the logs of a Lab's nodes, in the run's folder.
const LogsFolder = "logs"

// abandon ends a study without a result. It removes the folder, unless nodes left logs there that may
// say why they failed.
func (s *study) abandon(ctx context.Context, why error) error {
	aborted := s.writer.Abort(why)
	logs := filepath.Join(s.Dir, LogsFolder)
	if entries, err := os.ReadDir(logs); err == nil && len(entries) > 0 && ctx.Err() == nil {
		return errors.Join(fmt.Errorf("%w; the nodes' logs are in %s", why, logs), aborted)
	}
	return errors.Join(why, os.RemoveAll(s.Dir))
}

// run reports whether there is anything to keep; if not, the error is not nil.
func (s *study) run(ctx context.Context) (measured bool, err error) {
	s.Observer.Step("time one P-256 signature and one verification on this machine")
	if s.manifest.Host, err = s.processor.describe(); err != nil {
		return false, err
	}
	if s.Scenario.FE != nil {
		collect()
		s.Observer.Step("measure the cost of functional encryption, no network running")
		if s.summary.FE, err = s.Lab.FE(ctx, *s.Scenario.FE, s.Observer.Working); err != nil {
			err = fmt.Errorf("encryption cost: %w", err)
			if len(s.summary.FE) == 0 {
				return false, err
			}
			return true, s.finish(err)
		}
		s.checkpoint()
	}
	if err = s.sessions(ctx); len(s.summary.Points) > 0 {
		if err = s.finish(err); s.unclosed != nil {
			err = errors.Join(err, s.unclosed)
		}
		return true, err
	}
	nothing := errors.New("no level had a transaction due after its warm-up; hold longer")
	if s.ended {
		nothing = fmt.Errorf("%w: every level before its window", ErrEnded)
	}
	err = cmp.Or(errors.Join(err, s.unclosed), nothing)
	if len(s.summary.FE) == 0 {
		return false, err
	}
	return true, s.finish(err)
}

// sessions runs all sessions. The error is why they ended before all was measured.
func (s *study) sessions(ctx context.Context) error {
	for _, plan := range sessions(s.Scenario) {
		if err := s.unclosed; err != nil { // leftovers of the network before would skew this session
			s.unclosed = nil
			return err
		}
		if err := s.session(ctx, plan); err != nil {
			return err
		}
	}
	return nil
}

// finish compares the ledgers with the client's record and writes what the run leaves. failed is why the
// levels ended early, nil if they did not.
func (s *study) finish(failed error) error {
	if failed != nil {
		s.summary.Complete = false
		s.warn(result.EndedEarly, "the run ended early (%v): the figures cover what was done until then", failed)
	}
	if len(s.summary.Points) > 0 { // else no ledger was read
		failed = errors.Join(failed, s.audit())
	}
	collect() // a report may be drawn next
	for _, step := range []func() error{s.explain, s.writeTrace} {
		if err := step(); err != nil {
			s.warn(result.NotStored, "%v", err)
			failed = errors.Join(failed, err)
		}
	}
	for _, series := range s.Scenario.Series {
		s.saturation(series)
	}
	s.uncertainties()
	s.expectations()
	s.thresholds()
	for _, w := range s.notes {
		s.add(w)
	}
	s.notes = nil
	listed := len(s.Scenario.Series) - len(searched(s.Scenario.Series))
	if n := s.Scenario.Repeat; listed > 0 && n > 1 && n < leastRepetitions {
		s.warn(stats.FewRepetitions, "every level was measured %d times; the 95 %% interval of a median needs %d: repeat: %d",
			n, leastRepetitions, leastRepetitions)
	}
	s.tell()
	s.results(s.summary)
	s.manifest.Ended = time.Now().UTC()
	if err := s.writer.Close(s.manifest, s.summary); err != nil {
		return errors.Join(failed, err)
	}
	if failed != nil {
		return failed
	}
	if err := s.required(); err != nil {
		return err
	}
	return s.missed()
}

// audit compares the ledgers with the client's record. The error says how they differ, or why that is not known.
func (s *study) audit() error {
	var audit result.Audit
	err := s.unread
	if err == nil {
		audit, err = s.ledgers.compare(s.writer.Transactions(), s.writer.Attempts())
		s.share(&audit)
	}
	if err != nil {
		s.summary.Complete = false
		s.warn(result.AuditFailed, "the audit failed: %v", err)
		return fmt.Errorf("audit: %w", err)
	}
	s.summary.Audit = &audit
	if problem := audit.Problem(); problem != "" {
		s.warn(result.AuditFailed, "%s", problem)
		return errors.New(problem)
	}
	return nil
}

// newManifest returns what the manifest can say before anything has run.
func (s *study) newManifest() result.Run {
	versions := map[string]string{}
	maps.Copy(versions, s.Versions)
	return result.Run{
		ID: s.ID, Scenario: s.Scenario.Name, Source: s.Scenario.Source, Seed: s.Scenario.Seed,
		SeedNote: "plans, values, meter keys and signatures of plain payloads repeat from the seed; " +
			"ciphertexts and Fabric's own signatures are randomised and do not",
		Started: time.Now().UTC(), Versions: versions, Preparation: map[string]result.Preparation{},
		Instrument: s.Instrument, Uncalibrated: s.Uncalibrated,
	}
}

// cause prefers the reason why ctx ended, for example a node that died, to the errors that follow from it.
func cause(ctx context.Context, err error) error {
	if why := context.Cause(ctx); why != nil {
		return why
	}
	return err
}
