package fabric

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func parse(t *testing.T, data []byte) *x509.Certificate {
	t.Helper()
	block, rest := pem.Decode(data)
	if block == nil || len(bytes.TrimSpace(rest)) > 0 {
		t.Fatalf("not one PEM block: %q", data)
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func organisation(t testing.TB, name, msp string) *Organisation {
	t.Helper()
	o, err := NewOrganisation(name, msp)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestCertificatesVerify(t *testing.T) {
	o := organisation(t, "ptb", "PtbMSP")
	identity, err := o.CA.Identity("peer0.ptb", RolePeer)
	if err != nil {
		t.Fatal(err)
	}
	server, err := o.TLSCA.TLS("peer0.ptb")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		cert []byte
		ca   *CA
		opts x509.VerifyOptions
	}{
		{"identity", identity.Cert, o.CA, x509.VerifyOptions{KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}},
		{"admin", o.Admin.Cert, o.CA, x509.VerifyOptions{KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}},
		{"TLS by name", server.Cert, o.TLSCA, x509.VerifyOptions{DNSName: "peer0.ptb"}},
		{"TLS by localhost", server.Cert, o.TLSCA, x509.VerifyOptions{DNSName: "localhost"}},
		{"TLS by address", server.Cert, o.TLSCA, x509.VerifyOptions{DNSName: "127.0.0.1"}},
		{"TLS client", server.Cert, o.TLSCA, x509.VerifyOptions{KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.opts.Roots = x509.NewCertPool()
			c.opts.Roots.AddCert(parse(t, c.ca.PEM))
			if _, err := parse(t, c.cert).Verify(c.opts); err != nil {
				t.Error(err)
			}
			c.opts.Roots = x509.NewCertPool()
			c.opts.Roots.AddCert(parse(t, organisation(t, "ptb", "PtbMSP").CA.PEM))
			if _, err := parse(t, c.cert).Verify(c.opts); err == nil {
				t.Error("verifies under a stranger's authority of the same name")
			}
		})
	}
	if _, err := tls.X509KeyPair(server.Cert, server.Key); err != nil {
		t.Errorf("certificate and key do not belong together: %v", err)
	}
	for role, cert := range map[string][]byte{RolePeer: identity.Cert, RoleAdmin: o.Admin.Cert, RoleClient: o.User.Cert} {
		subject := parse(t, cert).Subject
		if len(subject.OrganizationalUnit) != 1 || subject.OrganizationalUnit[0] != role || subject.Organization[0] != "ptb" {
			t.Errorf("the subject of a %s is %v", role, subject)
		}
	}
}

func lowSignature(t *testing.T, key *ecdsa.PublicKey, der []byte) bool {
	t.Helper()
	var sig struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(der, &sig); err != nil {
		t.Fatal(err)
	}
	return sig.S.Cmp(new(big.Int).Rsh(key.Params().N, 1)) <= 0
}

// Half of all signatures would have a high S.
func TestCertificateSignaturesAreLowS(t *testing.T) {
	for range 20 {
		ca, err := NewCA("ptb", "ca.ptb")
		if err != nil {
			t.Fatal(err)
		}
		leaf, err := ca.Identity("user.ptb", RoleClient)
		if err != nil {
			t.Fatal(err)
		}
		for _, cert := range []*x509.Certificate{parse(t, ca.PEM), parse(t, leaf.Cert)} {
			if !lowSignature(t, ca.key.Public().(*ecdsa.PublicKey), cert.Signature) {
				t.Errorf("%s: high S", cert.Subject.CommonName)
			}
		}
	}
}

func TestAdminSignsLowS(t *testing.T) {
	o := organisation(t, "ptb", "PtbMSP")
	admin, err := NewAdmin(o.MSP, o.Admin)
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		var e encoder
		sig := admin.sign(&e, []byte("message"))
		if e.err != nil || !lowSignature(t, &admin.key.PublicKey, sig) {
			t.Errorf("signature %x, %v", sig, e.err)
		}
	}
	for _, bad := range []Credential{{}, {Key: []byte("no PEM")}, {Key: o.Admin.Cert}} {
		if _, err := NewAdmin(o.MSP, bad); err == nil {
			t.Errorf("took the key %q", bad.Key)
		}
	}
}

func TestPreparedFolder(t *testing.T) {
	o := organisation(t, "ptb", "PtbMSP")
	dir := filepath.Join(t.TempDir(), "peer0.ptb")
	other := organisation(t, "cmi", "CmiMSP")
	if _, _, err := Prepare(dir, "peer0.ptb", RolePeer, o, []*Organisation{other, o}); err != nil {
		t.Fatal(err)
	}
	clients, err := os.ReadFile(TLSFiles(dir).Clients)
	if diff := cmp.Diff(string(o.TLSCA.PEM)+string(other.TLSCA.PEM), string(clients)); diff != "" || err != nil {
		t.Errorf("authorities of clients: %s %v", diff, err)
	}
	// A peer trusts other members from the start: gossip dials them before it takes over the channel's authorities.
	if want := "CORE_PEER_TLS_ROOTCERT_FILE=" + TLSFiles(dir).Clients; !slices.Contains(Peer{Dir: dir}.Env(), want) {
		t.Errorf("the environment lacks %s", want)
	}
	modes := map[string]os.FileMode{}
	err = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		name, _ := filepath.Rel(dir, path)
		modes[filepath.ToSlash(name)] = info.Mode().Perm()
		if d.IsDir() && info.Mode().Perm() != 0o700 {
			t.Errorf("%s can be entered by others", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]os.FileMode{
		"msp/keystore/key.pem": 0o600, "tls/server.key": 0o600,
		"msp/signcerts/cert.pem": 0o644, "msp/cacerts/ca.pem": 0o644, "msp/tlscacerts/tlsca.pem": 0o644,
		"msp/config.yaml": 0o644, "tls/server.crt": 0o644, "tls/ca.crt": 0o644, "tls/clients.crt": 0o644,
		"data": 0o700, "tmp": 0o700,
	} {
		if modes[name] != want {
			t.Errorf("%s has mode %o, want %o", name, modes[name], want)
		}
	}
}
