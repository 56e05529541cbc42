package result

import (
	"strings"

	"meterbench/bench/topology"
)

// Role says what a process does.
type Role string

// The roles. RoleDevice is the process that plays sensors and gateways,
// RoleClient the load generator. RoleOther stands for the processes that are
// none of the run's, RoleSteal for what the hypervisor took.
const (
	RolePeer      Role = "peer"
	RoleOrderer   Role = "orderer"
	RoleChaincode Role = "chaincode"
	RoleDevice    Role = "device"
	RoleClient    Role = "client"
	RoleOther     Role = "other"
	RoleSteal     Role = "steal"
)

// Cap returns the cap of a process by its name in CPU, none where it has none.
func (p *Point) Cap(process string) topology.Cap {
	for role, limit := range p.Conditions.Caps.Each {
		if Role(role) == roleOf(process) {
			return limit
		}
	}
	return topology.Cap{}
}

// roleOf returns the role of a process that is called as in
// chaincode.<peer>, orderer<n>, peer<n>.<organisation>, device.
func roleOf(process string) Role {
	for _, role := range []Role{RoleChaincode, RoleOrderer, RolePeer, RoleDevice, RoleClient, RoleSteal} {
		if strings.HasPrefix(process, string(role)) {
			return role
		}
	}
	return RoleOther
}
