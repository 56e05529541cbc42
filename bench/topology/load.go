package topology

import (
	"embed"
	"time"

	"meterbench/internal/strictyaml"
)

//go:embed library/*.yaml
var files embed.FS

// library returns the shipped topologies.
func library() strictyaml.Library {
	return strictyaml.Library{Kind: "topology", Files: files, Dir: "library"}
}

// Names returns the names of the shipped topologies, sorted.
func Names() []string { return library().Names() }

// Load reads a shipped topology by name, or a file. The error is a
// *strictyaml.Error.
func Load(nameOrPath string) (Topology, error) {
	src, file, _, err := library().Read(nameOrPath)
	if err != nil {
		return Topology{}, err
	}
	return Parse(file, src)
}

// Parse reads a topology from the text of a file, whose name is for errors only. What the text leaves out
// gets Fabric's own defaults, one peer per organisation, one raft orderer, all organisations as a
// channel's members, the first of them as a chaincode's operator, and the endorsement of the majority.
// The error is a *strictyaml.Error.
func Parse(file string, src []byte) (Topology, error) {
	doc, err := strictyaml.Parse(file, src)
	if err != nil {
		return Topology{}, err
	}
	t := Topology{
		Orderers: Orderers{Consensus: Raft, Count: 1},
		Limits:   Limits{Gateway: 500, Endorser: 2500, Deliver: 2500}, // sampleconfig/core.yaml
	}
	if err := doc.Decode(&t); err != nil {
		return Topology{}, err
	}
	if p := t.check(); p != nil {
		return Topology{}, doc.Locate(p)
	}
	for i := range t.Channels {
		c := &t.Channels[i]
		c.Members = t.members(*c)
		for j := range c.Chaincodes {
			if cc := &c.Chaincodes[j]; cc.Operator == "" {
				cc.Operator = c.Members[0]
			}
		}
	}
	return t, nil
}

// UnmarshalNode reads an organisation: its peers default to one.
func (o *Organisation) UnmarshalNode(n *strictyaml.Node) error {
	type plain Organisation
	v := plain{Peers: 1}
	err := n.Decode(&v)
	*o = Organisation(v)
	return err
}

// UnmarshalNode reads a channel: its batch settings default to those of Fabric's
// sampleconfig/configtx.yaml.
func (c *Channel) UnmarshalNode(n *strictyaml.Node) error {
	type plain Channel
	v := plain{Batch: Batch{Timeout: 2 * time.Second, Messages: 500, PreferredBytes: 2 << 20, AbsoluteBytes: 10 << 20}}
	err := n.Decode(&v)
	*c = Channel(v)
	return err
}

// UnmarshalNode reads a chaincode: a majority endorses by default.
func (c *Chaincode) UnmarshalNode(n *strictyaml.Node) error {
	type plain Chaincode
	v := plain{Endorsement: Majority}
	err := n.Decode(&v)
	*c = Chaincode(v)
	return err
}
