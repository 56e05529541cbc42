package stats

// RateInterval returns an interval for the mean of a rate of things that come in
// blocks: that of BatchMeans, but never narrower than the mean give or take
// block, which is by how much one block more or less changes the mean. Blocks
// that come evenly fall alike into every batch and leave their means no spread,
// and yet when the window begins and ends decides about one of them (the ±1 count
// of electronic counters: Hewlett-Packard, Fundamentals of the Electronic
// Counters, Application Note 200).
//
// The mean is that of all rates, those that BatchMeans leaves out included. The
// interval is nil where that of BatchMeans is.
func RateInterval(rates []float64, batches int, block float64) *Interval {
	i := BatchMeans(rates, batches)
	if i == nil {
		return nil
	}
	mean := Mean(rates)
	if low, high := mean-block, mean+block; low < i.Low || high > i.High {
		i.Low, i.High = min(i.Low, low), max(i.High, high)
		i.Method += ", at least one block more or less"
	}
	return i
}
