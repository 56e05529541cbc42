package reference

import (
	"errors"

	"meterbench/bench/result"
)

// NodeName is the name of the one node that a simulated ledger is.
const NodeName = "peer0.reference"

var (
	errDown = errors.New("endorse: the simulated ledger was killed")
	errDead = errors.New("the simulated ledger is killed already")
	errUp   = errors.New("the simulated ledger was not killed")
)

// Nodes returns the node by which events name the ledger.
func (*Config) Nodes() []result.Process {
	return []result.Process{{Role: result.RolePeer, Name: NodeName}}
}

// EventKinds returns the events that can be done to a simulated ledger.
func (*Config) EventKinds() []result.EventKind {
	return []result.EventKind{result.EventKill, result.EventRestart}
}

// Kill has the ledger turn away what arrives from now on, as EndorseUnreachable and at once. What it has taken goes on.
func (l *Ledger) Kill() error { return l.turn(true, errDead) }

// Restart has the ledger take again what arrives.
func (l *Ledger) Restart() error { return l.turn(false, errUp) }

func (l *Ledger) turn(down bool, already error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.model.down == down {
		return already
	}
	l.model.down = down
	return nil
}
