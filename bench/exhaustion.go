package bench

import (
	"errors"
	"sync"
	"time"
)

// An ExhaustedError is returned by a Workload that has no further transaction. It ends a closed load, whose clients would ask
// again at once; of an open one it fails the transaction.
type ExhaustedError struct {
	What   string // a sentence without its full stop
	Remedy string // likewise
}

func (e *ExhaustedError) Error() string { return e.What + "; " + e.Remedy }

// An exhaustion is the end of a closed load by its workload.
type exhaustion struct {
	once sync.Once
	over chan struct{} // closed once the workload is exhausted
	why  *ExhaustedError
	at   time.Duration // when the first transaction that it did not have was intended
}

// noticed reports whether an error of the workload ends the load, and has it end.
func (e *exhaustion) noticed(p Plan, intended time.Duration, err error) bool {
	why, is := errors.AsType[*ExhaustedError](err)
	if !is || p.Arrivals != nil {
		return false
	}
	e.once.Do(func() {
		e.why, e.at = why, intended
		close(e.over)
	})
	return true
}

// is reports whether the workload is exhausted.
func (e *exhaustion) is() bool {
	select {
	case <-e.over:
		return true
	default:
		return false
	}
}

// cut returns for how long a load that has ended was held, and why no longer. The run-out may exhaust the workload.
func (e *exhaustion) cut(p Plan, held time.Duration) (time.Duration, *ExhaustedError) {
	if !e.is() || e.at >= p.end() {
		return held, nil
	}
	return min(held, max(0, e.at-p.Start)), e.why
}
