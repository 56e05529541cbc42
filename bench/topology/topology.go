// Package topology describes a Fabric network as plain data: organisations, peers, orderers, channels,
// policies, batch settings and limits. Topologies are read from strict YAML; the shipped ones are embedded.
package topology

import (
	"embed"
	"fmt"
	"slices"
	"strings"
	"time"

	"meterbench/internal/strictyaml"
)

// A Topology is a whole network.
type Topology struct {
	Name          string         `yaml:"name" json:"name"`
	Description   string         `yaml:"description" json:"description"`
	Fabric        string         `yaml:"fabric" json:"fabric,omitempty"`     // release of the daemons, for example 2.5.9; empty: the program's choice
	Sites         []Site         `yaml:"sites" json:"sites,omitempty"`       // none: every organisation is at a site of its own name, all at distance 0
	Links         []Link         `yaml:"links" json:"links,omitempty"`       // in place of what follows from the coordinates of the sites
	Distance      float64        `yaml:"distance" json:"distance,omitempty"` // factor on all round trips; 0: nothing lies between the sites
	Organisations []Organisation `yaml:"organisations" json:"organisations"`
	Orderers      Orderers       `yaml:"orderers" json:"orderers"`
	Channels      []Channel      `yaml:"channels" json:"channels"`
	Limits        Limits         `yaml:"limits" json:"limits"`
	Caps          Caps           `yaml:"caps" json:"caps,omitzero"`

	Record string `json:"-"` // path of the record of a network from which it was read, in place of a file of the user's
}

// With returns the channels that have one of the contracts, by their names.
func (t Topology) With(contracts ...string) []Channel {
	return slices.DeleteFunc(slices.Clone(t.Channels), func(c Channel) bool {
		return !slices.ContainsFunc(c.Chaincodes, func(cc Chaincode) bool { return slices.Contains(contracts, cc.Name) })
	})
}

// An Organisation owns peers and the identities of its users. Its MSP id is MSP(); its peers are
// peer0.<name>, peer1.<name>, ….
type Organisation struct {
	Name  string `yaml:"name" json:"name"` // lower case letters, digits and -, for example ptb
	Peers int    `yaml:"peers" json:"peers"`
	Site  string `yaml:"site" json:"site,omitempty"` // where it stands; empty: at the site of its own name
}

// Orderers are the ordering nodes, orderer0, orderer1, …. Where they have no owners, all are of one organisation of their
// own, "ordering".
type Orderers struct {
	Consensus Consensus `yaml:"consensus" json:"consensus"` // raft or bft
	Count     int       `yaml:"count" json:"count"`
	Owners    []string  `yaml:"owners" json:"owners,omitempty"` // in place of count: orderer i belongs to the organisation Owners[i] and stands at its site
	Leader    string    `yaml:"leader" json:"leader,omitempty"` // owner whose orderer leads every channel first; empty: whichever
}

// A Channel is a ledger, its members and what is deployed on it.
type Channel struct {
	Name       string      `yaml:"name" json:"name"`
	Members    []string    `yaml:"members" json:"members"` // organisation names; empty: all
	Batch      Batch       `yaml:"batch" json:"batch"`
	Chaincodes []Chaincode `yaml:"chaincodes" json:"chaincodes"`
}

// Batch says when the orderer cuts a block.
type Batch struct {
	Timeout        time.Duration `yaml:"timeout" json:"timeout_ns"`                   // from the first transaction of a block to its cut, default 2s
	Messages       uint32        `yaml:"messages" json:"messages"`                    // transactions that fill a block, default 500
	PreferredBytes uint32        `yaml:"preferred_bytes,size" json:"preferred_bytes"` // a block is cut before it is larger, default 2MiB
	AbsoluteBytes  uint32        `yaml:"absolute_bytes,size" json:"absolute_bytes"`   // largest transaction, default 10MiB
}

