package reports

import (
	"strings"

	"meterbench/bench/topology"
)

// A processRole is what a process does.
type processRole int

const (
	rolePeer processRole = iota
	roleChaincode
	roleOrderer
	roleDevice
	roleClient
	roleOther
	roleSteal
)

func role(process string) processRole {
	switch {
	case strings.HasPrefix(process, "chaincode"):
		return roleChaincode
	case strings.HasPrefix(process, "orderer"):
		return roleOrderer
	case process == "device":
		return roleDevice
	case process == "client":
		return roleClient
	case process == "other":
		return roleOther
	case process == "steal":
		return roleSteal
	}
	return rolePeer
}

func (r processRole) String() string {
	return [...]string{"peers", "chaincodes", "orderers", "device", "client", "other processes", "stolen by the hypervisor"}[r]
}

// hue is the colour of the role's processes.
func (r processRole) hue() int {
	return [...]int{huePeer, hueChaincode, hueOrderer, hueEncrypt, hueClient, hueIdle, hueStolen}[r]
}

// capOf returns the cap of a process, by its role.
func capOf(c topology.Caps, process string) topology.Cap {
	switch role(process) {
	case rolePeer:
		return c.Peer
	case roleChaincode:
		return c.Chaincode
	case roleOrderer:
		return c.Orderer
	case roleDevice:
		return c.Device
	}
	return topology.Cap{}
}
