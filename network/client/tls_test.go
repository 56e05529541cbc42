package client

import (
	"strings"
	"testing"
)

// A node may ask for no certificate, and its own may name another host than it is called.
func TestTLSConfig(t *testing.T) {
	c, err := newCertificate()
	if err != nil {
		t.Fatal(err)
	}
	for _, with := range []struct {
		name         string
		tls          TLS
		certificates int
		wrong        string
	}{
		{"mutual", TLS{CA: c.cert, Cert: c.cert, Key: c.key}, 1, ""},
		{"one-way", TLS{CA: c.cert}, 0, ""},
		{"a certificate without its key", TLS{CA: c.cert, Cert: c.cert}, 0, "TLS client certificate"},
		{"no authority", TLS{CA: c.key}, 0, "TLS CA: no PEM certificate"},
	} {
		t.Run(with.name, func(t *testing.T) {
			config, err := with.tls.Config("peer0.ptb")
			switch {
			case with.wrong != "":
				if err == nil || !strings.Contains(err.Error(), with.wrong) {
					t.Errorf("%v, want %q", err, with.wrong)
				}
			case err != nil:
				t.Error(err)
			case len(config.Certificates) != with.certificates || config.ServerName != "peer0.ptb":
				t.Errorf("%d certificates, for %s", len(config.Certificates), config.ServerName)
			}
		})
	}
	g := Gateway{Name: "first", ServerName: "peer0.ptb", Address: "127.0.0.1:1", TLS: TLS{CA: c.cert}, Identity: Identity{MSP: "PtbMSP", CertPEM: c.cert, KeyPEM: c.key}}
	p, err := (&Client{calls: newCalls()}).connect(g)
	if err != nil {
		t.Fatal(err)
	}
	p.sdk.Close()
	p.conn.Close()
}
