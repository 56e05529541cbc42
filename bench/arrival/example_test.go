package arrival_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"meterbench/bench/arrival"
)

// A schedule is a sequence of instants, as long as somebody asks for the next one.
func ExampleSteps() {
	day := arrival.Steps{{PerSecond: 2, For: time.Second}, {PerSecond: 0, For: 2 * time.Second}, {PerSecond: 4, For: time.Second}}
	for offset := range day.Offsets(rand.New(rand.NewPCG(1, 0))) {
		fmt.Print(offset, " ")
	}
	fmt.Println()
	// Output: 0s 500ms 3s 3.25s 3.5s 3.75s
}

// Rows are due at their time since the first one, here sixty times as fast.
func ExampleReplay() {
	const file = `time,meter,value
2026-01-05T17:00:00Z,north,250
2026-01-05T17:01:00Z,south,410
2026-01-05T17:15:00Z,north,180
`
	trace, err := arrival.ReadTrace("readings.csv", strings.NewReader(file))
	if err != nil {
		fmt.Println(err)
		return
	}
	for offset := range (arrival.Replay{Trace: trace, Speed: 60}).Offsets(nil) {
		fmt.Print(offset, " ")
	}
	fmt.Println("by", trace.Meters(), "meters")
	// Output: 0s 1s 15s by 2 meters
}
