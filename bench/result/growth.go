package result

// Gain is by how much a doubling of the clients raises throughput, as a share of the plateau, over the levels from the
// knee on. Low and High are its 95 % interval, both PerDoubling where nothing is known of the noise.
type Gain struct {
	PerDoubling float64 `json:"per_doubling"`
	Low         float64 `json:"low"`
	High        float64 `json:"high"`
}

// FlatGain is the gain per doubling below which throughput counts as flat.
const FlatGain = 0.05

// Growth says whether throughput grows beyond the knee.
type Growth string

// The answers.
const (
	Flat       Growth = "flat"       // the gain is under FlatGain
	Growing    Growth = "growing"    // it is FlatGain or more
	Undecided  Growth = "undecided"  // FlatGain lies within its interval
	Unmeasured Growth = "unmeasured" // the levels beyond the knee are not two doublings, or there is no knee
)

// Growth decides by the interval. It is Unmeasured of a gain that is nil.
func (g *Gain) Growth() Growth {
	switch {
	case g == nil:
		return Unmeasured
	case g.High < FlatGain:
		return Flat
	case g.Low >= FlatGain:
		return Growing
	}
	return Undecided
}
