package network

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc"

	"meterbench/internal/process"
	"meterbench/network/client"
	"meterbench/network/fabric"
)

// A Deployment says how a contract of ours comes onto a network that others run, as a service that this process starts.
type Deployment struct {
	Deployed
	Admins  []client.Identity // of the organisations that approve, one each
	Peers   []DeploymentPeer  // on which it is installed: those of these organisations
	Address string            // host:port at which peers reach the service, which listens there
	Logs    string            // folder of its log
}

// A DeploymentPeer is a peer and its organisation.
type DeploymentPeer struct {
	client.Gateway
	MSP string
}

// deployedLabel begins the labels of packages that meterbench deploys, so that a later run knows them.
const deployedLabel = "meterbench-"

// deployTimeout bounds a deployment: three rounds of transactions.
const deployTimeout = 2 * time.Minute

// deploy installs, approves and commits a contract, and serves it until the process that it returns is stopped. One of the
// channel's definitions that meterbench has deployed before is approved anew, with this service; one of others is left
// alone. operator may register meters. The error is an *AttachError, or that of ctx, and says what stays.
func (d Deployment) deploy(ctx context.Context, channel, operator string, defined []fabric.Committed) (serving *process.Process, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, deployTimeout, fmt.Errorf("not deployed after %v", deployTimeout))
	defer cancel()
	var left []string // what stays on the network
	wrong := func(remedy, format string, args ...any) error {
		staying := ""
		if len(left) > 0 {
			staying = "; there stays: " + strings.Join(left, ", ")
		}
		if ctx.Err() != nil {
			return fmt.Errorf("deploy %s: %w%s", d.Name, context.Cause(ctx), staying)
		}
		return &AttachError{Part: AttachDeploy, Reason: fmt.Sprintf(format, args...) + staying, Remedy: remedy}
	}
	conns := map[string][]grpc.ClientConnInterface{} // by organisation
	for _, p := range d.Peers {
		conn, err := client.Connect(p.Address, p.ServerName, p.TLS)
		if err != nil {
			return nil, wrong("", "peer %s: %v", p.Name, err)
		}
		defer conn.Close()
		conns[p.MSP] = append(conns[p.MSP], conn)
	}
	admins := make([]*fabric.Admin, len(d.Admins))
	for i, id := range d.Admins {
		if admins[i], err = fabric.NewAdmin(id.MSP, fabric.Credential{Cert: id.CertPEM, Key: id.KeyPEM}); err != nil {
			return nil, wrong("", "%v", err)
		}
	}
	committed := slices.ContainsFunc(defined, func(c fabric.Committed) bool { return c.Name == d.Name })
	if committed {
		for i, id := range d.Admins {
			approved, err := admins[i].Approved(ctx, conns[id.MSP][0], channel, d.Name)
			if err != nil {
				return nil, wrong("give an administrator of each organisation", "%s", client.Said(err))
			}
			if !strings.HasPrefix(approved, deployedLabel) {
				return nil, wrong("name another under contracts, or leave deploy out",
					"channel %s has a contract %s already, which meterbench has not deployed for %s", channel, d.Name, id.MSP)
			}
		}
	}
	pkg, tls, err := d.service()
	if err != nil {
		return nil, wrong("", "%v", err)
	}
	service, err := d.serve(pkg, tls, operator)
	if err != nil {
		return nil, wrong("give another address, with a port that is free on this machine", "deploy %s: %v", d.Name, err)
	}
	defer func() {
		if err != nil {
			service.Stop(stopGrace)
		}
	}()
	definition := fabric.Definition{Name: d.Name, PackageID: pkg.ID} // endorsed as the channel says
	var endorsers []grpc.ClientConnInterface
	var last string // approval
	for i, id := range d.Admins {
		for j, conn := range conns[id.MSP] {
			if err := admins[i].Install(ctx, conn, pkg); err != nil {
				return nil, wrong(installRemedy(err), "install %s as an administrator of %s: %s", d.Name, id.MSP, client.Said(err))
			}
			left = append(left, fmt.Sprintf("package %s on peer %d of %s", pkg.Label, j+1, id.MSP))
		}
		if last, _, err = admins[i].Approve(ctx, channel, definition, conns[id.MSP]); err != nil {
			return nil, wrong("give an administrator of each organisation", "approve %s as an administrator of %s: %s", d.Name, id.MSP, client.Said(err))
		}
		left = append(left, "the approval by "+id.MSP)
		endorsers = append(endorsers, conns[id.MSP][0])
	}
	if committed {
		return service, nil
	}
	for i, id := range d.Admins { // all must have committed the last approval, or they would endorse different results
		if _, err := admins[i].Committed(ctx, endorsers[i], channel, last); err != nil {
			return nil, wrong("look at the peer's log", "wait for the last approval at a peer of %s: %s", id.MSP, client.Said(err))
		}
	}
	tx, err := admins[0].Commit(ctx, channel, definition, endorsers)
	if err == nil {
		_, err = admins[0].Committed(ctx, endorsers[0], channel, tx)
	}
	if err != nil {
		return nil, wrong("give administrators, and peers in the profile, of as many organisations as the channel's LifecycleEndorsement asks for",
			"commit %s: %s", d.Name, client.Said(err))
	}
	return service, nil
}

