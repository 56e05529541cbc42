package topology

import (
	"fmt"
	"strings"

	"meterbench/internal/cgroup"
	"meterbench/internal/strictyaml"
)

// Caps hold processes to a share of the machine, by what they do. Each process has the cap for itself.
type Caps struct {
	Peer      Cap `yaml:"peer" json:"peer,omitzero"`           // every peer
	Orderer   Cap `yaml:"orderer" json:"orderer,omitzero"`     // every orderer
	Chaincode Cap `yaml:"chaincode" json:"chaincode,omitzero"` // every process of a contract
	// Device is the process that plays sealed sensors and their gateway. It is no node of the network: who
	// plays it starts it.
	Device Cap `yaml:"device" json:"device,omitzero"` // the process that plays sensors and their gateway
}

// Cap limits what one process may use; 0 is no limit. CPUs is from MinCPUs to MaxCPUs, Memory from MinMemory.
type Cap = cgroup.Cap

// The ends of a Cap. Linux takes no quota below 1 ms per period of 100 ms. An idle peer takes some 20 MiB;
// MinMemory leaves it a little to work with.
const (
	MinCPUs   = 0.01
	MaxCPUs   = 1024
	MinMemory = 64 << 20

	cpusRange   = "must be 0.01 to 1024 processors"
	memoryRange = "must be at least 64MiB"
)

// UnmarshalNode reads caps. A value of 0 is refused: it would limit nothing.
func (c *Caps) UnmarshalNode(n *strictyaml.Node) error {
	type plain Caps
	if err := n.Decode((*plain)(c)); err != nil {
		return err
	}
	for role, c := range c.Each {
		own := n.Get(role)
		key, msg := wrong(c)
		switch {
		case own == nil:
			continue
		case msg != "":
		case c.CPUs == 0 && own.Get("cpus") != nil:
			key, msg = "cpus", cpusRange
		case c.Memory == 0 && own.Get("memory") != nil:
			key, msg = "memory", memoryRange
		default:
			continue
		}
		return own.Get(key).Errorf("leave it out for no limit", "%s", msg)
	}
	return nil
}

// wrong returns the key of a value out of range and what it should be.
func wrong(c Cap) (key, msg string) {
	switch {
	case c.CPUs != 0 && !(c.CPUs >= MinCPUs && c.CPUs <= MaxCPUs):
		return "cpus", cpusRange
	case c.Memory != 0 && c.Memory < MinMemory:
		return "memory", memoryRange
	}
	return "", ""
}

// Each yields the caps with their keys, in a fixed order.
func (c Caps) Each(yield func(role string, c Cap) bool) {
	_ = yield("peer", c.Peer) && yield("orderer", c.Orderer) && yield("chaincode", c.Chaincode) && yield("device", c.Device)
}

// String names the caps as in peer 0.5 cores, orderer 268435456 bytes; it is empty where nothing is capped.
func (c Caps) String() string {
	var parts []string
	for role, one := range c.Each {
		if one.CPUs > 0 {
			parts = append(parts, fmt.Sprintf("%s %g cores", role, one.CPUs))
		}
		if one.Memory > 0 {
			parts = append(parts, fmt.Sprintf("%s %d bytes", role, one.Memory))
		}
	}
	return strings.Join(parts, ", ")
}

func (c Caps) check() *strictyaml.Problem {
	for role, c := range c.Each {
		if key, msg := wrong(c); msg != "" {
			return strictyaml.Problemf("", "caps."+role+"."+key, "%s", msg)
		}
	}
	return nil
}
