package wan

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// BenchmarkPacket has b.N packets of a few sizes pass at a few rates, with 50 ms there and back. It measures the CPU time of the
// process for each, of which a part is what the kernel does to hand it to its receiver: cpu-us, and cpu-%, that of a processor at 1,000 packets/s.
func BenchmarkPacket(b *testing.B) {
	for _, c := range []struct {
		sites, bytes int
		rate         float64 // packets/s
	}{{5, 100, 1000}, {5, 100, 5000}, {5, 1400, 5000}, {5, 100, 20000}, {16, 100, 5000}} {
		b.Run(fmt.Sprintf("sites=%d/bytes=%d/rate=%v", c.sites, c.bytes, c.rate), func(b *testing.B) {
			e := start(b, Config{Links: between(c.sites, Link{RoundTrip: 50 * time.Millisecond})})
			before := cpuTime(b, e.PID())
			b.ResetTimer()
			if numbers, _ := stream(b, e, "a", "b", b.N, c.bytes, c.rate); len(numbers) != b.N {
				b.Errorf("%d of %d packets arrived", len(numbers), b.N)
			}
			b.StopTimer()
			each := (cpuTime(b, e.PID()) - before).Seconds() / float64(b.N)
			b.ReportMetric(each*1e6, "cpu-us")
			b.ReportMetric(each*1000*100, "cpu-%")
			b.ReportMetric(0, "ns/op") // the rate's
		})
	}
}

// BenchmarkThroughput has a TCP connection send 10 MB in each iteration over 50 ms there and back.
func BenchmarkThroughput(b *testing.B) {
	e := start(b, Config{Links: between(2, Link{RoundTrip: 50 * time.Millisecond})})
	const bytes = 10_000_000
	b.SetBytes(bytes)
	b.ResetTimer()
	before := cpuTime(b, e.PID())
	send(b, e, "a", "b", b.N*bytes)
	b.ReportMetric((cpuTime(b, e.PID())-before).Seconds()/b.Elapsed().Seconds()*100, "cpu-%")
}

// cpuTime returns the CPU time of all threads of a process.
func cpuTime(b *testing.B, pid int) (sum time.Duration) {
	b.Helper()
	paths, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil {
		b.Fatal(err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) { // the thread has ended
			continue
		}
		var ns int64
		if err == nil {
			_, err = fmt.Sscan(string(text), &ns)
		}
		if err != nil {
			b.Skip(err) // a kernel without it
		}
		sum += time.Duration(ns)
	}
	return sum
}
