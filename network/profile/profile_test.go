package profile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"meterbench/network/client"
)

// fixture returns the text of a file below testdata with words replaced.
func fixture(t testing.TB, name string, replace ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return strings.NewReplacer(replace...).Replace(string(text))
}

// indented returns a text of several lines as YAML has it behind a bar.
func indented(text string) string {
	return strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n          ")
}

// The profiles of fabric-samples' test network, in both forms, say the same.
func TestTestNetwork(t *testing.T) {
	ca, own := newCA(t, "tlsca.org1.example.com", current), newCA(t, "ca.org1.example.com", current)
	for name, text := range map[string]string{
		"connection-org1.yaml": fixture(t, "connection-org1.yaml", "@TLSCA@", indented(ca.pem), "@CA@", indented(own.pem)),
		"connection-org1.json": fixture(t, "connection-org1.json",
			"@TLSCA@", strings.ReplaceAll(ca.pem, "\n", `\n`), "@CA@", strings.ReplaceAll(own.pem, "\n", `\n`)),
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			tree(t, dir, map[string]string{name: text})
			got, err := Read(filepath.Join(dir, name), os.Getenv)
			if err != nil {
				t.Fatal(err)
			}
			got.Peers[0].TLS.CA = []byte(strings.TrimSpace(string(got.Peers[0].TLS.CA)))
			want := &Profile{
				File: filepath.Join(dir, name), Name: "test-network-org1", Organisation: "Org1",
				Organisations: []Organisation{{Name: "Org1", MSPID: "Org1MSP", Peers: []string{"peer0.org1.example.com"}}},
				Peers: []Peer{{MSPID: "Org1MSP", Node: Node{
					Name: "peer0.org1.example.com", Address: "localhost:7051", ServerName: "peer0.org1.example.com",
					TLS: client.TLS{CA: []byte(strings.TrimSpace(ca.pem))},
				}}},
			}
			if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Identity{})); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// Profiles as programs write them: PEM from Windows, empty texts for what there is none of, keys of the Go SDK.
func TestWrittenByPrograms(t *testing.T) {
	ca := newCA(t, "tlsca", current)
	user := ca.user(t, "user")
	windows := func(pem string) string { return strings.ReplaceAll(pem, "\n", `\r\n`) }
	dir := t.TempDir()
	file := filepath.Join(dir, "connection.json")
	tree(t, dir, map[string]string{"connection.json": `{
	"client": {"organization": "Org1", "tlsCerts": {"client": {"cert": {"path": "", "pem": ""}, "key": {"path": "", "pem": ""}}}},
	"organizations": {"Org1": {"mspId": "Org1MSP", "peers": ["peer0"], "signedCert": {"path": ""}, "adminPrivateKey": {"path": ""},
		"users": {"nobody": {"cert": {"pem": ""}, "key": {"pem": ""}}, "user": {"cert": {"path": "", "pem": "` + windows(user.cert) + `"}, "key": {"pem": "` + windows(user.key) + `"}}}}},
	"peers": {"peer0": {"url": "grpcs://localhost:7051", "tlsCACerts": {"path": "", "pem": "` + windows(ca.pem) + `"}}}}`})
	got, err := Read(file, os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	org, ok := got.Client()
	if !ok || org.MSPID != "Org1MSP" || len(org.Identities) != 1 {
		t.Fatalf("%+v", org)
	}
	if _, err := org.Identities[0].Load(""); err != nil {
		t.Error(err)
	}
	if tls := got.Peers[0].TLS; strings.TrimSpace(string(tls.CA)) != strings.TrimSpace(ca.pem) || tls.Cert != nil {
		t.Errorf("%q", tls)
	}
}
