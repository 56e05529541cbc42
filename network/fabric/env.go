package fabric

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"

	"meterbench/bench/topology"
)

// The nodes log what happens to blocks, with instants in microseconds, because that is how a transaction's time inside
// the network becomes known. What they would write of every single transaction and connection, about a gigabyte in half
// an hour under load, is left out, and so are colours. An orderer even warns of each transaction that a gateway hands
// it, because the gateway then hangs up. That the batch timer cut a block its consensus says only when debugging, which
// adds two lines per block and none per transaction. A peer debugs nothing: once one module does, Fabric's logger puts
// together the debugging messages of all modules before it drops them, which took a peer 15 % of its CPU time.
const (
	peerLogging    = "info:grpc,comm.grpc.server,endorser,gateway=warning"
	ordererLogging = "info:grpc,comm.grpc.server=warning:orderer.common.broadcast=error"
	logFormat      = "%{time:2006-01-02T15:04:05.000000Z07:00} %{level} [%{module}] %{message}"
)

// The parts of a node's folder.
const (
	mspDir  = "msp"
	dataDir = "data"
	tempDir = "tmp"
)

// Peer has the folder, the addresses and the settings of a peer.
type Peer struct {
	Name       string
	MSP        string // of its organisation
	Dir        string // absolute: its folder, as Prepare makes it, and its working folder
	Config     string // folder with Fabric's core.yaml
	Address    Endpoint
	Chaincode  Endpoint // where chaincodes that the peer launches would connect; none do
	Operations Endpoint // metrics and health, over mutual TLS
	Bootstrap  Endpoint // a peer of the same organisation, possibly itself
	OneWayTLS  bool     // Address takes clients without a TLS certificate; then all nodes' must
	Limits     topology.Limits
	TLS        Credential // by which it serves, as Prepare returns it
}

// Orderer has the folder, the addresses and the settings of an orderer.
type Orderer struct {
	Name       string
	MSP        string
	Dir        string // absolute: its folder, and its working folder
	Config     string // folder with Fabric's orderer.yaml
	Address    Endpoint
	Admin      Endpoint // channel participation, over mutual TLS
	Operations Endpoint
	OneWayTLS  bool       // as of a Peer
	Debug      string     // logger that debugs, as its consensus needs; may be empty
	Identity   []byte     // certificate by which it signs, as Prepare returns it
	TLS        Credential // by which it serves and speaks to other orderers, as Prepare returns it
}

// Prepare makes a node's folder with its identity, its TLS certificate and the folders that it writes to. It
// returns both certificates. Besides the node's own organisation, members may connect to it: those on its channels. A
// node learns them as it joins a channel, but refuses a neighbour that has joined before, which tries again seconds later.
func Prepare(dir, name, role string, o *Organisation, members []*Organisation) (identity []byte, _ Credential, err error) {
	enrolled, err := o.CA.Identity(name, role)
	if err != nil {
		return nil, Credential{}, err
	}
	if err := o.writeMSP(filepath.Join(dir, mspDir), enrolled); err != nil {
		return nil, Credential{}, err
	}
	clients := o.TLSCA.PEM
	for _, member := range members {
		if member != o {
			clients = slices.Concat(clients, member.TLSCA.PEM)
		}
	}
	if err := o.write("TLS files", "", []file{{TLSFiles(dir).Clients, clients, public}}); err != nil {
		return nil, Credential{}, err
	}
	tls, err := PrepareTLS(dir, name, o)
	return enrolled.Cert, tls, err
}

// PrepareTLS makes the folder of a node that has no identity of its own in the network, as a chaincode has none.
func PrepareTLS(dir, name string, o *Organisation) (Credential, error) {
	tls, err := o.TLSCA.TLS(name)
	if err != nil {
		return Credential{}, err
	}
	files := TLSFiles(dir)
	err = o.write("TLS files", "", []file{{files.Cert, tls.Cert, public}, {files.Key, tls.Key, secret}, {files.CA, o.TLSCA.PEM, public}})
	if err != nil {
		return Credential{}, err
	}
	for _, sub := range []string{dataDir, tempDir} {
		if err := makeDir(filepath.Join(dir, sub)); err != nil {
			return Credential{}, fmt.Errorf("prepare %s: %w", name, err)
		}
	}
	return tls, nil
}

