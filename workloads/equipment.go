package workloads

import (
	"sync"
	"time"

	"meterbench/bench"
	"meterbench/simulators/gateway"
	"meterbench/simulators/meter"
)

// Equipment is what the sensors and the gateway of a workload hold: with it, a Spec and what is on the ledger another process makes the
// same transactions. It has no secret of an authority. The keys by which members of a group encrypt, and those by which a gateway
// evaluates, are in it and are nobody else's.
type Equipment struct {
	Sensors meter.SensorsConfig
	Gateway *gateway.Config // of bills
}

// An Equipped is a Workload whose keys are made when it is: another one of the same Spec has others.
type Equipped interface {
	Workload
	// Equipment returns what another process needs to make its transactions.
	Equipment() Equipment
}

var (
	_ Equipped = (*Readings)(nil)
	_ Equipped = (*Bills)(nil)
)

// Equipment implements Equipped.
func (r *Readings) Equipment() Equipment { return Equipment{Sensors: r.equipment} }

// Equipment implements Equipped.
func (b *Bills) Equipment() Equipment {
	return Equipment{Sensors: b.readings.equipment, Gateway: &b.serves}
}

// A Duty is what one of several processes makes of a load. The zero value is all of it.
type Duty struct {
	Share bench.Share
	// Levels are how many transactions each load level is planned to send, one level after the other from the first transaction on, where
	// ciphertexts are made for all of them before the load.
	Levels []int
	None   bool // it sets up and checks, and makes no load
}

// sends reports whether the process is planned to send the transaction at a position.
func (d Duty) sends(at int) bool {
	for _, n := range d.Levels {
		if at < n {
			break
		}
		at -= n
	}
	return d.has(at)
}

// has reports whether something with a number belongs to the process, as a meter whose key one process only may change.
func (d Duty) has(number int) bool { return d.Share.Of < 2 || number%d.Share.Of == d.Share.Rank }

// late are ciphertexts that are made when a transaction needs them: those that another process made before the load, as after that is
// lost, or as loads take others' when they run out.
type late struct {
	mu   sync.Mutex
	made map[uint64]func() ([]byte, error)
}

// get returns the ciphertext at a position, made once, and how long the caller waited for it.
func (l *late) get(at uint64, encrypt func() ([]byte, error)) ([]byte, time.Duration, error) {
	l.mu.Lock()
	once, known := l.made[at]
	if !known {
		if l.made == nil {
			l.made = map[uint64]func() ([]byte, error){}
		}
		once = sync.OnceValues(encrypt)
		l.made[at] = once
	}
	l.mu.Unlock()
	start := time.Now()
	ciphertext, err := once()
	return ciphertext, time.Since(start), err
}
