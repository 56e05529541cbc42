package network

import "meterbench/network/topology"

func endorsement(t topology.Topology, ch topology.Channel, cc topology.Chaincode) (int, []string, error) {
	n := len(ch.Members)
	switch cc.Endorsement {
	case "any":
		return 1, ch.Members, nil
	case "all":
		return n, ch.Members, nil
	}
	return n/2 + 1, ch.Members, nil
}
