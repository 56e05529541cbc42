package worker

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/mem"
	"pgregory.net/rapid"

	"meterbench/bench/result"
	"meterbench/internal/proc"
)

// typical returns records as a worker of two sends them: of a Poisson load at a rate, with latencies of some milliseconds.
func typical(n int, rate float64) (all []result.Record) {
	random := rand.New(rand.NewPCG(1, 2))
	at := time.Duration(0)
	ms := func(mean float64) time.Duration {
		return time.Duration(random.ExpFloat64() * mean * float64(time.Millisecond))
	}
	for i := range n {
		at += time.Duration(random.ExpFloat64() / rate * float64(time.Second))
		r := result.Record{Seq: 1000 + 2*uint64(i), Intended: at, Outcome: result.Valid, Block: 100 + uint64(i/100), Bytes: uint32(3500 + random.IntN(8)), Attempts: 1}
		r.Started = at + ms(0.05)
		r.Prepared = r.Started + ms(0.2)
		r.Endorsed = r.Prepared + ms(8)
		r.Submitted = r.Endorsed + ms(4)
		r.Committed = r.Submitted + ms(500)
		for j := range r.TxID {
			r.TxID[j] = byte(random.Uint32())
		}
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b result.Record) int { return int(a.Committed - b.Committed) })
	return all
}

// Records come as they were sent.
func TestRecords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		instant := rapid.Custom(func(t *rapid.T) time.Duration {
			return time.Duration(rapid.OneOf(rapid.Just(int64(result.NotReached)), rapid.Int64Range(0, 1<<60)).Draw(t, "at"))
		})
		past := rapid.Map(rapid.Int64Range(0, 1<<60), func(ns int64) time.Duration { return time.Duration(ns) })
		want := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) result.Record {
			r := result.Record{
				Seq: rapid.Uint64().Draw(t, "seq"), Intended: past.Draw(t, "intended"), Started: instant.Draw(t, "started"), Prepared: instant.Draw(t, "prepared"),
				Endorsed: instant.Draw(t, "endorsed"), Submitted: instant.Draw(t, "submitted"), Committed: instant.Draw(t, "committed"),
				Ended: past.Draw(t, "ended"), Encrypt: past.Draw(t, "encrypt"), Block: rapid.Uint64().Draw(t, "block"), Bytes: rapid.Uint32().Draw(t, "bytes"),
				Outcome: result.Outcome(rapid.IntRange(0, len(result.Counts{})-1).Draw(t, "outcome")), Channel: rapid.Uint16().Draw(t, "channel"),
				Site: rapid.Uint16().Draw(t, "site"), Attempts: rapid.Uint16().Draw(t, "attempts"),
			}
			if rapid.Bool().Draw(t, "id") {
				copy(r.TxID[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "bytes of id"))
			}
			return r
		}), 0, 20).Draw(t, "records")
		got, err := new(recordDecoder).decode(new(recordEncoder).encode(nil, want), 9)
		if err != nil {
			t.Fatal(err)
		}
		for i := range want {
			want[i].Worker = 9
		}
		if len(want)+len(got) > 0 {
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("records (-sent +came):\n%s", diff)
			}
		}
	})
}

// A typical record takes some 60 bytes, of which the id takes 32: docs/scale.md says so.
func TestRecordBytes(t *testing.T) {
	all := typical(1000, 1000)
	per := float64(len(new(recordEncoder).encode(nil, all))) / float64(len(all))
	if per < 48 || per > 64 {
		t.Errorf("%.1f bytes for a record", per)
	}
	t.Logf("%.1f bytes for a record", per)
}

// Whatever comes, it is records of a level or an error: never a panic, and never more memory than a batch takes.
func FuzzRecords(f *testing.F) {
	f.Add(new(recordEncoder).encode(nil, nil))
	f.Add(new(recordEncoder).encode(nil, typical(5, 10)))
	f.Add(new(recordEncoder).encode(nil, []result.Record{{Seq: math.MaxUint64, Intended: 1 << 60}}))
	f.Fuzz(func(t *testing.T, data []byte) {
		records, err := new(recordDecoder).decode(data, 1)
		if err != nil {
			return
		}
		again, err := new(recordDecoder).decode(new(recordEncoder).encode(nil, records), 1)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(slices.Clone(records), slices.Clone(again)); len(records) > 0 && diff != "" {
			t.Errorf("again (-first +then):\n%s", diff)
		}
		for _, r := range records {
			if int(r.Outcome) >= len(result.Counts{}) || r.Intended < 0 || r.Lasted() < 0 {
				t.Errorf("%+v", r)
			}
		}
	})
}

// Whatever comes as a message, it is decoded or refused.
func FuzzMessages(f *testing.F) {
	coded, err := newCodec()
	if err != nil {
		f.Fatal(err)
	}
	for _, v := range []any{
		&report{}, &report{Hello: greeting(Rank{1, 2}, "v")}, &report{Batch: &batch{Records: []byte{1}, Attempts: make([]result.Attempt, 1)}}, &report{Live: &live{}},
		&report{Results: &results{Gaps: make([]gap, 1)}}, &order{}, &order{Level: &shift{Loads: make([]load, 1)}}, &order{Start: &start{}}, &clockReading{At: 1},
		&Opening{Files: []File{{"a", []byte("b")}}},
	} {
		data, err := coded.encode.Marshal(v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, v := range []any{new(report), new(order), new(clockReading), new(clockRequest), new(Opening)} {
			if err := coded.Unmarshal(mem.BufferSlice{mem.SliceBuffer(data)}, v); err != nil {
				continue
			}
			if _, err := coded.Marshal(v); err != nil {
				t.Errorf("%T is decoded and not encoded: %v", v, err)
			}
		}
	})
}

// BenchmarkEncode is what a record costs a worker until it is sent.
func BenchmarkEncode(b *testing.B) {
	all := typical(1000, 1000)
	var e recordEncoder
	var to []byte
	perRecord(b, len(all), func() { to = e.encode(to[:0], all) })
	b.ReportMetric(float64(len(to))/float64(len(all)), "bytes/record")
}

// BenchmarkDecode is what a record costs the coordinator until it is decoded; what comes after is timed in package study.
func BenchmarkDecode(b *testing.B) {
	all := typical(1000, 1000)
	from := new(recordEncoder).encode(nil, all)
	var d recordDecoder
	perRecord(b, len(all), func() {
		if _, err := d.decode(from, 1); err != nil {
			b.Fatal(err)
		}
	})
}

// perRecord reports the CPU time of each of n records.
func perRecord(b *testing.B, n int, do func()) {
	before, err := proc.Self()
	if err != nil {
		b.Fatal(err)
	}
	done := 0
	for b.Loop() {
		do()
		done += n
	}
	after, err := proc.Self()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric((after.CPU-before.CPU)/float64(done)*1e9, "cpu-ns/record")
	b.ReportMetric(0, "ns/op")
}