// installRemedy says what to do about a package that a peer does not install.
func installRemedy(err error) string {
	text := strings.ToLower(err.Error())
	switch {
	case strings.Contains(text, "docker"), strings.Contains(text, "could not build"), strings.Contains(text, "ccaas"):
		return "give its peers the external builder for chaincode as a service (externalBuilders: ccaas in core.yaml), or deploy the contract by hand"
	case strings.Contains(text, "access denied"), strings.Contains(text, "policy"):
		return "give an administrator of the peer's organisation"
	}
	return "look at the peer's log"
}

// service makes the package of the contract and the keys of its service, by which peers know it and it knows them.
func (d Deployment) service() (pkg fabric.Package, tls [3][]byte, err error) {
	host, _, err := net.SplitHostPort(d.Address)
	if err != nil {
		return pkg, tls, err
	}
	ca, err := fabric.NewCA("meterbench", "meterbench-service")
	if err != nil {
		return pkg, tls, err
	}
	server, err1 := ca.TLS(host)
	peers, err2 := ca.TLS("peers")
	if err := errors.Join(err1, err2); err != nil {
		return pkg, tls, err
	}
	pkg, err = fabric.NewServicePackage(deployedLabel+d.Name, fabric.ServiceConnection{Address: d.Address, Name: host, CA: ca.PEM, Client: peers})
	return pkg, [3][]byte{server.Cert, server.Key, ca.PEM}, err
}

// serve starts the service and waits until it listens.
func (d Deployment) serve(pkg fabric.Package, tls [3][]byte, operator string) (*process.Process, error) {
	keys, err := os.MkdirTemp("", "meterbench-keys-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(keys) // which the service has read by then
	env := []string{"CHAINCODE_ID=" + pkg.ID, "CHAINCODE_NAME=" + d.Contract, "CHAINCODE_SERVER_ADDRESS=" + d.Address, "METERBENCH_OPERATOR=" + operator}
	for i, name := range []string{"CHAINCODE_TLS_CERT_FILE", "CHAINCODE_TLS_KEY_FILE", "CHAINCODE_TLS_CLIENT_CA_FILE"} {
		file := filepath.Join(keys, name)
		if err := os.WriteFile(file, tls[i], 0o600); err != nil {
			return nil, err
		}
		env = append(env, name+"="+file)
	}
	self, err := os.Executable()
	if err == nil {
		err = os.MkdirAll(d.Logs, 0o755)
	}
	if err != nil {
		return nil, err
	}
	name := "chaincode." + d.Name
	child, err := process.Start(process.Spec{Name: name, Path: self, Argv0: chaincodeArgv0, Env: env, LogPath: filepath.Join(d.Logs, name+".log")})
	if err != nil {
		return nil, err
	}
	for waited := time.Duration(0); waited < stopGrace; waited += watchInterval / 10 {
		select {
		case <-child.Done():
			return nil, child.Err()
		case <-time.After(watchInterval / 10):
		}
		if conn, err := net.Dial("tcp", d.Address); err == nil {
			return child, conn.Close()
		}
	}
	child.Stop(stopGrace)
	return nil, fmt.Errorf("%s does not listen at %s", name, d.Address)
}
