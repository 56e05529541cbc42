package study

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"time"

	"meterbench/bench/result"
	"meterbench/bench/stats"
	"meterbench/internal/heartbeat"
)

// A processor is the machine's, as a study describes and times it.
type processor struct {
	describe func() (result.Host, error)
	// pace times one P-256 signature, in seconds. A session does so before every level and at its end, never while a
	// level is running.
	pace func() (float64, error)
	// halts notices when this process does not run, until stop is called.
	halts func() (stop func() []heartbeat.Gap)
	// paced times signatures while a level is running, until stop is called.
	paced func() (stop func() paces)
}

// A reading of the yardstick is the median of so many bursts of so many signatures: one burst takes some 3 ms, in which
// it is alone on its core or not, and the pauses put others' time slices between them.
const (
	bursts      = 5
	burstRounds = 100
	burstPause  = 20 * time.Millisecond
)

// pace takes a reading of the yardstick.
func pace() (float64, error) {
	key, digest, err := signer()
	if err != nil {
		return 0, err
	}
	medians, times := make([]float64, bursts), make([]float64, burstRounds)
	for i := range medians {
		if i > 0 {
			time.Sleep(burstPause)
		}
		for j := range times {
			start := time.Now()
			if _, err := ecdsa.SignASN1(rand.Reader, key, digest); err != nil {
				return 0, fmt.Errorf("time a signature: %w", err)
			}
			times[j] = time.Since(start).Seconds()
		}
		medians[i] = stats.Median(times)
	}
	return stats.Median(medians), nil
}

// signer returns a key and what to sign.
func signer() (key *ecdsa.PrivateKey, digest []byte, err error) {
	if key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return nil, nil, fmt.Errorf("time a signature: %w", err)
	}
	sum := sha256.Sum256([]byte("meterbench calibration"))
	return key, sum[:], nil
}

// yardstickOf returns the value of readings, their median, which a reading on a moment's full machine hardly moves,
// with the interval of a median by order statistics. Readings lie as far apart as levels do.
func yardstickOf(readings []float64) *result.Yardstick {
	if len(readings) == 0 {
		return nil
	}
	y := &result.Yardstick{Value: stats.Median(readings), N: len(readings)}
	if i := stats.MedianInterval(readings); i != nil {
		y.Low, y.High = i.Low, i.High
	}
	return y
}

// read takes a reading for the session.
func (s *session) read() error {
	reading, err := s.processor.pace()
	if err != nil {
		return err
	}
	s.readings = append(s.readings, reading)
	s.pace = append(s.pace, reading)
	return nil
}

// applyYardstick gives all points of the session its yardstick, and the run that of all sessions. first is the session's first
// point.
func (s *session) applyYardstick(first int) {
	y := yardstickOf(s.pace)
	if y == nil {
		return
	}
	for i := first; i < len(s.summary.Points); i++ {
		p := &s.summary.Points[i]
		p.Sign, p.ClientCPUInSignatures = y.Value, p.ClientCPU/y.Value
		if y.High > 0 {
			p.Intervals["p256_sign_s"] = stats.Interval{Low: y.Low, High: y.High, N: y.N, Method: "order statistics of readings over the session"}
		}
	}
	if n := len(s.manifest.Sessions); n > 0 {
		s.manifest.Sessions[n-1].Yardstick = y
	}
	run := yardstickOf(s.readings)
	s.manifest.Host.Yardstick, s.manifest.Host.Sign = run, run.Value
}
