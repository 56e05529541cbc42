package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-gateway/pkg/client"
	"github.com/hyperledger/fabric-gateway/pkg/identity"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"meterbench/bench/result"
)

// shell runs commands as a user would who has meterbench on the PATH, which must succeed, and returns what they printed.
func shell(t *testing.T, temp, script string) (stdout, stderr string) {
	t.Helper()
	var out, told bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", script)
	cmd.Env = append(os.Environ(), "TMPDIR="+temp)
	cmd.Stdout, cmd.Stderr = &out, &told
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v of\n%s\n%s%s", err, script, &out, &told)
	}
	return out.String(), told.String()
}

// up starts network up and returns when the network is.
func up(t *testing.T, temp string, args ...string) *program {
	t.Helper()
	p := start(t, temp, append([]string{"network", "up"}, args...)...)
	p.says(t, &p.stdout, "takes it down")
	return p
}

// down ends a network that is up, after which nothing of it may be left.
func down(t *testing.T, temp string, p *program) {
	t.Helper()
	p.signal(t, syscall.SIGINT)
	if code := p.exit(t); code != 0 {
		t.Errorf("%s: exit code %d\n%s", p.cmd.Args, code, &p.stderr)
	}
	nothingLeft(t, temp)
}

// printed returns the commands that network up has printed.
func printed(t *testing.T, up *program) string {
	t.Helper()
	_, after, found := strings.Cut(up.stdout.String(), "\nfrom another terminal:\n\n")
	commands, _, ended := strings.Cut(after, "\nCtrl-C")
	if !found || !ended {
		t.Fatalf("no commands are printed:\n%s", &up.stdout)
	}
	return commands
}

// The commands that network up prints work as they are printed, also where two organisations must endorse.
func TestPrintedCommands(t *testing.T) {
	needsNetwork(t)
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("curl is missing")
	}
	for _, topology := range []string{"minimal", "four-peer"} {
		t.Run(topology, func(t *testing.T) {
			temp := t.TempDir()
			net := up(t, temp, topology)
			for stored := 1; stored <= 2; stored++ {
				stdout, stderr := shell(t, temp, printed(t, net))
				if !strings.Contains(stderr, "Chaincode invoke successful. result: status:200") {
					t.Errorf("a reading was not stored:\n%s", stderr)
				}
				if want := fmt.Sprintf("%d\n", stored); !strings.HasPrefix(stdout, want) {
					t.Errorf("counted %.20q, want %q", stdout, want)
				}
				if !strings.Contains(stdout, "# HELP ") {
					t.Errorf("no metrics:\n%.200s", stdout)
				}
			}
			down(t, temp, net)
		})
	}
}

