package result

// An Aspect is a kind of facts about a network that may not be seen from outside.
type Aspect string

// The aspects.
const (
	AspectProcessors Aspect = "processors" // CPU time and memory of the nodes
	AspectRefusals   Aspect = "refusals"   // calls that peers turned away, and how long blocks were open
	AspectBlocks     Aspect = "blocks"     // what peers took for blocks
	AspectCuts       Aspect = "cuts"       // why and when blocks were cut
	AspectSettings   Aspect = "settings"   // concurrency limits and caps
	AspectRelease    Aspect = "release"    // of Fabric
	AspectTraffic    Aspect = "traffic"    // what nodes send each other
	AspectStorage    Aspect = "storage"    // how much nodes store
)

// A LeftOut is what was left out of a shipped scenario on a network that others run.
type LeftOut struct {
	Series string   `json:"series,omitempty"` // that was not measured; empty: what the scenario says of all, for which the network's own stands
	Needs  []string `json:"needs"`            // keys of the scenario that take a network of our own, such as batch
}

// Aspects returns all of them.
func Aspects() []Aspect {
	return []Aspect{AspectProcessors, AspectRefusals, AspectBlocks, AspectCuts, AspectSettings, AspectRelease, AspectTraffic, AspectStorage}
}
