package topology

import (
	"math"
	"slices"
	"time"
)

const (
	// earthRadius is the mean radius of the earth in metres (IUGG, R1 of GRS 80).
	earthRadius = 6_371_008.8
	// lightInFibre is in metres per second: the speed of light in vacuum over the group index of standard single-mode
	// fibre at 1550 nm (ITU-T G.652).
	lightInFibre = 299_792_458 / 1.468
	// stretch is by how much round trips on the Internet exceed those by fibre along the great circle: the rule of
	// thumb of I. N. Bozkurt et al., Dissecting Latency in the Internet's Fiber Infrastructure, arXiv:1811.10737, 2018.
	stretch = 2.1
)

// Matrix returns what lies between every two of AllSites, by their indexes, with the distance applied: round trips and
// jitter are multiplied with it. At distance 0 nothing lies between any two.
func (t Topology) Matrix() [][]Link {
	sites := t.AllSites()
	matrix := make([][]Link, len(sites))
	for i, a := range sites {
		matrix[i] = make([]Link, len(sites))
		for j, b := range sites {
			var l Link
			if t.Distance > 0 && i != j {
				l = t.link(a.Name, b.Name)
				if l.RoundTrip == 0 {
					l.RoundTrip = roundTrip(a, b)
				}
				l.RoundTrip = time.Duration(t.Distance * float64(l.RoundTrip))
				l.Jitter = time.Duration(t.Distance * float64(l.Jitter))
			}
			l.Between = [2]string{a.Name, b.Name}
			matrix[i][j] = l
		}
	}
	return matrix
}

// Between returns what lies between two sites, with the distance applied.
func (t Topology) Between(a, b string) Link {
	sites := siteNames(t.AllSites())
	i, j := slices.Index(sites, a), slices.Index(sites, b)
	if i < 0 || j < 0 {
		return Link{}
	}
	return t.Matrix()[i][j]
}

// Apart reports whether something lies between any two sites.
func (t Topology) Apart() bool {
	for _, row := range t.Matrix() {
		for _, l := range row {
			if l.RoundTrip > 0 || l.Jitter > 0 || l.Loss > 0 || l.Bandwidth > 0 {
				return true
			}
		}
	}
	return false
}

// roundTrip returns the round trip between two sites with coordinates: there and back by fibre along the great circle,
// times stretch. It is 0 where one has none.
func roundTrip(a, b Site) time.Duration {
	if a.Latitude == nil || b.Latitude == nil {
		return 0
	}
	metres := GreatCircle(*a.Latitude, *a.Longitude, *b.Latitude, *b.Longitude)
	return time.Duration(2 * metres / lightInFibre * stretch * float64(time.Second)).Round(time.Microsecond)
}

// GreatCircle returns the distance in metres between two places in degrees on a sphere, by the haversine formula (R. W.
// Sinnott, Virtues of the Haversine, Sky and Telescope 68(2), 1984).
func GreatCircle(latitude1, longitude1, latitude2, longitude2 float64) float64 {
	const degree = math.Pi / 180
	haversine := func(angle float64) float64 { return math.Pow(math.Sin(angle/2), 2) }
	h := haversine((latitude2-latitude1)*degree) +
		math.Cos(latitude1*degree)*math.Cos(latitude2*degree)*haversine((longitude2-longitude1)*degree)
	return 2 * earthRadius * math.Asin(math.Sqrt(min(1, h)))
}
