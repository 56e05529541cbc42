package topology

import "meterbench/internal/strictyaml"

// Caps hold processes to a share of the machine, by what they do. Each process
// has the cap for itself.
type Caps struct {
	Peer      Cap `yaml:"peer" json:"peer,omitzero"`
	Orderer   Cap `yaml:"orderer" json:"orderer,omitzero"`
	Chaincode Cap `yaml:"chaincode" json:"chaincode,omitzero"`
	// Device is the process that plays sealed sensors and their gateway. It is no
	// node of the network: who plays it starts it.
	Device Cap `yaml:"device" json:"device,omitzero"`
}

// A Cap is what one process may use at most; 0 is no limit.
type Cap struct {
	CPUs   float64 `yaml:"cpus" json:"cpus,omitempty"`                // processors, MinCPUs to MaxCPUs
	Memory uint64  `yaml:"memory,size" json:"memory_bytes,omitempty"` // bytes, from MinMemory
}

// The ends of a Cap. Linux takes no quota below 1 ms per period of 100 ms. An
// idle peer takes some 20 MiB; MinMemory leaves it a little to work with.
const (
	MinCPUs   = 0.01
	MaxCPUs   = 1024
	MinMemory = 64 << 20

	cpusRange   = "must be 0.01 to 1024 processors"
	memoryRange = "must be at least 64MiB"
)

// UnmarshalNode reads a cap. A value of 0 is refused: it would limit nothing.
func (c *Cap) UnmarshalNode(n *strictyaml.Node) error {
	type plain Cap
	v := plain(*c)
	if err := n.Decode(&v); err != nil {
		return err
	}
	*c = Cap(v)
	key, msg := c.wrong()
	switch {
	case msg != "":
	case c.CPUs == 0 && n.Get("cpus") != nil:
		key, msg = "cpus", cpusRange
	case c.Memory == 0 && n.Get("memory") != nil:
		key, msg = "memory", memoryRange
	default:
		return nil
	}
	return n.Get(key).Errorf("leave it out for no limit", "%s", msg)
}

// wrong returns the key of a value out of range and what it should be.
func (c Cap) wrong() (key, msg string) {
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

func (c Caps) check() *strictyaml.Problem {
	for role, c := range c.Each {
		if key, msg := c.wrong(); msg != "" {
			return problem("", "caps."+role+"."+key, "%s", msg)
		}
	}
	return nil
}
