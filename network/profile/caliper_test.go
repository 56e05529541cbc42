package profile

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"meterbench/network/client"
)

// twoOrganisations makes a workspace of Caliper: two organisations of fabric-samples, of which each has a profile that
// knows its own peer only.
func twoOrganisations(t *testing.T) (dir string, ca testCA) {
	t.Helper()
	dir, ca = t.TempDir(), newCA(t, "tlsca", current)
	user := ca.user(t, "User1")
	files := map[string]string{
		"networks/test-network.yaml": fixture(t, "caliper.yaml"),
		"networks/peers.yaml":        fixture(t, "caliper-peers.yaml"),
		"tlsca.pem":                  ca.pem,
	}
	for _, number := range []string{"1", "2"} {
		org := "org" + number + ".example.com"
		files["crypto/"+org+"/connection.yaml"] = strings.NewReplacer("org1", "org"+number, "Org1", "Org"+number, "7051", number+"7051").
			Replace(fixture(t, "connection-org1.yaml", "@TLSCA@", indented(ca.pem), "@CA@", indented(ca.pem)))
		files["crypto/"+org+"/user.crt"], files["crypto/"+org+"/user.key"] = user.cert, user.key
	}
	tree(t, dir, files)
	return dir, ca
}

// A network file of Caliper leads to the profiles of its organisations, and gives identities, channels and contracts.
func TestCaliper(t *testing.T) {
	for _, name := range []string{"test-network.yaml", "peers.yaml"} {
		t.Run(name, func(t *testing.T) {
			dir, ca := twoOrganisations(t)
			got, err := Read(filepath.Join(dir, "networks", name), environment)
			if err != nil {
				t.Fatal(err)
			}
			want := &Profile{File: filepath.Join(dir, "networks", name), Name: "Fabric"}
			for _, number := range []string{"1", "2"} {
				org, peer, mspid := "org"+number+".example.com", "peer0.org"+number+".example.com", "Org"+number+"MSP"
				want.Organisations = append(want.Organisations, Organisation{
					Name: "Org" + number, MSPID: mspid, Peers: []string{peer}, Identities: []Identity{{
						Name: "User1", MSPID: mspid,
						Certificate: filepath.Join(dir, "crypto", org, "user.crt"), Key: filepath.Join(dir, "crypto", org, "user.key"),
					}},
				})
				want.Peers = append(want.Peers, Peer{MSPID: mspid, Node: Node{
					Name: peer, Address: "localhost:" + number + "7051", ServerName: peer, TLS: client.TLS{CA: []byte(strings.TrimSpace(ca.pem))},
				}})
			}
			want.Organisation = "Org1"
			want.Channels = []Channel{{Name: "mychannel", Contracts: []string{"basic", "fixed-asset"}}, {Name: "yourchannel", Contracts: []string{"marbles"}}}
			if name == "peers.yaml" { // which has no other name for an organisation
				want.Organisation, want.Organisations[0].Name, want.Organisations[1].Name = "Org1MSP", "Org1MSP", "Org2MSP"
			}
			for i := range got.Peers {
				got.Peers[i].TLS.CA = []byte(strings.TrimSpace(string(got.Peers[i].TLS.CA)))
			}
			if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Identity{})); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if _, err := got.Organisations[1].Identities[0].Load(""); err != nil {
				t.Error(err)
			}
		})
	}
}

// What is wrong with a network file of Caliper has its place in it, or in the profile that it leads to.
func TestCaliperFaults(t *testing.T) {
	for name, c := range map[string]struct{ old, new, want string }{
		"another blockchain":  {"blockchain: fabric", "blockchain: besu", `:4:3: caliper: the network file of Caliper has blockchain "besu", not fabric; give one for a Fabric network`},
		"no organizations":    {"organizations:", "others:", `:1:1: the network file of Caliper has no organizations; list each with mspid, identities and connectionProfile`},
		"no mspid":            {"- mspid: Org1MSP\n    identities", "- identities", `:19:5: organizations[0]: mspid is missing`},
		"no path":             {"connectionProfile:\n      path: ../crypto/org1.example.com/connection.yaml\n", "connectionProfile:\n", `organizations[0].connectionProfile: path is missing; name the file of the organization's connection profile`},
		"no such profile":     {"path: ../crypto/org1.example.com/connection.yaml", "path: ../none.yaml", `none.yaml: the connection profile cannot be read: there is no such file`},
		"leads to itself":     {"path: ../crypto/org1.example.com/connection.yaml", "path: test-network.yaml", `test-network.yaml:4:3: caliper: a network file of Caliper leads to another one; name a common connection profile`},
		"another's profile":   {"path: ../crypto/org1.example.com/connection.yaml", "path: ../crypto/org2.example.com/connection.yaml", `organizations[0].connectionProfile.path: `},
		"no private key":      {"clientPrivateKey:", "privateKey:", `organizations[0].identities.certificates[0]: want clientSignedCert and clientPrivateKey; give both`},
		"channel without one": {"channelName: mychannel", "name: mychannel", `channels[0]: channelName is missing`},
		"contract without id": {"- id: basic", "- contractID: basic", `channels[0].contracts[0]: id is missing; write the name under which it is committed`},
	} {
		t.Run(name, func(t *testing.T) {
			dir, _ := twoOrganisations(t)
			text := fixture(t, "caliper.yaml", c.old, c.new)
			if text == fixture(t, "caliper.yaml") {
				t.Fatal("nothing is replaced")
			}
			tree(t, dir, map[string]string{"networks/test-network.yaml": text})
			_, err := Read(filepath.Join(dir, "networks", "test-network.yaml"), environment)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("\n%v\nwant\n%s", err, c.want)
			}
		})
	}
}

// A profile of the Go SDK has its users, and what stands for nodes that it does not name.
func TestGoSDK(t *testing.T) {
	dir := t.TempDir()
	ca := newCA(t, "tlsca", current)
	user := ca.user(t, "User1")
	tree(t, dir, map[string]string{"connection.yaml": fixture(t, "sdk-go.yaml"), "tlsca.pem": ca.pem, "user.crt": user.cert, "user.key": user.key})
	t.Setenv("CRYPTO", dir)
	p, err := Read(filepath.Join(dir, "connection.yaml"), func(name string) string { return map[string]string{"CRYPTO": dir}[name] })
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Peers) != 2 || p.Peers[0].Address != "peer0.org1.example.com:7051" || p.Peers[0].ServerName != "peer0.org1.example.com" {
		t.Errorf("peers %+v", p.Peers)
	}
	if len(p.Orderers) != 1 || p.Orderers[0].Address != "orderer.example.com:7050" {
		t.Errorf("orderers %+v", p.Orderers)
	}
	if len(p.Channels) != 1 || len(p.Channels[0].Peers) != 1 {
		t.Errorf("channels %+v", p.Channels)
	}
	if p.Peers[1].MSPID != "Org2MSP" || len(p.Peers[0].TLS.Cert) == 0 {
		t.Errorf("the second peer is of %s; client certificate of %d bytes", p.Peers[1].MSPID, len(p.Peers[0].TLS.Cert))
	}
	if o, _ := p.Client(); len(o.Identities) != 1 || o.Identities[0].Name != "User1" {
		t.Errorf("the client's organisation is %+v", o)
	}
}
