package study

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/internal/alarm"
	"meterbench/internal/proc"
)

// An instant target commits everything at once; its workload ends the level
// after a number of transactions.
type instant struct {
	end  uint64
	stop context.CancelFunc
}

func (i instant) Transaction(_ context.Context, seq uint64) (bench.Transaction, error) {
	if seq+1 == i.end {
		i.stop()
	}
	id := binary.BigEndian.AppendUint64(nil, seq)
	return bench.Transaction{Function: "Put", Args: [][]byte{id}}, nil
}

func (instant) Submit(_ context.Context, tx bench.Transaction) (bench.Receipt, error) {
	now := time.Now()
	r := bench.Receipt{Endorsed: now, Submitted: now, Committed: now, Block: 1 + binary.BigEndian.Uint64(tx.Args[0])/100, Bytes: 4000, Outcome: result.Valid}
	ids := rand.NewPCG(binary.BigEndian.Uint64(tx.Args[0]), 1) // as hard to compress as real ones
	for i := 0; i < len(r.TxID); i += 8 {
		binary.BigEndian.PutUint64(r.TxID[i:], ids.Uint64())
	}
	return r, nil
}

// BenchmarkHarness runs b.N transactions through engine and recorder, rows to
// disk included, with nothing behind them. Ten million of them:
//
//	go test -run '^$' -bench Harness -benchtime 10000000x ./bench/study
//
// It reports transactions per second, the process's CPU per transaction and
// its largest resident memory.
func BenchmarkHarness(b *testing.B) {
	writer, err := result.Create(filepath.Join(b.TempDir(), "run"), result.Run{ID: "harness"})
	if err != nil {
		b.Fatal(err)
	}
	sink, err := writer.Level(result.LevelKey{Series: "stub", Repetition: 1, Load: result.Load{Kind: "closed", Clients: 64}}, 0, time.Hour)
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(b.Context())
	defer stop()
	stub := instant{end: uint64(b.N), stop: stop}
	var largest uint64
	watch := func(bench.Live) {
		if u, err := proc.Self(); err == nil {
			largest = max(largest, u.RSS)
		}
	}
	before, err := proc.Self()
	if err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	done, err := bench.Run(ctx, alarm.Timers{}, bench.Plan{Clients: 64, Hold: time.Hour}, stub, stub, sink, watch)
	if err != nil {
		b.Fatal(err)
	}
	window, err := sink.Close()
	if err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	after, err := proc.Self()
	if err != nil {
		b.Fatal(err)
	}
	if done.Scheduled < uint64(b.N) || window.Level.Total() != done.Scheduled || window.Level[result.Valid]+64 < uint64(b.N) {
		b.Fatalf("%d scheduled, %d recorded, %d of them valid, of %d", done.Scheduled, window.Level.Total(), window.Level[result.Valid], b.N)
	}
	b.ReportMetric(float64(done.Scheduled)/b.Elapsed().Seconds(), "tx/s")
	b.ReportMetric((after.CPU-before.CPU)/float64(done.Scheduled)*1e9, "cpu-ns/tx")
	b.ReportMetric(float64(max(largest, after.RSS))/1e6, "max-RSS-MB")
}
