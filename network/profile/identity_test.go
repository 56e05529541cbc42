package profile

import (
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"meterbench/internal/lows"
	"meterbench/internal/strictyaml"
)

// An identity is read from an MSP folder, as cryptogen and fabric-ca's client lay it out, and from files.
func TestIdentity(t *testing.T) {
	dir := t.TempDir()
	ca, between := newCA(t, "ca.org1", current), newCA(t, "between", current)
	user, old, enrolled := ca.user(t, "User1"), ca.user(t, "User1"), between.user(t, "User2")
	below, large := ca.issueCA(t, between), ca.issue(t, "User3", newKey(t, elliptic.P384()), current)
	tree(t, dir, map[string]string{
		"cryptogen/msp/cacerts/ca.org1-cert.pem":       ca.pem,
		"cryptogen/msp/signcerts/User1@org1-cert.pem":  user.cert,
		"cryptogen/msp/keystore/priv_sk":               user.key,
		"cryptogen/msp/tlscacerts/tlsca.org1-cert.pem": ca.pem,
		"cryptogen/msp/admincerts/":                    "",
		"cryptogen/msp/config.yaml":                    "NodeOUs: {Enable: true}\n",

		"fabric-ca/msp/cacerts/localhost-7054-ca-org1.pem":           ca.pem,
		"fabric-ca/msp/intermediatecerts/localhost-7054-ca-org1.pem": below,
		"fabric-ca/msp/signcerts/cert.pem":                           enrolled.cert,
		"fabric-ca/msp/keystore/0a_sk":                               old.key,
		"fabric-ca/msp/keystore/9f_sk":                               enrolled.key,
		"fabric-ca/msp/keystore/.gitkeep":                            "",
		"fabric-ca/msp/IssuerPublicKey":                              "x",

		"bare/signcerts/c.pem": "Certificate:\n    Data:\n" + user.cert, "bare/keystore/k.pem": user.key,
		"384.crt": large.cert, "384.key": large.key,
		"cert.pem": user.cert + ca.pem, "key.pem": "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n" + user.key,
	})
	for name, c := range map[string]struct {
		id   Identity
		cert string
	}{
		"cryptogen":        {Identity{MSPID: "Org1MSP", MSP: "cryptogen/msp"}, user.cert},
		"fabric-ca":        {Identity{MSPID: "Org1MSP", MSP: "fabric-ca/msp"}, enrolled.cert},
		"without cacerts":  {Identity{MSPID: "Org1MSP", MSP: "bare"}, user.cert},
		"two files":        {Identity{MSPID: "Org1MSP", Certificate: "cert.pem", Key: "key.pem"}, user.cert},
		"P-384":            {Identity{MSPID: "Org1MSP", Certificate: "384.crt", Key: "384.key"}, large.cert},
		"an absolute path": {Identity{MSPID: "Org1MSP", MSP: filepath.Join(dir, "bare")}, user.cert},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := c.id.Load(dir)
			if err != nil {
				t.Fatal(err)
			}
			if got.MSP != "Org1MSP" || string(got.CertPEM) != c.cert {
				t.Errorf("MSP %s, certificate\n%s", got.MSP, got.CertPEM)
			}
			if _, err := lows.ParseKeyPair(got.CertPEM, got.KeyPEM); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("relative to the working directory", func(t *testing.T) {
		t.Chdir(dir)
		if _, err := (Identity{MSPID: "Org1MSP", MSP: "bare"}).Load("elsewhere"); err != nil {
			t.Error(err)
		}
	})
}

// What is wrong with an identity is one line that names the file and says what to do.
func TestIdentityFaults(t *testing.T) {
	dir := t.TempDir()
	ca, foreign := newCA(t, "ca.org1", current), newCA(t, "ca.org2", current)
	user, other := ca.user(t, "User1"), ca.user(t, "Other")
	_, ed, err1 := ed25519.GenerateKey(rand.Reader)
	rs, err2 := rsa.GenerateKey(rand.Reader, 2048)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	edwards, rivest := ca.issue(t, "Ed", ed, current), ca.issue(t, "Ron", rs, current)
	small := ca.issue(t, "Small", newKey(t, elliptic.P224()), current)
	old := ca.issue(t, "Old", ca.key, past)
	tree(t, dir, map[string]string{
		"empty/": "", "file": "x",
		"user/msp/signcerts/c.pem": user.cert, "user/msp/keystore/k.pem": user.key,
		"two/signcerts/a.pem": user.cert, "two/signcerts/b.pem": user.cert,
		"nokey/signcerts/c.pem": user.cert, "nokey/keystore/": "",
		"foreignkey/signcerts/c.pem": user.cert, "foreignkey/keystore/k.pem": other.key,
		"foreignkeys/signcerts/c.pem": user.cert, "foreignkeys/keystore/k.pem": other.key, "foreignkeys/keystore/l.pem": ca.user(t, "x").key,
		"badkey/signcerts/c.pem": user.cert, "badkey/keystore/k.pem": "nothing",
		"old/signcerts/c.pem": old.cert, "old/keystore/k.pem": old.key,
		"nocert/signcerts/c.pem": "nothing", "nocert/keystore/k.pem": user.key,
		"otherca/signcerts/c.pem": user.cert, "otherca/keystore/k.pem": user.key, "otherca/cacerts/ca.pem": foreign.pem,
		"ed.crt": edwards.cert, "ed.key": edwards.key, "rsa.crt": rivest.cert, "rsa.key": rivest.key, "small.crt": small.cert, "small.key": small.key,
		"encrypted": "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAAA\n-----END EC PRIVATE KEY-----\n",
		"garbled":   "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
	})
	fifo(t, filepath.Join(dir, "pipe"))
	org1 := func(msp string) Identity { return Identity{MSPID: "Org1MSP", MSP: msp} }
	files := func(cert, key string) Identity { return Identity{MSPID: "Org1MSP", Certificate: cert, Key: key} }
	for name, c := range map[string]struct {
		id         Identity
		path, want string
	}{
		"no MSP id":       {Identity{MSP: "user/msp"}, "mspid", "is missing; write the id of the identity's MSP, for example Org1MSP"},
		"nothing":         {Identity{MSPID: "Org1MSP"}, "", "want msp, an MSP folder, or certificate and key"},
		"both":            {Identity{MSPID: "Org1MSP", MSP: "user/msp", Key: "k"}, "msp", "an identity is in an MSP folder or in two files, not both; remove msp, or certificate and key"},
		"no key given":    {files("user/msp/signcerts/c.pem", ""), "key", "is missing; give the file of the certificate's private key"},
		"no cert given":   {files("", "user/msp/keystore/k.pem"), "certificate", "is missing; give the file of the key's certificate"},
		"no folder":       {org1("none"), "msp", "DIR/none: cannot be read: there is no such file; give the folder that has signcerts and keystore"},
		"a file":          {org1("file"), "msp", "DIR/file: is no folder; give the folder that has signcerts and keystore"},
		"empty folder":    {org1("empty"), "msp", "DIR/empty: has no certificate in signcerts; give a user's MSP folder, which has one"},
		"folder above":    {org1("user"), "msp", "DIR/user: is no MSP folder, but has one; give DIR/user/msp"},
		"two certs":       {org1("two"), "msp", "DIR/two: has 2 certificates in signcerts; keep one"},
		"no key":          {org1("nokey"), "msp", "DIR/nokey: has no private key in keystore; copy the private key there; one in a hardware module cannot be used"},
		"foreign key":     {org1("foreignkey"), "msp", "DIR/foreignkey: none of the keys in keystore (1) belongs to the certificate of User1; copy the key there that was made with it"},
		"foreign keys":    {org1("foreignkeys"), "msp", "DIR/foreignkeys: none of the keys in keystore (2) belongs to the certificate of User1; copy the key there that was made with it"},
		"no PEM key":      {org1("badkey"), "msp", "DIR/badkey/keystore/k.pem: has no private key in PEM; it begins with -----BEGIN PRIVATE KEY-----"},
		"expired":         {org1("old"), "msp", "DIR/old/signcerts/c.pem: the certificate of Old expired on "},
		"no PEM":          {org1("nocert"), "msp", "DIR/nocert/signcerts/c.pem: has no certificate in PEM; it begins with -----BEGIN CERTIFICATE-----"},
		"another MSP":     {org1("otherca"), "msp", "DIR/otherca/signcerts/c.pem: the certificate of User1 is by no authority in cacerts of its own MSP: x509: "},
		"Ed25519":         {files("ed.crt", "ed.key"), "certificate", "DIR/ed.crt: the key of Ed is Ed25519, which Fabric takes from 3.0 on only; enrol an identity with an ECDSA key on P-256"},
		"RSA":             {files("rsa.crt", "rsa.key"), "certificate", "DIR/rsa.crt: the key of Ron is RSA, which Fabric takes from no client; enrol an identity with an ECDSA key on P-256"},
		"P-224":           {files("small.crt", "small.key"), "certificate", "DIR/small.crt: the key of Small is on the curve P-224; enrol an identity with an ECDSA key on P-256"},
		"encrypted":       {files("user/msp/signcerts/c.pem", "encrypted"), "key", "DIR/encrypted: the private key is encrypted; decrypt it to a file of mode 0600: openssl pkey -in … -out …"},
		"garbled":         {files("user/msp/signcerts/c.pem", "garbled"), "key", "DIR/garbled: the private key is in no known form; write it as PKCS #8 or SEC 1"},
		"key of another":  {files("user/msp/signcerts/c.pem", "foreignkey/keystore/k.pem"), "key", "DIR/foreignkey/keystore/k.pem: the private key does not belong to the certificate of User1; give the key that was made with it"},
		"key from a pipe": {files("user/msp/signcerts/c.pem", "pipe"), "key", "DIR/pipe: cannot be read: is no regular file but a named pipe"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.id.Load(dir)
			problem, ok := errors.AsType[*strictyaml.Problem](err)
			if !ok {
				t.Fatalf("%T %v", err, err)
			}
			want := c.want
			if c.path != "" {
				want = c.path + ": " + want
			}
			if got := strings.ReplaceAll(err.Error(), dir+"/", "DIR/"); problem.Path != c.path || !strings.HasPrefix(got, want) || strings.Contains(got, "\n") {
				t.Errorf("\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// The identities that a profile names have their place in it.
func TestNamedIdentities(t *testing.T) {
	dir := t.TempDir()
	ca := newCA(t, "ca", current)
	user, admin := ca.user(t, "u"), ca.user(t, "a")
	inline := func(text string) string { return `"` + strings.ReplaceAll(text, "\n", `\n`) + `"` }
	tree(t, dir, map[string]string{"ca.pem": ca.pem, "a.crt": admin.cert, "a.key": admin.key, "connection.yaml": `
organizations:
  Org1:
    mspid: Org1MSP
    users:
      user: {cert: {pem: ` + inline(user.cert) + `}, key: {pem: ` + inline(user.key) + `}}
      wrong: {cert: {pem: ` + inline(user.cert) + `}, key: {path: a.key}}
      elsewhere: {}
    signedCert: {path: a.crt}
    adminPrivateKey: {path: a.key}
peers: {p: {url: 'grpcs://[::1]:7051', tlsCACerts: {path: ca.pem}}}
`})
	p, err := Read(filepath.Join(dir, "connection.yaml"), environment)
	if err != nil {
		t.Fatal(err)
	}
	if peer := p.Peers[0]; peer.Address != "[::1]:7051" || peer.ServerName != "::1" {
		t.Errorf("peer %+v", peer)
	}
	all := p.Organisations[0].Identities
	if len(all) != 3 || all[0].Name != "user" || all[1].Name != "wrong" || all[2].Name != "admin" {
		t.Fatalf("identities %+v", all)
	}
	for i, want := range map[int]string{0: user.cert, 2: admin.cert} {
		got, err := all[i].Load("")
		if err != nil || got.MSP != "Org1MSP" || string(got.CertPEM) != want {
			t.Errorf("%s: %+v, %v", all[i].Name, got, err)
		}
	}
	want := filepath.Join(dir, "connection.yaml") + ":7:"
	if _, err := all[1].Load(""); err == nil || !strings.HasPrefix(err.Error(), want) || !strings.Contains(err.Error(), "a.key: the private key does not belong to the certificate of u") {
		t.Errorf("%v, want %s", err, want)
	}
}
