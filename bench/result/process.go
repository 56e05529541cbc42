package result

import (
	"meterbench/bench/topology"
	"meterbench/internal/proc"
)

// Role says what a process does.
type Role string

// The roles. RoleDevice is the process that plays sensors and gateways, RoleClient the load
// generator. RoleOther stands for all processes that are not the run's, RoleSteal for what the
// hypervisor took.
const (
	RolePeer      Role = "peer"
	RoleOrderer   Role = "orderer"
	RoleChaincode Role = "chaincode"
	RoleDevice    Role = "device"
	RoleClient    Role = proc.Client
	RoleOther     Role = proc.Other
	RoleSteal     Role = proc.Steal
)

// Process is a process of a run, or what stands for others among its figures.
type Process struct {
	Role Role   `json:"role"`
	Name string `json:"name"`
}

// String returns the name of the process in a sentence.
func (p Process) String() string {
	switch p.Name {
	case proc.Other:
		return "other processes"
	case proc.Steal:
		return "other virtual machines"
	}
	return p.Name
}

// Processes returns the processes that are part of every run: the client, and what stands for the
// processes and the machines of others.
func Processes() []Process {
	return []Process{{RoleClient, proc.Client}, {RoleOther, proc.Other}, {RoleSteal, proc.Steal}}
}

// Cap returns the cap of a process by its name in CPU, none where it has none.
func (p *Point) Cap(process string) topology.Cap {
	for role, limit := range p.Conditions.Caps.Each {
		if Role(role) == p.Roles[process] {
			return limit
		}
	}
	return topology.Cap{}
}
