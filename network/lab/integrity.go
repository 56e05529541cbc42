package lab

import (
	"context"
	"errors"
	"time"

	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/network"
	"meterbench/simulators/fe"
	"meterbench/simulators/reading"
	"meterbench/workloads/adversary"
)

// The attempts on the integrity of readings and bills: ten of each kind, on readings of a day.
const (
	integrityAttempts = 10
	integrityLength   = 24
	integrityBound    = 10_000
	integrityTimer    = 50 * time.Millisecond // so that attempts do not wait for blocks
)

// tryReadings has an adversary try every kind of forgery of readings and bills.
func tryReadings(ctx context.Context, cfg TrialConfig) (_ *result.Integrity, err error) {
	t, err := topology.Load("minimal")
	if err != nil {
		return nil, err
	}
	t.Channels[0].Batch.Timeout = integrityTimer
	tables, err := fe.NewTables(fe.DefaultTableConfig())
	if err != nil {
		return nil, err
	}
	net, err := network.Start(ctx, t, network.Config{Binaries: cfg.Binaries, Logs: cfg.logs(), Progress: lines(cfg.Working)})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, net.Close()) }()
	client, err := net.Client(ctx, t.Channels[0].Name, reading.ContractName)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	report, err := adversary.Probe(ctx, adversary.Config{
		Ledger: client, Channel: t.Channels[0].Name, Seed: cfg.Seed, Params: fe.Params{Scheme: fe.ECDDH, Bits: 256, Length: integrityLength, Bound: integrityBound},
		Tables: tables, Attempts: integrityAttempts, Prefix: "probe", Start: fleetStart,
	})
	return &report, err
}