// TLSPaths are the files of a node's TLS certificate, and of the authorities whose clients it takes.
type TLSPaths struct{ Cert, Key, CA, Clients string }

// TLSFiles returns the files that Prepare makes in a node's folder; PrepareTLS makes no Clients.
func TLSFiles(dir string) TLSPaths {
	dir = filepath.Join(dir, "tls")
	return TLSPaths{
		Cert: filepath.Join(dir, "server.crt"), Key: filepath.Join(dir, "server.key"),
		CA: filepath.Join(dir, "ca.crt"), Clients: filepath.Join(dir, "clients.crt"),
	}
}

// listed are a node's files as they stand in settings that are lists, which Fabric splits at spaces and commas: paths by
// the node's working folder, which is its own.
var listed = TLSFiles("/proc/self/cwd")

// nodeEnv returns the variables that both daemons share.
func nodeEnv(dir, config, logging string) []string {
	return []string{
		"FABRIC_CFG_PATH=" + config,
		"FABRIC_LOGGING_SPEC=" + logging,
		"FABRIC_LOGGING_FORMAT=" + logFormat,
		"TMPDIR=" + filepath.Join(dir, tempDir),
	}
}

// Env returns the whole environment of `peer node start`.
func (p Peer) Env() []string {
	tls := TLSFiles(p.Dir)
	data := filepath.Join(p.Dir, dataDir)
	env := append(nodeEnv(p.Dir, p.Config, peerLogging),
		"CORE_PEER_ID="+p.Name,
		"CORE_PEER_NETWORKID=meterbench",
		"CORE_PEER_LOCALMSPID="+p.MSP,
		"CORE_PEER_MSPCONFIGPATH="+filepath.Join(p.Dir, mspDir),
		"CORE_PEER_FILESYSTEMPATH="+data,
		"CORE_LEDGER_SNAPSHOTS_ROOTDIR="+filepath.Join(data, snapshotsDir),
		"CORE_PEER_LISTENADDRESS="+p.Address.String(),
		"CORE_PEER_ADDRESS="+p.Address.String(),
		"CORE_PEER_CHAINCODELISTENADDRESS="+p.Chaincode.String(),
		"CORE_PEER_TLS_ENABLED=true",
		"CORE_PEER_TLS_CERT_FILE="+tls.Cert,
		"CORE_PEER_TLS_KEY_FILE="+tls.Key,
		// Fabric has gossip dial the other members before it takes over their authorities from the channel: each connection
		// would be refused, and again until its 3 s are over.
		"CORE_PEER_TLS_ROOTCERT_FILE="+tls.Clients,
		"CORE_PEER_TLS_CLIENTAUTHREQUIRED="+strconv.FormatBool(!p.OneWayTLS),
		"CORE_PEER_TLS_CLIENTROOTCAS_FILES="+listed.Clients,
		"CORE_PEER_TLS_CLIENTCERT_FILE="+tls.Cert,
		"CORE_PEER_TLS_CLIENTKEY_FILE="+tls.Key,
		"CORE_PEER_GOSSIP_BOOTSTRAP="+p.Bootstrap.String(),
		"CORE_PEER_GOSSIP_ENDPOINT="+p.Address.String(),
		"CORE_PEER_GOSSIP_EXTERNALENDPOINT="+p.Address.String(),
		"CORE_PEER_GOSSIP_ORGLEADER=true",
		"CORE_PEER_GOSSIP_USELEADERELECTION=false",
		// Without an endpoint the peer looks for no Docker daemon, and is healthy without one.
		"CORE_VM_ENDPOINT=",
		fmt.Sprintf("CORE_CHAINCODE_EXTERNALBUILDERS=[{name: %s, path: %q, propagateEnvironment: []}]",
			builderDir, filepath.Join(p.Dir, builderDir)),
		"CORE_OPERATIONS_LISTENADDRESS="+p.Operations.String(),
		"CORE_OPERATIONS_TLS_ENABLED=true",
		"CORE_OPERATIONS_TLS_CERT_FILE="+tls.Cert,
		"CORE_OPERATIONS_TLS_KEY_FILE="+tls.Key,
		"CORE_OPERATIONS_TLS_CLIENTAUTHREQUIRED=true",
		"CORE_OPERATIONS_TLS_CLIENTROOTCAS_FILES="+listed.CA,
		"CORE_METRICS_PROVIDER=prometheus")
	// Fabric's own 4 s to 25 s a network whose nodes all start together would spend until its members find each other.
	for _, interval := range []string{"RECONNECT", "ALIVETIME", "PUBLISHSTATEINFO", "REQUESTSTATEINFO"} {
		env = append(env, "CORE_PEER_GOSSIP_"+interval+"INTERVAL=1s")
	}
	// With Fabric's own 60 s and 20 s a peer waits for 80 s for the blocks of an orderer that has fallen silent. gRPC takes no
	// shorter interval. The orderers' least is below.
	env = append(env, "CORE_PEER_KEEPALIVE_DELIVERYCLIENT_INTERVAL=10s", "CORE_PEER_KEEPALIVE_DELIVERYCLIENT_TIMEOUT=5s")
	for service, limit := range map[string]int{"GATEWAY": p.Limits.Gateway, "ENDORSER": p.Limits.Endorser, "DELIVER": p.Limits.Deliver} {
		if limit > 0 {
			env = append(env, "CORE_PEER_LIMITS_CONCURRENCY_"+service+"SERVICE="+strconv.Itoa(limit))
		}
	}
	return env
}

