package lab

import (
	"fmt"
	"slices"

	"meterbench/bench/topology"
	"meterbench/internal/strictyaml"
	"meterbench/network/chaincode"
)

// minAbsolute is more bytes than any transaction has. A list of the set-up has up to 768 KiB, and a
// transaction holds what it writes beside its arguments.
const minAbsolute = 2 << 20

// checkChannels makes sure that there is something to measure, and that what is measured at once is
// alike: a point has one set of conditions.
func checkChannels(name string, t topology.Topology) error {
	first := t.Channels[0]
	if len(first.Chaincodes) == 0 {
		return InputErrorf("topology %s: its first channel, %s, has no contract to measure; give it chaincodes: [{name: %s}]",
			name, first.Name, chaincode.Contracts()[0].Name)
	}
	if first.Batch.AbsoluteBytes < minAbsolute {
		return InputErrorf("topology %s: channel %s: absolute_bytes must be at least %d MiB, which setting meters up may take in one transaction, got %d bytes",
			name, first.Name, minAbsolute>>20, first.Batch.AbsoluteBytes)
	}
	for _, c := range t.Channels[1:] {
		if len(c.Chaincodes) > 0 && (c.Batch != first.Batch || !slices.EqualFunc(c.Chaincodes, first.Chaincodes, alike)) {
			return InputErrorf("topology %s: channels %s and %s differ in batch, contracts or endorsement, but meters are spread over "+
				"all channels that have a contract; make them alike, or take the contracts from one of them", name, first.Name, c.Name)
		}
	}
	return nil
}

// alike reports whether two chaincodes take transactions alike.
func alike(a, b topology.Chaincode) bool { return a.Name == b.Name && a.Endorsement == b.Endorsement }

// measured returns over how many channels the meters are spread: those that have a contract.
func measured(t topology.Topology) (n int) {
	for _, c := range t.Channels {
		if len(c.Chaincodes) > 0 {
			n++
		}
	}
	return n
}

// CheckContracts makes sure that a topology asks only for contracts that this program serves.
func CheckContracts(t topology.Topology) error {
	known := chaincode.Contracts().Names()
	for _, channel := range t.Channels {
		for _, cc := range channel.Chaincodes {
			if !slices.Contains(known, cc.Name) {
				return InputErrorf("topology %s: channel %s: there is no contract %q; %s", t.Name, channel.Name, cc.Name, strictyaml.Hint(cc.Name, known))
			}
		}
	}
	return nil
}

// checkContract makes sure that the contract of a workload is on the channels of a topology.
func checkContract(t topology.Topology, contract string) error {
	for _, channel := range t.Channels {
		if len(channel.Chaincodes) > 0 && !slices.ContainsFunc(channel.Chaincodes, func(cc topology.Chaincode) bool { return cc.Name == contract }) {
			return fmt.Errorf("its contract %s is not on channel %s of topology %s", contract, channel.Name, t.Name)
		}
	}
	return nil
}
