package network

import (
	"context"
	"os"
	"testing"

	"meterbench/bench/topology"
	"meterbench/network/fabric"
	"meterbench/network/fabric/daemons"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
)

func TestMain(m *testing.M) {
	if code, ok := Dispatch(os.Args, serve); ok {
		os.Exit(code)
	}
	if os.Getenv(holdVariable) != "" {
		os.Exit(hold())
	}
	os.Exit(m.Run())
}

// testDialect is that of a raft orderer of the pinned release.
func testDialect(t testing.TB) fabric.Dialect { return dialectOf(t, topology.Raft) }

func dialectOf(t testing.TB, consensus topology.Consensus) fabric.Dialect {
	t.Helper()
	d, err := fabric.DialectOf(topology.Orderers{Consensus: consensus, Count: 4}, "v"+daemons.Default())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// echo is the smallest chaincode: it answers to Ping and puts what it is told.
type echo struct{}

func (echo) Init(shim.ChaincodeStubInterface) *peer.Response { return shim.Success(nil) }

func (echo) Invoke(stub shim.ChaincodeStubInterface) *peer.Response {
	args := stub.GetArgs()
	switch {
	case string(args[0]) == "Ping":
		return shim.Success(nil)
	case string(args[0]) == "Put" && len(args) == 3:
		if err := stub.PutState(string(args[1]), args[2]); err != nil {
			return shim.Error(err.Error())
		}
		return shim.Success(nil)
	case string(args[0]) == "Operator":
		return shim.Success([]byte(os.Getenv("METERBENCH_OPERATOR")))
	}
	return shim.Error("unknown function " + string(args[0]))
}

func serve(ctx context.Context, getenv func(string) string) error {
	read := func(name string) []byte {
		data, err := os.ReadFile(getenv(name))
		if err != nil {
			panic(err)
		}
		return data
	}
	server := &shim.ChaincodeServer{
		CCID:    getenv("CHAINCODE_ID"),
		Address: getenv("CHAINCODE_SERVER_ADDRESS"),
		CC:      echo{},
		TLSProps: shim.TLSProperties{
			Key:           read("CHAINCODE_TLS_KEY_FILE"),
			Cert:          read("CHAINCODE_TLS_CERT_FILE"),
			ClientCACerts: read("CHAINCODE_TLS_CLIENT_CA_FILE"),
		},
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Start() }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return nil
	}
}
