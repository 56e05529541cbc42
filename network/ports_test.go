package network

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/procfs"

	"meterbench/bench/result"
	"meterbench/network/fabric"
)

// listeners returns the addresses on which a process listens.
func listeners(t *testing.T, pid int) (addresses []netip.AddrPort) {
	t.Helper()
	p, err := procfs.NewProc(pid)
	if err != nil {
		t.Fatal(err)
	}
	targets, err := p.FileDescriptorTargets()
	if err != nil {
		t.Fatal(err)
	}
	own := map[string]bool{}
	for _, target := range targets {
		own[target] = true
	}
	fs, err := procfs.NewFS(filepath.Join("/proc", fmt.Sprint(pid)))
	if err != nil {
		t.Fatal(err)
	}
	//lint:ignore SA1019 a table of so few sockets is read quickly
	tcp, err := fs.NetTCP()
	if err != nil {
		t.Fatal(err)
	}
	//lint:ignore SA1019 a table of so few sockets is read quickly
	tcp6, err := fs.NetTCP6()
	if err != nil {
		t.Log("no IPv6:", err)
	}
	const listening = 0x0A // TCP_LISTEN
	for _, s := range append(tcp, tcp6...) {
		if s.St != listening || !own[fmt.Sprintf("socket:[%d]", s.Inode)] {
			continue
		}
		address, ok := netip.AddrFromSlice(s.LocalAddr)
		if !ok {
			t.Fatalf("address %v", s.LocalAddr)
		}
		addresses = append(addresses, netip.AddrPortFrom(address.Unmap(), uint16(s.LocalPort)))
	}
	return addresses
}

// admitted reports whether the server takes a TLS connection with that configuration. Under TLS 1.3 a client learns of
// its refusal by its first read; a server that waits for the client's first word has taken it, as one may for a second that is to
// take it, and for long that is not.
func admitted(t *testing.T, address string, config *tls.Config, expected bool) bool {
	t.Helper()
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: time.Minute}, "tcp", address, config)
	if err != nil {
		return false
	}
	defer conn.Close()
	silence := 30 * time.Second
	if expected {
		silence = time.Second
	}
	if err := conn.SetReadDeadline(time.Now().Add(silence)); err != nil {
		t.Fatal(err)
	}
	_, err = conn.Read(make([]byte, 1))
	return err == nil || os.IsTimeout(err)
}

// No port of a network talks to anyone without a certificate that the network issued: without one, local users could
// use up what a node's limits leave to its members.
func TestEveryPortRefusesStrangers(t *testing.T) {
	needsNetwork(t)
	for name, oneWay := range map[string]bool{"mutual TLS": false, "one-way TLS": true} {
		t.Run(name, func(t *testing.T) { refusesStrangers(t, oneWay) })
	}
}

// refusesStrangers tries every port. With one-way TLS, the addresses of peers and orderers take anyone.
func refusesStrangers(t *testing.T, oneWay bool) {
	n := up(t, shape("two-org", 1, 1, "ptb", "inmetro"), Config{OneWayTLS: oneWay})
	foreign, err := fabric.NewOrganisation("ptb", "PtbMSP") // of the same names, by other authorities
	if err != nil {
		t.Fatal(err)
	}
	pair := func(c fabric.Credential) tls.Certificate {
		t.Helper()
		pair, err := tls.X509KeyPair(c.Cert, c.Key)
		if err != nil {
			t.Fatal(err)
		}
		return pair
	}
	_, signing, err := fabric.ReadKeys(organisationDir(n.Dir, "ptb"), fabric.User)
	if err != nil {
		t.Fatal(err)
	}
	strangers := map[string][]tls.Certificate{
		"no certificate": nil,
		"a TLS certificate of a foreign authority":  {pair(foreign.UserTLS)},
		"a member's certificate that is for no TLS": {pair(signing)},
	}
	protocols := []string{"h2"} // of gRPC, and of an operations endpoint
	own := map[result.Role]int{result.RolePeer: 3, result.RoleOrderer: 3, result.RoleChaincode: 1}
	for _, node := range n.Nodes {
		ports := listeners(t, node.PID)
		if len(ports) != own[node.Role] {
			t.Errorf("%s listens on %v, want %d addresses", node.Name, ports, own[node.Role])
		}
		for _, port := range ports {
			if !port.Addr().IsLoopback() {
				t.Errorf("%s listens on %v", node.Name, port)
			}
			for name, certificates := range strangers {
				open := oneWay && node.Role != result.RoleChaincode && port.String() == node.Address
				if open != admitted(t, port.String(), &tls.Config{Certificates: certificates, NextProtos: protocols, InsecureSkipVerify: true}, open) {
					t.Errorf("%s takes a client with %s on %v: %t, want %t", node.Name, name, port, !open, open)
				}
			}
		}
	}
	// The same attempt with what the network issued, so that it is no wonder that all were refused.
	for _, node := range n.Nodes {
		config := &tls.Config{RootCAs: x509.NewCertPool(), NextProtos: protocols, ServerName: node.Name}
		ca, user, err := fabric.ReadKeys(organisationDir(n.Dir, node.Organisation), fabric.UsersTLS)
		if err != nil || !config.RootCAs.AppendCertsFromPEM(ca) {
			t.Fatal(err)
		}
		config.Certificates = []tls.Certificate{pair(user)}
		for _, address := range []string{node.Address, node.Operations} {
			if address != "" && !admitted(t, address, config, true) {
				t.Errorf("%s refused a user of its organisation on %s", node.Name, address)
			}
		}
	}
}
