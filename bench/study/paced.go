package study

import (
	"crypto/ecdsa"
	"crypto/rand"
	"time"

	"golang.org/x/sys/unix"

	"meterbench/internal/thread"
)

// paceEvery is the time between signatures while a level runs: with them some 0.2 % of a core goes into knowing its pace.
const paceEvery = 50 * time.Millisecond

// paces are the CPU times of single P-256 signatures while a level ran, with the instants at which they were made.
type paces struct {
	at  []time.Time
	cpu []time.Duration
}

// mean returns the mean of the CPU times between two instants in seconds, 0 where there are none.
func (p paces) mean(from, to time.Time) float64 {
	var sum time.Duration
	n := 0
	for i, at := range p.at {
		if !at.Before(from) && at.Before(to) {
			sum, n = sum+p.cpu[i], n+1
		}
	}
	if n == 0 {
		return 0
	}
	return sum.Seconds() / float64(n)
}

// timePaces times a signature again and again by the clock of a thread of its own, which stands still while others are run in
// its place. What else is on the machine slows it even so, as it does the nodes: by the caches, by the other thread of a core,
// by the clock rate, and on a virtual machine by its neighbours. The signature before each one that is timed fills the caches.
func timePaces() (stop func() paces) {
	quit, done := make(chan struct{}), make(chan paces)
	thread.Go(func() {
		var p paces
		defer func() { done <- p }()
		key, digest, err := signer()
		if err != nil {
			<-quit
			return
		}
		tick := time.NewTicker(paceEvery)
		defer tick.Stop()
		for {
			select {
			case <-quit:
				return
			case at := <-tick.C:
				if cpu, ok := timeSignature(key, digest); ok {
					p.at, p.cpu = append(p.at, at), append(p.cpu, cpu)
				}
			}
		}
	})
	return func() paces {
		close(quit)
		return <-done
	}
}

// timeSignature returns the CPU time of this thread for one signature right after another.
func timeSignature(key *ecdsa.PrivateKey, digest []byte) (time.Duration, bool) {
	var times [3]time.Duration
	for i := range times {
		var now unix.Timespec
		if unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &now) != nil {
			return 0, false
		}
		times[i] = time.Duration(now.Nano())
		if i == len(times)-1 {
			break
		}
		if _, err := ecdsa.SignASN1(rand.Reader, key, digest); err != nil {
			return 0, false
		}
	}
	return times[2] - times[1], true
}
