package stats_test

import (
	"fmt"

	"meterbench/bench/stats"
)

// Six repetitions are the fewest that give an interval for their median.
func ExampleMedianInterval() {
	throughputs := []float64{712, 698, 705, 731, 690, 701}
	i := stats.MedianInterval(throughputs)
	fmt.Printf("%.1f, from %g to %g (%s)\n", stats.Median(throughputs), i.Low, i.High, i.Method)
	fmt.Println(stats.MedianInterval(throughputs[:5]))
	// Output:
	// 703.0, from 690 to 731 (order statistics 1 and 6 of 6, coverage 96.9 %)
	// <nil>
}

// Commits that come in blocks make neighbouring bins depend on each other; means of long batches hardly do.
func ExampleBatchMeans() {
	var perSecond []float64 // a block of 60 every third second
	for second := range 40 {
		perSecond = append(perSecond, float64(second%3/2)*60)
	}
	i := stats.BatchMeans(perSecond, 10)
	fmt.Printf("from %.1f to %.1f (%s)\n", i.Low, i.High, i.Method)
	// Output:
	// from 14.3 to 24.7 (Student's t over 10 batch means)
}

// The interval tells whether encryption costs throughput: 1 is not in it.
func ExampleRatioInterval() {
	encrypted := &stats.Interval{Low: 610, High: 650}
	plain := &stats.Interval{Low: 690, High: 710}
	i := stats.RatioInterval(encrypted, plain)
	fmt.Printf("%.2f, from %.3f to %.3f\n", 630./700, i.Low, i.High)
	// Output:
	// 0.90, from 0.869 to 0.932
}

// A load of 105/s on a target that takes 100/s: the backlog grows by 5 per second.
func ExampleBacklog() {
	b := stats.NewBacklog(0, 10)
	for n := range 1050 {
		b.Add(float64(n)/105, float64(n)/100)
	}
	fmt.Printf("%.1f per second, at %.0f/s\n", b.Slope().PerSecond, b.Rate())
	// Output:
	// 5.0 per second, at 105/s
}
