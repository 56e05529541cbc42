// Package bench is the load engine. It does not depend on Fabric.
//
// Data flow: a Plan says when transactions are due; for each one Run asks the Workload for the
// Transaction, hands it to the Target, and turns the Receipt into one result.Record for the Sink.
// Latency counts from the intended start; every scheduled transaction ends in exactly one outcome
// class.
package bench

import (
	"context"
	"time"

	"meterbench/bench/result"
)

// Transaction is ready to be submitted.
type Transaction struct {
	Contract string // whose function it is; empty: the target's own
	Function string
	Args     [][]byte
	Channel  int           // which of the target's channels takes it, from 0
	Encrypt  time.Duration // part of its preparation, 0 if none
	Wait     result.Wait   // set by the engine: how far the Target takes it
	// Acknowledged, set by the engine, is called at most once by the Target, as soon as an orderer
	// has taken the transaction. May be nil.
	Acknowledged func()
}

// Receipt says how far a transaction got, also when Submit returns an error. Zero times were not
// reached; times carry a monotonic reading.
type Receipt struct {
	TxID      [32]byte
	Endorsed  time.Time
	Submitted time.Time
	Committed time.Time
	Block     uint64
	Bytes     uint32
	Outcome   result.Outcome
}

// Entry is one transaction on a ledger, valid or not.
type Entry struct {
	TxID    [32]byte
	Channel int // of the target's channels, from 0
	Block   uint64
	Outcome result.Outcome
}

// Workload makes transactions. seq is unique over the run. Transaction is called in the timed path,
// by many goroutines at once.
type Workload interface {
	Transaction(ctx context.Context, seq uint64) (Transaction, error)
}

// Target takes transactions to their end and classifies them. Submit is called by many goroutines
// at once. The error explains any outcome other than Valid and Answered; the Receipt is right in
// either case. Submit returns soon after ctx is done: Run waits for it.
type Target interface {
	Submit(ctx context.Context, tx Transaction) (Receipt, error)
}

// Sink takes records. It is called by many goroutines at once.
type Sink interface {
	Record(result.Record)
}
