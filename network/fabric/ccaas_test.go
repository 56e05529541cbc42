package fabric

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func unpack(t *testing.T, data []byte) map[string]string {
	t.Helper()
	zip, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for in := tar.NewReader(zip); ; {
		h, err := in.Next()
		if err == io.EOF {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		files[h.Name] = string(content)
	}
}

func TestPackage(t *testing.T) {
	a, err := NewPackage("metrology.readings")
	if err != nil {
		t.Fatal(err)
	}
	b, err := NewPackage("metrology.readings")
	if err != nil || !bytes.Equal(a.Bytes, b.Bytes) || a.ID != b.ID {
		t.Errorf("the same label gives two packages, %v", err)
	}
	if c, err := NewPackage("pki.readings"); err != nil || c.ID == a.ID || bytes.Equal(c.Bytes, a.Bytes) {
		t.Errorf("two labels give one package, %v", err)
	}
	sum := sha256.Sum256(a.Bytes)
	if want := "metrology.readings:" + hex.EncodeToString(sum[:]); a.ID != want {
		t.Errorf("id is %s, want %s", a.ID, want)
	}
	files := unpack(t, a.Bytes)
	if want := `{"label":"metrology.readings","type":"ccaas"}`; files["metadata.json"] != want {
		t.Errorf("metadata is %s, want %s", files["metadata.json"], want)
	}
	if code := unpack(t, []byte(files["code.tar.gz"])); code["label"] != "metrology.readings" {
		t.Errorf("code is %v", code)
	}
}

// The builder's three steps, as a peer takes them, lead from a package to the
// connection of this peer's service.
func TestBuilderSteps(t *testing.T) {
	o := organisation(t, "ptb", "PtbMSP")
	peerDir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	credential, err := o.TLSCA.TLS("peer0.ptb")
	if err != nil {
		t.Fatal(err)
	}
	err = WriteBuilder(peerDir, "/bin/true", []Service{
		{Label: "metrology.readings", Address: Endpoint{"127.0.0.1", 4711}, Name: "chaincode.peer0.ptb", Client: credential, CA: o.TLSCA.PEM},
		{Label: "pki.readings", Address: Endpoint{"127.0.0.1", 4712}, Name: "other", Client: credential, CA: o.TLSCA.PEM},
	})
	if err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(peerDir, builderDir, "bin")
	work := t.TempDir()
	in := func(parts ...string) string { return filepath.Join(append([]string{work}, parts...)...) }
	for _, f := range []struct{ path, text string }{
		{in("metadata", "metadata.json"), `{"type":"ccaas","label":"metrology.readings"}`},
		{in("src", "label"), "metrology.readings"},
	} {
		if err := Write(f.path, []byte(f.text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := makeDir(in("bld")); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) int {
		t.Helper()
		code, handled := Builder(args)
		if !handled {
			t.Fatalf("%q was not handled", args)
		}
		return code
	}
	for _, args := range [][]string{
		{filepath.Join(bin, "detect"), in("src"), in("metadata")},
		{filepath.Join(bin, "build"), in("src"), in("metadata"), in("bld")},
		{filepath.Join(bin, "release"), in("bld"), in("release")},
	} {
		if code := run(args...); code != 0 {
			t.Errorf("%q ended with %d", args, code)
		}
	}
	path := in("release", "chaincode", "server", "connection.json")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	type connection struct {
		Address            string `json:"address"`
		Domain             string `json:"domain"`
		DialTimeout        string `json:"dial_timeout"`
		TLSRequired        bool   `json:"tls_required"`
		ClientAuthRequired bool   `json:"client_auth_required"`
		ClientKey          string `json:"client_key"`
		ClientCert         string `json:"client_cert"`
		RootCert           string `json:"root_cert"`
	}
	var c connection
	if err := json.Unmarshal(data, &c); err != nil {
		t.Fatal(err)
	}
	want := connection{
		Address: "127.0.0.1:4711", Domain: "chaincode.peer0.ptb", DialTimeout: "10s", TLSRequired: true, ClientAuthRequired: true,
		ClientKey: string(credential.Key), ClientCert: string(credential.Cert), RootCert: string(o.TLSCA.PEM),
	}
	if diff := cmp.Diff(want, c); diff != "" {
		t.Error(diff)
	}
	if _, err := tls.X509KeyPair([]byte(c.ClientCert), []byte(c.ClientKey)); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the connection, which holds a key, has mode %v, %v", info.Mode(), err)
	}

	for _, bad := range []struct{ step, file, text string }{
		{"detect", "metadata/metadata.json", `{"type":"golang"}`},
		{"detect", "metadata/metadata.json", `{`},
		{"release", "bld/label", "nobody.knows"},
		{"release", "bld/label", "../../../etc/passwd"},
		{"release", "bld/label", ""},
	} {
		if err := os.WriteFile(in(filepath.FromSlash(bad.file)), []byte(bad.text), 0o600); err != nil {
			t.Fatal(err)
		}
		args := map[string][]string{"detect": {in("src"), in("metadata")}, "release": {in("bld"), in("release")}}[bad.step]
		if code := run(append([]string{filepath.Join(bin, bad.step)}, args...)...); code == 0 {
			t.Errorf("%s took %q", bad.step, bad.text)
		}
	}
	if code := run(filepath.Join(bin, "detect")); code == 0 {
		t.Error("detect without arguments succeeded")
	}
}

func TestBuilderLeavesOthersAlone(t *testing.T) {
	for _, args := range [][]string{nil, {""}, {"meterbench", "run"}, {"/usr/bin/detect", "a", "b"}, {"meterbench-chaincode"}, {"bin/release"}} {
		if code, handled := Builder(args); handled {
			t.Errorf("Builder(%q) was handled with %d", args, code)
		}
	}
}

func TestEnvironments(t *testing.T) {
	p := Peer{Name: "peer0.ptb", MSP: "PtbMSP", Dir: "/run/peer0.ptb", Config: "/config", Address: Endpoint{"127.0.0.1", 1}}
	p.Limits.Gateway = 2500
	env := strings.Join(p.Env(), "\n")
	for _, want := range []string{
		"CORE_PEER_LIMITS_CONCURRENCY_GATEWAYSERVICE=2500", "CORE_PEER_ADDRESS=127.0.0.1:1", "CORE_PEER_TLS_ENABLED=true",
		"CORE_VM_ENDPOINT=\n", `path: "/run/peer0.ptb/meterbench-builder"`,
	} {
		if !strings.Contains(env, want) {
			t.Errorf("%q is not in the peer's environment:\n%s", want, env)
		}
	}
	if strings.Contains(env, "ENDORSERSERVICE") {
		t.Error("a limit that the topology leaves out is set")
	}
	o := Orderer{Name: "orderer0", Dir: "/run/orderer0", Admin: Endpoint{"127.0.0.1", 2}}
	if want := "ORDERER_GENERAL_CLUSTER_REPLICATIONPOLICY=simple"; !slices.Contains(o.Env(), want) {
		t.Errorf("%s is not in the orderer's environment: a BFT orderer that falls behind cannot catch up with TLS certificates of clients", want)
	}
	env = strings.Join(append(o.Env(), p.Env()...), "\n")
	for _, never := range []string{"0.0.0.0", "/var/hyperledger", "TLS_ENABLED=false", "CLIENTAUTHREQUIRED=false"} {
		if strings.Contains(env, never) {
			t.Errorf("%q is in an environment", never)
		}
	}
}

// Whatever a package calls itself, the builder hands out no file but the
// connections that it was given.
func FuzzRelease(f *testing.F) {
	for _, label := range []string{"metrology.readings", "../secret", "..", "", "/etc/passwd", "a/../../secret", "nobody\x00"} {
		f.Add(label)
	}
	f.Fuzz(func(t *testing.T, label string) {
		home, built, out := t.TempDir(), t.TempDir(), t.TempDir()
		for path, text := range map[string]string{
			filepath.Join(home, connectionsDir, "metrology.readings.json"): "connection",
			filepath.Join(home, "secret.json"):                             "secret",
			filepath.Join(built, labelFile):                                label,
		} {
			if err := Write(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		err := release(home, built, out)
		got, readErr := os.ReadFile(filepath.Join(out, "chaincode", "server", "connection.json"))
		if err == nil && string(got) != "connection" {
			t.Errorf("label %q was given %q, %v", label, got, readErr)
		}
		if (err == nil) != (label == "metrology.readings") {
			t.Errorf("label %q: %v", label, err)
		}
	})
}
