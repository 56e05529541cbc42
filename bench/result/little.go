package result

// Little is a check of a point by Little's law (Little, A Proof for the Queuing Formula L = λW, Operations Research 9,
// 1961): the clients of a closed load are the throughput times their cycle, N = X (R + think), and the transactions
// under way of an open one the throughput times their latency, L = X R. R is the mean over all transactions intended
// in the window, whatever became of them, until the end or the wait of their client; X counts all that ended in the
// window. Times are in seconds.
type Little struct {
	Cycle     float64 `json:"cycle_s"`   // R + think, of an open load R
	Law       float64 `json:"law_s"`     // the same by the law: N / X, of an open load L / X
	Deviation float64 `json:"deviation"` // Law / Cycle - 1
	// Judged says that the load is closed and the window steady and long enough: a Deviation of more than LittleLimit
	// either way makes the point invalid. In a shorter window the law's own end effects may be as large.
	Judged bool `json:"judged"`
}

// LittleLimit is the Deviation from which on a judged point is invalid.
const LittleLimit = 0.05
