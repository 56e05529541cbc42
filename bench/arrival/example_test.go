package arrival_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"meterbench/bench/arrival"
)

// The same seed gives the same arrivals.
func ExamplePoisson() {
	p := arrival.Poisson{PerSecond: 100}
	n := 0
	for due := range p.Offsets(rand.New(rand.NewPCG(1, 0))) {
		if due >= time.Second {
			break
		}
		if n++; n <= 3 {
			fmt.Println(due.Round(time.Microsecond))
		}
	}
	fmt.Println(n, "in the first second")
	// Output:
	// 4.697ms
	// 10.001ms
	// 24.585ms
	// 104 in the first second
}

// Three meters report every 15 minutes, each at a time of its own.
func ExamplePeriodic() {
	fleet := arrival.Periodic{Meters: 3, Interval: 15 * time.Minute}
	report := 0
	for due := range fleet.Offsets(rand.New(rand.NewPCG(1, 0))) {
		if report == 6 {
			break
		}
		fmt.Printf("meter %d at %v\n", report%fleet.Meters, due.Round(time.Second))
		report++
	}
	// Output:
	// meter 0 at 1m20s
	// meter 1 at 8m58s
	// meter 2 at 10m44s
	// meter 0 at 16m20s
	// meter 1 at 23m58s
	// meter 2 at 25m44s
}

// One constant rate follows the other, and no step begins with an arrival of its own.
func ExampleSteps() {
	day := arrival.Steps{{PerSecond: 2, For: time.Second}, {PerSecond: 0, For: 2 * time.Second}, {PerSecond: 4, For: time.Second}}
	for due := range day.Offsets(nil) {
		fmt.Print(due, " ")
	}
	fmt.Println()
	// Output: 0s 500ms 3s 3.25s 3.5s 3.75s
}

// The rate rises evenly, and so the gaps shrink.
func ExampleRamp() {
	r := arrival.Ramp{From: 0, To: 4, Over: 2 * time.Second}
	for due := range r.Offsets(nil) {
		if due >= r.Over {
			break
		}
		fmt.Printf("%v, then %.1f/s\n", due.Round(time.Millisecond), r.Rate(due))
	}
	// Output:
	// 0s, then 0.0/s
	// 1s, then 2.0/s
	// 1.414s, then 2.8/s
	// 1.732s, then 3.5/s
}

// A trace tells when meters reported. Here it is in kWh, and played ten times as fast.
func ExampleReplay() {
	trace, err := arrival.ReadTrace(context.Background(), "morning.csv", strings.NewReader(`time,meter,value
2026-01-31T06:00:00Z,kitchen,1.5
2026-01-31T06:00:10Z,garage,0.2
2026-01-31T06:15:00Z,kitchen,1.7
`), arrival.Form{Unit: "kWh"})
	if err != nil {
		fmt.Println(err)
		return
	}
	i := 0
	for due := range (arrival.Replay{Trace: trace, Speed: 10}).Offsets(nil) {
		row := trace.Row(i)
		fmt.Println(due, trace.Meter(row.Meter), row.Wh)
		i++
	}
	// Output:
	// 0s kitchen 1500
	// 1s garage 200
	// 1m30s kitchen 1700
}
