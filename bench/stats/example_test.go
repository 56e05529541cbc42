package stats_test

import (
	"fmt"

	"meterbench/bench/stats"
)

// Five values have no interval of their median at 95 %, six have one: from the smallest
// to the largest.
func ExampleMedianInterval() {
	throughputs := []float64{812, 798, 805, 790, 816}
	fmt.Println(stats.MedianInterval(throughputs) == nil)
	i := stats.MedianInterval(append(throughputs, 801))
	fmt.Printf("%.0f to %.0f, n = %d: %s\n", i.Low, i.High, i.N, i.Method)
	// Output:
	// true
	// 790 to 816, n = 6: order statistics 1 and 6 of 6, coverage 96.9 %
}

// Commits come in blocks: neighbouring rates depend on each other, means of batches
// hardly do.
func ExampleBatchMeans() {
	var rates []float64 // per tenth of a second: a block of 50 in every fifth
	for i := range 100 {
		rates = append(rates, []float64{500, 0, 0, 0, 0}[i%5])
	}
	rates[0], rates[99] = 400, 100
	i := stats.BatchMeans(rates, 10)
	fmt.Printf("%.1f to %.1f, n = %d: %s\n", i.Low, i.High, i.N, i.Method)
	// Output: 96.6 to 103.4, n = 10: Student's t over 10 batch means
}
