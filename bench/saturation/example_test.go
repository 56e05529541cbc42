package saturation_test

import (
	"fmt"
	"math"

	"meterbench/bench/saturation"
	"meterbench/bench/stats"
)

// A target takes 300 transactions per second. The search asks for loads until it knows that.
func ExampleOpenSearch() {
	measure := func(load float64) saturation.Step {
		received := math.Min(load, 300)
		return saturation.Step{
			Load: load, Sent: load, Due: uint64(20 * load), Received: received, Success: 1,
			Backlog: stats.Slope{PerSecond: load - received},
		}
	}
	s, err := saturation.NewOpenSearch(saturation.OpenConfig{From: 50, To: 1000})
	if err != nil {
		fmt.Println(err)
		return
	}
	for load, more := s.Next(); more; load, more = s.Next() {
		s.Observe(measure(load))
	}
	found := s.Result()
	fmt.Printf("%.4g/s in %d steps: %s\n", found.Load, len(found.Trials), found.Reason)
	for _, w := range found.Warnings {
		fmt.Println(w)
	}
	// Output:
	// 300/s in 12 steps: a load of 319.4/s failed: throughput was 93.9 % of the rate sent
	// how much searches differ is not known: that takes 6 repetitions, there are 1 [few-repetitions]
}

// A target takes 10 transactions per second from each client, up to 960.
func ExampleClosedSearch() {
	s, err := saturation.NewClosedSearch(saturation.ClosedConfig{From: 1, To: 1000})
	if err != nil {
		fmt.Println(err)
		return
	}
	for clients, more := s.Next(); more; clients, more = s.Next() {
		s.Observe(saturation.Step{Load: clients, Received: math.Min(10*clients, 960), Success: 1})
	}
	found := s.Result()
	fmt.Printf("%d clients reach 95 %% of %g/s: %s\n", found.Clients, found.Plateau, found.Reason)
	// Output:
	// 92 clients reach 95 % of 960/s: doublings of the clients gained less than 5 %
}

// Throughput that a twentieth of serial work and a little coordination hold back.
func ExampleFitUSL() {
	var points []saturation.Scaling
	for _, n := range []float64{1, 2, 4, 8, 16, 32} {
		points = append(points, saturation.Scaling{Clients: n, Throughput: 40 * n / (1 + 0.05*(n-1) + 0.001*n*(n-1))})
	}
	law, err := saturation.FitUSL(points)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("sigma %.3f, kappa %.4f: highest at %.0f clients, %.0f/s\n", law.Sigma, law.Kappa, law.Peak(), law.At(law.Peak()))
	// Output:
	// sigma 0.050, kappa 0.0010: highest at 31 clients, 362/s
}
