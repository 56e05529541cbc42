package network

import (
	"context"
	"path/filepath"

	"meterbench/network/fabric"
	"meterbench/network/process"
	"meterbench/network/topology"
)

// launch starts every node and watches over it: one that dies ends the start.
func (n *Network) launch(p *plan, cfg Config, abort context.CancelCauseFunc) error {
	specs := p.specs(cfg, n.record.Logs)
	n.died = make(chan error, len(specs))
	for _, s := range specs {
		child, err := process.Start(s)
		if err != nil {
			return err
		}
		n.processes = append(n.processes, child)
		n.watchers.Go(func() {
			<-child.Done()
			if err := child.Err(); err != nil {
				n.died <- err
				abort(err)
			}
		})
	}
	return nil
}

// specs are the children that make up a network, in the order of Nodes.
func (p *plan) specs(cfg Config, logs string) []process.Spec {
	var specs []process.Spec
	add := func(s process.Spec) {
		s.LogPath = filepath.Join(logs, s.Name+".log")
		specs = append(specs, s)
	}
	for _, peer := range p.peers {
		add(process.Spec{
			Name: peer.Name, Path: cfg.Binaries.Peer, Args: []string{"node", "start"}, Env: peer.Env(), Dir: peer.Dir,
		})
	}
	for _, o := range p.orderers {
		add(process.Spec{Name: o.Name, Path: cfg.Binaries.Orderer, Env: o.Env(), Dir: o.Dir})
	}
	for _, s := range p.services {
		add(process.Spec{Name: s.name, Path: cfg.Executable, Argv0: chaincodeArgv0, Env: s.env(), Dir: s.dir})
	}
	return specs
}

// env is the whole environment of a chaincode process.
func (s *servicePlan) env() []string {
	tls := fabric.TLSFiles(s.dir)
	return []string{
		"CHAINCODE_ID=" + s.contract.pkg.ID,
		"CHAINCODE_NAME=" + s.contract.Name,
		"CHAINCODE_SERVER_ADDRESS=" + s.address.String(),
		"CHAINCODE_TLS_CERT_FILE=" + tls.Cert,
		"CHAINCODE_TLS_KEY_FILE=" + tls.Key,
		"CHAINCODE_TLS_CLIENT_CA_FILE=" + tls.CA,
		"METERBENCH_OPERATOR=" + topology.MSP(s.contract.Operator),
	}
}
