// Package study runs a scenario: it has the encryption cost measured, the network brought up, the series
// prepared and their load levels run in turn, and the ledger audited against the client's own record.
//
// Data flow: a scenario.Scenario and a Lab go in; records stream into the run's folder through result.Writer;
// each level becomes a result.Point, each series a result.Saturation, all of them the result.Summary.
package study

import (
	"context"
	"iter"
	"time"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/internal/proc"
)

// Lab supplies what a scenario is measured on.
type Lab interface {
	// FE measures encryption cost while nothing else runs. With an error it returns what it had measured
	// until then, if that is worth keeping.
	FE(ctx context.Context, spec scenario.FE, working func(text string)) ([]result.FECost, error)
	// Start brings a target up. The one before is closed.
	Start(ctx context.Context, session Session, working func(text string)) (Site, error)
}

// Site is a target that is up. Close leaves nothing running.
type Site interface {
	Facts() Facts
	Target() bench.Target
	// Series makes the workload of s ready: registers its meters on the ledger and makes the ciphertexts that
	// are wanted before the load.
	Series(ctx context.Context, s scenario.Series, need Need, working func(text string)) (bench.Workload, result.Preparation, error)
	// Sample reads the CPU time and memory of every node and of the client.
	Sample() (proc.Snapshot, error)
	// Ledger yields every transaction on the ledger, channel by channel, oldest first, but for those that the
	// Site itself sent to set up. Where the ledger has blocks it hands each that came since the site's start to see, the set-up's
	// among them, with what of BlockRow is known of it but for level and session. see may be nil.
	Ledger(ctx context.Context, see func(*result.BlockRow)) iter.Seq2[bench.Entry, error]
	// Stored returns how many readings the contracts themselves count; false where one of them counts nothing.
	Stored(ctx context.Context) (n uint64, counted bool, err error)
	// Incidents delivers what befalls the processes of the target, and again what becomes of it. It may be nil.
	Incidents() <-chan result.Incident
	Close() error
}

// Evaluator is a Site that can evaluate what is encrypted on its ledger.
type Evaluator interface {
	// Evaluate draws some ciphertexts of every encrypted series from the ledger, evaluates them and compares
	// with what was measured. It returns how many; the error names the first that is wrong.
	Evaluate(ctx context.Context) (compared uint64, err error)
}

// Explainer is a Site some of whose processes are programs of the user's.
type Explainer interface {
	// Explain returns what is wrong, with its place in the user's file, where such a program has ended; nil of any other.
	Explain(in result.Incident) error
}

// Describer is a Site on which series differ in what they have of the network.
type Describer interface {
	// Describe puts what a series has of the network into the conditions of its points.
	Describe(series scenario.Series, c *result.Conditions)
}

// Need is the demand of a session on the workload of a series.
type Need struct {
	First   uint64 // sequence number of its first transaction
	Planned int    // number of its transactions, where all ciphertexts are made before the load; else 0
	Levels  []int  // Planned by load level, in their order
	Rows    int    // of a trace that one load level follows; the next begins with the first again
}

// Facts describe a Site for the manifest and for every point's conditions.
type Facts struct {
	Target       string            // fabric | reference
	TopologyJSON []byte            // in full, settings in force
	Conditions   result.Conditions // what all points have in common: those of the network
	Processes    []result.Process  // whose CPU time Sample returns
	Observers    []ObservingPeer   // nil if there are none
	Sites        []string          // names of the sites, by their numbers in records from 1; nil if there are none
	Bringup      *result.Bringup
	Versions     map[string]string
	Warnings     []result.Warning // that concern every figure
	NotSeen      []result.Aspect
	Shared       bool // others may use the target while it is measured: what they commit is counted, and no fault
}

// An ObservingPeer is one at which the commits of a channel's transactions are seen.
type ObservingPeer struct {
	Channel uint16 // as Record.Channel
	Site    string // of the transactions; empty: of all those of which no other observer of the channel has the site
	Peer    string
}

// Observer watches a study. Its methods are called from one goroutine at a time.
type Observer interface {
	// Step announces a stage of the study that has begun.
	Step(text string)
	// Working says what is going on inside the stage; it may be called often.
	Working(text string)
	// Live reports on a running load level, once a second.
	Live(Live)
	// Point reports a finished load level.
	Point(result.Point)
}

// Live is the state of a running load level.
type Live struct {
	Series    string      // or the group of phases
	Load      result.Load // zero where phases run together
	Phases    int         // that run together; 0: it is one load
	Underway  int         // of them
	Level     int         // from 1
	Levels    int
	Now       bench.Live
	Busiest   string        // the node or client that uses most CPU
	BusyCPU   float64       // its CPU in cores
	Remaining time.Duration // about, for all levels
	Whole     time.Duration // Remaining at the start of the first level
	AtMost    bool          // Levels, Remaining and Whole are bounds: a search ends when it has found

	Repetition int           // from 1
	From, To   time.Duration // the window, since the level's start; of phases from the first one's to the last one's

	// For a Follower only:
	Begun  time.Time          // the level's start
	CPU    map[string]float64 // in cores, over about the last second, by Process.Name
	Usage  proc.Snapshot      // the newest
	Blocks []Block            // that have become known since the Live before
}
