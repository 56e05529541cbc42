package study

import (
	"runtime"
	"runtime/debug"
	"testing"
)

// A level allocates its room without a collection, and the program's setting
// where the collector is off stands.
func TestCollect(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	var before, after runtime.MemStats
	collect(16 * room)
	runtime.ReadMemStats(&before)
	for range room / 2 >> 20 {
		sink = make([]byte, 1<<20)
	}
	runtime.ReadMemStats(&after)
	if after.NumGC != before.NumGC {
		t.Errorf("%d collections within the room", after.NumGC-before.NumGC)
	}
	collect(0) // a machine whose memory is not known
	if percent := debug.SetGCPercent(-1); percent != 100 {
		t.Errorf("percentage %d without memory to spare", percent)
	}
	collect(16 * room)
	if percent := debug.SetGCPercent(-1); percent != -1 {
		t.Errorf("a collector that was off is at %d", percent)
	}
}

var sink []byte
