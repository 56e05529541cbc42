package lab

import (
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"sync"
	"time"

	"meterbench/bench"
	"meterbench/bench/arrival"
	"meterbench/bench/calibration"
	"meterbench/bench/reference"
	"meterbench/bench/result"
	"meterbench/internal/alarm"
	"meterbench/internal/random"
	"meterbench/network/client"
	"meterbench/network/standard"
)

// The exercises of the Fabric client: how long each takes, and the error that is tolerated of a quantile. The client
// signs, encodes and speaks TLS, all of which counts as its error here.
const (
	clientHold  = 5 * time.Second
	clientFloor = 5 * time.Millisecond
	clientShare = 0.05
)

// CalibrationOf completes a calibration by what needs other processes: the client of real networks against a peer of
// known delays, and a host that is busy.
func CalibrationOf(cfg calibration.Config) calibration.Config {
	for _, e := range []struct {
		condition result.Condition
		plan      bench.Plan
	}{
		{result.FabricOpen, bench.Plan{Arrivals: arrival.Poisson{PerSecond: 300}, Slots: 5000}},
		{result.FabricFull, bench.Plan{Clients: 64}},
	} {
		e.plan.Hold = clientHold
		e.plan.Random = random.Stream{Purpose: random.Arrivals, Series: string(e.condition)}
		cfg.Client = append(cfg.Client, calibration.Exercise{
			Text: "the client of real networks, against a peer of known delays: " + string(e.condition), Time: clientHold,
			Do: func(ctx context.Context) ([]result.Deviation, error) {
				return calibrateClient(ctx, cfg.Load, e.condition, e.plan)
			},
		})
	}
	cfg.Burn = func() (stop func(), err error) {
		s, err := standard.Start(standard.Config{Burn: true})
		return func() { s.Stop() }, err
	}
	return cfg
}

// calibrateClient compares what the client records with the log of a standard.
func calibrateClient(ctx context.Context, clock alarm.Clock, condition result.Condition, p bench.Plan) (all []result.Deviation, err error) {
	exponential := func(mean time.Duration) reference.Distribution {
		return reference.Distribution{Kind: reference.Exponential, Mean: mean}
	}
	peer, err := standard.Start(standard.Config{
		Endorse: exponential(10 * time.Millisecond), Submit: exponential(2 * time.Millisecond), Commit: 10 * time.Millisecond,
		Batch: reference.Batch{Messages: 20, Timeout: 100 * time.Millisecond},
	})
	if err != nil {
		return nil, err
	}
	target, err := dialStandard(ctx, peer.Peer)
	if err != nil {
		peer.Stop() // the first error counts
		return nil, err
	}
	var sink records
	m, err := bench.Run(ctx, clock, p, payloads{}, target, &sink, nil)
	epoch := standard.Monotonic() - int64(time.Since(m.Epoch))
	target.Close() // nothing is under way any more
	log, stopped := peer.Stop()
	if err != nil || stopped != nil {
		return nil, cmp.Or(err, stopped)
	}
	var endorse, commit [2][]float64 // true and measured
	for _, r := range sink.all {
		x, known := log[hex.EncodeToString(r.TxID[:])]
		if r.Outcome != result.Valid || !known {
			return nil, fmt.Errorf("transaction %d is %v, and known to the peer: %t", r.Seq, r.Outcome, known)
		}
		endorsed, _ := r.Span(result.PartEndorse)
		endorse[0] = append(endorse[0], time.Duration(x.Endorsed-x.Asked).Seconds())
		endorse[1] = append(endorse[1], endorsed.Seconds())
		commit[0] = append(commit[0], (time.Duration(x.Committed-epoch) - r.Intended).Seconds())
		commit[1] = append(commit[1], (r.Committed - r.Intended).Seconds())
	}
	for _, percent := range []int{50, 95, 99} {
		for _, part := range []struct {
			name  string
			spans [2][]float64
		}{{"endorse", endorse}, {"commit", commit}} {
			d := calibration.Compare(part.spans[0], part.spans[1], percent)
			d.Condition, d.What = condition, fmt.Sprintf("p%d of %s", percent, part.name)
			d.Limit = max(clientFloor.Seconds(), clientShare*d.True)
			all = append(all, d)
		}
	}
	return all, nil
}

func dialStandard(ctx context.Context, p standard.Peer) (*client.Client, error) {
	return client.Dial(ctx, client.Config{Channel: p.Channel, Chaincode: p.Chaincode, Gateways: []client.Gateway{{
		Name: p.Name, Address: p.Address, TLS: client.TLS{CA: p.Cert, Cert: p.Cert, Key: p.Key},
		Identity: client.Identity{MSP: p.MSP, CertPEM: p.Cert, KeyPEM: p.Key},
	}}})
}

// payloads is a workload of transactions as large as plain readings of 24 values.
type payloads struct{}

// Transaction implements bench.Workload.
func (payloads) Transaction(context.Context, uint64) (bench.Transaction, error) {
	return bench.Transaction{Function: "PutReading", Args: [][]byte{make([]byte, 340)}}, nil
}

// records is a sink that keeps everything.
type records struct {
	mu  sync.Mutex
	all []result.Record
}

// Record implements bench.Sink.
func (s *records) Record(r result.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, r)
}
