package client

import (
	"context"

	"meterbench/bench"
	"meterbench/bench/result"
)

// A driver takes an attempt as far as its transaction asks, at most until an orderer has it. What it returns then waits
// for the commit; it is nil where there is none to wait for.
type driver func(t *attempt, ctx context.Context, tx bench.Transaction) (awaitCommit, error)

// awaitCommit waits for the commit of an attempt's transaction.
type awaitCommit func(ctx context.Context) error

// drivers is the table of drivers.
var drivers = map[result.Driver]driver{
	result.DriverWire:    (*attempt).sendWireForm,
	result.DriverGateway: (*attempt).sendByLibrary,
	result.DriverDirect:  (*attempt).sendDirect,
}
