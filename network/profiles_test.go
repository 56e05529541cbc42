package network

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/network/client"
	"meterbench/network/fabric"
	"meterbench/network/profile"
)

// The profiles that a network writes give back its nodes and channels, and the identities of the organisation whose each is.
func TestProfilesReadBack(t *testing.T) {
	dir := t.TempDir()
	names := []string{"ptb", "inmetro", "nist", "lne"}
	ca := map[string][]byte{}
	for _, name := range append([]string{topology.Ordering}, names...) {
		o, err := fabric.NewOrganisation(name, topology.MSP(name))
		if err == nil {
			err = o.WriteKeys(organisationDir(dir, name))
		}
		if err != nil {
			t.Fatal(err)
		}
		ca[name] = o.TLSCA.PEM
	}
	rapid.Check(t, func(t *rapid.T) {
		r := anyRecord(t, dir, names)
		if err := r.writeProfiles(); err != nil {
			t.Fatal(err)
		}
		of := rapid.SampledFrom(r.Topology.Organisations).Draw(t, "organisation").Name
		p, err := profile.Read(r.profilePath(of), func(string) string { return "" })
		if err != nil {
			t.Fatal(err)
		}
		pair, err := r.tls(of, fabric.UsersTLS)
		if err != nil {
			t.Fatal(err)
		}
		want, got := map[string]profile.Peer{}, map[string]profile.Peer{}
		for _, n := range r.Nodes {
			node := profile.Node{Name: n.Name, Address: n.Address, ServerName: n.Name, TLS: client.TLS{CA: ca[n.Organisation], Cert: pair.Cert, Key: pair.Key}}
			switch n.Role {
			case result.RolePeer:
				want[n.Name] = profile.Peer{Node: node, MSPID: topology.MSP(n.Organisation)}
			case result.RoleOrderer:
				want[n.Name] = profile.Peer{Node: node}
			}
		}
		for _, peer := range p.Peers {
			got[peer.Name] = peer
		}
		for _, o := range p.Orderers {
			got[o.Name] = profile.Peer{Node: o.Node}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		channels := map[string][]string{}
		for _, c := range p.Channels {
			channels[c.Name] = c.Peers
		}
		for _, c := range r.Channels {
			if !slices.Equal(slices.Sorted(slices.Values(c.Peers)), slices.Sorted(slices.Values(channels[c.Name]))) {
				t.Errorf("channel %s has the peers %v, want %v", c.Name, channels[c.Name], c.Peers)
			}
		}
		own, _ := p.Client()
		if own.Name != of || len(own.Identities) != 2 || len(channels) != len(r.Channels) || len(p.Organisations) != len(r.Topology.Organisations) {
			t.Fatalf("profile of %s: %+v", of, p)
		}
		_, user, err := fabric.ReadKeys(organisationDir(dir, of), fabric.User)
		if err != nil {
			t.Fatal(err)
		}
		loaded, err := own.Identities[0].Load("")
		if diff := cmp.Diff(client.Identity{MSP: topology.MSP(of), CertPEM: user.Cert, KeyPEM: user.Key}, loaded); diff != "" || err != nil {
			t.Errorf("identity: %v, -want +got:\n%s", err, diff)
		}
	})
}

// anyRecord is of any network of some organisations, whose keys lie in a folder.
func anyRecord(t *rapid.T, dir string, names []string) *Record {
	members := names[:rapid.IntRange(1, len(names)).Draw(t, "organisations")]
	r := &Record{Dir: dir, Topology: shape("any", 1, 1, members...)}
	port := 7050
	add := func(name, organisation string, role result.Role) {
		port++
		r.Nodes = append(r.Nodes, Node{Name: name, Role: role, Organisation: organisation, Address: fmt.Sprintf("127.0.0.1:%d", port)})
	}
	peers := map[string][]string{}
	for _, o := range members {
		for i := range rapid.IntRange(1, 3).Draw(t, "peers") {
			peers[o] = append(peers[o], fmt.Sprintf("peer%d.%s", i, o))
			add(peers[o][i], o, result.RolePeer)
		}
	}
	for i := range rapid.IntRange(1, 4).Draw(t, "orderers") {
		add(fmt.Sprintf("orderer%d", i), topology.Ordering, result.RoleOrderer)
	}
	add("chaincode.peer0."+members[0], members[0], result.RoleChaincode)
	for i := range rapid.IntRange(0, 3).Draw(t, "channels") {
		c := Channel{Name: fmt.Sprintf("channel%d", i)}
		for _, o := range slices.Sorted(maps.Keys(peers)) {
			if rapid.Bool().Draw(t, "joined") {
				c.Peers = append(c.Peers, peers[o]...)
			}
		}
		r.Channels = append(r.Channels, c)
	}
	return r
}
