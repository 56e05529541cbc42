package result

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"meterbench/bench/stats"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/google/go-cmp/cmp"
)

func FuzzRun(f *testing.F) {
	run := testRun()
	run.Schema = Schema
	seed, err := json.Marshal(run)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add([]byte(`{"schema":1,"started":"0001-01-01T00:00:00Z"}`))
	f.Add([]byte(`{"schema":1,"worker_transactions":[{"rank":0,"bytes":5,"crc32c":7},{"rank":3}]}`))
	f.Add([]byte(`{"schema":99}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := decode[Run](data)
		if err != nil {
			return
		}
		again, err := json.Marshal(r)
		if err != nil {
			t.Fatalf("read, but cannot be written: %v", err)
		}
		if _, err := decode[Run](again); err != nil {
			t.Fatalf("written, but cannot be read: %v\n%s", err, again)
		}
		if r.checkWorkers() == nil && len(r.WorkerTransactions) > mostWorkers {
			t.Fatalf("%d workers", len(r.WorkerTransactions))
		}
	})
}

func FuzzSummary(f *testing.F) {
	median := 0.0123
	point := Point{Series: "plain", Repetition: 1, Valid: true, Load: closed8.Load, Latency: map[string]stats.Quantiles{"commit": {P50: &median, N: 100}}}
	invalid := point
	invalid.Valid, invalid.Reasons = false, []string{"schedule lag p99 11 ms"}
	sum := Summary{Points: []Point{point, invalid}, FE: []FECost{{Scheme: "ddh", Bits: 2048, Encrypt: Cost{N: 2, Samples: []float64{0.049, 0.051}}}}}
	sum.Schema = Schema
	for i := range sum.Points {
		sum.Points[i].Scheduled, sum.Points[i].Outcomes = 3, map[string]uint64{"valid": 1, "unknown": 2}
	}
	seconds := 3.0
	sum.Points[0].LatencyAll = &AllLatency{N: 3, Missing: map[string]uint64{"unknown": 2}, Quantiles: []AllQuantile{{Percent: 50, Beyond: &seconds}, {Percent: 99.9}}}
	sum.Points[0].LatencyByOutcome = sum.Points[0].Latency
	sum.Points[0].CommitAtPeers = &CommitAtPeers{Peers: sum.Points[0].Latency}
	sum.Points[0].Satisfaction = &Satisfaction{Objective: 2, Satisfied: 0.5, Tolerating: 0.25, Apdex: 0.625}
	seed, err := json.Marshal(sum)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add([]byte(`{"schema":1,"points":[{"outcomes":{"valid":18446744073709551615,"dropped":1}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := parseSummary(data)
		if err != nil {
			return
		}
		if again, err := json.Marshal(s); err != nil {
			t.Fatalf("read, but cannot be written: %v", err)
		} else if _, err := parseSummary(again); err != nil {
			t.Fatalf("written, but cannot be read: %v\n%s", err, again)
		}
	})
}

// FuzzTransactions damages transactions.parquet: either the rows that were
// written come back, or an error does.
func FuzzTransactions(f *testing.F) {
	records := randomRecords(40, 1)
	path := filepath.Join(f.TempDir(), transactionsFile)
	w, err := createTransactions(path, noWorker, 1)
	if err != nil {
		f.Fatal(err)
	}
	if err := errors.Join(w.write(closed8, time.Unix(1, 5), nil, 1, records), w.close()); err != nil {
		f.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(0, []byte(nil), 0)
	f.Add(100, []byte{0xff}, 0)
	f.Add(0, []byte("PAR0"), 0)
	f.Add(len(whole)-8, []byte{0xff, 0xff, 0xff, 0xff}, 0)
	f.Add(0, []byte(nil), 1)
	f.Fuzz(func(t *testing.T, at int, overwrite []byte, cut int) {
		data := bytes.Clone(whole)
		if min(at, cut) < 0 || max(at, cut) > len(data) {
			return
		}
		copy(data[at:], overwrite)
		data = data[:len(data)-cut]
		file, err := openTable(bytes.NewReader(data), File(w.print))
		if err != nil {
			if bytes.Equal(data, whole) {
				t.Fatal(err)
			}
			return
		}
		n := 0
		for row, err := range readTransactions(file) {
			if err != nil {
				t.Fatal(err)
			}
			if want := (Row{LevelKey: closed8, Record: records[n], LevelStart: testStart, Session: 1}); row != want {
				t.Fatalf("row %d (-want +got):\n%s", n, cmp.Diff(want, row))
			}
			n++
		}
		if n != len(records) {
			t.Fatalf("%d rows came back", n)
		}
	})
}

func FuzzLatencies(f *testing.F) {
	dir := f.TempDir()
	path := filepath.Join(dir, latencyFile)
	h := hdrhistogram.New(1, 1e9, 3)
	if err := h.RecordValue(12345); err != nil {
		f.Fatal(err)
	}
	text, err := h.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	if err != nil {
		f.Fatal(err)
	}
	line := fmt.Sprintf("Tag=%s,0.000,1.000,0.012,%s\n", latencyTag(closed8, PartCommit), text)
	f.Add([]byte("#[Histogram log format version 1.3]\n" + line + line))
	f.Add([]byte(line[:len(line)/2]))
	f.Add([]byte("Tag=,,,\n,\nTag"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		found, err := (&Folder{Dir: dir}).Latencies(PartCommit, []LevelKey{closed8})
		if h := found[closed8]; err == nil && h != nil && h.HighestTrackableValue() > histogramHighest {
			t.Fatalf("a histogram up to %d was taken", h.HighestTrackableValue())
		}
	})
}
