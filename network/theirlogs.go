package network

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/internal/regular"
	"meterbench/network/client"
	"meterbench/network/fabric"
)

// openLogs finds the ends of the log files that are given: what was logged before is not read.
func (a *Attached) openLogs() error {
	if len(a.Logs) == 0 {
		return nil
	}
	var nodes []Node
	a.ends = map[string]int64{}
	for _, name := range slices.Sorted(maps.Keys(a.Logs)) {
		f, err := regular.Open(a.Logs[name], math.MaxInt64)
		if err != nil {
			return &AttachError{Part: AttachLog, Name: name, Reason: fmt.Sprintf("the log of %s cannot be read: %v", name, err)}
		}
		a.ends[name] = f.Size()
		f.Close() // only its size was asked for
		nodes = append(nodes, Node{Name: name, Role: result.RolePeer, Log: a.Logs[name]})
	}
	dialect, _ := fabric.DialectOf(a.Agreed.Orderers, a.Fabric) // of a consensus that is not known, peers report all the same
	a.log = newBlockLog(nodes, a.ends, dialect.Log())
	return nil
}

// Observes reports whether the log of the peer at which commits are seen is read.
func (a *Attached) Observes() bool { return a.Logs[a.Gateways[0].Name] != "" }

// NewCuts returns what the logs of orderers tell of the blocks that are cut from Attach on, of which nothing is read yet; nil where
// none is read.
func (a *Attached) NewCuts() *Cuts {
	if !a.Cuts() {
		return nil
	}
	dialect, _ := fabric.DialectOf(a.Agreed.Orderers, a.Fabric) // as in openLogs
	c := &Cuts{batches: map[string]topology.Batch{a.Channel: a.Agreed.Batch}}
	for _, name := range slices.Sorted(maps.Keys(a.Logs)) {
		if !slices.ContainsFunc(a.Gateways, func(g client.Gateway) bool { return g.Name == name }) {
			log := newNodeLog(Node{Name: name, Role: result.RoleOrderer, Log: a.Logs[name]}, a.ends[name], dialect.Log())
			c.logs = append(c.logs, &cutLog{log, map[string]uint64{}, map[blockKey]cut{}})
		}
	}
	return c
}

// Cuts reports whether the log of another node is read than of those that take transactions: an orderer's.
func (a *Attached) Cuts() bool {
	for name := range a.Logs {
		if !slices.ContainsFunc(a.Gateways, func(g client.Gateway) bool { return g.Name == name }) {
			return true
		}
	}
	return false
}

// Told reports whether the logs have told of the blocks committed since Attach, now that the next one is number height:
// whether that of the observing peer has, and whether an orderer's has said when they were cut. With no block since, or no
// log of that peer, nothing is known.
func (a *Attached) Told(height uint64) (committed, cut bool) {
	blocks, _ := a.Blocks(time.Time{}, height) // a log that cannot be read tells nothing
	return len(blocks) > 0, slices.ContainsFunc(blocks, func(b result.Block) bool { return !b.Cut.IsZero() })
}

// Blocks returns the blocks that the observing peer has committed since an instant, as Network.Blocks does; none where that
// peer's log is not read.
func (a *Attached) Blocks(since time.Time, height uint64) ([]result.Block, error) {
	if !a.Observes() {
		return nil, nil
	}
	of := a.logged()
	err := a.log.await(of, height)
	return a.log.since(of, a.Agreed.Batch, since), err
}

// NewBlocks returns the blocks of which the log of the observing peer has told by now, as Network.NewBlocks does; none where
// that log is not read.
func (a *Attached) NewBlocks(from, height uint64) []result.Block {
	if !a.Observes() {
		return nil
	}
	return a.log.within(a.logged(), a.Agreed.Batch, from, height)
}

// logged returns the channel with the peers whose logs are read, the observing one first.
func (a *Attached) logged() Channel {
	of := Channel{Name: a.Channel, Peers: []string{a.Gateways[0].Name}}
	for _, g := range a.Gateways[1:] {
		if a.Logs[g.Name] != "" {
			of.Peers = append(of.Peers, g.Name)
		}
	}
	return of
}
