package study

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

const (
	// room is what a level may leave as garbage before any is collected: some 23,000 transactions
	// at 23 kB each (network/client, BenchmarkSubmit with
	// -benchmem). A collection during a level costs
	// the client CPU, and on a full host its pauses were milliseconds long.
	room = 512 << 20
	// roomShare is the most of the machine's memory that goes into it.
	roomShare = 16
)

// collect takes away what the level before left, and puts off the next collection until memory, in
// bytes, has room for no more. Where the collector is off it stays off.
func collect(memory uint64) {
	runtime.GC()
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	// The collector counts its percentage from what is alive, roots included.
	percent := min(room, memory/roomShare) * 100 / max(live[0].Value.Uint64(), 1<<20)
	if before := debug.SetGCPercent(int(max(percent, 100))); before < 0 {
		debug.SetGCPercent(before)
	}
}
