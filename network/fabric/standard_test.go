package fabric

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A package in the standard form of chaincode as a service says itself where its chaincode serves, also for each peer.
func TestStandardPackage(t *testing.T) {
	for _, tt := range []struct {
		name   string
		source map[string]string
		want   string // of connection.json; empty: refused
	}{
		{"plain", map[string]string{"connection.json": `{"address":"127.0.0.1:9999","dial_timeout":"10s","tls_required":false}`},
			`{"address":"127.0.0.1:9999","dial_timeout":"10s","tls_required":false}`},
		{"TLS", map[string]string{"connection.json": `{"address":"localhost:9999","tls_required":true,"root_cert":"-----BEGIN"}`},
			`{"address":"localhost:9999","tls_required":true,"root_cert":"-----BEGIN"}`},
		{"of each peer", map[string]string{"connection.json": `{"address":"{{.peername}}.local:9999"}`}, `{"address":"peer0.ptb.local:9999"}`},
		{"with a label file", map[string]string{"connection.json": `{"address":"127.0.0.1:9999"}`, "label": "known"}, `{"address":"127.0.0.1:9999"}`},
		{"ours", map[string]string{"label": "known"}, "ours"},
		{"no address", map[string]string{"connection.json": `{"dial_timeout":"10s"}`}, ""},
		{"no port", map[string]string{"connection.json": `{"address":"127.0.0.1"}`}, ""},
		{"no JSON", map[string]string{"connection.json": `address: 127.0.0.1:9999`}, ""},
		{"Go code", map[string]string{"src/main.go": "package main"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			peer, work := filepath.Join(t.TempDir(), "peer0.ptb"), t.TempDir()
			files := map[string]string{filepath.Join(peer, builderDir, connectionsDir, "known.json"): "ours",
				filepath.Join(work, "metadata", "metadata.json"): `{"type":"ccaas","label":"basic_1.0"}`}
			for name, text := range tt.source {
				files[filepath.Join(work, "src", name)] = text
			}
			for path, text := range files {
				if err := Write(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			for _, dir := range []string{"bld", "release"} {
				if err := makeDir(filepath.Join(work, dir)); err != nil {
					t.Fatal(err)
				}
			}
			code := 0
			for _, args := range [][]string{{"detect", "src", "metadata"}, {"build", "src", "metadata", "bld"}, {"release", "bld", "release"}} {
				for i := range args[1:] {
					args[i+1] = filepath.Join(work, args[i+1])
				}
				args[0] = filepath.Join(peer, builderDir, "bin", args[0])
				if code, _ = Builder(args); code != 0 {
					break
				}
			}
			got, _ := os.ReadFile(filepath.Join(work, "release", "chaincode", "server", "connection.json")) // none where it was refused
			if diff := cmp.Diff(tt.want, string(got)); diff != "" || (code != 0) != (tt.want == "") {
				t.Errorf("exit code %d, connection:\n%s", code, diff)
			}
		})
	}
}

// The peer command line takes the MSP folder of a user.
func TestUserMSP(t *testing.T) {
	dir := t.TempDir()
	o := organisation(t, "ptb", "PtbMSP")
	if err := o.WriteMSPs(dir); err != nil {
		t.Fatal(err)
	}
	for user, credential := range map[string]Credential{User: o.User, Admins: o.Admin} {
		want := map[string]string{
			"cacerts/ca.pem": string(o.CA.PEM), "tlscacerts/tlsca.pem": string(o.TLSCA.PEM), "config.yaml": nodeOUs,
			"signcerts/cert.pem": string(credential.Cert), "keystore/key.pem": string(credential.Key),
		}
		got := map[string]string{}
		for name := range want {
			data, err := os.ReadFile(filepath.Join(UserMSP(dir, user), name))
			if err != nil {
				t.Error(err)
			}
			got[name] = string(data)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("MSP of %s:\n%s", user, diff)
		}
		if info, err := os.Stat(filepath.Join(UserMSP(dir, user), "keystore", "key.pem")); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("key of %s: %v, %v", user, info.Mode(), err)
		}
	}
}
