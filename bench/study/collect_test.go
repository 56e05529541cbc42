package study

import (
	"runtime"
	"runtime/debug"
	"testing"
)

// Garbage takes at most three times the memory of what is alive, and less where much is; what came before has gone back to the
// system, and the program's setting where the collector is off stands.
func TestCollect(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	collect()
	if percent := debug.SetGCPercent(100); percent != mostPercent {
		t.Errorf("percentage %d where little is alive, want %d", percent, mostPercent)
	}
	sink = make([]byte, 4*room)
	collect()
	if percent := debug.SetGCPercent(100); percent != leastPercent {
		t.Errorf("percentage %d where much is alive, want %d", percent, leastPercent)
	}
	sink = nil
	collect()
	var after runtime.MemStats
	runtime.ReadMemStats(&after)
	if held := after.HeapSys - after.HeapReleased; held > room {
		t.Errorf("%d MB are held", held>>20)
	}
	debug.SetGCPercent(-1)
	collect()
	if percent := debug.SetGCPercent(100); percent != -1 {
		t.Errorf("a collector that was off is at %d", percent)
	}
}

var sink []byte
