// Package worker has the load of a study made by several processes, workers, on one machine or many. It knows nothing of Fabric.
//
// Data flow: a Coordinator listens, and admits the workers that a launcher starts, by rank and size (rank.go, credentials.go). Its Lab
// wraps a study.Lab: a session opens a Station at each worker from what the site hands over, and prepares its series (lab.go, crew.go);
// a level goes to all workers, each of which makes its bench.Share by bench.RunShares and starts at an agreed instant (clock.go). Records
// come back in batches, column by column (records.go), and go into the sinks of the study as they do in one process. Serve is the
// worker's side (serve.go, shift.go). Messages are Go structs in CBOR over one gRPC stream of each worker (wire.go, service.go).
package worker

import (
	"context"
	"fmt"
	"iter"

	"meterbench/bench"
	"meterbench/bench/arrival"
	"meterbench/bench/result"
	"meterbench/bench/study"
)

// An InputError is a mistake in how a coordinator or a worker was started: in an address, credentials, a rank, or what Slurm was asked for.
// Whoever started them can mend it by what they write.
type InputError struct{ error }

// InputErrorf returns an InputError with the text of fmt.Errorf.
func InputErrorf(format string, args ...any) error { return InputError{fmt.Errorf(format, args...)} }

// Unwrap returns the cause.
func (e InputError) Unwrap() error { return e.error }

// Open opens a station. The error is said to the coordinator, and ends the run: it begins with where and what, and says what to do.
// An InputError is one to the coordinator, too.
type Open func(ctx context.Context, o Opening) (Station, error)

// An Opening is what a worker needs of a session to open its station. It came over the connection, encrypted and authenticated, from
// the coordinator: it may hold secrets, of which nothing may go into files that others can read, into logs or into arguments.
type Opening struct {
	Scenario string // the YAML in full, overrides applied, as scenario.Scenario.Source has it
	Files    []File // that the scenario and its topologies name
	Session  int    // Number of the study.Session
	Seed     uint64 // of the random numbers of a simulated target of this worker: no two ledgers of a run have the same
	Handover []byte // what Host.Handover returned
	Rank     int    // of the worker, among all that were started
	// Mark is what the transactions of this worker begin with, so that a ledger tells whose they are once the worker is lost.
	Mark bench.Mark
	// Share is the part of every load that this worker makes as long as no worker is lost. After that it may be another one.
	Share bench.Share
}

// A File is a file that a scenario names.
type File struct {
	Name string // as the scenario, or whatever else names it, gives it
	Data []byte
}

// A Station is what a worker has of a target: what a study.Site is to the coordinator. Its methods are called by one goroutine at a
// time. Close leaves nothing running.
type Station interface {
	Target() bench.Target
	// Series makes the workload of a series ready, with the keys and the values that the coordinator's site gave it, and without
	// changing the ledger. handover is what Host.HandoverOf returned. working tells what is going on.
	Series(ctx context.Context, series string, need study.Need, handover []byte, working func(text string)) (bench.Workload, result.Preparation, error)
	// Arrivals returns those of a series with an open load at a level of it.
	Arrivals(series string, offered float64) (arrival.Process, error)
	Close() error
}

// A Keeper is a Station with a simulated ledger of its own.
type Keeper interface {
	// Entries ends the ledger and yields every transaction on it, oldest first.
	Entries(ctx context.Context) iter.Seq2[bench.Entry, error]
}

// A Host is a study.Site at which workers can make the load.
type Host interface {
	study.Site
	// Handover returns what workers need to open their stations. It is called once, before any series is prepared. What workers
	// cannot make is refused by an error.
	Handover(ctx context.Context) ([]byte, error)
	// HandoverOf returns what they need of a series besides, once Series has prepared it.
	HandoverOf(ctx context.Context, series string) ([]byte, error)
}