// Limits are Fabric's concurrency limits per peer. In a topology each defaults to Fabric's own; where they
// override those, or describe a target that has none, 0 is not given.
type Limits struct {
	Gateway  int `yaml:"gateway" json:"gateway,omitempty"`   // calls at a time, Fabric's default 500; who waits for a commit counts with client: gateway
	Endorser int `yaml:"endorser" json:"endorser,omitempty"` // proposals at a time, at least 2, Fabric's default 2500
	Deliver  int `yaml:"deliver" json:"deliver,omitempty"`   // block streams at a time, above the number of channels, Fabric's default 2500
}

// MSP returns the organisation's MSP id, for example PtbMSP.
func (o Organisation) MSP() string { return MSP(o.Name) }

// MSP returns the MSP id of the organisation of that name.
func MSP(organisation string) string {
	first := min(1, len(organisation)) // a stranger's may have no name
	return strings.ToUpper(organisation[:first]) + organisation[first:] + "MSP"
}

//go:embed library/*.yaml
var files embed.FS

// library returns the shipped topologies.
func library() strictyaml.Library {
	return strictyaml.Library{Kind: "topology", Files: files, Dir: "library"}
}

// Names returns the names of the shipped topologies, sorted.
func Names() []string { return library().Names() }

// Load reads a shipped topology by name, or a file, or that of the network which is up in a run folder. The releases are
// those that it may name; where none are given, any. The error is a *strictyaml.Error.
func Load(nameOrPath string, releases ...Release) (Topology, error) {
	if isRunFolder(nameOrPath) {
		return loadRecord(nameOrPath)
	}
	src, file, _, err := library().Read(nameOrPath)
	if err != nil {
		return Topology{}, err
	}
	t, doc, err := parse(file, src)
	if p := t.CheckRelease(releases); p != nil {
		return Topology{}, doc.Locate(p)
	}
	for i, c := range t.Channels {
		if p := Locate(fmt.Sprintf("channels[%d].chaincodes", i), c.Chaincodes, file); p != nil {
			return Topology{}, doc.Locate(p)
		}
	}
	return t, err
}

// Parse reads a topology from the text of a file, whose name is for errors only. What the text leaves out gets Fabric's
// own defaults, one peer per organisation, one raft orderer, all organisations as a channel's members, the first of
// them as a chaincode's operator, and the endorsement of the majority. The error is a *strictyaml.Error.
func Parse(file string, src []byte) (Topology, error) {
	t, _, err := parse(file, src)
	return t, err
}

func parse(file string, src []byte) (Topology, *strictyaml.Document, error) {
	doc, err := strictyaml.Parse(file, src)
	if err != nil {
		return Topology{}, nil, err
	}
	t := Topology{
		Orderers: Orderers{Consensus: Raft, Count: 1},
		Limits:   Limits{Gateway: 500, Endorser: 2500, Deliver: 2500}, // sampleconfig/core.yaml
	}
	if err := doc.Decode(&t); err != nil {
		return Topology{}, nil, err
	}
	if len(t.Sites) > 0 && !doc.Has("distance") {
		t.Distance = 1
	}
	if p := t.check(); p != nil {
		return Topology{}, nil, doc.Locate(p)
	}
	t.Complete()
	return t, doc, nil
}

// Complete writes the members of every channel out, and what its chaincodes take from them.
func (t Topology) Complete() {
	for i := range t.Channels {
		c := &t.Channels[i]
		c.Members = t.members(*c)
		for j := range c.Chaincodes {
			c.Chaincodes[j].complete(c.Members)
		}
	}
}

// UnmarshalNode reads an organisation: its peers default to one.
func (o *Organisation) UnmarshalNode(n *strictyaml.Node) error {
	type plain Organisation
	*o = Organisation{Peers: 1}
	return n.Decode((*plain)(o))
}

// UnmarshalNode reads a channel: its batch settings default to those of Fabric's sampleconfig/configtx.yaml.
func (c *Channel) UnmarshalNode(n *strictyaml.Node) error {
	type plain Channel
	*c = Channel{Batch: Batch{Timeout: 2 * time.Second, Messages: 500, PreferredBytes: 2 << 20, AbsoluteBytes: 10 << 20}}
	return n.Decode((*plain)(c))
}
