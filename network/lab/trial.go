package lab

import (
	"context"
	"path/filepath"

	"meterbench/bench/result"
	"meterbench/bench/study"
	"meterbench/network/fabric/daemons"
)

// A Trial carries out an attack on live systems of its own.
type Trial struct {
	Attack result.Attack
	Step   string // what it does, in words
	// Try returns what was tried also along with an error.
	Try func(context.Context, TrialConfig) (*result.Integrity, error)
}

// TrialConfig says where and how a trial runs.
type TrialConfig struct {
	Dir      string // of the run: nodes' logs go below it
	Seed     uint64
	Binaries daemons.Binaries
	CA       func() (server string, err error) // returns the program of fabric-ca, built if need be
	Working  func(string)                      // shows what is being done
}

// logs is the folder of the nodes' logs.
func (c TrialConfig) logs() string { return filepath.Join(c.Dir, study.LogsFolder, "integrity") }

// trials returns the table of all trials.
func trials() []Trial {
	return []Trial{
		{result.AttackReadings, "try to forge readings and bills", tryReadings},
		{result.AttackKeys, "try to forge keys of meters, and do without a part of each system", tryKeys},
	}
}

// FindTrial returns the trial of an attack. It is false for none.
func FindTrial(attack result.Attack) (Trial, bool) {
	for _, t := range trials() {
		if t.Attack == attack {
			return t, true
		}
	}
	return Trial{}, false
}
