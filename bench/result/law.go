package result

import "math"

// LawName names a scalability law.
type LawName string

// The laws.
const (
	Universal LawName = "Universal Scalability Law"
	Amdahl    LawName = "Amdahl's law" // Kappa is 0: the data do not show a cost of coherency
)

// USL is the Universal Scalability Law: the throughput X of N clients is
//
//	X(N) = Lambda N / (1 + Sigma (N-1) + Kappa N (N-1))
//
// (Gunther, Guerrilla Capacity Planning, 2007, chapter 4, scaled by the throughput of one client). Intervals are those
// at 95 %, nil where the points fit without a rest, and in runs of older versions.
type USL struct {
	Law    LawName `json:"law,omitempty"` // empty in runs of older versions, which is Universal
	Lambda float64 `json:"lambda"`        // throughput of one client, per second
	Sigma  float64 `json:"sigma"`         // contention: the share of the work that is serial
	Kappa  float64 `json:"kappa"`         // coherency: the cost of keeping every two in agreement

	LambdaInterval *Bounds `json:"lambda_interval,omitempty"`
	SigmaInterval  *Bounds `json:"sigma_interval,omitempty"`
	KappaInterval  *Bounds `json:"kappa_interval,omitempty"` // nil of Amdahl's law
	PeakInterval   *Bounds `json:"peak_interval,omitempty"`  // of Peak, in clients; nil of Amdahl's law

	// Residuals are the points that the law was fitted to, by ascending number of clients.
	Residuals []Residual `json:"residuals,omitempty"`
}

// Bounds are those of a 95 % interval.
type Bounds struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// Residual is a point that a law was fitted to. Throughputs are per second.
type Residual struct {
	Clients  float64 `json:"clients"`
	Measured float64 `json:"measured_per_s"`
	Fitted   float64 `json:"fitted_per_s"`
}

// Share returns how much more was measured than the law says, as a share of that.
func (r Residual) Share() float64 { return r.Measured/r.Fitted - 1 }

// At returns the throughput of n clients.
func (u USL) At(n float64) float64 {
	return u.Lambda * n / (1 + u.Sigma*(n-1) + u.Kappa*n*(n-1))
}

// Peak returns the number of clients of the highest throughput, √((1-Sigma)/Kappa), which is +Inf where Kappa is 0.
func (u USL) Peak() float64 { return math.Sqrt(max(0, 1-u.Sigma) / u.Kappa) }
