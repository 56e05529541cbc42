package network

import (
	"fmt"
	"strings"

	"meterbench/bench/topology"
	"meterbench/network/fabric"
	"meterbench/network/fabric/daemons"
)

// Releases returns the releases of Fabric that a topology may name, newest first.
func Releases() (all []topology.Release) {
	for _, r := range daemons.Releases() {
		all = append(all, topology.Release{Name: r.Name, Consensus: fabric.ConsensusOf(r.Name)})
	}
	return all
}

// Release returns the release of the network's daemons as a topology names it.
func (r *Record) Release() string { return strings.TrimPrefix(r.Fabric, "v") }

// ReleaseNote says what is uncertain about daemons of a version that is of no line which is known; it is empty for others.
func ReleaseNote(version string) string {
	line, known := fabric.LineOf(version)
	if known {
		return ""
	}
	return fmt.Sprintf("Fabric %s is of no line of releases that is known here: it is set up, and its logs and metrics are read, as those of %s, "+
		"and what they do not say is missing", strings.TrimPrefix(version, "v"), line.Name)
}

// CheckRelease makes sure that daemons of a version are those that a topology asks for, and have its consensus.
func CheckRelease(t topology.Topology, version string) error {
	if release := strings.TrimPrefix(version, "v"); t.Fabric != "" && t.Fabric != release {
		return fmt.Errorf("topology %s asks for Fabric %s, but the daemons are of release %s; leave fabric out, or give daemons of %s",
			t.Name, t.Fabric, release, t.Fabric)
	}
	if _, err := fabric.DialectOf(t.Orderers, version); err != nil {
		return fmt.Errorf("topology %s: %w", t.Name, err)
	}
	return nil
}
