package profile

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"meterbench/internal/lows"
	"meterbench/internal/strictyaml"
)

// Whatever a profile holds, it is refused on one line, or what is read keeps what the types promise.
func FuzzRead(f *testing.F) {
	ca := newCA(f, "tlsca", current)
	f.Add([]byte(good))
	for _, name := range []string{"connection-org1.yaml", "connection-org1.json", "caliper.yaml", "caliper-peers.yaml", "sdk-go.yaml"} {
		f.Add([]byte(fixture(f, name)))
	}
	f.Add([]byte("caliper: {blockchain: fabric}\norganizations: [{mspid: a, connectionProfile: {path: connection.yaml}}]\n"))
	dir := f.TempDir()
	tree(f, dir, certificatesFor(f))
	f.Fuzz(func(t *testing.T, text []byte) {
		text = []byte(strings.ReplaceAll(string(text), "@TLSCA@", indented(ca.pem)))
		path := filepath.Join(dir, "connection.yaml")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		p, err := Read(path, environment)
		if err != nil {
			_, placed := errors.AsType[*strictyaml.Error](err)
			if text := err.Error(); !placed || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsGraphic(r) }) {
				t.Fatalf("%T %q", err, text)
			}
			return
		}
		if len(p.Peers) == 0 || len(p.Organisations) == 0 {
			t.Errorf("%d peers, %d organisations", len(p.Peers), len(p.Organisations))
		}
		nodes := make([]Node, 0, len(p.Peers)+len(p.Orderers))
		for _, peer := range p.Peers {
			nodes = append(nodes, peer.Node)
		}
		for _, o := range p.Orderers {
			nodes = append(nodes, o.Node)
		}
		for _, n := range nodes {
			host, port, err := net.SplitHostPort(n.Address)
			if err != nil || host == "" || port == "" || n.ServerName == "" || len(n.TLS.CA) == 0 || (len(n.TLS.Cert) == 0) != (len(n.TLS.Key) == 0) {
				t.Errorf("%+v: %v", n, err)
			}
		}
		for _, o := range p.Organisations {
			for _, name := range o.Peers {
				if !p.hasPeer(name) || o.MSPID == "" {
					t.Errorf("organisation %+v", o)
				}
			}
			for _, id := range o.Identities {
				id.Load(dir) // must end
			}
		}
		for _, c := range p.Channels {
			for _, name := range c.Peers {
				if !p.hasPeer(name) {
					t.Errorf("channel %+v", c)
				}
			}
		}
	})
}

// Whatever the files of an identity hold, it is refused on one line, or it can sign.
func FuzzIdentity(f *testing.F) {
	ca := newCA(f, "ca", current)
	user := ca.user(f, "user")
	f.Add([]byte(user.cert), []byte(user.key), []byte(ca.pem))
	f.Add([]byte(user.key), []byte(user.cert), []byte(nil))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, cert, key, authority []byte) {
		tree(t, dir, map[string]string{"signcerts/c.pem": string(cert), "keystore/k.pem": string(key), "cacerts/ca.pem": string(authority)})
		loaded, err := Identity{MSPID: "Org1MSP", MSP: dir}.Load("")
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("%q", err)
			}
			return
		}
		if _, err := lows.ParseKeyPair(loaded.CertPEM, loaded.KeyPEM); err != nil {
			t.Error(err)
		}
	})
}
