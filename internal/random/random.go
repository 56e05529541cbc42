// Package random derives streams of random numbers from a scenario's seed.
//
// Data flow: a Stream names what the numbers are for; a hash of that name seeds a generator. Streams with different
// names share no numbers, whatever their seeds: neighbouring seeds and repetitions, or arrivals and service times of
// one seed, must not move together. Equal streams repeat.
package random

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
)

// Purpose says what the numbers of a stream are for.
type Purpose string

// The purposes.
const (
	Arrivals     Purpose = "arrivals"      // of an open load
	Runs         Purpose = "runs"          // seeds of repetitions that are runs of their own
	Ledger       Purpose = "ledger"        // seeds of a run's simulated ledgers
	Endorsement  Purpose = "endorsement"   // service times of a simulated ledger
	Ordering     Purpose = "ordering"      // likewise
	Commit       Purpose = "commit"        // likewise
	Failures     Purpose = "failures"      // of a simulated ledger
	Mix          Purpose = "mix"           // order of the workloads of a mix
	CheckedItems Purpose = "checked items" // which of a ledger's ciphertexts are checked
	Values       Purpose = "values"        // arguments of transactions
	Plaintexts   Purpose = "plaintexts"    // that are encrypted to time it
	Resampling   Purpose = "resampling"    // of measured values, for an interval
	Wakeups      Purpose = "wake-ups"      // waits that a timer is tried with
	Links        Purpose = "links"         // losses and jitter of packets between sites
	Events       Purpose = "events"        // done to a network during a level
	Orders       Purpose = "orders"        // of runs, in which a test for change points puts them
)

// Stream names a sequence of random numbers. Fields that a purpose has no use for stay zero.
type Stream struct {
	Seed       uint64 // of the scenario
	Purpose    Purpose
	Series     string
	Level      string // its load, or whatever sets apart what has a stream of its own
	Repetition int    // of the level
	Index      uint64 // of one of many streams
}

// Rand returns the generator of the stream, at its beginning. It is not safe for use by several goroutines.
func (s Stream) Rand() *rand.Rand { return rand.New(s.ChaCha8()) }

// ChaCha8 is Rand for those who read bytes.
func (s Stream) ChaCha8() *rand.ChaCha8 { return rand.NewChaCha8(s.hash()) }

// Seed64 returns one number of the stream, to seed with it what derives streams of its own.
func (s Stream) Seed64() uint64 {
	h := s.hash()
	return binary.BigEndian.Uint64(h[:])
}

// hash returns SHA-256 of the fields. Texts are preceded by their lengths, so that no two streams are written alike.
func (s Stream) hash() [sha256.Size]byte {
	b := make([]byte, 0, 128)
	b = binary.BigEndian.AppendUint64(b, s.Seed)
	for _, text := range []string{string(s.Purpose), s.Series, s.Level} {
		b = append(binary.BigEndian.AppendUint64(b, uint64(len(text))), text...)
	}
	b = binary.BigEndian.AppendUint64(b, uint64(s.Repetition))
	return sha256.Sum256(binary.BigEndian.AppendUint64(b, s.Index))
}
