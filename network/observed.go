package network

import "sync"

// observed is a network and what is read of its nodes while it is measured.
type observed struct {
	Record
	reading sync.Once
	blocks  *blockLog        // made by the first call
	from    map[string]int64 // where the nodes' logs are read from, by node; nil: from their beginnings
	sources sourceLog        // where the peers pull blocks
}