// The commands for several contracts work as they are printed, those of the user's own included, and name the BFT orderer that leads.
func TestPrintedCommandsOfContracts(t *testing.T) {
	needsNetwork(t)
	temp, file := t.TempDir(), filepath.Join(t.TempDir(), "mixed.yaml")
	source, err := filepath.Abs("../../examples/asset-contract")
	if err != nil {
		t.Fatal(err)
	}
	text := `name: mixed
organisations: [{name: ptb}, {name: cmi}]
orderers: {consensus: bft, count: 4}
channels:
  - {name: one, batch: {timeout: 200ms}, chaincodes: [{name: keyvalue, endorsement: all}, {name: pki}, {name: blockmeter}]}
  - {name: two, members: [cmi], batch: {timeout: 200ms}, chaincodes: [{name: assets, source: ` + source + `}]}
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	net := up(t, temp, file)
	said, stderr := shell(t, temp, printed(t, net)+`echo "$CHANNEL_NAME orders at $ORDERER_ADDRESS"`)
	equal(t, "invokes", strings.Count(stderr, "Chaincode invoke successful. result: status:200"), 2)
	for _, want := range []string{"value\n", `["PtbMSP"]`, `"CreateAsset"`, "one orders at 127.0.0.1:"} {
		if !strings.Contains(said, want) {
			t.Errorf("no %q in\n%.2000s", want, said)
		}
	}
	down(t, temp, net)
}

// upAsJSON starts network up with arguments, and returns what that prints as JSON once the network is.
func upAsJSON(t *testing.T, temp string, args ...string) (held *program, n heldNetwork) {
	t.Helper()
	held = start(t, temp, append([]string{"network", "up", "--json"}, args...)...)
	held.says(t, &held.stdout, "\n}\n")
	if err := json.Unmarshal([]byte(held.stdout.String()), &n); err != nil {
		t.Fatal(err)
	}
	return held, n
}

// What network up prints as JSON names files that are there, and ports that answer with the certificates beside them.
func TestAccess(t *testing.T) {
	needsNetwork(t)
	temp := t.TempDir()
	held, n := upAsJSON(t, temp, "minimal")
	if len(n.Organisations) != 2 || len(n.Contracts) != 1 || len(n.Contracts[0].Functions) < 10 {
		t.Errorf("organisations %v, contracts %v", n.Organisations, n.Contracts)
	}
	access := map[string]*http.Client{}
	for _, o := range n.Organisations {
		files := []string{o.TLSCA, filepath.Join(n.Config, "core.yaml"), n.Peer}
		if o.Profile != "" {
			files = append(files, o.Profile)
		}
		for _, user := range []struct{ msp, cert, key, tlsCert, tlsKey string }{
			{o.User.MSP, o.User.Cert, o.User.Key, o.User.TLSCert, o.User.TLSKey}, {o.Admin.MSP, o.Admin.Cert, o.Admin.Key, o.Admin.TLSCert, o.Admin.TLSKey},
		} {
			files = append(files, user.cert, user.key, user.tlsCert, user.tlsKey, filepath.Join(user.msp, "config.yaml"))
			for _, key := range []string{user.key, user.tlsKey, filepath.Join(user.msp, "keystore", "key.pem")} {
				if info, err := os.Stat(key); err != nil || info.Mode().Perm() != 0o600 {
					t.Errorf("key %s: %v", key, err)
				}
			}
			if _, err := tls.LoadX509KeyPair(user.cert, user.key); err != nil {
				t.Error(err)
			}
		}
		for _, file := range files {
			if _, err := os.Stat(file); err != nil {
				t.Error(err)
			}
		}
		pair, err := tls.LoadX509KeyPair(o.User.TLSCert, o.User.TLSKey)
		if err != nil {
			t.Fatal(err)
		}
		roots := x509.NewCertPool()
		ca, err := os.ReadFile(o.TLSCA)
		if err != nil || !roots.AppendCertsFromPEM(ca) {
			t.Fatalf("%s: %v", o.TLSCA, err)
		}
		access[o.Organisation] = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{pair}}}}
	}
	for _, node := range n.Nodes {
		if node.Operations == "" {
			continue
		}
		for _, path := range []string{"/metrics", "/healthz", "/version"} {
			response, err := access[node.Organisation].Get("https://" + node.Operations + path)
			if err != nil {
				t.Error(err)
				continue
			}
			response.Body.Close()
			equal(t, node.Name+path, response.StatusCode, http.StatusOK)
		}
	}
	status, code := command(t, temp, "network", "status", "--json")
	var again heldNetwork
	if err := json.Unmarshal([]byte(status.stdout.String()), &again); err != nil || code != 0 {
		t.Fatalf("status: exit code %d, %v\n%s", code, err, &status.stderr)
	}
	equal(t, "folder", again.Dir, n.Dir)
	if again.State == nil || len(again.State.Nodes) != 3 || again.State.Channels[0].Heights["peer0.ptb"] == 0 {
		t.Errorf("state %+v", again.State)
	}
	down(t, temp, held)
}

// An application of fabric-gateway needs nothing but what network up prints as JSON.
func TestGatewayApplication(t *testing.T) {
	needsNetwork(t)
	temp := t.TempDir()
	held, n := upAsJSON(t, temp, "minimal")
	read := func(path string) []byte {
		t.Helper()
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	org := n.Organisations[0]
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(read(org.TLSCA))
	pair, err := tls.LoadX509KeyPair(org.User.TLSCert, org.User.TLSKey)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := grpc.NewClient(n.Nodes[0].Address, grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{RootCAs: roots, Certificates: []tls.Certificate{pair}})))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	certificate, err1 := identity.CertificateFromPEM(read(org.User.Cert))
	key, err2 := identity.PrivateKeyFromPEM(read(org.User.Key))
	id, err3 := identity.NewX509Identity(org.MSP, certificate)
	sign, err4 := identity.NewPrivateKeySign(key)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	gateway, err := client.Connect(id, client.WithSign(sign), client.WithClientConnection(conn))
	if err != nil {
		t.Fatal(err)
	}
	defer gateway.Close()
	contract := gateway.GetNetwork(n.Channels[0].Name).GetContract(n.Contracts[0].Name)
	made, code := command(t, temp, "reading", "make", n.Dir, "--count", "3", "--set", "workload.meters=2")
	if code != 0 {
		t.Fatalf("reading make: exit code %d\n%s", code, &made.stderr)
	}
	for _, argument := range strings.Fields(made.stdout.String()) {
		if _, err := contract.SubmitTransaction("PutReading", argument); err != nil {
			t.Error(err)
		}
	}
	counted, err := contract.EvaluateTransaction("CountStored", "", "")
	if err != nil || string(counted) != "3" {
		t.Errorf("counted %q, %v", counted, err)
	}
	made, _ = command(t, temp, "reading", "make", n.Dir, "--set", "workload.meters=2", "--json")
	if !strings.Contains(made.stdout.String(), `"meter":"meter-000001","number":1,`) {
		t.Errorf("the fourth reading is\n%s%s", &made.stdout, &made.stderr)
	}
	made, code = command(t, temp, "reading", "make", n.Dir, "--scenario", "smoke", "--series", "encrypted-bank", "--count", "2")
	for _, argument := range strings.Fields(made.stdout.String()) {
		if _, err := contract.SubmitTransaction("PutReading", argument); err != nil {
			t.Error(err)
		}
	}
	if counted, err = contract.EvaluateTransaction("CountStored", "", ""); err != nil || string(counted) != "5" || code != 0 {
		t.Errorf("counted %q with encrypted readings, %v\n%s", counted, err, &made.stderr)
	}
	down(t, temp, held)
}

// A folder of the user's choice outlives a holder that is killed: the next network takes it.
func TestFolderOfKilledHolder(t *testing.T) {
	needsNetwork(t)
	temp, dir := t.TempDir(), filepath.Join(t.TempDir(), "net")
	killed := up(t, temp, "minimal", "--dir", dir)
	killed.signal(t, syscall.SIGKILL)
	killed.exit(t)
	eventually(t, "the nodes' end", func() bool { return len(processes(t, dir)) == 0 })
	if p, code := command(t, temp, "network", "status", dir); code != 1 || !strings.Contains(p.stderr.String(), "has lost its holder; bring one up") {
		t.Errorf("status: exit code %d\n%s", code, &p.stderr)
	}
	again := up(t, temp, "minimal", "--dir", dir)
	if p, code := command(t, temp, "network", "down", "minimal"); code != 0 {
		t.Errorf("down: exit code %d\n%s", code, &p.stderr)
	}
	equal(t, "exit code", again.exit(t), 0)
	nothingLeft(t, temp)
}

// counter is the smallest chaincode with a state.
type counter struct{}

func (counter) Init(shim.ChaincodeStubInterface) *peer.Response { return shim.Success(nil) }

func (counter) Invoke(stub shim.ChaincodeStubInterface) *peer.Response {
	function, args := stub.GetFunctionAndParameters()
	value, err := stub.GetState("value")
	if err == nil && function == "set" && len(args) == 1 {
		err = stub.PutState("value", []byte(args[0]))
	}
	if err != nil {
		return shim.Error(err.Error())
	}
	return shim.Success(value)
}

// packaged returns a standard package of a chaincode that serves at an address.
func packaged(t *testing.T, label, address string) []byte {
	t.Helper()
	archive := func(name, text string, further ...[]byte) []byte {
		var out bytes.Buffer
		zip := gzip.NewWriter(&out)
		files := tar.NewWriter(zip)
		add := func(name string, data []byte) {
			if err := files.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(data))}); err != nil {
				t.Fatal(err)
			}
			if _, err := files.Write(data); err != nil {
				t.Fatal(err)
			}
		}
		add(name, []byte(text))
		for _, code := range further {
			add("code.tar.gz", code)
		}
		if err := files.Close(); err != nil {
			t.Fatal(err)
		}
		if err := zip.Close(); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	code := archive("connection.json", fmt.Sprintf(`{"address": %q, "dial_timeout": "10s", "tls_required": false}`, address))
	return archive("metadata.json", fmt.Sprintf(`{"path": "", "type": "ccaas", "label": %q}`, label), code)
}

// A chaincode as a service is deployed and called as Fabric's documentation has it, by the peer program.
func TestOwnChaincode(t *testing.T) {
	needsNetwork(t)
	temp, work := t.TempDir(), t.TempDir()
	held := up(t, temp, "minimal")
	address := unusedAddress(t)
	data := packaged(t, "counter_1.0", address)
	pkg := filepath.Join(work, "counter.tgz")
	if err := os.WriteFile(pkg, data, 0o600); err != nil {
		t.Fatal(err)
	}
	id := strings.TrimSpace(first(shell(t, temp, `eval "$(meterbench network status minimal --env)"; peer lifecycle chaincode calculatepackageid `+pkg)))
	server := &shim.ChaincodeServer{CCID: id, Address: address, CC: counter{}, TLSProps: shim.TLSProperties{Disabled: true}}
	go server.Start() // until the test program ends
	stdout, stderr := shell(t, temp, fmt.Sprintf(`
eval "$(meterbench network status minimal --env)"
to=(-o "$ORDERER_ADDRESS" --tls --cafile "$ORDERER_CA" --clientauth
    --certfile "$CORE_PEER_TLS_CLIENTCERT_FILE" --keyfile "$CORE_PEER_TLS_CLIENTKEY_FILE")
of=(--channelID "$CHANNEL_NAME" --name counter --version 1.0 --sequence 1)
peer lifecycle chaincode install %[1]s
peer lifecycle chaincode approveformyorg "${to[@]}" "${of[@]}" --package-id %[2]s
peer lifecycle chaincode commit "${to[@]}" "${of[@]}"
peer chaincode invoke "${to[@]}" -C "$CHANNEL_NAME" -n counter --waitForEvent -c '{"Args":["set","42"]}'
peer chaincode query -C "$CHANNEL_NAME" -n counter -c '{"Args":["get"]}'
`, pkg, id))
	if !strings.HasSuffix(stdout, "42\n") {
		t.Errorf("the chaincode answered\n%s%s", stdout, stderr)
	}
	down(t, temp, held)
}

func first(stdout, _ string) string { return stdout }

// shortRun is a scenario of a few seconds that names no topology.
const shortRun = `name: short
warmup: 500ms
workload: {kind: plain, length: 4, meters: 10}
load: {kind: closed, clients: 2, hold: 3s}
`

// A network that is up is measured again and again, while others use it, and stays up.
func TestRunOnHeldNetwork(t *testing.T) {
	needsNetwork(t)
	temp, out, work := t.TempDir(), t.TempDir(), t.TempDir()
	file := filepath.Join(work, "short.yaml")
	if err := os.WriteFile(file, []byte(shortRun), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(work, "net")
	held := up(t, temp, "minimal", "--dir", dir)
	measured := func(name string, during func(p *program)) result.Summary {
		t.Helper()
		args := []string{"run", file, "--on", "minimal", "--out", filepath.Join(out, name)}
		if during != nil {
			args = append(args, "--set", "load.hold=12s") // time for others
		}
		p := start(t, temp, args...)
		if during != nil {
			p.says(t, &p.stderr, "run 1 load level")
			during(p)
		}
		if code := p.exit(t); code != 0 {
			t.Fatalf("run: exit code %d\n%s%s", code, &p.stdout, &p.stderr)
		}
		folder := runFolder(t, filepath.Join(out, name), "short")
		for _, node := range []string{"peer0.ptb", "orderer0", "chaincode.peer0.ptb"} {
			if _, err := os.Stat(filepath.Join(folder, "logs", node+".log")); err != nil {
				t.Error(err)
			}
		}
		return readJSON[result.Summary](t, filepath.Join(folder, "summary.json"))
	}
	for i, during := range []func(*program){
		nil,
		func(*program) { // registers a meter, and another process may not measure
			if p, code := command(t, temp, "reading", "make", dir); code != 0 {
				t.Errorf("reading make: exit code %d\n%s", code, &p.stderr)
			}
			p, code := command(t, temp, "run", file, "--on", dir, "--out", filepath.Join(out, "refused"))
			if !strings.Contains(p.stderr.String(), "another process measures it") || code != 1 {
				t.Errorf("a second run: exit code %d\n%s", code, &p.stderr)
			}
		},
	} {
		s := measured(fmt.Sprint("run", i), during)
		checkSums(t, s)
		audit := audited(t, s)
		equal(t, "target", s.Target, result.TargetHeld)
		equal(t, "others' transactions", audit.Others, uint64(i))
		equal(t, "found", audit.Found, audit.Expected)
		if cores, ok := s.Points[0].CPU["peer0.ptb"]; !ok || cores <= 0 {
			t.Errorf("CPU of the peer: %v, %t", cores, ok)
		}
		if cut := s.Points[0].BlockCut; cut == nil || cut.Timer == 0 {
			t.Errorf("no block was seen: %+v", cut)
		}
	}
	if p, code := command(t, temp, "network", "status", dir); code != 0 || strings.Count(p.stdout.String(), "running") != 3 {
		t.Errorf("the network is not as it was: exit code %d\n%s%s", code, &p.stdout, &p.stderr)
	}

	// A run that is killed leaves it up, and free for the next.
	long := filepath.Join(work, "long.yaml")
	if err := os.WriteFile(long, []byte(longLevel), 0o600); err != nil {
		t.Fatal(err)
	}
	killed := start(t, temp, "run", long, "--on", dir, "--out", filepath.Join(out, "killed"))
	killed.says(t, &killed.stderr, " offered ")
	killed.signal(t, syscall.SIGKILL)
	killed.exit(t)
	if audit := audited(t, measured("after", nil)); audit.Found != audit.Expected {
		t.Errorf("audit after a killed run: %+v", audit)
	}

	// It may go while it is measured: the run says so and keeps what it has.
	p := start(t, temp, "run", long, "--on", dir, "--out", out)
	p.says(t, &p.stderr, " offered ")
	if down, code := command(t, temp, "network", "down", "minimal"); code != 0 {
		t.Errorf("down: exit code %d\n%s", code, &down.stderr)
	}
	if code := p.exit(t); code != exitFailed || !strings.Contains(p.stderr.String(), " ended: exit status unknown: another process holds the network in "+dir+"; log: "+dir) {
		t.Errorf("exit code %d\n%s", code, &p.stderr)
	}
	partial(t, out)
	equal(t, "exit code of network up", held.exit(t), 0)
	nothingLeft(t, temp)

	// Its folder is used again, for a network without what the one before knew.
	held = up(t, temp, "minimal", "--dir", dir)
	if p, code := command(t, temp, "reading", "make", dir, "--json"); code != 0 || !strings.Contains(p.stdout.String(), `"number":0`) {
		t.Errorf("reading make: exit code %d\n%s%s", code, &p.stdout, &p.stderr)
	}
	down(t, temp, held)
}

// Networks with ports of the user's choice are up side by side; a port in use is named with its process.
func TestPortsOfTheUsersChoice(t *testing.T) {
	needsNetwork(t)
	temp := t.TempDir()
	port := unusedPorts(t, 7)
	from := fmt.Sprint(port, "-")
	first := up(t, temp, "minimal", "--ports", from)
	want := fmt.Sprintf("orderer0            127.0.0.1:%d  channel participation 127.0.0.1:%d  operations 127.0.0.1:%d\n", port, port+1, port+2)
	if !strings.Contains(first.stdout.String(), want) {
		t.Errorf("printed\n%s", &first.stdout)
	}
	second := up(t, temp, "minimal", "--ports", fmt.Sprint(unusedPorts(t, 7), "-"))
	p, code := command(t, temp, "network", "up", "minimal", "--ports", from)
	if code != exitFailed || !strings.Contains(p.stderr.String(), fmt.Sprintf(`port %d (process `, port)) || !strings.Contains(p.stderr.String(), `"orderer") is in use`) {
		t.Errorf("exit code %d\n%s", code, &p.stderr)
	}
	p, code = command(t, temp, "network", "status", "--env")
	if code != exitUsage || !strings.Contains(p.stderr.String(), "2 networks are up; name the folder of one: ") {
		t.Errorf("exit code %d\n%s", code, &p.stderr)
	}
	first.signal(t, syscall.SIGINT)
	equal(t, "exit code", first.exit(t), 0)
	down(t, temp, second)
}
