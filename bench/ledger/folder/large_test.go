package folder

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"meterbench/bench/result"
)

func testContext() context.Context { return context.Background() }

// FuzzOpen hands any bytes over as the blocks of a run, with the fingerprint that fits. It opens or it does not, and what is asked
// of it ends in either case.
func FuzzOpen(f *testing.F) {
	dir := filepath.Join(f.TempDir(), "r1")
	store(f, dir, shape{{{1, 2, 3}}})
	whole, err := os.ReadFile(filepath.Join(dir, "blocks.parquet"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole, false)
	f.Add(whole, true)
	f.Add(whole[:len(whole)/2], false)
	f.Add([]byte("PAR1"), true)
	f.Fuzz(func(t *testing.T, data []byte, transactions bool) {
		table := "blocks"
		if transactions {
			table = "transactions"
		}
		at := filepath.Join(t.TempDir(), "r1")
		if err := os.CopyFS(at, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(at, table+".parquet"), data, 0o600); err != nil {
			t.Fatal(err)
		}
		err := edit(at, func(r map[string]any) {
			r[table] = map[string]any{"bytes": len(data), "crc32c": crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli))}
		})
		if err != nil {
			t.Fatal(err)
		}
		r, err := Open(at)
		if err != nil {
			return
		}
		defer r.Close()
		visit(r)
	})
}

// BenchmarkLarge looks blocks and transactions up in the folder of a run of a million transactions in ten thousand blocks: how long
// the slowest took, and the memory that is in use beyond that of a small run.
func BenchmarkLarge(b *testing.B) {
	const transactions, perBlock = 1_000_000, 100
	dir := filepath.Join(b.TempDir(), "r1")
	w, err := result.Create(dir, result.Run{ID: "r1", Scenario: "large", Target: result.TargetFabric, Topology: topologyOf(1)})
	if err != nil {
		b.Fatal(err)
	}
	w.Begin(1, nil)
	key := result.LevelKey{Series: "plain", Repetition: 1, Load: result.Load{Kind: result.LoadClosed, Clients: 128}}
	l, err := w.Level(key, 0, time.Hour)
	if err != nil {
		b.Fatal(err)
	}
	ids := make([][32]byte, 0, transactions)
	rng := rand.NewPCG(1, 2)
	for i := range uint64(transactions) {
		var id [32]byte
		for j := 0; j < len(id); j += 8 {
			binary.BigEndian.PutUint64(id[j:], rng.Uint64())
		}
		ids = append(ids, id)
		at := time.Duration(i) * time.Millisecond
		l.Record(result.Record{
			Seq: i, Intended: at, Started: at + 5e4, Prepared: at + 1e5 + time.Duration(rng.Uint64()%1e5), Endorsed: at + 5e6, Submitted: at + 9e6, Committed: at + 1e8,
			Outcome: result.Valid, TxID: id, Block: 1 + i/perBlock, Bytes: 4000,
		})
	}
	if _, err := l.Close(); err != nil {
		b.Fatal(err)
	}
	for number := range uint64(transactions/perBlock + 1) {
		row := result.BlockRow{Session: 1, Cut: time.Unix(int64(number), 0)}
		row.ChannelName, row.Number, row.Transactions, row.Valid = "metrology", number, perBlock, perBlock
		for j := range row.Hash {
			row.Hash[j], row.DataHash[j], row.PreviousHash[j] = byte(rng.Uint64()), byte(rng.Uint64()), byte(rng.Uint64())
		}
		if err := w.Block(&row); err != nil {
			b.Fatal(err)
		}
	}
	run := result.Run{ID: "r1", Scenario: "large", Target: result.TargetFabric, Topology: topologyOf(1)}
	if err := w.Close(run, result.Summary{Complete: true}); err != nil {
		b.Fatal(err)
	}
	before := heapInUse()
	began := time.Now()
	r := open(b, dir)
	defer r.Close()
	opening := time.Since(began)
	held := heapInUse() - before
	pick := rand.New(rng)
	for _, c := range []struct {
		name string
		call func() error
	}{
		{"transaction", func() error {
			id := ids[pick.IntN(len(ids))]
			_, err := r.Transaction(b.Context(), "metrology", hex.EncodeToString(id[:]))
			return err
		}},
		{"missing", func() error {
			_, _ = r.Transaction(b.Context(), "metrology", hex.EncodeToString(make([]byte, 31))+"01")
			return nil
		}},
		{"block", func() error {
			_, err := r.Block(b.Context(), "metrology", 1+pick.Uint64N(transactions/perBlock), 0, 100)
			return err
		}},
		{"blocks", func() error { _, err := r.Blocks(b.Context(), "metrology", 100+pick.Uint64N(9000), 100); return err }},
	} {
		b.Run(c.name, func(b *testing.B) {
			slowest, heap := time.Duration(0), held
			for b.Loop() {
				began := time.Now()
				if err := c.call(); err != nil {
					b.Fatal(err)
				}
				slowest = max(slowest, time.Since(began))
			}
			heap = max(heap, heapInUse()-before)
			b.ReportMetric(float64(slowest.Microseconds())/1e3, "slowest-ms")
			b.ReportMetric(float64(opening.Microseconds())/1e3, "opening-ms")
			b.ReportMetric(float64(heap)/1e6, "heap-MB")
		})
	}
}

func heapInUse() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
