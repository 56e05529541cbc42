package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"meterbench/bench/result"
	"meterbench/network"
)

// samplesTopology is the test network of fabric-samples: two organisations with a peer each, both of which endorse.
const samplesTopology = `name: test-network
fabric: %s
organisations: [{name: org1, peers: 1}, {name: org2, peers: 1}]
orderers: {consensus: raft, count: 1}
channels:
  - name: mychannel
    batch: {timeout: 200ms, messages: 100, preferred_bytes: 2MiB, absolute_bytes: 10MiB}
    chaincodes: [{name: readings, endorsement: all}]
`

// samplesProfile is the connection profile that the test network generates. Only the name in the certificates is another:
// networks of our own have no domain.
const samplesProfile = `---
name: test-network-org%[1]d
version: 1.0.0
client:
  organization: Org%[1]d
  connection:
    timeout:
      peer:
        endorser: '300'
organizations:
  Org%[1]d:
    mspid: Org%[1]dMSP
    peers:
    - peer0.org%[1]d.example.com
    certificateAuthorities:
    - ca.org%[1]d.example.com
peers:
  peer0.org%[1]d.example.com:
    url: grpcs://localhost:%[2]s
    tlsCACerts:
      pem: |
          %[3]s
    grpcOptions:
      ssl-target-name-override: peer0.org%[1]d
      hostnameOverride: peer0.org%[1]d
certificateAuthorities:
  ca.org%[1]d.example.com:
    url: https://localhost:7054
    caName: ca-org%[1]d
    tlsCACerts:
      pem:
        - |
          %[3]s
    httpOptions:
      verify: false
`

// layOut writes the files of a held network as the test network of fabric-samples has them, and returns their folder.
func layOut(t *testing.T, n *network.Record) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "organizations", "peerOrganizations")
	for i, name := range []string{"org1", "org2"} {
		domain := name + ".example.com"
		at := slices.IndexFunc(n.Nodes, func(of network.Node) bool { return of.Role == result.RolePeer && of.Organisation == name })
		_, port, _ := strings.Cut(n.Nodes[at].Address, ":")
		access := n.Access(name)
		authority, err := os.ReadFile(access.TLSCA)
		if err != nil {
			t.Fatal(err)
		}
		indented := strings.ReplaceAll(strings.TrimSpace(string(authority)), "\n", "\n          ")
		for user, msp := range map[string]string{"User1": access.User.MSP, "Admin": access.Admin.MSP} {
			if err := os.CopyFS(filepath.Join(dir, domain, "users", user+"@"+domain, "msp"), os.DirFS(msp)); err != nil {
				t.Fatal(err)
			}
		}
		file := filepath.Join(dir, domain, "connection-"+name+".yaml")
		if err := os.WriteFile(file, fmt.Appendf(nil, samplesProfile, i+1, port, indented), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// samples brings the network up in the folder net below work and returns the folder of its files.
func samples(t *testing.T, temp, work, release string) (held *program, dir string) {
	t.Helper()
	file := filepath.Join(work, "test-network.yaml")
	if err := os.WriteFile(file, fmt.Appendf(nil, samplesTopology, release), 0o600); err != nil {
		t.Fatal(err)
	}
	held = up(t, temp, file, "--one-way-tls", "--dir", filepath.Join(work, "net"))
	n, err := network.Open(filepath.Join(work, "net"))
	if err != nil {
		t.Fatal(err)
	}
	return held, layOut(t, n)
}

// runSummary reads the summary of the only run below a folder.
func runSummary(t *testing.T, out, scenario string) result.Summary {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(runFolder(t, out, scenario), "summary.json"))
	var s result.Summary
	if err == nil {
		err = json.Unmarshal(data, &s)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}
