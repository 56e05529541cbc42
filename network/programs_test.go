package network

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/internal/process"
	"meterbench/network/client"
	"meterbench/network/fabric"
)

// assets is the folder of the example of a contract.
const assets = "../examples/asset-contract"

// buildAssets builds the example with go build itself.
func buildAssets(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "asset-contract")
	build := exec.Command("go", "build", "-o", program, ".")
	build.Dir = assets
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

// serverKeys makes a certificate for a server, and returns the file of who vouches for it, and what tells the example to serve
// with it.
func serverKeys(t *testing.T) (rootCert string, env []string) {
	t.Helper()
	ca, err := fabric.NewCA("ptb", "ca")
	if err != nil {
		t.Fatal(err)
	}
	server, err := ca.TLS("server")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, pem := range map[string][]byte{"ca.pem": ca.PEM, "server.crt": server.Cert, "server.key": server.Key} {
		if err := os.WriteFile(filepath.Join(dir, name), pem, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	key, cert := filepath.Join(dir, "server.key"), filepath.Join(dir, "server.crt")
	return filepath.Join(dir, "ca.pem"), []string{"CORE_PEER_TLS_ENABLED=true", "CORE_TLS_CLIENT_KEY_FILE=" + key, "CORE_TLS_CLIENT_CERT_FILE=" + cert}
}

// serveAssets serves the example as the user would, in plain text unless the environment says else.
func serveAssets(t *testing.T, program, id string, env ...string) (address string) {
	t.Helper()
	ports, err := process.FreePorts(1)
	if err != nil {
		t.Fatal(err)
	}
	address = fmt.Sprintf("127.0.0.1:%d", ports[0])
	p, err := process.Start(process.Spec{
		Name: "assets", Path: program, LogPath: filepath.Join(t.TempDir(), "assets.log"),
		Env: slices.Concat(os.Environ(), []string{"CHAINCODE_SERVER_ADDRESS=" + address, "CORE_CHAINCODE_ID_NAME=" + id}, env),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Stop(time.Second) })
	waitFor(t, "the contract to listen", func() bool {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
	return address
}

// Contracts of the user's own are built from source, started by a command, or run already, on channels with different
// members and policies; a collection is kept from who is no member of it.
func TestOwnChaincodes(t *testing.T) {
	needsNetwork(t)
	program := buildAssets(t)
	id := func(label string) string {
		pkg, err := fabric.NewPackage(label)
		if err != nil {
			t.Fatal(err)
		}
		return pkg.ID
	}
	source, err := filepath.Abs(assets)
	if err != nil {
		t.Fatal(err)
	}
	before := modified(t, source)
	own := shape("own", 1, 1, "ptb", "cmi")
	own.Channels[0].Chaincodes = append(own.Channels[0].Chaincodes, topology.Chaincode{
		Name: "assets", Endorsement: topology.Any, Source: source,
		Collections: []topology.Collection{{Name: "secrets", Members: []string{"ptb"}, Maximum: 1, MemberOnlyRead: true, Endorsement: topology.Any}},
	})
	second := channel("second")
	second.Members = []string{"cmi"}
	second.Chaincodes = []topology.Chaincode{
		{Name: "command", Endorsement: topology.All, Command: []string{program}, Dir: t.TempDir(), Plaintext: true},
		{Name: "running", Endorsement: topology.All, Address: serveAssets(t, program, id("second.running")), Plaintext: true},
	}
	rootCert, withTLS := serverKeys(t)
	second.Chaincodes = append(second.Chaincodes, topology.Chaincode{
		Name: "vouched", Endorsement: topology.All, RootCert: rootCert, Address: serveAssets(t, program, id("second.vouched"), withTLS...),
	})
	own.Channels = append(own.Channels, second)
	n := up(t, own, Config{})
	put(t, n, "metrology", "readings")

	for _, where := range [][2]string{{"metrology", "assets"}, {"second", "command"}, {"second", "running"}, {"second", "vouched"}} {
		t.Run(where[1], func(t *testing.T) {
			c := connectTo(t, n, where[0], where[1])
			if err := c.Invoke(t.Context(), "CreateAsset", []byte("a"), []byte("ptb"), []byte("7")); err != nil {
				t.Fatal(err)
			}
			answer, err := c.Evaluate(t.Context(), "ReadAsset", []byte("a"))
			if want := `{"id":"a","owner":"ptb","value":7}`; string(answer) != want || err != nil {
				t.Errorf("got %s, %v, want %s", answer, err, want)
			}
		})
	}
	t.Run("collection", func(t *testing.T) { checkCollection(t, connectTo(t, n, "metrology", "assets")) })
	if after := modified(t, source); after != before {
		t.Errorf("the source was changed:\n%s\n%s", before, after)
	}
}

func connectTo(t *testing.T, n *Network, channel, chaincode string) *client.Client {
	t.Helper()
	c, err := n.Client(t.Context(), channel, chaincode)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// modified lists the files of a folder with their times.
func modified(t *testing.T, dir string) string {
	t.Helper()
	var list strings.Builder
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil {
			var info os.FileInfo
			info, err = d.Info()
			fmt.Fprintln(&list, path, info.Size(), info.ModTime())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list.String()
}

// checkCollection puts private data through every gateway, and has each organisation read them.
func checkCollection(t *testing.T, c *client.Client) {
	t.Helper()
	for i := range 2 { // one turn through each gateway
		key := fmt.Sprint("s", i)
		receipt, err := c.Submit(t.Context(), bench.Transaction{
			Contract: "assets", Function: "PutSecret", Args: [][]byte{[]byte("secrets"), []byte(key)},
			Transient: map[string][]byte{"secret": []byte("none of your business")}, Wait: result.WaitCommit,
		})
		if err != nil || receipt.Outcome != result.Valid {
			t.Fatalf("got %v, %v", receipt.Outcome, err)
		}
	}
	for msp, allowed := range map[string]bool{"PtbMSP": true, "CmiMSP": false} {
		contract, err := c.Contract("assets", msp)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := contract.Evaluate(t.Context(), "ReadSecret", []byte("secrets"), []byte("s0"))
		if allowed != (err == nil && string(answer) == "none of your business") {
			t.Errorf("%s: got %q, %v", msp, answer, err)
		}
	}
}

// What is wrong with a chaincode of the user's own is said in one line before anything else, and nothing stays.
func TestOwnChaincodeErrors(t *testing.T) {
	needsNetwork(t)
	program := buildAssets(t)
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o700)); err != nil {
			t.Fatal(err)
		}
		return filepath.Dir(path)
	}
	module := "module example.org/a\n\ngo 1.26\n"
	write("broken/go.mod", module)
	write("library/go.mod", module)
	write("starts/go.mod", module)
	const at = "127.0.0.1:1" // nobody listens
	_, withTLS := serverKeys(t)
	withTLS = slices.Concat([]string{"env"}, withTLS, []string{program})
	serves := "; it must serve at the address in CHAINCODE_SERVER_ADDRESS: see docs/contracts.md"
	for _, test := range []struct {
		name   string
		silent bool // nothing comes of it however long one waits
		cc     topology.Chaincode
		want   string
	}{
		{"compiler", false, topology.Chaincode{Source: write("broken/main.go", "package main\n\nfunc main() { undefined() }\n")},
			"does not build: ./main.go:3:15: undefined: undefined; mend it: go build in " + dir + "/broken shows all"},
		{"no module", false, topology.Chaincode{Source: write("nomodule/main.go", "package main\n\nfunc main() {}\n")},
			"does not build: go: go.mod file not found in current directory or any parent directory; see 'go help modules'; mend it: go build in " + dir + "/nomodule shows all"},
		{"library", false, topology.Chaincode{Source: write("library/main.go", "package library\n")},
			"does not build: go: no main packages to build; mend it: go build in " + dir + "/library shows all"},
		{"ends", false, topology.Chaincode{Source: write("starts/main.go", "package main\n\nfunc main() { println(\"first\"); panic(\"no peer\") }\n")},
			"ended (exit status 2): panic: no peer" + serves},
		{"script", false, topology.Chaincode{Command: []string{"sh", "-c", "echo one; echo cannot go on; exit 3"}, Dir: dir}, "ended (exit status 3): cannot go on" + serves},
		{"nobody", true, topology.Chaincode{Address: at, Plaintext: true},
			"nothing listens at " + at + "; start it before, with CHAINCODE_ID=metrology.basic:"},
		{"deaf", true, topology.Chaincode{Command: []string{"sleep", "100"}, Dir: dir}, "does not listen at 127.0.0.1:"},
		{"no TLS", false, topology.Chaincode{Command: []string{"env", "CORE_PEER_TLS_ENABLED=false", program}, Dir: dir},
			"serves without TLS; have it take its key and certificate from the environment, as docs/contracts.md says, or give plaintext: true"},
		{"TLS", false, topology.Chaincode{Command: withTLS, Dir: dir, Plaintext: true}, "serves with TLS; leave plaintext out"},
		{"another", true, topology.Chaincode{Address: serveAssets(t, program, "other:1"), Plaintext: true}, "does not answer: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			broken := shape("broken", 1, 1, "ptb")
			test.cc.Name, test.cc.Endorsement = "basic", topology.Any
			broken.Channels[0].Chaincodes = []topology.Chaincode{test.cc}
			run := filepath.Join(t.TempDir(), "run")
			cfg := Config{Dir: run, patience: time.Minute} // within which a program begins on any machine
			if test.silent {
				cfg.patience = 2 * time.Second
			}
			_, err := Start(t.Context(), broken, cfg)
			own, ok := errors.AsType[*ChaincodeError](err)
			if !ok || strings.Contains(own.Error(), "\n") || !strings.HasPrefix(own.Error(), "channel metrology: chaincode basic: "+test.want) {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
			if _, err := os.Stat(run); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the run folder stays: %v", err)
			}
		})
	}
}

// A line that announces the next one is told together with it.
func TestFirstMistake(t *testing.T) {
	for _, test := range []struct{ output, want string }{
		{"go: errors parsing go.mod:\ngo.mod:1: unknown directive: garbage\n", "go: errors parsing go.mod: go.mod:1: unknown directive: garbage"},
		{"main.go:3:8: no required module provides package a.org/b; to add it:\n\tgo get a.org/b\nmore\n",
			"main.go:3:8: no required module provides package a.org/b; to add it: go get a.org/b"},
		{"# a\n./main.go:3:15: undefined: x\n./main.go:4:15: undefined: y\n", "./main.go:3:15: undefined: x"},
		{"go: to add:\n", "go: to add"},
		{":\n", "exit status 1"},
	} {
		if got := firstMistake(test.output, "exit status 1"); got != test.want {
			t.Errorf("got  %s\nwant %s", got, test.want)
		}
	}
}

// Whatever go build says is told in one line that can be printed.
func FuzzFirstMistake(f *testing.F) {
	f.Add("# example.org/a\n./main.go:3:15: undefined: x\n")
	f.Add("go: downloading example.org/b v1.0.0\nmain.go:3:2: missing go.sum entry\x1b[2J:\n")
	f.Add("")
	f.Fuzz(func(t *testing.T, output string) {
		got := firstMistake(output, "exit status 1")
		if got == "" || strings.ContainsAny(got, "\n\r\x1b") || len(got) > 4*510 {
			t.Errorf("%q gives %q", output, got)
		}
	})
}
