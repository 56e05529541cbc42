package network

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/network/fabric"
)

// recordFile lies in the run folder of a network that is ready.
const recordFile = "network.json"

// Record describes a running network. It lies in the run folder as network.json, so that other
// processes find the nodes.
type Record struct {
	Topology topology.Topology `json:"topology"`
	Fabric   string            `json:"fabric"`  // release of the daemons, for example v3.1.1
	Dir      string            `json:"dir"`     // run folder, absolute
	Logs     string            `json:"logs"`    // folder of the nodes' logs, absolute
	Profile  string            `json:"profile"` // connection profile of the first organisation
	Started  time.Time         `json:"started"` // when it became ready
	Held     bool              `json:"held"`    // for other tools, which may end it
	Holder   int               `json:"holder"`  // pid of the process whose children the nodes are
	Nodes    []Node            `json:"nodes"`   // peers, orderers, chaincodes
	Channels []Channel         `json:"channels"`
}

// Node is one process of a network.
type Node struct {
	Name         string      `json:"name"` // peer0.ptb, orderer0, chaincode.peer0.ptb
	Role         result.Role `json:"kind"`
	Organisation string      `json:"organisation"`
	PID          int         `json:"pid"`
	Address      string      `json:"address"`              // host:port where it serves
	Operations   string      `json:"operations,omitempty"` // host:port of its metrics, over mutual TLS
	Log          string      `json:"log"`                  // path
}

// A Channel is a channel with its members written out.
type Channel struct {
	Name       string      `json:"name"`
	Members    []string    `json:"members"` // organisations
	Peers      []string    `json:"peers"`   // names of the peers that have joined, in the order of the members
	Chaincodes []Chaincode `json:"chaincodes"`
}

// A Chaincode is a contract on a channel with its operator written out.
type Chaincode struct {
	Name     string `json:"name"`
	Operator string `json:"operator"` // organisation
}

// fill records a network whose nodes are recorded.
func (r *Record) fill(p *plan, cfg Config) {
	r.Topology, r.Fabric, r.Started, r.Holder, r.Held = p.topology, cfg.Binaries.Version, time.Now(), os.Getpid(), cfg.Held
	for _, c := range p.channels {
		channel := Channel{Name: c.Name, Members: c.Members}
		for _, member := range c.Members {
			for _, peer := range c.of(member) {
				channel.Peers = append(channel.Peers, peer.Name)
			}
		}
		for _, contract := range c.contracts {
			channel.Chaincodes = append(channel.Chaincodes, Chaincode{contract.Name, contract.Operator})
		}
		r.Channels = append(r.Channels, channel)
	}
}

// write stores the record in the run folder in one step. The file that it returns is locked: as
// long as it is open, the network has a holder.
func (r *Record) write() (*os.File, error) {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", recordFile, err)
	}
	path := filepath.Join(r.Dir, recordFile)
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", recordFile, err)
	}
	_, err = f.Write(data)
	if err == nil {
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	}
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("write %s: %w", recordFile, err), f.Close())
	}
	return f, nil
}

// dialect returns how the network's daemons are set and what they report.
func (r *Record) dialect() (fabric.Dialect, error) {
	return fabric.DialectOf(r.Topology.Orderers, r.Fabric)
}

// node returns the node of that name; the record names only nodes that it has.
func (r *Record) node(name string) Node {
	for _, n := range r.Nodes {
		if n.Name == name {
			return n
		}
	}
	return Node{}
}

// channel returns the channel of that name.
func (r *Record) channel(name string) (Channel, error) {
	for _, c := range r.Channels {
		if c.Name == name {
			return c, nil
		}
	}
	return Channel{}, fmt.Errorf("network %s has no channel %s", r.Topology.Name, name)
}
