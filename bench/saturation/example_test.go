package saturation_test

import (
	"fmt"

	"meterbench/bench/saturation"
	"meterbench/bench/stats"
)

// A search only decides what to measure next. Here the measurement is a formula: a
// network that takes 700 transactions per second, found within a percent.
func ExampleOpenSearch() {
	search, err := saturation.NewOpenSearch(saturation.OpenConfig{From: 50, To: 5000})
	if err != nil {
		fmt.Println(err)
		return
	}
	steps := 0
	for load, more := search.Next(); more; load, more = search.Next() {
		steps++
		committed := min(load, 700)
		search.Observe(saturation.Step{
			Load: load, Sent: load, Due: 10_000, Received: committed, Success: 1,
			Backlog: stats.Slope{PerSecond: load - committed},
		})
	}
	found := search.Found()
	fmt.Printf("%.0f/s after %d steps, reached: %v\n", found.Load, steps, found.Reached)
	// Output: 702/s after 17 steps, reached: true
}

// Of a system whose clients share one serial part of a tenth of the work, the law finds
// that tenth.
func ExampleFitUSL() {
	var points []saturation.Scaling
	for _, n := range []float64{1, 2, 4, 8, 16, 32} {
		points = append(points, saturation.Scaling{Clients: n, Throughput: 100 * n / (1 + 0.1*(n-1))})
	}
	law, err := saturation.FitUSL(points)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.0f/s by one client, contention %.2f, coherency %.2f; at most %.0f/s\n", law.Lambda, law.Sigma, law.Kappa, law.At(1e9))
	// Output: 100/s by one client, contention 0.10, coherency 0.00; at most 1000/s
}