// Env returns the whole environment of `orderer`.
func (o Orderer) Env() []string {
	tls := TLSFiles(o.Dir)
	ca := "[" + listed.CA + "]"
	data := filepath.Join(o.Dir, dataDir)
	logging := ordererLogging
	if o.Debug != "" {
		logging += ":" + o.Debug + "=debug"
	}
	env := append(nodeEnv(o.Dir, o.Config, logging),
		"ORDERER_GENERAL_LISTENADDRESS="+o.Address.Host,
		"ORDERER_GENERAL_LISTENPORT="+strconv.Itoa(o.Address.Port),
		"ORDERER_GENERAL_LOCALMSPID="+o.MSP,
		"ORDERER_GENERAL_LOCALMSPDIR="+filepath.Join(o.Dir, mspDir),
		"ORDERER_GENERAL_BOOTSTRAPMETHOD=none",
		"ORDERER_GENERAL_TLS_ROOTCAS="+ca,
		"ORDERER_GENERAL_CLUSTER_CLIENTCERTIFICATE="+tls.Cert,
		"ORDERER_GENERAL_CLUSTER_CLIENTPRIVATEKEY="+tls.Key,
		"ORDERER_GENERAL_CLUSTER_ROOTCAS=["+listed.Clients+"]", // orderers of other organisations among them
		// By "consensus", its own choice, a BFT orderer asks for blocks without the hash of its TLS certificate, which all that
		// want a certificate turn down: one that has fallen behind would never catch up. Raft has "simple" only.
		"ORDERER_GENERAL_CLUSTER_REPLICATIONPOLICY=simple",
		"ORDERER_CHANNELPARTICIPATION_ENABLED=true",
		"ORDERER_ADMIN_LISTENADDRESS="+o.Admin.String(),
		"ORDERER_GENERAL_KEEPALIVE_SERVERMININTERVAL=5s", // or it refuses peers that ask as often as they are set to
		"ORDERER_FILELEDGER_LOCATION="+filepath.Join(data, ledgerDir),
		"ORDERER_CONSENSUS_WALDIR="+filepath.Join(data, walDir),
		"ORDERER_CONSENSUS_SNAPDIR="+filepath.Join(data, snapshotDir),
		"ORDERER_OPERATIONS_LISTENADDRESS="+o.Operations.String(),
		"ORDERER_METRICS_PROVIDER=prometheus")
	for _, server := range []struct {
		name, clients string
		oneWay        bool
	}{{"GENERAL", listed.Clients, o.OneWayTLS}, {"ADMIN", listed.CA, false}, {"OPERATIONS", listed.CA, false}} {
		prefix := "ORDERER_" + server.name + "_TLS_"
		env = append(env, prefix+"ENABLED=true", prefix+"CERTIFICATE="+tls.Cert, prefix+"PRIVATEKEY="+tls.Key,
			prefix+"CLIENTAUTHREQUIRED="+strconv.FormatBool(!server.oneWay), prefix+"CLIENTROOTCAS=["+server.clients+"]")
	}
	return env
}
