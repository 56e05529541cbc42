package network

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"meterbench/bench/topology"
)

// nodeServer is a contract on Fabric's shim for Node, which serves with TLS.
const nodeServer = `
const fs = require('fs'), shim = require('fabric-shim'), env = process.env;
class Store {
  async Init() { return shim.success(); }
  async Invoke(stub) {
    const { fcn, params } = stub.getFunctionAndParameters();
    switch (fcn) {
    case 'Put':
      await stub.putState(params[0], Buffer.from(params[1]));
      return shim.success();
    case 'Get':
      return shim.success(await stub.getState(params[0]));
    }
    return shim.error('there is no function ' + fcn);
  }
}
shim.server(new Store(), {
  ccid: env.CHAINCODE_ID, address: env.CHAINCODE_SERVER_ADDRESS, tlsProps: {
    key: fs.readFileSync(env.CHAINCODE_TLS_KEY), cert: fs.readFileSync(env.CHAINCODE_TLS_CERT), clientCACerts: fs.readFileSync(env.CHAINCODE_CLIENT_CA_CERT),
  },
}).start();
`

// A contract for Node is started by its command.
func TestNodeChaincode(t *testing.T) {
	needsNetwork(t)
	dir := t.TempDir()
	install := exec.Command("npm", "install", "--prefer-offline", "--no-audit", "--no-fund", "--no-save", "fabric-shim@2.5.8")
	install.Dir = dir
	if out, err := install.CombinedOutput(); err != nil {
		t.Skipf("no fabric-shim for Node: %v\n%s", err, out)
	}
	if err := os.WriteFile(filepath.Join(dir, "server.js"), []byte(nodeServer), 0o600); err != nil {
		t.Fatal(err)
	}
	own := shape("node", 1, 1, "ptb")
	own.Channels[0].Chaincodes = []topology.Chaincode{{Name: "store", Endorsement: topology.Any, Command: []string{"node", "server.js"}, Dir: dir}}
	c := connectTo(t, up(t, own, Config{}), "metrology", "store")
	if err := c.Invoke(t.Context(), "Put", []byte("key"), []byte("value")); err != nil {
		t.Fatal(err)
	}
	if answer, err := c.Evaluate(t.Context(), "Get", []byte("key")); string(answer) != "value" || err != nil {
		t.Errorf("got %s, %v", answer, err)
	}
}
