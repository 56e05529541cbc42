package network

import (
	"encoding/json"
	"fmt"
	"path/filepath"

	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/network/fabric"
)

// profilePath is where the connection profile of an organisation lies.
func (r *Record) profilePath(organisation string) string {
	return filepath.Join(r.Dir, "connection-"+organisation+".json")
}

// writeProfiles writes a connection profile for each member organisation, in the common form that
// the Fabric SDKs and Caliper read. Its user's certificate and key are named in it and lie in the
// same run folder.
func (r *Record) writeProfiles() error {
	for _, o := range r.Topology.Organisations {
		data, err := json.MarshalIndent(r.profile(o), "", "  ")
		if err == nil {
			err = fabric.Write(r.profilePath(o.Name), data, 0o644)
		}
		if err != nil {
			return fmt.Errorf("write connection profile of %s: %w", o.Name, err)
		}
	}
	r.Profile = r.profilePath(r.Topology.Organisations[0].Name)
	return nil
}

// object is a JSON object; encoding/json writes its keys in order.
type object map[string]any

func (r *Record) profile(of topology.Organisation) object {
	peers, orderers, organisations, channels := object{}, object{}, object{}, object{}
	members := map[string][]string{} // peers by organisation
	var ordererNames []string
	for _, n := range r.Nodes {
		node := object{
			"url":         "grpcs://" + n.Address,
			"tlsCACerts":  object{"path": filepath.Join(organisationDir(r.Dir, n.Organisation), fabric.TLSCAFile)},
			"grpcOptions": object{"ssl-target-name-override": n.Name, "hostnameOverride": n.Name},
		}
		switch n.Role {
		case result.RolePeer:
			peers[n.Name] = node
			members[n.Organisation] = append(members[n.Organisation], n.Name)
		case result.RoleOrderer:
			orderers[n.Name] = node
			ordererNames = append(ordererNames, n.Name)
		}
	}
	for _, o := range r.Topology.Organisations {
		organisations[o.Name] = object{"mspid": o.MSP(), "peers": members[o.Name]}
	}
	path := func(file string) object {
		return object{"path": filepath.Join(organisationDir(r.Dir, of.Name), file)}
	}
	organisations[of.Name] = object{
		"mspid": of.MSP(), "peers": members[of.Name],
		"users":      object{"user": object{"cert": path(fabric.User + ".crt"), "key": path(fabric.User + ".key")}},
		"signedCert": path(fabric.Admins + ".crt"), "adminPrivateKey": path(fabric.Admins + ".key"),
	}
	for _, c := range r.Channels {
		joined := object{}
		for _, name := range c.Peers {
			joined[name] = object{"endorsingPeer": true, "chaincodeQuery": true, "ledgerQuery": true, "eventSource": true}
		}
		channels[c.Name] = object{"orderers": ordererNames, "peers": joined}
	}
	return object{
		"name":    "meterbench-" + r.Topology.Name + "-" + of.Name,
		"version": "1.0.0",
		"client": object{
			"organization": of.Name,
			"connection":   object{"timeout": object{"peer": object{"endorser": "300"}, "orderer": "300"}},
		},
		"channels":      channels,
		"organizations": organisations,
		"peers":         peers,
		"orderers":      orderers,
	}
}
